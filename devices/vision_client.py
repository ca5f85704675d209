"""Receives scans from the vision process over its Unix socket."""

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path

import msgspec

from devices.vision.protocol import (
    MAX_LINE_BYTES,
    Message,
    PaymentCodeDiscarded,
    PayScreen,
    PictureBad,
    State,
)
from devices.vision.protocol import Scan as ScanLine
from edge.links.backoff import Backoff
from edge.links.scans import Scan
from edge.trust.clock import Clock

log = logging.getLogger(__name__)


class VisionClient:
    """One connection to the vision process, kept up by `run`.

    `on_scan` takes every scan; `on_discarded(reader)` is told of payment codes that were thrown away.
    `on_state(reader, state)` is told live and lost, and unknown when the process goes away; `on_bad(reader,
    reason)` of pictures that were thrown away. `states` is the last report of each reader, empty while the
    process is away.
    """

    def __init__(
        self,
        *,
        socket: Path,
        clock: Clock,
        on_scan: Callable[[Scan], None],
        on_discarded: Callable[[str], None] = lambda _: None,
        on_state: Callable[[str, str], None] = lambda *_: None,
        on_bad: Callable[[str, str], None] = lambda *_: None,
        backoff: Backoff | None = None,
    ) -> None:
        self._socket = socket
        self._clock = clock
        self._on_scan = on_scan
        self._on_discarded = on_discarded
        self._on_state = on_state
        self._on_bad = on_bad
        self._backoff = backoff or Backoff(first_s=0.2, limit_s=5.0)
        self._decoder = msgspec.json.Decoder(Message)
        self._pay_screens: set[str] = set()
        self._writer: asyncio.StreamWriter | None = None
        self.states: dict[str, str] = {}

    @property
    def connected(self) -> bool:
        """True while the process is there."""
        return self._writer is not None

    def pay_screen(self, reader: str, on: bool) -> None:
        """Say that the payer sees the amount now, or no longer. Said again after a reconnect."""
        if on:
            self._pay_screens.add(reader)
        else:
            self._pay_screens.discard(reader)
        self._say(PayScreen(reader, on))

    async def run(self) -> None:
        """Keep a connection and take what comes; never returns."""
        while True:
            try:
                reader, self._writer = await asyncio.open_unix_connection(
                    str(self._socket), limit=MAX_LINE_BYTES
                )
                for name in sorted(self._pay_screens):
                    self._say(PayScreen(name, True))
                await self._read(reader)
            except (OSError, ValueError) as error:
                log.warning("vision at %s: %s", self._socket, error)
            finally:
                if self._writer is not None:
                    self._writer.close()
                self._writer = None
                for name in self.states:
                    self._on_state(name, "unknown")
                self.states = {}
            await asyncio.sleep(self._backoff.next_s())

    async def _read(self, reader: asyncio.StreamReader) -> None:
        while line := await reader.readline():
            self._backoff.reset()
            try:
                self._take(self._decoder.decode(line))
            except msgspec.DecodeError as error:
                log.warning("vision said what is no message: %s", error)

    def _take(self, message: Message) -> None:
        match message:
            case ScanLine(reader, symbology, text):
                at_ms = self._clock.now().at_ms
                self._on_scan(Scan(reader=reader, symbology=symbology, text=text, at_ms=at_ms))
            case State(reader, state):
                self.states[reader] = state
                self._on_state(reader, state)
            case PaymentCodeDiscarded(reader):
                self._on_discarded(reader)
            case PictureBad(reader, reason):
                self._on_bad(reader, reason)

    def _say(self, message: PayScreen) -> None:
        if self._writer is not None and not self._writer.is_closing():
            self._writer.write(msgspec.json.encode(message) + b"\n")
