"""A TCP wire that can be hurt: cut, swallowed, slowed. It copies bytes both ways until told otherwise.

The stage puts one before each of the platform's two doors (device listener, broker) and the tests put one
wherever a network may fail. TLS passes through untouched, so both ends judge each other as ever.
"""

import asyncio
import contextlib
import socket
import ssl
import struct
from enum import StrEnum
from typing import Self

CHUNK_BYTES = 65_536


class Fault(StrEnum):
    """What the network does. `BLACK_HOLE` swallows every byte and never answers; `LOSE_ANSWERS` delivers what
    the client sends and swallows what comes back; `RESET` answers every connection with RST."""

    NONE = "none"
    BLACK_HOLE = "black_hole"
    LOSE_ANSWERS = "lose_answers"
    RESET = "reset"


class Wire:
    """Forwards 127.0.0.1:`port` to the target, which speaks plainly; with `tls` it ends TLS here.

    A connection that lost bytes never recovers. With `bytes_per_s` each connection and direction gets no
    more; every piece is `delay_s` late.
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
        self.bytes_per_s = 0
        self.connections = 0
        self.swallowed_bytes = 0
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def url(self) -> str:
        """Where a client is to connect."""
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self.port}"

    @property
    def open_connections(self) -> int:
        """How many come through now."""
        return len(self._tasks)

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", self.port, ssl=self._tls)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        await self.drop()

    async def cut(self) -> None:
        """End every connection at once and refuse new ones, as where a switch has lost its power."""
        self.fault = Fault.RESET
        await self.drop()

    async def mend(self) -> None:
        """All comes through again; what hung in a silent fault ends, so that both ends begin anew."""
        hung, self.fault = self.fault is not Fault.NONE, Fault.NONE
        if hung:
            await self.drop()

    async def drop(self) -> None:
        """End every connection with RST."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

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
        while data := await source.read(self.bytes_per_s or CHUNK_BYTES):
            if wait_s := self.delay_s + (len(data) / self.bytes_per_s if self.bytes_per_s else 0.0):
                await asyncio.sleep(wait_s)
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
