"""The reference platform's command line: run it, and what its operators do beside it.

`python -m cloud_sync.platform run | init | seed FILE | rotate PURPOSE | revoke-key KID |
erase PERSON | enrolment-code DEVICE | revoke-device DEVICE | devices | api-key … | operator … |
recovery-key`. From `erase` on they may be typed beside a platform that runs, see `control.py`; the others
change what it has read at its start: on SQLite they are refused until it was stopped.
"""

import argparse
import asyncio
import contextlib
import json
import signal
import sys
from collections.abc import Callable
from pathlib import Path

from cloud_sync.platform import api_key_command, device_desk, erase_command, recovery_command
from cloud_sync.platform.app import build_platform, make_runner
from cloud_sync.platform.collecting import spare_collections
from cloud_sync.platform.context import PLATFORM, wall_clock_ms
from cloud_sync.platform.control import carry_out, listen_for_orders
from cloud_sync.platform.keys import KEYSET_VERSION, load_keys, make_keys
from cloud_sync.platform.listeners import Listeners
from cloud_sync.platform.operators import command as operator_command
from cloud_sync.platform.orders import Order, Typed
from cloud_sync.platform.ring import revoke_key, rotate_key
from cloud_sync.platform.seed import put_keyset, seed
from cloud_sync.platform.settings import PlatformSettings, load_settings
from cloud_sync.platform.store.opening import hold_store, open_database
from edge.errors import EdgeError

APART = {
    "api-key": api_key_command.read,
    "operator": operator_command.read,
    "recovery-key": recovery_command.read,
}
"""Commands with options of their own."""
ORDERED = (*erase_command.ORDERS, *device_desk.ORDERS)
COMMANDS = ("run", "init", "seed", "rotate", "revoke-key", *ORDERED)


def main(arguments: list[str] | None = None) -> int:
    """Run one command; answers 0, or 1 with one line that says what is wrong."""
    words = sys.argv[1:] if arguments is None else arguments
    if words and words[0] in APART:
        return _run_apart(APART[words[0]], words[1:])
    parser = argparse.ArgumentParser(prog="cloud_sync.platform", description="The reference platform.")
    parser.add_argument("command", nargs="?", choices=list(COMMANDS), default="run")
    parser.add_argument(
        "file",
        nargs="?",
        type=Path,
        help="seed: a community's JSON; rotate: a purpose; revoke-key: a key; erase: a person; or a device",
    )
    parser.add_argument("--site", default="", help="enrolment-code, revoke-device: another site than home")
    parser.add_argument("--config", type=Path, default=Path("platform.toml"))
    parser.add_argument("--community", type=Path, dest="file_option", help="the same as FILE")
    options = parser.parse_intermixed_args(arguments)
    try:
        settings = load_settings(options.config)
        if options.command in ORDERED:
            order = Order(options.command, str(options.file or ""), site=options.site)
            sys.stdout.write(carry_out(settings, order))
        else:
            with hold_store(settings):
                _run_alone(settings, options)
    except (EdgeError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


def _run_alone(settings: PlatformSettings, options: argparse.Namespace) -> None:
    """What on SQLite nothing else may write beside. Raises EdgeError."""
    if options.command == "init":
        _init(settings)
    elif options.command == "seed":
        _seed(settings, options.file or options.file_option)
    elif options.command in ("rotate", "revoke-key"):
        _change_keys(settings, options.command, str(options.file or ""))
    else:
        with contextlib.suppress(KeyboardInterrupt):
            asyncio.run(_serve(settings))


def _run_apart(read: Callable[[list[str]], Typed], words: list[str]) -> int:
    """A command with options of its own."""
    try:
        typed = read(words)
        text = carry_out(load_settings(typed.config), typed.order)
        sys.stdout.write(typed.told + text)
    except (EdgeError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


def _change_keys(settings: PlatformSettings, command: str, name: str) -> None:
    """Rotate or revoke, and send the new key set down the feed; the platform is started anew afterwards."""
    if command == "rotate":
        ring = rotate_key(settings.keys, name, KEYSET_VERSION, now_ms=wall_clock_ms())
    else:
        ring = revoke_key(settings.keys, name, KEYSET_VERSION)
    database = open_database(settings)
    try:
        database.write_now(lambda connection: put_keyset(connection, load_keys(settings)))
    finally:
        database.close()
    sys.stdout.write(json.dumps({"version": ring.version, "signing": ring.signing}) + "\n")


def _init(settings: PlatformSettings) -> None:
    for path in make_keys(settings):
        sys.stdout.write(f"{path}\n")
    open_database(settings).close()


def _seed(settings: PlatformSettings, file: Path | None) -> None:
    if file is None:
        raise EdgeError("seed needs the community's JSON file")
    community = json.loads(file.read_text("utf-8"))
    keys, database = load_keys(settings), open_database(settings)
    try:
        counts = database.write_now(lambda connection: seed(connection, keys, community))
    finally:
        database.close()
    sys.stdout.write(json.dumps(counts) + "\n")


async def _serve(settings: PlatformSettings) -> None:
    """Serve until SIGINT or SIGTERM."""
    stop = asyncio.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    app = build_platform(settings)
    listeners = Listeners(settings, app[PLATFORM].keys, clock_ms=wall_clock_ms)
    runner = make_runner(app)
    await runner.setup()
    spare_collections()
    keeping = asyncio.create_task(listeners.keep_certificate())
    try:
        urls = await listeners.start(runner)
        async with listen_for_orders(app[PLATFORM]):
            sys.stdout.write(f"platform on {' and '.join(urls)}\n")
            sys.stdout.flush()
            await stop.wait()
    finally:
        keeping.cancel()
        await runner.cleanup()


if __name__ == "__main__":
    sys.exit(main())
