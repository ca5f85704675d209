"""The Unix socket on which the hub listens to the readers."""

import asyncio
import contextlib
import logging
from collections.abc import Sequence
from pathlib import Path

import msgspec

from devices.vision.protocol import MAX_LINE_BYTES, Message, PayScreen, State, encode

log = logging.getLogger(__name__)

MAX_UNSENT_BYTES = 65_536
"""A client that does not read is dropped rather than buffered for."""


class VisionServer:
    """Says every message to every client; knows which readers may pass payment codes on."""

    def __init__(self, path: Path, readers: Sequence[str]) -> None:
        self._path = path
        self._states = {name: State(name, "lost") for name in readers}
        self._clients: dict[asyncio.StreamWriter, set[str]] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._paying: frozenset[str] = frozenset()

    async def run(self, stop: asyncio.Event) -> None:
        """Serve until `stop`."""
        self._loop = asyncio.get_running_loop()
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._path.unlink(missing_ok=True)
        server = await asyncio.start_unix_server(self._serve, str(self._path), limit=MAX_LINE_BYTES)
        self._path.chmod(0o660)
        await stop.wait()
        server.close()
        for client in list(self._clients):
            client.close()
        self._path.unlink(missing_ok=True)

    def say(self, message: Message) -> None:
        """Say it to all clients. May be called from any thread."""
        loop = self._loop
        if loop is None:
            return
        with contextlib.suppress(RuntimeError):  # the loop has closed: the process is ending
            loop.call_soon_threadsafe(self._broadcast, message)

    def pays(self, reader: str) -> bool:
        """Whether the hub has said that the payer sees the amount at this reader. From any thread."""
        return reader in self._paying

    def _broadcast(self, message: Message) -> None:
        if isinstance(message, State):
            self._states[message.reader] = message
        line = encode(message)
        for client in list(self._clients):
            if client.transport.get_write_buffer_size() > MAX_UNSENT_BYTES:
                log.warning("a client does not read; dropped")
                client.transport.abort()
            else:
                client.write(line)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._clients[writer] = set()
        for state in self._states.values():
            writer.write(encode(state))
        try:
            while line := await reader.readline():
                self._take(line, self._clients[writer])
        except (OSError, ValueError) as error:
            log.info("client gone: %s", error)
        finally:
            del self._clients[writer]
            self._count_paying()
            writer.close()

    def _take(self, line: bytes, paying: set[str]) -> None:
        try:
            order = msgspec.json.decode(line, type=PayScreen)
        except (msgspec.DecodeError, UnicodeDecodeError):
            log.warning("a line that is no order")
            return
        if order.reader in self._states:
            (paying.add if order.on else paying.discard)(order.reader)
            self._count_paying()

    def _count_paying(self) -> None:
        self._paying = frozenset().union(*self._clients.values())
