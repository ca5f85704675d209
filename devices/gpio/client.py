"""Talks to the relay guard: the Pulser and Holder of doors on GPIO lines."""

import asyncio
import contextlib
import logging
import socket as sockets
import threading
import time
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path

import msgspec

from devices.gpio.messages import (
    Beat,
    Contact,
    Cycles,
    Ended,
    Fault,
    Fired,
    FromGuard,
    Hello,
    Hold,
    Input,
    Pulse,
    Refused,
    Signal,
    ToGuard,
)
from devices.guard.protocol import BEAT_EVERY_S
from devices.lines import InputSettings, SignalSettings
from devices.settings import DoorSettings
from edge.access.contacts import ContactState
from edge.access.errors import NotMoved
from edge.access.inputs import InputState
from edge.errors import DeviceFault, DeviceOffline
from edge.links.backoff import Backoff
from edge.links.cancelling import end_task

log = logging.getLogger(__name__)

ANSWER_LIMIT_S = 1.0
"""The guard answers in well under a millisecond; after a second it is stuck."""
LATE_AFTER_NS = 1_000_000_000
"""A pulse that waited longer in the socket is refused by the guard."""
MAX_PULSES = 256
"""Pulses whose outcome nobody asked for yet; fewer are ever under way, so that the oldest is an orphan."""

OnContact = Callable[[str, ContactState], None]
OnInput = Callable[[str, InputState], None]
OnFault = Callable[[int, str], None]


def boot_ns() -> int:
    """Nanoseconds since the machine started: the clock that the guard reads too."""
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME)


async def _nothing() -> None:
    return None


def _unheard(*_: object) -> None:
    return None


class GuardClient:
    """One connection to the guard, kept up by `run`.

    `on_contact(door, state)` and `on_input(input, state)` come in order; `on_connected` is awaited after the
    guard said hello; on a loss every contact and every input is reported unknown. `on_fault(line, words)`
    tells of a line that cannot be used; no words: it can again. `cycles` is how often each line went on.
    """

    def __init__(
        self,
        *,
        socket: Path,
        doors: Iterable[DoorSettings],
        on_contact: OnContact,
        on_connected: Callable[[], Awaitable[None]] = _nothing,
        inputs: Iterable[InputSettings] = (),
        on_input: OnInput = _unheard,
        signals: Iterable[SignalSettings] = (),
        on_fault: OnFault = _unheard,
        backoff: Backoff | None = None,
    ) -> None:
        self._socket = socket
        self._doors = {door.id: door for door in doors}
        self._contacts = {
            door.contact_line: door.id for door in self._doors.values() if door.contact_line is not None
        }
        self._inputs = {heard.line: heard.id for heard in inputs if heard.line is not None}
        self._signals = {shown.id: shown.line for shown in signals}
        self._on_contact = on_contact
        self._on_input = on_input
        self._on_fault = on_fault
        self._on_connected = on_connected
        self._backoff = backoff or Backoff(first_s=0.1, limit_s=2.0)
        # Written to from two threads, each line in one piece: the loop's, and the store's by `fire`.
        self._sending = threading.Lock()
        self._link: sockets.socket | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._waiting: dict[str, asyncio.Future[None]] = {}
        self._unsent: dict[str, NotMoved] = {}
        self._decoder = msgspec.json.Decoder(FromGuard)
        self._encoder = msgspec.json.Encoder()
        self.connected = False
        self.cycles: dict[int, int] = {}
        self.faults: dict[int, str] = {}

    def fire(self, opening_id: str, door_id: str) -> None:
        """Send a door's own pulse once, from any thread; `pulse` of the same id tells what became of it."""
        door = self._doors.get(door_id)
        for kept in (self._waiting, self._unsent):
            if len(kept) >= MAX_PULSES:
                del kept[next(iter(kept))]
        try:
            if door is None:
                raise NotMoved("unknown_door")
            assert door.line is not None, "a door on the guard has a line"
            message = Pulse(opening_id, door.line, door.pulse_ms, boot_ns() + LATE_AFTER_NS)
            self._send(message, awaited=opening_id)
        except NotMoved as fault:
            self._unsent[opening_id] = fault

    async def pulse(self, opening_id: str, door_id: str) -> None:
        """Fire a door's own pulse once, unless `fire` sent it, and wait for the guard's answer.

        Raises NotMoved, DeviceOffline (then nobody can tell).
        """
        if opening_id not in self._waiting and opening_id not in self._unsent:
            self.fire(opening_id, door_id)
        if (fault := self._unsent.pop(opening_id, None)) is not None:
            raise fault
        try:
            async with asyncio.timeout(ANSWER_LIMIT_S):
                await self._waiting[opening_id]
        except TimeoutError as error:
            raise DeviceOffline("the guard did not answer") from error
        finally:
            self._waiting.pop(opening_id, None)

    async def hold(self, door_id: str, on: bool) -> None:
        """Begin or end holding a door released. Raises NotMoved."""
        door = self._doors.get(door_id)
        if door is None or not self.connected:
            raise NotMoved("guard_offline")
        assert door.line is not None, "a door on the guard has a line"
        self._send(Hold(door.line, on))

    def signal(self, signal_id: str, pattern_ms: tuple[int, ...]) -> None:
        """Play a pattern (ms on, off, on, ...) on a lamp or buzzer; () switches it off. Raises NotMoved."""
        line = self._signals.get(signal_id)
        if line is None or not self.connected:
            raise NotMoved("guard_offline" if line is not None else "unknown_line")
        self._send(Signal(line, pattern_ms))

    def online(self, door_id: str) -> bool | None:
        """Whether the guard said hello and is there."""
        return self.connected

    def let_go(self) -> None:
        """End the connection: the guard switches every line off; `run` connects again."""
        with self._sending, contextlib.suppress(OSError):
            if self._link is not None:
                self._link.shutdown(sockets.SHUT_RDWR)

    async def run(self) -> None:
        """Keep a connection, the heartbeat and the reports going; never returns."""
        self._loop = asyncio.get_running_loop()
        while True:
            link = sockets.socket(sockets.AF_UNIX, sockets.SOCK_STREAM)
            link.setblocking(False)
            try:
                await self._loop.sock_connect(link, str(self._socket))
                reader, writer = await asyncio.open_unix_connection(sock=link)
            except OSError as error:
                link.close()
                log.warning("guard at %s: %s", self._socket, error)
            else:
                await self._serve(link, reader, writer)
            await asyncio.sleep(self._backoff.next_s())

    async def _serve(
        self, link: sockets.socket, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._link = link
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
            case Hello():
                self._greet(message)
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
            case Input(line, state):
                self._note_input(line, state)
            case Cycles(counts):
                self.cycles = {int(line): count for line, count in counts.items()}
            case Fault(line, why):
                self.faults[line] = why
                self._on_fault(line, why)
            case Ended():
                pass

    def _greet(self, hello: Hello) -> None:
        for line, door_id in self._contacts.items():
            self._note(door_id, hello.lines.get(str(line), ""))
        for line in self._inputs:
            self._note_input(line, hello.inputs.get(str(line), ""))
        self.cycles = {int(line): count for line, count in hello.cycles.items()}
        mended = self.faults.keys() - set(map(int, hello.faults))
        self.faults = {int(line): why for line, why in hello.faults.items()}
        for line, why in [*((line, "") for line in mended), *self.faults.items()]:
            self._on_fault(line, why)

    def _note_input(self, line: int, state: str) -> None:
        if line in self._inputs:
            known = state in (InputState.ACTIVE, InputState.IDLE)
            self._on_input(self._inputs[line], InputState(state) if known else InputState.UNKNOWN)

    def _note(self, door_id: str, state: str) -> None:
        known = state in (ContactState.OPEN, ContactState.CLOSED)
        self._on_contact(door_id, ContactState(state) if known else ContactState.UNKNOWN)

    async def _beat(self) -> None:
        while True:
            with contextlib.suppress(DeviceFault):
                self._send(Beat())
            await asyncio.sleep(BEAT_EVERY_S)

    def _send(self, message: ToGuard, *, awaited: str | None = None) -> None:
        """Write one line; raises NotMoved when nothing of it went out. `awaited` is answered by its id."""
        line = self._encoder.encode(message) + b"\n"
        with self._sending:
            if self._link is None or self._loop is None:
                raise NotMoved("guard_offline")
            if awaited is not None:
                if not self.connected:
                    raise NotMoved("guard_offline")
                self._waiting[awaited] = self._loop.create_future()
            try:
                sent = self._link.send(line)
            except OSError as error:
                if awaited is not None:
                    del self._waiting[awaited]
                raise NotMoved("guard_offline") from error
            if sent < len(line):
                # Half a line: the stream is of no use any more, and its end makes the guard let go of all.
                with contextlib.suppress(OSError):
                    self._link.shutdown(sockets.SHUT_RDWR)

    def _answer(self, pulse_id: str, error: NotMoved | None) -> None:
        answer = self._waiting.get(pulse_id)
        if answer is None or answer.done():
            return
        if error is None:
            answer.set_result(None)
        else:
            answer.set_exception(error)

    def _lose(self) -> None:
        with self._sending:
            self.connected = False
            self._link = None
            waiting = tuple(self._waiting.values())
        for door_id in self._contacts.values():
            self._on_contact(door_id, ContactState.UNKNOWN)
        for input_id in self._inputs.values():
            self._on_input(input_id, InputState.UNKNOWN)
        for answer in waiting:
            if not answer.done():
                answer.set_exception(DeviceOffline("the guard went away"))
