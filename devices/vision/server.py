"""The Unix socket on which the hub listens to the readers."""

import asyncio
import contextlib
import logging
import os
import socket
import threading
from collections.abc import Sequence
from pathlib import Path

import msgspec

from devices.vision.protocol import MAX_LINE_BYTES, Message, PayScreen, State, encode

log = logging.getLogger(__name__)


class VisionServer:
    """Says every message to every client; knows which readers may pass payment codes on.

    A reader's own thread writes to the clients: whoever stands at a door does not wait for the event loop.
    """

    def __init__(self, path: Path, readers: Sequence[str]) -> None:
        self._path = path
        self._states = {name: State(name, "lost") for name in readers}
        self._saying = threading.Lock()
        self._clients: dict[asyncio.StreamWriter, socket.socket] = {}
        self._orders: dict[asyncio.StreamWriter, set[str]] = {}
        self._paying: frozenset[str] = frozenset()

    async def run(self, stop: asyncio.Event) -> None:
        """Serve until `stop`."""
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
        line = encode(message)
        with self._saying:
            if isinstance(message, State):
                self._states[message.reader] = message
            for client in self._clients.values():
                _send(client, line)

    def pays(self, reader: str) -> bool:
        """Whether the hub has said that the payer sees the amount at this reader. From any thread."""
        return reader in self._paying

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._orders[writer] = set()
        self._greet(writer)
        try:
            while line := await reader.readline():
                self._take(line, self._orders[writer])
        except (OSError, ValueError) as error:
            log.info("client gone: %s", error)
        finally:
            with self._saying:
                self._clients.pop(writer).close()
            del self._orders[writer]
            self._count_paying()
            writer.close()

    def _greet(self, writer: asyncio.StreamWriter) -> None:
        """Say every state, then what follows. The copy of the socket is closed by nobody while it is used."""
        client = socket.socket(fileno=os.dup(writer.get_extra_info("socket").fileno()))
        client.setblocking(False)
        with self._saying:
            for state in self._states.values():
                _send(client, encode(state))
            self._clients[writer] = client

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
        self._paying = frozenset().union(*self._orders.values())


def _send(client: socket.socket, line: bytes) -> None:
    """A client that has gone, or does not read, is dropped rather than buffered for."""
    try:
        sent = client.send(line)
    except OSError:
        sent = 0
    if sent < len(line):
        log.warning("a client does not read; dropped")
        with contextlib.suppress(OSError):
            client.shutdown(socket.SHUT_RDWR)
