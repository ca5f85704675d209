"""Scans come from the vision process; what it does not say properly changes nothing."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from pathlib import Path

from devices.vision_client import VisionClient
from edge.links.backoff import Backoff
from edge.links.cancelling import end_task
from edge.links.scans import Scan
from tests.fakes.clock import START_MS, FakeClock
from tests.fakes.waiting import until


class FakeVision:
    """Listens where the vision process does, and says what the test wants."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.heard: list[dict[str, object]] = []
        self.writers: list[asyncio.StreamWriter] = []

    async def start(self) -> asyncio.Server:
        """Listen."""
        return await asyncio.start_unix_server(self._serve, str(self.path))

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.writers.append(writer)
        with contextlib.suppress(ConnectionError):
            while line := await reader.readline():
                self.heard.append(json.loads(line))

    def say(self, line: bytes) -> None:
        """Say one line to the newest connection."""
        self.writers[-1].write(line + b"\n")


@contextlib.asynccontextmanager
async def running(client: VisionClient) -> AsyncIterator[None]:
    """The client's role."""
    role = asyncio.create_task(client.run())
    try:
        yield
    finally:
        await end_task(role)


async def test_scans_states_and_discarded_codes_arrive_and_pay_screens_are_said_again(tmp_path: Path) -> None:
    vision = FakeVision(tmp_path / "vision.sock")
    server = await vision.start()
    scans: list[Scan] = []
    discarded: list[str] = []
    client = VisionClient(
        socket=vision.path,
        clock=FakeClock(),
        on_scan=scans.append,
        on_discarded=discarded.append,
        backoff=Backoff(first_s=0.01, limit_s=0.02),
    )
    client.pay_screen("kiosk-camera", True)
    async with running(client):
        await until(lambda: vision.heard == [{"t": "pay_screen", "reader": "kiosk-camera", "on": True}])
        vision.say(b'{"t":"state","reader":"kiosk-camera","state":"live"}')
        vision.say(b'{"t":"scan","reader":"kiosk-camera","symbology":"qr"}')
        vision.say(b"nonsense")
        vision.say(b'{"t":"payment_code_discarded","reader":"kiosk-camera"}')
        vision.say(
            b'{"t":"scan","reader":"kiosk-camera","symbology":"qr","text":"CE1:X","read_ms":3,"at_boot_ms":9}'
        )
        await until(lambda: scans)
        assert scans == [Scan(reader="kiosk-camera", symbology="qr", text="CE1:X", at_ms=START_MS)]
        assert (client.states, discarded) == ({"kiosk-camera": "live"}, ["kiosk-camera"])
        vision.writers[-1].close()
        await until(lambda: len(vision.heard) == 2)
        assert client.states == {}
        client.pay_screen("kiosk-camera", False)
        await until(lambda: vision.heard[-1]["on"] is False)
    server.close()


async def test_a_line_without_end_ends_the_connection_only(tmp_path: Path) -> None:
    vision = FakeVision(tmp_path / "vision.sock")
    server = await vision.start()
    scans: list[Scan] = []
    client = VisionClient(
        socket=vision.path,
        clock=FakeClock(),
        on_scan=scans.append,
        backoff=Backoff(first_s=0.01, limit_s=0.02),
    )
    async with running(client):
        await until(lambda: vision.writers)
        vision.writers[0].write(b"x" * 100_000)
        await until(lambda: len(vision.writers) == 2)
        vision.say(
            b'{"t":"scan","reader":"r","symbology":"ean13","text":"6901234567892","read_ms":3,"at_boot_ms":9}'
        )
        await until(lambda: scans)
    server.close()
