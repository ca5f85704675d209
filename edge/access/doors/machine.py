"""What a door does, as tables: its leaf, what its lock is wanted to do, and the boom of a barrier.

Three small machines a door, each a table of (state, input, condition, next state, effects). `step` takes one
input through all three; what is in no row changes nothing. `docs/doors.md` is written from these tables.
"""

from collections.abc import Callable, Iterable, Mapping
from enum import StrEnum
from typing import Any, NamedTuple

import msgspec


class Leaf(StrEnum):
    """What the door's leaf (门扇) is doing, by its contact. *Unknown* is never read as closed."""

    UNKNOWN = "unknown"
    CLOSED = "closed"
    RELEASED = "released"
    OPEN = "open"
    PRE_ALARM = "pre_alarm"
    HELD_OPEN = "held_open"
    FORCED = "forced"


class Mode(StrEnum):
    """What the lock is wanted to do beside single openings."""

    NORMAL = "normal"
    HELD = "held"
    LOCKED_DOWN = "locked_down"
    FIRE = "fire"


class Boom(StrEnum):
    """What a barrier's boom is wanted to do beside holds; any other door stays `down`."""

    DOWN = "down"
    PASSING = "passing"


class Loop(StrEnum):
    """What a barrier's loop says; a door without a loop has none."""

    NONE = ""
    UNKNOWN = "unknown"
    CLEAR = "clear"
    BUSY = "busy"


class Input(StrEnum):
    """What can happen to a door."""

    CONTACT_OPEN = "contact_open"
    CONTACT_CLOSED = "contact_closed"
    CONTACT_UNKNOWN = "contact_unknown"
    FIRED = "fired"
    NOT_FIRED = "not_fired"
    EXIT_BUTTON = "exit_button"
    PARALLEL = "parallel"
    HOLD_ON = "hold_on"
    HOLD_OFF = "hold_off"
    LOCK_DOWN = "lock_down"
    LOCK_DOWN_OVER = "lock_down_over"
    FIRE = "fire"
    FIRE_RESET = "fire_reset"
    LOOP_BUSY = "loop_busy"
    LOOP_CLEAR = "loop_clear"
    LOOP_UNKNOWN = "loop_unknown"
    GRACE_OVER = "grace_over"
    WARN_DUE = "warn_due"
    LIMIT_DUE = "limit_due"
    LOST_DUE = "lost_due"
    PASSAGE_OVER = "passage_over"


class Effect(StrEnum):
    """What a step asks for."""

    GRACE = "begin the time in which it may be opened"
    SETTLE = "begin the second in which it may bounce"
    END_GRACE = "end the time in which it may be opened"
    WATCH = "begin the time for which it may stand open"
    UNWATCH = "end the time for which it may stand open"
    AWAIT_CONTACT = "begin the time for which its contact may be silent"
    WARN = "buzzer: pre-alarm"
    SOUND = "buzzer: alarm"
    SILENCE = "buzzer off"
    FORCED = "alarm: forced"
    HELD_OPEN = "alarm: held open"
    LOST = "alarm: contact lost"
    FOUND = "end of the alarm: contact lost"
    CLOSED_AGAIN = "end of the alarms: forced, held open"
    RELEASE = "hold the lock released"
    SECURE = "let the lock go"
    KEEP_UP = "keep the boom up"
    LOWER = "let the boom come down"
    AWAIT_VEHICLE = "begin the time in which a vehicle may come"


class Status(msgspec.Struct, frozen=True, kw_only=True):
    """A door at one moment: three states, and the facts that the conditions of the tables ask for.

    `holds` says whether one is live, `expected` whether it may be opened now, `was_released` what a hold or a
    fire wanted before the input, `vehicle_seen` whether the loop was busy since the boom went up.
    """

    leaf: Leaf = Leaf.UNKNOWN
    mode: Mode = Mode.NORMAL
    boom: Boom = Boom.DOWN
    loop: Loop = Loop.NONE
    holds: bool = False
    locked_down: bool = False
    was_released: bool = False
    vehicle_seen: bool = False
    expected: bool = False
    has_contact: bool = True
    fail_safe: bool = False
    is_barrier: bool = False

    @property
    def is_released(self) -> bool:
        """Whether its lock is wanted released beside single openings."""
        return self.mode in (Mode.HELD, Mode.FIRE) or self.boom is Boom.PASSING

    @property
    def may_stand_open(self) -> bool:
        """Whether nobody minds that it stands open."""
        return self.mode in (Mode.HELD, Mode.FIRE)


def _boom_is_over_something(status: Status) -> bool:
    secured = status.was_released and not status.may_stand_open
    return status.is_barrier and secured and status.loop is not Loop.CLEAR


Condition = Callable[[Status], bool]

CONDITIONS: Mapping[str, Condition] = {
    "": lambda status: True,
    "held": lambda status: status.may_stand_open,
    "not held": lambda status: not status.may_stand_open,
    "expected": lambda status: status.expected,
    "not expected": lambda status: not status.expected,
    "has a contact": lambda status: status.has_contact,
    "fail-safe": lambda status: status.fail_safe,
    "a hold is live": lambda status: status.holds and not status.locked_down,
    "no hold is live": lambda status: not status.holds and not status.locked_down,
    "locked down": lambda status: status.locked_down,
    "barrier": lambda status: status.is_barrier,
    "vehicle seen": lambda status: status.vehicle_seen,
    "no vehicle seen": lambda status: not status.vehicle_seen,
    "loop clear": lambda status: status.loop is Loop.CLEAR,
    "boom was up, loop not clear": _boom_is_over_something,
}
"""Conditions of the tables by their words. They see the facts as the input has left them."""


class Row(NamedTuple):
    """One row of a table."""

    state: StrEnum
    input: Input
    condition: str
    next: StrEnum
    effects: tuple[Effect, ...] = ()


def _each(states: Iterable[StrEnum], inputs: Iterable[Input], condition: str, *rest: object) -> list[Row]:
    return [Row(state, each, condition, *rest) for state in states for each in inputs]  # type: ignore[arg-type]


_MAY_OPEN = (Input.FIRED, Input.EXIT_BUTTON, Input.PARALLEL)
_RELEASING = (Input.HOLD_ON, Input.FIRE)
_SECURING = (Input.HOLD_OFF, Input.LOCK_DOWN, Input.FIRE_RESET)

LEAF: tuple[Row, ...] = (
    Row(Leaf.UNKNOWN, Input.CONTACT_CLOSED, "expected", Leaf.RELEASED, (Effect.FOUND, Effect.CLOSED_AGAIN)),
    Row(Leaf.UNKNOWN, Input.CONTACT_CLOSED, "not expected", Leaf.CLOSED, (Effect.FOUND, Effect.CLOSED_AGAIN)),
    Row(Leaf.UNKNOWN, Input.CONTACT_OPEN, "held", Leaf.OPEN, (Effect.FOUND,)),
    Row(Leaf.UNKNOWN, Input.CONTACT_OPEN, "not held", Leaf.OPEN, (Effect.FOUND, Effect.WATCH)),
    *_each((Leaf.UNKNOWN,), _MAY_OPEN, "", Leaf.UNKNOWN, (Effect.GRACE,)),
    Row(Leaf.UNKNOWN, Input.LOST_DUE, "has a contact", Leaf.UNKNOWN, (Effect.LOST,)),
    Row(Leaf.CLOSED, Input.CONTACT_OPEN, "held", Leaf.OPEN),
    Row(Leaf.CLOSED, Input.CONTACT_OPEN, "not held", Leaf.FORCED, (Effect.FORCED, Effect.SOUND)),
    *_each((Leaf.CLOSED, Leaf.RELEASED), _MAY_OPEN, "", Leaf.RELEASED, (Effect.GRACE,)),
    Row(Leaf.RELEASED, Input.CONTACT_OPEN, "held", Leaf.OPEN),
    Row(Leaf.RELEASED, Input.CONTACT_OPEN, "not held", Leaf.OPEN, (Effect.WATCH,)),
    Row(Leaf.RELEASED, Input.GRACE_OVER, "", Leaf.CLOSED),
    Row(Leaf.RELEASED, Input.NOT_FIRED, "", Leaf.CLOSED, (Effect.END_GRACE,)),
    *_each((Leaf.CLOSED, Leaf.RELEASED), (Input.CONTACT_UNKNOWN,), "", Leaf.UNKNOWN, (Effect.AWAIT_CONTACT,)),
    Row(Leaf.OPEN, Input.CONTACT_CLOSED, "", Leaf.RELEASED, (Effect.UNWATCH, Effect.SETTLE)),
    *_each((Leaf.OPEN,), _MAY_OPEN, "held", Leaf.OPEN, (Effect.GRACE,)),
    *_each((Leaf.OPEN,), _MAY_OPEN, "not held", Leaf.OPEN, (Effect.GRACE, Effect.WATCH)),
    *_each((Leaf.OPEN,), _RELEASING, "held", Leaf.OPEN, (Effect.UNWATCH,)),
    *_each((Leaf.OPEN,), _SECURING, "not held", Leaf.OPEN, (Effect.WATCH,)),
    Row(Leaf.OPEN, Input.WARN_DUE, "not held", Leaf.PRE_ALARM, (Effect.WARN,)),
    Row(
        Leaf.PRE_ALARM,
        Input.CONTACT_CLOSED,
        "",
        Leaf.RELEASED,
        (Effect.UNWATCH, Effect.SILENCE, Effect.SETTLE),
    ),
    *_each((Leaf.PRE_ALARM,), _MAY_OPEN, "", Leaf.OPEN, (Effect.SILENCE, Effect.GRACE, Effect.WATCH)),
    *_each((Leaf.PRE_ALARM,), _RELEASING, "held", Leaf.OPEN, (Effect.UNWATCH, Effect.SILENCE)),
    Row(Leaf.PRE_ALARM, Input.LIMIT_DUE, "", Leaf.HELD_OPEN, (Effect.HELD_OPEN, Effect.SOUND)),
    *_each(
        (Leaf.HELD_OPEN, Leaf.FORCED),
        (Input.CONTACT_CLOSED,),
        "",
        Leaf.CLOSED,
        (Effect.SILENCE, Effect.CLOSED_AGAIN, Effect.END_GRACE),
    ),
    *_each(
        (Leaf.HELD_OPEN, Leaf.FORCED), _RELEASING, "held", Leaf.OPEN, (Effect.SILENCE, Effect.CLOSED_AGAIN)
    ),
    *_each(
        (Leaf.OPEN, Leaf.PRE_ALARM, Leaf.HELD_OPEN, Leaf.FORCED),
        (Input.CONTACT_UNKNOWN,),
        "",
        Leaf.UNKNOWN,
        (Effect.UNWATCH, Effect.SILENCE, Effect.AWAIT_CONTACT),
    ),
)
"""The leaf. A movement that was not seen is never *forced*: a door found open may have been opened by anybody."""

_BESIDE_FIRE = (Mode.NORMAL, Mode.HELD, Mode.LOCKED_DOWN)

LOCK: tuple[Row, ...] = (
    Row(Mode.NORMAL, Input.HOLD_ON, "", Mode.HELD, (Effect.RELEASE,)),
    Row(Mode.HELD, Input.HOLD_OFF, "no hold is live", Mode.NORMAL, (Effect.SECURE,)),
    *_each((Mode.NORMAL, Mode.HELD), (Input.LOCK_DOWN,), "", Mode.LOCKED_DOWN, (Effect.SECURE,)),
    Row(Mode.LOCKED_DOWN, Input.LOCK_DOWN_OVER, "a hold is live", Mode.HELD, (Effect.RELEASE,)),
    Row(Mode.LOCKED_DOWN, Input.LOCK_DOWN_OVER, "no hold is live", Mode.NORMAL),
    *_each(_BESIDE_FIRE, (Input.FIRE,), "fail-safe", Mode.FIRE, (Effect.RELEASE,)),
    Row(Mode.FIRE, Input.FIRE_RESET, "locked down", Mode.LOCKED_DOWN, (Effect.SECURE,)),
    Row(Mode.FIRE, Input.FIRE_RESET, "a hold is live", Mode.HELD),
    Row(Mode.FIRE, Input.FIRE_RESET, "no hold is live", Mode.NORMAL, (Effect.SECURE,)),
)
"""What the lock is wanted to do. Fire has no other way out than a person's reset, and nothing else beats it."""

BOOM: tuple[Row, ...] = (
    Row(Boom.DOWN, Input.FIRED, "barrier", Boom.PASSING, (Effect.KEEP_UP, Effect.AWAIT_VEHICLE)),
    *_each((Boom.DOWN,), _SECURING, "boom was up, loop not clear", Boom.PASSING, (Effect.KEEP_UP, Effect.AWAIT_VEHICLE)),
    Row(Boom.PASSING, Input.FIRED, "", Boom.PASSING, (Effect.AWAIT_VEHICLE,)),
    Row(Boom.PASSING, Input.LOOP_CLEAR, "vehicle seen", Boom.DOWN, (Effect.LOWER,)),
    Row(Boom.PASSING, Input.LOOP_CLEAR, "no vehicle seen", Boom.PASSING, (Effect.AWAIT_VEHICLE,)),
    Row(Boom.PASSING, Input.PASSAGE_OVER, "loop clear", Boom.DOWN, (Effect.LOWER,)),
)
"""A barrier's boom: once up, it comes down only while the loop says *clear*; busy and unknown keep it up."""

TABLES: Mapping[str, tuple[Row, ...]] = {"mode": LOCK, "leaf": LEAF, "boom": BOOM}
"""The three tables by the field of `Status` that they move, in the order in which an input takes them."""

_FACTS: Mapping[Input, Mapping[str, Any]] = {
    Input.HOLD_ON: {"holds": True},
    Input.HOLD_OFF: {"holds": False},
    Input.LOCK_DOWN: {"locked_down": True},
    Input.LOCK_DOWN_OVER: {"locked_down": False},
    Input.LOOP_BUSY: {"loop": Loop.BUSY},
    Input.LOOP_CLEAR: {"loop": Loop.CLEAR},
    Input.LOOP_UNKNOWN: {"loop": Loop.UNKNOWN},
    Input.GRACE_OVER: {"expected": False},
}
_AFTER: Mapping[Effect, Mapping[str, Any]] = {
    Effect.GRACE: {"expected": True},
    Effect.SETTLE: {"expected": True},
    Effect.END_GRACE: {"expected": False},
}


class Step(NamedTuple):
    """What an input did: the door afterwards, the effects in order, and the rows that were taken."""

    status: Status
    effects: tuple[Effect, ...]
    rows: tuple[Row, ...]


def step(status: Status, happened: Input) -> Step:
    """Take one input through the three tables.

    The lock comes first, because what it is wanted to do decides whether an open leaf is right.
    """
    after = _note(status, happened)
    effects: list[Effect] = []
    taken: list[Row] = []
    for field, table in TABLES.items():
        row = find_row(table, getattr(after, field), happened, after)
        if row is not None:
            after = msgspec.structs.replace(after, **{field: row.next})
            effects += row.effects
            taken.append(row)
    for effect in effects:
        after = msgspec.structs.replace(after, **_AFTER.get(effect, {}))
    return Step(after, tuple(effects), tuple(taken))


def _note(status: Status, happened: Input) -> Status:
    """The door as the input leaves its facts, before any state moves."""
    changes: dict[str, Any] = {"was_released": status.may_stand_open, **_FACTS.get(happened, {})}
    if happened is Input.LOOP_BUSY or (status.loop is Loop.BUSY and happened in (Input.FIRED, *_SECURING)):
        changes["vehicle_seen"] = True
    elif happened is Input.FIRED:
        changes["vehicle_seen"] = False
    return msgspec.structs.replace(status, **changes)


def find_row(table: Iterable[Row], state: StrEnum, happened: Input, status: Status) -> Row | None:
    """The first row that applies, if any does."""
    return next(
        (
            row
            for row in table
            if row.state is state and row.input is happened and CONDITIONS[row.condition](status)
        ),
        None,
    )
