"""A TCP proxy that misbehaves on request: delay, black hole, reset, cut after the request.

Put it between hub and platform; it copies bytes both ways until told otherwise.
"""

import asyncio
import contextlib
import socket
import ssl
import struct
from enum import StrEnum
from typing import Self


class Fault(StrEnum):
    """What the network does. `BLACK_HOLE` swallows every byte and never answers; `LOSE_ANSWERS` delivers what
    the client sends and swallows what comes back; `RESET` answers every connection with RST."""

    NONE = "none"
    BLACK_HOLE = "black_hole"
    LOSE_ANSWERS = "lose_answers"
    RESET = "reset"


class FaultyProxy:
    """Forwards 127.0.0.1:`port` to the target, which speaks plainly; with `tls` it ends TLS here.

    A connection that lost bytes never recovers.
    """

    def __init__(
        self,
        *,
        target_host: str = "127.0.0.1",
        target_port: int,
        port: int = 0,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._target = (target_host, target_port)
        self.port = port
        self._tls = tls
        self.fault = Fault.NONE
        self.delay_s = 0.0
        self.connections = 0
        self.swallowed_bytes = 0
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def url(self) -> str:
        """Where a client is to connect."""
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self.port}"

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", self.port, ssl=self._tls)
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
        self.connections += 1
        try:
            if self.fault is Fault.RESET:
                reset(writer)
            else:
                await self._forward(reader, writer)
        except (OSError, asyncio.CancelledError):
            reset(writer)
        finally:
            self._tasks.discard(task)
            writer.close()

    async def _forward(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        target_reader, target_writer = await asyncio.open_connection(*self._target)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._pump(reader, target_writer, (Fault.BLACK_HOLE,)))
                group.create_task(self._pump(target_reader, writer, (Fault.BLACK_HOLE, Fault.LOSE_ANSWERS)))
        except* OSError:
            reset(writer)
        finally:
            target_writer.close()

    async def _pump(
        self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, swallow: tuple[Fault, ...]
    ) -> None:
        dead = False
        while data := await source.read(65_536):
            if self.delay_s:
                await asyncio.sleep(self.delay_s)
            if self.fault is Fault.RESET:
                raise ConnectionResetError
            if dead or self.fault in swallow:
                dead = True
                self.swallowed_bytes += len(data)
                continue
            sink.write(data)
            await sink.drain()
        with contextlib.suppress(OSError):
            if sink.can_write_eof():
                sink.write_eof()


def reset(writer: asyncio.StreamWriter) -> None:
    """Close with RST instead of FIN."""
    connection = writer.get_extra_info("socket")
    if connection is not None:
        with contextlib.suppress(OSError):
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
