"""`python -m devices.vision`: watch the readers of a site.toml and say what they see."""

import argparse
import asyncio
import ctypes
import logging
import os
import signal
import sys
import threading
import tomllib
from pathlib import Path

import msgspec

from devices.settings import ReaderSettings
from devices.vision.decoder import Decoder
from devices.vision.reader import Reader
from devices.vision.server import VisionServer
from devices.vision.sources import Source, open_source
from edge.errors import ConfigError, Fault
from edge.links.dumps import forbid_core_dumps
from edge.pay.codes import CodeTable, PaymentCodeSettings

WORK_PIXELS = 800_000
"""A camera's next frame comes after 66 ms: twice the effort of a single picture is affordable."""

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3
"""Parameters of glibc's mallopt(3)."""
KEPT_BYTES = 16 * 1024 * 1024
"""Freed memory that stays ours: a picture's is given back and zeroed anew for every frame otherwise."""


def main() -> int:
    """Run until SIGTERM or SIGINT. Returns 1 with one line a fault when the configuration is no use."""
    parser = argparse.ArgumentParser(prog="python -m devices.vision", description=__doc__)
    parser.add_argument("--config", type=Path, required=True, help="site.toml with the [[reader]] sections")
    parser.add_argument("--socket", type=Path, required=True, help="Unix socket for the hub")
    options = parser.parse_args()
    forbid_core_dumps()
    keep_freed_memory()
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(levelname)s %(message)s")
    try:
        settings, codes = read_settings(options.config)
        watch(settings, codes, options.config.resolve().parent, options.socket)
    except ConfigError as error:
        sys.stderr.writelines(f"vision: {fault.where}: {fault.message}\n" for fault in error.faults)
        return 1
    return 0


def keep_freed_memory() -> None:
    """Let pictures take the memory of those before them: 250 page faults, some 0.3 ms a frame. glibc only."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(M_MMAP_THRESHOLD, KEPT_BYTES)
        mallopt(M_TRIM_THRESHOLD, KEPT_BYTES)


def read_settings(path: Path) -> tuple[list[ReaderSettings], CodeTable]:
    """The cameras of `[[reader]]`, and `[[payment_code]]`. Raises ConfigError."""
    try:
        found = tomllib.loads(path.read_text("utf-8"))
        codes = CodeTable(msgspec.convert(found.get("payment_code", []), list[PaymentCodeSettings]))
        readers = msgspec.convert(found.get("reader", []), list[ReaderSettings])
        return [reader for reader in readers if reader.driver == "camera"], codes
    except (OSError, ValueError) as error:
        raise ConfigError([Fault(str(path), None, str(error))]) from error


def watch(settings: list[ReaderSettings], codes: CodeTable, folder: Path, socket: Path) -> None:
    """Start a thread for every reader and serve the hub. Raises ConfigError on an unusable source."""
    server = VisionServer(socket, [each.id for each in settings])
    readers = [
        Reader(
            name=each.id,
            source=_open(each, folder),
            decoder=Decoder(work_pixels=WORK_PIXELS),
            say=server.say,
            pays=server.pays,
            codes=codes,
        )
        for each in settings
    ]
    asyncio.run(_serve(server, readers))


async def _serve(server: VisionServer, readers: list[Reader]) -> None:
    ending, stop = asyncio.Event(), threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, ending.set)
    serving = asyncio.create_task(server.run(ending))
    await asyncio.sleep(0)
    for reader in readers:
        # A read from a dead camera may block for seconds; a daemon thread does not hold up the end.
        threading.Thread(target=reader.run, args=(stop,), name=reader.name, daemon=True).start()
    await serving
    stop.set()


def _open(settings: ReaderSettings, folder: Path) -> Source:
    try:
        return open_source(settings.source, folder)
    except ValueError as error:
        raise ConfigError([Fault(f"reader {settings.id}", None, f"source: {error}")]) from error


if __name__ == "__main__":
    status = main()
    logging.shutdown()
    os._exit(status)  # threads inside a camera driver would hold the interpreter back
