"""`python -m cloud_sync.platform api-key make NAME --scope S [--site SITE] | list | revoke ID`."""

import argparse
import json
import sys
from pathlib import Path

import msgspec

from cloud_sync.platform.api_keys import SCOPES, list_keys, make_key, revoke_key
from cloud_sync.platform.context import wall_clock_ms
from cloud_sync.platform.register import keep_settings
from cloud_sync.platform.settings import load_settings
from cloud_sync.platform.store.opening import open_database
from cloud_sync.platform.store.port import Connection


def run(arguments: list[str]) -> None:
    """Do one of them, with one JSON object a line on the standard output. Raises EdgeError."""
    options = _parser().parse_args(arguments)
    settings = load_settings(options.config)
    now_ms = wall_clock_ms()

    def work(connection: Connection) -> list[object]:
        keep_settings(connection, settings, now_ms=now_ms)
        if options.what == "make":
            key_id, text = make_key(connection, options.name, options.scope, site=options.site, now_ms=now_ms)
            return [{"id": key_id, "key": text}]
        if options.what == "revoke":
            revoke_key(connection, options.id, now_ms=now_ms)
            return [{"id": options.id, "revoked_ms": now_ms}]
        return [msgspec.to_builtins(key) for key in list_keys(connection)]

    database = open_database(settings)
    try:
        for line in database.write_now(work):
            sys.stdout.write(json.dumps(line, ensure_ascii=False) + "\n")
    finally:
        database.close()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="cloud_sync.platform api-key", description="Keys of other systems; a key is shown once."
    )
    parser.add_argument("--config", type=Path, default=Path("platform.toml"))
    commands = parser.add_subparsers(dest="what", required=True)
    make = commands.add_parser("make", help="make a key and show it")
    make.add_argument("name", help="whose key it is, for people")
    make.add_argument("--scope", action="append", default=[], help=f"one of {', '.join(SCOPES)}; repeatable")
    make.add_argument("--site", default="", help="count at this site only; without it at all")
    commands.add_parser("list", help="all keys, their scopes and their last use")
    commands.add_parser("revoke", help="take a key back").add_argument("id")
    return parser
