"""`python -m cloud_sync.platform api-key make NAME --scope S [--site SITE] | list | revoke ID`."""

import argparse
import json
from pathlib import Path

import msgspec

from cloud_sync.platform.api_keys import SCOPES, list_keys, make_key, revoke_key
from cloud_sync.platform.context import wall_clock_ms
from cloud_sync.platform.orders import Desk, Order, Typed, Work
from cloud_sync.platform.register import keep_settings
from cloud_sync.platform.store.port import Connection


def read(arguments: list[str]) -> Typed:
    """What was typed; what cannot be read ends the program."""
    options = _parser().parse_args(arguments)
    order = Order(f"api-key {options.what}", options.name, site=options.site, scopes=options.scope)
    return Typed(options.config, order)


def make(desk: Desk, order: Order) -> str:
    """Make a key and show it, this once. Raises ApiKeyInvalid."""
    now_ms = wall_clock_ms()

    def work(connection: Connection) -> dict[str, object]:
        keep_settings(connection, desk.settings, now_ms=now_ms)
        key_id, text = make_key(connection, order.name, order.scopes, site=order.site, now_ms=now_ms)
        return {"id": key_id, "key": text}

    return _lines([desk.units.write_now(work)])


def list_all(desk: Desk, order: Order) -> str:
    """All keys, an object a line."""
    return _lines([msgspec.to_builtins(key) for key in desk.units.write_now(list_keys)])


def revoke(desk: Desk, order: Order) -> str:
    """Take a key back. Raises ApiKeyInvalid."""
    now_ms = wall_clock_ms()
    desk.units.write_now(lambda connection: revoke_key(connection, order.name, now_ms=now_ms))
    return _lines([{"id": order.name, "revoked_ms": now_ms}])


ORDERS: dict[str, Work] = {"api-key make": make, "api-key list": list_all, "api-key revoke": revoke}


def _lines(rows: list[dict[str, object]]) -> str:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="cloud_sync.platform api-key", description="Keys of other systems; a key is shown once."
    )
    parser.add_argument("--config", type=Path, default=Path("platform.toml"))
    parser.set_defaults(name="", site="", scope=[])
    commands = parser.add_subparsers(dest="what", required=True)
    make = commands.add_parser("make", help="make a key and show it")
    make.add_argument("name", help="whose key it is, for people")
    make.add_argument("--scope", action="append", default=[], help=f"one of {', '.join(SCOPES)}; repeatable")
    make.add_argument("--site", default="", help="count at this site only; without it at all")
    commands.add_parser("list", help="all keys, their scopes and their last use")
    commands.add_parser("revoke", help="take a key back").add_argument("name", metavar="ID")
    return parser
