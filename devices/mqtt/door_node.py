"""A remote relay's side of the device convention: nonce, dedupe, beats, state. No sockets, no pins here."""

import secrets
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from typing import Protocol

import msgspec

from devices.mqtt.door_messages import DoorCommand, DoorEvent, DoorState
from devices.mqtt.messages import Result
from edge.access.errors import NotMoved
from edge.errors import DeviceError

REMEMBERED_IDS = 1000
BEAT_LIMIT_MS = 1700
"""Silence of the hub after which everything is let go of: with the time to notice it and to do so, within the
2 s of docs/devices.md and of invariant I6."""

Say = Callable[[str, bytes, bool], None]
"""Publishes a leaf (`res`, `state`, `evt`): payload, retained."""


class Relays(Protocol):
    """What a node drives."""

    async def pulse(self, command_id: str, door: str) -> None:
        """Give the door's own pulse once. Raises NotMoved, another DeviceError when nobody can tell."""
        ...

    async def hold(self, door: str, on: bool) -> None:
        """Begin or end keeping a door released. Raises DeviceError."""
        ...

    def let_go(self) -> None:
        """Switch everything off now."""
        ...

    def signal(self, name: str, pattern_ms: tuple[int, ...]) -> None:
        """Play a pattern on a lamp or buzzer. Raises NotMoved."""
        ...


class DoorNode:
    """One device. `pulses_ms`: its doors and the pulse of each; `now_ms` reads a clock that never jumps."""

    def __init__(
        self,
        pulses_ms: Mapping[str, int],
        *,
        inputs: Iterable[str] = (),
        relays: Relays,
        say: Say,
        now_ms: Callable[[], int],
    ) -> None:
        self.nonce = ""
        self._pulses_ms = dict(pulses_ms)
        self._doors = dict.fromkeys(pulses_ms, "unknown")
        self._inputs = dict.fromkeys(inputs, "unknown")
        self._relays = relays
        self._say = say
        self._now_ms = now_ms
        self._heard_ms: int | None = None
        self._held: set[str] = set()
        self._seen: OrderedDict[str, str] = OrderedDict()

    def begin_session(self) -> None:
        """Everything is off: a new connection, or relays that came back. Older commands are dead."""
        self.nonce = secrets.token_hex(8)
        self._held.clear()
        self._heard_ms = None
        self._tell_state()

    def lose_hub(self) -> None:
        """No broker, or no beat: let go of everything, and obey nothing that was sent before."""
        self._relays.let_go()
        self.begin_session()

    def hear_beat(self, payload: bytes, *, retained: bool) -> None:
        """The hub lives, if it means this session."""
        if not retained and payload == self.nonce.encode():
            self._heard_ms = self._now_ms()

    def watch(self) -> None:
        """Called several times a second: lets go when the hub was silent for too long."""
        if self._heard_ms is not None and self._now_ms() - self._heard_ms > BEAT_LIMIT_MS:
            self.lose_hub()

    async def obey(self, payload: bytes, *, retained: bool) -> None:
        """Take a command. Retained, foreign, repeated or unreadable ones move nothing."""
        if retained:
            return
        try:
            command = msgspec.json.decode(payload, type=DoorCommand)
        except msgspec.DecodeError:
            return
        if command.id in self._seen:
            self._answer(command.id, self._seen[command.id] or "repeated")
            return
        why = self._objection(command)
        self._seen[command.id] = why
        if len(self._seen) > REMEMBERED_IDS:
            self._seen.popitem(last=False)
        if not why:
            try:
                await self._do(command)
            except NotMoved as fault:
                why = self._seen[command.id] = fault.reason
            except DeviceError:
                return  # nobody can tell, and the hub is told so by silence
        self._answer(command.id, why)

    def set_contact(self, door: str, state: str, *, tell: bool = True) -> None:
        """A door's contact says; untold where a new session, which says everything, is about to begin."""
        if self._doors.get(door, state) != state:
            self._doors[door] = state
            if tell:
                self._tell_event("contact", door, state)

    def set_input(self, name: str, state: str, *, tell: bool = True) -> None:
        """An input says; `tell` as for a contact."""
        if self._inputs.get(name, state) != state:
            self._inputs[name] = state
            if tell:
                self._tell_event("input", name, state)

    async def _do(self, command: DoorCommand) -> None:
        match command.action:
            case "pulse":
                await self._relays.pulse(command.id, command.door)
            case "signal":
                self._relays.signal(command.signal, command.pattern_ms)
            case action:
                await self._relays.hold(command.door, action == "hold")
                (self._held.add if action == "hold" else self._held.discard)(command.door)
                self._tell_state()

    def _objection(self, command: DoorCommand) -> str:
        if command.nonce != self.nonce:
            return "wrong_nonce"
        if self._heard_ms is None:
            return "no_beat"
        if command.action == "signal":
            return ""
        if command.action not in ("pulse", "hold", "release"):
            return "unknown_action"
        return "" if command.door in self._doors else "unknown_door"

    def _answer(self, command_id: str, why: str) -> None:
        self._say("res", msgspec.json.encode(Result(id=command_id, ok=not why, why=why)), False)

    def _tell_event(self, kind: str, name: str, state: str) -> None:
        self._say("evt", msgspec.json.encode(DoorEvent(kind=kind, name=name, state=state)), False)
        self._tell_state()

    def _tell_state(self) -> None:
        state = DoorState(
            nonce=self.nonce,
            doors=dict(self._doors),
            pulses_ms=self._pulses_ms,
            held=tuple(sorted(self._held)),
            inputs=dict(self._inputs),
        )
        self._say("state", msgspec.json.encode(state), True)
