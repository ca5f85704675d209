"""A proxy for HTTP over a bad network: every request meets a fault drawn from a seeded chance.

It takes one request a connection, passes it on over a connection of its own, and passes the answer back, or
not. Faults are what TCP and what stands in between do: see `Trouble`.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from enum import StrEnum
from random import Random
from typing import Self

from edge.demo.stage.wires import reset

HEAD_LIMIT_BYTES = 65_536
SEGMENT_BYTES = 1_460
SEGMENT_S = 0.005
GARBAGE = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 not the platform \r\n\r\n"
PORTAL = b"HTTP/1.1 200 OK\r\nContent-Length: 15\r\nConnection: close\r\n\r\n<html>sign in</"
BUSY = b"HTTP/1.1 503 Busy\r\nRetry-After: 0\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


class Trouble(StrEnum):
    """What one request meets."""

    NONE = "none"
    BLACK_HOLE = "half-open: swallowed, never answered"
    RESET_BEFORE = "reset before the request was taken"
    CUT_REQUEST = "reset in the middle of the request"
    LOST_ANSWER = "reset after the request was taken whole"
    LATE_ANSWER = "answered after the asker has gone"
    DUPLICATE = "delivered twice, the second time later"
    TRUNCATED = "the answer ends in its middle"
    GARBAGE = "an answer that is no HTTP"
    PORTAL = "an answer of somebody else (200, HTML)"
    BUSY = "503 with Retry-After"
    TRICKLE = "the answer comes byte by byte"
    DELAY = "everything comes late"
    SLOW_LINE = "a line of 300 KB a second, both ways"
    MIXED_UP = "a batch gets the acknowledgement of an earlier one, and goes nowhere"


TROUBLES: tuple[Trouble, ...] = (*Trouble, Trouble.BLACK_HOLE, Trouble.LOST_ANSWER, Trouble.DUPLICATE)
"""What is drawn from: the half-open connection and the lost answer are the common faults of a real site."""


class BadNetwork:
    """Forwards 127.0.0.1:`port` to `target_port`, which may change while it runs. `calm` ends all trouble."""

    def __init__(self, *, target_port: int, chance: Random, trouble: float = 0.7) -> None:
        self.target_port = target_port
        self.calm = False
        self.port = 0
        self.met: list[Trouble] = []
        self._chance = chance
        self._trouble = trouble
        self._acknowledgement = b""
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def url(self) -> str:
        """Where a client is to connect."""
        return f"http://127.0.0.1:{self.port}"

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

    def _draw(self) -> Trouble:
        if self.calm or self._chance.random() >= self._trouble:
            return Trouble.NONE
        return self._chance.choice(TROUBLES)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._keep(asyncio.current_task())
        trouble = self._draw()
        self.met.append(trouble)
        try:
            await self._serve(trouble, reader, writer)
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            reset(writer)
        finally:
            writer.close()

    async def _serve(
        self, trouble: Trouble, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        if trouble is Trouble.BLACK_HOLE:
            await _swallow(reader)
            return
        if trouble is Trouble.RESET_BEFORE:
            reset(writer)
            return
        request = await _read_request(reader)
        match trouble:
            case Trouble.CUT_REQUEST:
                await self._deliver(request[: self._chance.randrange(1, len(request))], whole=False)
                reset(writer)
            case Trouble.LOST_ANSWER:
                await self._deliver(request)
                reset(writer)
            case Trouble.LATE_ANSWER:
                answer = await self._deliver(request)
                await _swallow(reader)
                writer.write(answer)
            case Trouble.DUPLICATE:
                writer.write(await self._deliver(request))
                self._later(lambda: self._deliver(request))
            case Trouble.MIXED_UP if self._acknowledgement and b"/batches " in request:
                writer.write(self._acknowledgement)
            case Trouble.GARBAGE | Trouble.PORTAL | Trouble.BUSY:
                answers = {Trouble.GARBAGE: GARBAGE, Trouble.PORTAL: PORTAL, Trouble.BUSY: BUSY}
                writer.write(answers[trouble])
            case _:
                await self._answer(trouble, request, writer)
        await writer.drain()

    async def _answer(self, trouble: Trouble, request: bytes, writer: asyncio.StreamWriter) -> None:
        if trouble is Trouble.DELAY:
            await asyncio.sleep(self._chance.uniform(0.005, 0.05))
        if trouble is Trouble.SLOW_LINE:
            await self._slowly(len(request))
        answer = await self._deliver(request)
        if trouble is Trouble.SLOW_LINE:
            await self._slowly(len(answer))
        if trouble is Trouble.TRUNCATED and len(answer) > 1:
            answer = answer[: self._chance.randrange(1, len(answer))]
        if trouble is not Trouble.TRICKLE:
            writer.write(answer)
            return
        for start in range(0, len(answer), 16):
            writer.write(answer[start : start + 16])
            await writer.drain()
            await asyncio.sleep(0.001)

    async def _slowly(self, size: int) -> None:
        """As long as so many bytes take on a slow line."""
        await asyncio.sleep(SEGMENT_S * (1 + size // SEGMENT_BYTES))

    async def _deliver(self, request: bytes, *, whole: bool = True) -> bytes:
        """Carry a request to the target and return its whole answer; cut short, there is none."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.target_port)
        try:
            writer.write(request.replace(b"\r\n", b"\r\nConnection: close\r\n", 1))
            await writer.drain()
            if whole:
                answer = await reader.read(-1)
                if b'"acknowledged_seq"' in answer:
                    self._acknowledgement = answer
                return answer
            reset(writer)
            return b""
        finally:
            writer.close()

    def _later(self, deliver: Callable[[], Awaitable[bytes]]) -> None:
        async def work() -> None:
            await asyncio.sleep(self._chance.uniform(0.0, 0.1))
            with contextlib.suppress(OSError):
                await deliver()

        self._keep(asyncio.create_task(work()))

    def _keep(self, task: asyncio.Task[None] | None) -> None:
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


async def _swallow(reader: asyncio.StreamReader) -> None:
    while await reader.read(65_536):
        pass


async def _read_request(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readuntil(b"\r\n\r\n")
    lines = head.lower().split(b"\r\n")
    lengths = [int(line.split(b":")[1]) for line in lines if line.startswith(b"content-length:")]
    return head + (await reader.readexactly(lengths[0]) if lengths else b"")
