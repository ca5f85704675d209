"""The doors as they are at this moment: each door's tables driven by what is heard, and by time.

Nothing here waits, reads or writes: what it finds goes to the alarms, the buzzers and whoever applies holds.
All of it runs on the event loop's thread, but for `expect_soon`.
"""

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from typing import Protocol

import msgspec

from edge.access.contacts import ContactState
from edge.access.doors.alarms import CONTACT_LOST, FORCED, HELD_OPEN, AlarmLog
from edge.access.doors.door import Door, Lock
from edge.access.doors.machine import step
from edge.access.doors.states import Effect, Happening, Loop, Status
from edge.access.doors.tables import Row
from edge.access.inputs import Input, InputKind, InputState

SETTLE_MS = 1_000
"""How long a contact may bounce after its door closed."""
LOST_AFTER_MS = 10_000
"""How long a contact may be silent: a device that starts again is back within seconds."""
PASSAGE_MS = 15_000
"""How long a boom waits for its vehicle."""

WARNING_MS = (100, 900) * 5
ALARM_MS = (700, 300) * 5
SOUND_AGAIN_MS = 5_000
"""A buzzer plays 5 s at a time and is told again: it falls silent by itself when nobody tells it."""

_BY_CONTACT = {
    ContactState.OPEN: Happening.CONTACT_OPEN,
    ContactState.CLOSED: Happening.CONTACT_CLOSED,
    ContactState.UNKNOWN: Happening.CONTACT_UNKNOWN,
}
_BY_LOOP = {
    InputState.ACTIVE: Happening.LOOP_BUSY,
    InputState.IDLE: Happening.LOOP_CLEAR,
    InputState.UNKNOWN: Happening.LOOP_UNKNOWN,
}
_ASKING = {InputKind.EXIT_BUTTON: Happening.EXIT_BUTTON, InputKind.PARALLEL: Happening.PARALLEL}
_CHANGES_LOCK = frozenset({Effect.RELEASE, Effect.SECURE, Effect.KEEP_UP, Effect.LOWER})


class Sounder(Protocol):
    """The buzzer of a door."""

    def sound(self, door: str, pattern_ms: tuple[int, ...]) -> None:
        """Play a pattern (ms on, off, on, ...), () to stop; never waits and never raises."""
        ...


class Limits(msgspec.Struct, frozen=True):
    """How long a door may stand open, and how long before that its buzzer begins."""

    held_open_ms: int
    pre_alarm_ms: int


class _One:
    """One door: its status, and what falls due when (boot-time milliseconds)."""

    def __init__(self, door: Door, status: Status, now_ms: int) -> None:
        self.door = door
        self.status = status
        self.since_ms = now_ms
        self.limits = Limits(door.held_open_ms, door.pre_alarm_ms)
        self.due: dict[Happening, int] = {}
        self.asking: set[str] = set()
        self.pattern_ms: tuple[int, ...] = ()
        self.again_ms = 0


class LiveDoors:
    """Every door of the site. `on_lock` is called when what locks are wanted to do has changed.

    `on_step` is told each row that was taken, for tests that count them.
    """

    def __init__(
        self,
        doors: Iterable[Door],
        *,
        inputs: Iterable[Input],
        alarms: AlarmLog,
        sounder: Sounder,
        boot_ms: Callable[[], int],
        on_lock: Callable[[], None],
        on_step: Callable[[Row], None] | None = None,
    ) -> None:
        self._alarms = alarms
        self._sounder = sounder
        self._boot_ms = boot_ms
        self._on_lock = on_lock
        self._on_step = on_step
        self._inputs = {each.id: each for each in inputs}
        now_ms = boot_ms()
        self._doors = {door.id: _One(door, self._first_status(door), now_ms) for door in doors}
        self._fired: deque[str] = deque()
        self._held: frozenset[str] = frozenset()
        self._locked_down: frozenset[str] = frozenset()
        self._burning: frozenset[str] = frozenset()
        for one in self._doors.values():
            one.due[Happening.LOST_DUE] = now_ms + LOST_AFTER_MS

    def wanted(self) -> frozenset[str]:
        """The doors whose locks are to be held released."""
        return frozenset(name for name, one in self._doors.items() if one.status.is_released)

    def status_of(self, door: str) -> tuple[Status, int]:
        """A door's status, and for how many seconds its leaf has been so. Raises KeyError."""
        one = self._doors[door]
        return one.status, (self._boot_ms() - one.since_ms) // 1000

    @property
    def next_due_ms(self) -> int | None:
        """When the next thing falls due (boot-time milliseconds)."""
        return min((due for one in self._doors.values() for due in one.due.values()), default=None)

    def contact(self, door: str, state: ContactState, *, authorised: bool) -> None:
        """A contact says. `authorised`: an opening that waited for it was decided by this movement."""
        self.drain()
        if door not in self._doors:
            return
        if authorised and state is ContactState.OPEN:
            self._take(door, Happening.FIRED)
        self._take(door, _BY_CONTACT[state])

    def expect_soon(self, door: str) -> None:
        """An opening is about to be fired, said from any thread; `drain` takes it."""
        self._fired.append(door)

    def drain(self) -> None:
        """Take the openings that `expect_soon` was told of."""
        while self._fired:
            self.expect(self._fired.popleft())

    def expect(self, door: str) -> None:
        """An opening is about to be fired."""
        if door in self._doors:
            self._take(door, Happening.FIRED)

    def retract(self, door: str) -> None:
        """The opening was certainly not fired."""
        self.drain()
        if door in self._doors:
            self._take(door, Happening.NOT_FIRED)

    def hear(self, input_id: str, state: InputState) -> None:
        """An input that is no fire input says."""
        heard = self._inputs[input_id]
        for door in heard.doors:
            one = self._doors[door]
            if heard.kind is InputKind.LOOP:
                self._take(door, _BY_LOOP[state])
            elif heard.kind in _ASKING:
                (one.asking.add if state is InputState.ACTIVE else one.asking.discard)(input_id)
                if state is InputState.ACTIVE:
                    self._take(door, _ASKING[heard.kind])

    def hush(self, door: str) -> None:
        """A person has taken note: the buzzer is silent until something new is wrong."""
        if door in self._doors:
            self._sound(self._doors[door], (), self._boot_ms())

    def burn(self, doors: frozenset[str]) -> None:
        """These doors are released by fire, and no others."""
        self._burning = self._move(self._burning, doors, Happening.FIRE, Happening.FIRE_RESET)

    def wish(self, *, held: frozenset[str], locked_down: frozenset[str]) -> None:
        """These doors are held, and these are locked down, and no others."""
        self._locked_down = self._move(
            self._locked_down, locked_down, Happening.LOCK_DOWN, Happening.LOCK_DOWN_OVER
        )
        self._held = self._move(self._held, held, Happening.HOLD_ON, Happening.HOLD_OFF)

    def limit(self, limits: Mapping[str, Limits]) -> None:
        """How long doors may stand open; a door that is not named keeps its own."""
        for name, one in self._doors.items():
            own = Limits(one.door.held_open_ms, one.door.pre_alarm_ms)
            one.limits = limits.get(name, own)

    def tick(self) -> None:
        """Do what is due by now."""
        self.drain()
        now_ms = self._boot_ms()
        for name, one in self._doors.items():
            for happening in [each for each in Happening if one.due.get(each, now_ms + 1) <= now_ms]:
                if happening is Happening.GRACE_OVER and one.asking:
                    one.due[happening] = now_ms + one.door.contact_timeout_ms
                elif one.due.pop(happening, None) is not None:
                    self._take(name, happening)
            if one.pattern_ms and one.again_ms <= now_ms:
                self._sound(one, one.pattern_ms, now_ms)
        self._alarms.tick(now_ms)

    def _first_status(self, door: Door) -> Status:
        has_loop = any(
            each.kind is InputKind.LOOP and door.id in each.doors for each in self._inputs.values()
        )
        return Status(
            has_contact=door.has_contact,
            fail_safe=door.fail_safe,
            is_barrier=door.lock is Lock.BARRIER,
            loop=Loop.UNKNOWN if has_loop else Loop.NONE,
        )

    def _move(
        self, before: frozenset[str], after: frozenset[str], on: Happening, off: Happening
    ) -> frozenset[str]:
        for door in sorted(before ^ after):
            if door in self._doors:
                self._take(door, on if door in after else off)
        return after

    def _take(self, door: str, happening: Happening) -> None:
        one = self._doors[door]
        done = step(one.status, happening)
        if done.status.leaf is not one.status.leaf:
            one.since_ms = self._boot_ms()
        one.status = done.status
        for effect in done.effects:
            self._do(one, effect)
        if self._on_step is not None:
            for row in done.rows:
                self._on_step(row)
        if _CHANGES_LOCK.intersection(done.effects):
            self._on_lock()

    def _do(self, one: _One, effect: Effect) -> None:
        door, now_ms = one.door.id, self._boot_ms()
        match effect:
            case Effect.FORCED:
                self._alarms.begin(door, FORCED)
            case Effect.HELD_OPEN:
                self._alarms.begin(door, HELD_OPEN)
            case Effect.LOST:
                self._alarms.begin(door, CONTACT_LOST)
            case Effect.FOUND:
                one.due.pop(Happening.LOST_DUE, None)
                self._alarms.end(door, CONTACT_LOST, now_ms)
            case Effect.CLOSED_AGAIN:
                self._alarms.end(door, FORCED, now_ms)
                self._alarms.end(door, HELD_OPEN, now_ms)
            case Effect.WARN:
                self._sound(one, WARNING_MS, now_ms)
            case Effect.SOUND:
                self._sound(one, ALARM_MS, now_ms)
            case Effect.SILENCE:
                self._sound(one, (), now_ms)
            case _:
                self._time(one, effect, now_ms)

    def _sound(self, one: _One, pattern_ms: tuple[int, ...], now_ms: int) -> None:
        one.pattern_ms = pattern_ms
        one.again_ms = now_ms + SOUND_AGAIN_MS
        self._sounder.sound(one.door.id, pattern_ms)

    def _time(self, one: _One, effect: Effect, now_ms: int) -> None:
        due = one.due
        match effect:
            case Effect.GRACE:
                due[Happening.GRACE_OVER] = now_ms + one.door.contact_timeout_ms
            case Effect.SETTLE:
                due[Happening.GRACE_OVER] = max(due.get(Happening.GRACE_OVER, 0), now_ms + SETTLE_MS)
            case Effect.END_GRACE:
                due.pop(Happening.GRACE_OVER, None)
            case Effect.WATCH:
                due[Happening.LIMIT_DUE] = now_ms + one.limits.held_open_ms
                warned_ms = min(one.limits.pre_alarm_ms, one.limits.held_open_ms)
                due[Happening.WARN_DUE] = due[Happening.LIMIT_DUE] - warned_ms
            case Effect.UNWATCH:
                due.pop(Happening.WARN_DUE, None)
                due.pop(Happening.LIMIT_DUE, None)
            case Effect.AWAIT_CONTACT:
                due[Happening.LOST_DUE] = now_ms + LOST_AFTER_MS
            case Effect.AWAIT_VEHICLE:
                due[Happening.PASSAGE_OVER] = now_ms + PASSAGE_MS
            case _:
                pass
