"""A cut wire lets nothing through, a slow one lets it through late, a mended one all of it."""

import asyncio
import time
from collections.abc import AsyncIterator

import pytest

from edge.demo.stage.wires import Fault, Wire


@pytest.fixture
async def echo() -> AsyncIterator[int]:
    """A server that says what it hears; its port."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(1000):
            writer.write(data)
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    yield server.sockets[0].getsockname()[1]
    server.close()


async def say(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, text: bytes) -> bytes:
    writer.write(text)
    async with asyncio.timeout(2):
        return await reader.read(1000)


async def test_a_cut_ends_what_is_open_and_refuses_what_is_new_until_mended(echo: int) -> None:
    async with Wire(target_port=echo) as wire:
        line = await asyncio.open_connection("127.0.0.1", wire.port)
        assert await say(*line, b"there") == b"there"
        assert wire.open_connections == 1
        await wire.cut()
        with pytest.raises(ConnectionError):
            await say(*line, b"still there?")
        with pytest.raises(ConnectionError):
            await say(*await asyncio.open_connection("127.0.0.1", wire.port), b"anybody?")
        assert wire.open_connections == 0
        await wire.mend()
        line = await asyncio.open_connection("127.0.0.1", wire.port)
        assert await say(*line, b"again") == b"again"
        line[1].close()


async def test_what_hung_in_a_silent_fault_ends_when_the_wire_is_mended(echo: int) -> None:
    async with Wire(target_port=echo) as wire:
        reader, writer = await asyncio.open_connection("127.0.0.1", wire.port)
        assert await say(reader, writer, b"there") == b"there"
        wire.fault = Fault.BLACK_HOLE
        writer.write(b"lost")
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await reader.read(1)
        await wire.mend()
        with pytest.raises(ConnectionError):
            async with asyncio.timeout(2):
                await reader.read(1)


async def test_a_slow_wire_lets_through_no_more_than_it_is_allowed_to(echo: int) -> None:
    async with Wire(target_port=echo) as wire:
        wire.delay_s, wire.bytes_per_s = 0.02, 2000
        line = await asyncio.open_connection("127.0.0.1", wire.port)
        began = time.monotonic()
        assert await say(*line, bytes(200)) == bytes(200)
        assert time.monotonic() - began >= 2 * (0.02 + 200 / 2000)
        line[1].close()
