"""`python -m cloud_sync.platform operator add LOGIN | list | remove LOGIN`."""

import argparse
import getpass
import json
import sys
from pathlib import Path

import msgspec

from cloud_sync.platform.context import wall_clock_ms
from cloud_sync.platform.operators import accounts
from cloud_sync.platform.orders import Desk, Order, Typed, Work


def read(arguments: list[str]) -> Typed:
    """What was typed; a password is asked for, or made to be shown once the account is there.

    Raises OperatorInvalid.
    """
    options = _parser().parse_args(arguments)
    hashed = told = ""
    if options.what == "add":
        password = accounts.make_password() if options.generate else _ask_password()
        hashed = accounts.hash_password(options.login, password)
        told = _line({"login": options.login} | ({"password": password} if options.generate else {}))
    return Typed(options.config, Order(f"operator {options.what}", options.login, hashed=hashed), told)


def add(desk: Desk, order: Order) -> str:
    """Make an account, or give one another password."""
    now_ms = wall_clock_ms()
    desk.units.write_now(lambda c: accounts.put_operator(c, order.name, order.hashed, now_ms=now_ms))
    return ""


def list_all(desk: Desk, order: Order) -> str:
    """All accounts, an object a line."""
    found = desk.units.write_now(accounts.list_operators)
    return "".join(_line(msgspec.to_builtins(one)) for one in found)


def remove(desk: Desk, order: Order) -> str:
    """End an account and its sessions. Raises OperatorInvalid."""
    desk.units.write_now(lambda c: accounts.remove_operator(c, order.name))
    return _line({"login": order.name, "removed": True})


ORDERS: dict[str, Work] = {"operator add": add, "operator list": list_all, "operator remove": remove}


def _line(row: dict[str, object]) -> str:
    return json.dumps(row, ensure_ascii=False) + "\n"


def _ask_password() -> str:
    """Asked twice at a terminal; elsewhere it is the first line of the standard input."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\n")
    password = getpass.getpass("Password: ")
    if getpass.getpass("Once more: ") != password:
        raise accounts.OperatorInvalid("the two passwords are not the same")
    return password


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="cloud_sync.platform operator", description="Accounts of the platform's operators."
    )
    parser.add_argument("--config", type=Path, default=Path("platform.toml"))
    parser.set_defaults(login="")
    commands = parser.add_subparsers(dest="what", required=True)
    add = commands.add_parser("add", help="make an account, or give one another password and unlock it")
    add.add_argument("login")
    add.add_argument("--generate", action="store_true", help="make the password and show it, this once")
    commands.add_parser("list", help="all accounts")
    commands.add_parser("remove", help="end an account and its sessions").add_argument("login")
    return parser
