"""Talks to the relay guard: the Pulser and Holder of doors on GPIO lines."""

import asyncio
import contextlib
import logging
import time
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path

import msgspec

from devices.gpio.messages import Beat, Contact, Ended, Fired, FromGuard, Hello, Hold, Pulse, Refused, ToGuard
from devices.guard.protocol import BEAT_EVERY_S
from devices.settings import DoorSettings
from edge.access.contacts import ContactState
from edge.access.errors import NotMoved
from edge.errors import DeviceFault, DeviceOffline
from edge.links.backoff import Backoff
from edge.links.cancelling import end_task

log = logging.getLogger(__name__)

ANSWER_LIMIT_S = 1.0
"""The guard answers in well under a millisecond; after a second it is stuck."""
LATE_AFTER_NS = 1_000_000_000
"""A pulse that waited longer in the socket is refused by the guard."""

OnContact = Callable[[str, ContactState], None]


def boot_ns() -> int:
    """Nanoseconds since the machine started: the clock that the guard reads too."""
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME)


async def _nothing() -> None:
    return None


class GuardClient:
    """One connection to the guard, kept up by `run`.

    `on_contact(door, state)` is called in order; `on_connected` is awaited after the guard said hello; on a
    loss every contact is reported unknown.
    """

    def __init__(
        self,
        *,
        socket: Path,
        doors: Iterable[DoorSettings],
        on_contact: OnContact,
        on_connected: Callable[[], Awaitable[None]] = _nothing,
        backoff: Backoff | None = None,
    ) -> None:
        self._socket = socket
        self._doors = {door.id: door for door in doors}
        self._contacts = {
            door.contact_line: door.id for door in self._doors.values() if door.contact_line is not None
        }
        self._on_contact = on_contact
        self._on_connected = on_connected
        self._backoff = backoff or Backoff(first_s=0.1, limit_s=2.0)
        self._writer: asyncio.StreamWriter | None = None
        self._waiting: dict[str, asyncio.Future[None]] = {}
        self._decoder = msgspec.json.Decoder(FromGuard)
        self._encoder = msgspec.json.Encoder()
        self.connected = False

    async def pulse(self, opening_id: str, door_id: str) -> None:
        """Fire a door's own pulse once. Raises NotMoved, DeviceOffline (then nobody can tell)."""
        door = self._doors.get(door_id)
        if door is None:
            raise NotMoved("unknown_door")
        if self._writer is None or not self.connected:
            raise NotMoved("guard_offline")
        answer: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting[opening_id] = answer
        try:
            self._send(Pulse(opening_id, door.line, door.pulse_ms, boot_ns() + LATE_AFTER_NS))
            async with asyncio.timeout(ANSWER_LIMIT_S):
                await answer
        except TimeoutError as error:
            raise DeviceOffline("the guard did not answer") from error
        finally:
            self._waiting.pop(opening_id, None)

    async def hold(self, door_id: str, on: bool) -> None:
        """Begin or end holding a door released. Raises NotMoved."""
        door = self._doors.get(door_id)
        if door is None or not self.connected:
            raise NotMoved("guard_offline")
        self._send(Hold(door.line, on))

    async def run(self) -> None:
        """Keep a connection, the heartbeat and the reports going; never returns."""
        while True:
            try:
                reader, writer = await asyncio.open_unix_connection(str(self._socket))
            except OSError as error:
                log.warning("guard at %s: %s", self._socket, error)
            else:
                await self._serve(reader, writer)
            await asyncio.sleep(self._backoff.next_s())

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writer = writer
        beating = asyncio.create_task(self._beat())
        try:
            await self._read(reader)
        finally:
            self._lose()
            writer.close()
            await end_task(beating)

    async def _read(self, reader: asyncio.StreamReader) -> None:
        with contextlib.suppress(ConnectionError, ValueError):
            while line := await reader.readline():
                try:
                    await self._take(self._decoder.decode(line))
                except msgspec.DecodeError as error:
                    log.warning("guard said what is no message: %s", error)
                    return

    async def _take(self, message: FromGuard) -> None:
        match message:
            case Hello(lines):
                for line, door_id in self._contacts.items():
                    self._note(door_id, lines.get(str(line), ""))
                self.connected = True
                self._backoff.reset()
                await self._on_connected()
            case Fired(pulse_id):
                self._answer(pulse_id, None)
            case Refused(pulse_id, why):
                self._answer(pulse_id, NotMoved(why))
            case Contact(line, state):
                if line in self._contacts:
                    self._note(self._contacts[line], state)
            case Ended():
                pass

    def _note(self, door_id: str, state: str) -> None:
        known = state in (ContactState.OPEN, ContactState.CLOSED)
        self._on_contact(door_id, ContactState(state) if known else ContactState.UNKNOWN)

    async def _beat(self) -> None:
        while True:
            with contextlib.suppress(DeviceFault):
                self._send(Beat())
            await asyncio.sleep(BEAT_EVERY_S)

    def _send(self, message: ToGuard) -> None:
        if self._writer is None or self._writer.is_closing():
            raise NotMoved("guard_offline")
        self._writer.write(self._encoder.encode(message) + b"\n")

    def _answer(self, pulse_id: str, error: NotMoved | None) -> None:
        answer = self._waiting.get(pulse_id)
        if answer is None or answer.done():
            return
        if error is None:
            answer.set_result(None)
        else:
            answer.set_exception(error)

    def _lose(self) -> None:
        self.connected = False
        self._writer = None
        for door_id in self._contacts.values():
            self._on_contact(door_id, ContactState.UNKNOWN)
        for answer in self._waiting.values():
            if not answer.done():
                answer.set_exception(DeviceOffline("the guard went away"))
