"""What stands on the other side of `uplink`: the reference platform in its own process, and a line to it."""

import asyncio
import contextlib
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple, Self

from edge.bench.ports import free_port
from edge.bench.till import DEVICE, SITE

_SETTINGS = """
site = "{site}"
name_zh = "和园里"
name_en = "Heyuan Court"
port = {port}

[[device]]
id = "{device}"
token_file = "keys/{device}.token"
"""
START_S = 30.0


class PlatformAddress(NamedTuple):
    """Where it listens, and the device's token."""

    port: int
    token: str


@contextmanager
def running_platform(folder: Path) -> Iterator[PlatformAddress]:
    """The reference platform with a database of its own in `folder`, until the context ends."""
    folder.mkdir()
    port = free_port()
    config = folder / "platform.toml"
    config.write_text(_SETTINGS.format(site=SITE, device=DEVICE, port=port), "utf-8")
    command = [sys.executable, "-m", "cloud_sync.platform", "--config", str(config)]
    subprocess.run([*command, "init"], check=True, capture_output=True, timeout=START_S)
    process = subprocess.Popen([*command, "run"], stdout=subprocess.PIPE)
    out = process.stdout
    assert out is not None
    try:
        assert out.readline(), "the platform did not start"
        yield PlatformAddress(port, (folder / f"keys/{DEVICE}.token").read_text().strip())
    finally:
        process.terminate()
        process.wait(START_S)
        out.close()


class Line:
    """Carries bytes from 127.0.0.1:`port` to a port and counts them; `down` swallows whatever comes."""

    def __init__(self, target_port: int) -> None:
        self._target_port = target_port
        self.port = 0
        self.carried_bytes = 0
        self.down = False
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        there, back = await asyncio.open_connection("127.0.0.1", self._target_port)
        try:
            await asyncio.gather(self._pump(reader, back), self._pump(there, writer))
        except (OSError, asyncio.CancelledError):
            writer.transport.abort()
        finally:
            back.close()
            writer.close()

    async def _pump(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        dead = False
        while data := await source.read(65_536):
            dead = dead or self.down
            if dead:
                continue  # a connection that lost bytes never recovers
            self.carried_bytes += len(data)
            sink.write(data)
            await sink.drain()
        with contextlib.suppress(OSError):
            sink.write_eof()
