"""`python -m cloud_sync.platform operator add LOGIN | list | remove LOGIN`."""

import argparse
import getpass
import json
import sys
from pathlib import Path

import msgspec

from cloud_sync.platform.context import wall_clock_ms
from cloud_sync.platform.operators import accounts
from cloud_sync.platform.settings import load_settings
from cloud_sync.platform.store.opening import open_database
from cloud_sync.platform.store.port import Connection


def run(arguments: list[str]) -> None:
    """Do one of them, with one JSON object a line on the standard output. Raises EdgeError."""
    options = _parser().parse_args(arguments)
    settings, now_ms = load_settings(options.config), wall_clock_ms()
    password = hashed = ""
    if options.what == "add":
        password = accounts.make_password() if options.generate else _ask_password()
        hashed = accounts.hash_password(options.login, password)

    def work(connection: Connection) -> list[object]:
        if options.what == "add":
            accounts.put_operator(connection, options.login, hashed, now_ms=now_ms)
            shown = {"password": password} if options.generate else {}
            return [{"login": options.login} | shown]
        if options.what == "remove":
            accounts.remove_operator(connection, options.login)
            return [{"login": options.login, "removed": True}]
        return [msgspec.to_builtins(one) for one in accounts.list_operators(connection)]

    database = open_database(settings)
    try:
        for line in database.write_now(work):
            sys.stdout.write(json.dumps(line, ensure_ascii=False) + "\n")
    finally:
        database.close()


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
    commands = parser.add_subparsers(dest="what", required=True)
    add = commands.add_parser("add", help="make an account, or give one another password and unlock it")
    add.add_argument("login")
    add.add_argument("--generate", action="store_true", help="make the password and show it, this once")
    commands.add_parser("list", help="all accounts")
    commands.add_parser("remove", help="end an account and its sessions").add_argument("login")
    return parser
