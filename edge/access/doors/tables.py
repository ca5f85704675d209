"""What a door does, as tables: its leaf, what its lock is wanted to do, and the boom of a barrier.

Each is a table of (state, happening, condition, next state, effects). What is in no row changes nothing.
`docs/doors.md` is written from these tables.
"""

from collections.abc import Callable, Iterable, Mapping
from enum import StrEnum
from typing import NamedTuple

from edge.access.doors.states import Boom, Effect, Happening, Leaf, Loop, Mode, Status

On = Happening


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
"""Conditions of the tables by their words. They see the facts as the happening has left them."""


class Row(NamedTuple):
    """One row of a table."""

    state: StrEnum
    happening: Happening
    condition: str
    next: StrEnum
    effects: tuple[Effect, ...] = ()


def _each(
    states: Iterable[StrEnum],
    happenings: Iterable[Happening],
    condition: str,
    following: StrEnum,
    effects: tuple[Effect, ...] = (),
) -> list[Row]:
    return [Row(state, each, condition, following, effects) for state in states for each in happenings]


_MAY_OPEN = (On.FIRED, On.EXIT_BUTTON, On.PARALLEL)
_RELEASING = (On.HOLD_ON, On.LOCK_DOWN_OVER, On.FIRE)
SECURING = (On.HOLD_OFF, On.LOCK_DOWN, On.FIRE_RESET)

LEAF: tuple[Row, ...] = (
    Row(Leaf.UNKNOWN, On.CONTACT_CLOSED, "expected", Leaf.RELEASED, (Effect.FOUND, Effect.CLOSED_AGAIN)),
    Row(
        Leaf.UNKNOWN,
        On.CONTACT_CLOSED,
        "not expected",
        Leaf.CLOSED,
        (Effect.FOUND, Effect.CLOSED_AGAIN),
    ),
    Row(Leaf.UNKNOWN, On.CONTACT_OPEN, "held", Leaf.OPEN, (Effect.FOUND,)),
    Row(Leaf.UNKNOWN, On.CONTACT_OPEN, "not held", Leaf.OPEN, (Effect.FOUND, Effect.WATCH)),
    *_each((Leaf.UNKNOWN,), _MAY_OPEN, "", Leaf.UNKNOWN, (Effect.GRACE,)),
    Row(Leaf.UNKNOWN, On.LOST_DUE, "has a contact", Leaf.UNKNOWN, (Effect.LOST,)),
    Row(Leaf.CLOSED, On.CONTACT_OPEN, "held", Leaf.OPEN),
    Row(Leaf.CLOSED, On.CONTACT_OPEN, "not held", Leaf.FORCED, (Effect.FORCED, Effect.SOUND)),
    *_each((Leaf.CLOSED, Leaf.RELEASED), _MAY_OPEN, "", Leaf.RELEASED, (Effect.GRACE,)),
    Row(Leaf.RELEASED, On.CONTACT_OPEN, "held", Leaf.OPEN),
    Row(Leaf.RELEASED, On.CONTACT_OPEN, "not held", Leaf.OPEN, (Effect.WATCH,)),
    Row(Leaf.RELEASED, On.GRACE_OVER, "", Leaf.CLOSED),
    Row(Leaf.RELEASED, On.NOT_FIRED, "", Leaf.CLOSED, (Effect.END_GRACE,)),
    *_each((Leaf.CLOSED, Leaf.RELEASED), (On.CONTACT_UNKNOWN,), "", Leaf.UNKNOWN, (Effect.AWAIT_CONTACT,)),
    Row(Leaf.OPEN, On.CONTACT_CLOSED, "", Leaf.RELEASED, (Effect.UNWATCH, Effect.SETTLE)),
    *_each((Leaf.OPEN,), _MAY_OPEN, "held", Leaf.OPEN, (Effect.GRACE,)),
    *_each((Leaf.OPEN,), _MAY_OPEN, "not held", Leaf.OPEN, (Effect.GRACE, Effect.WATCH)),
    *_each((Leaf.OPEN,), _RELEASING, "held", Leaf.OPEN, (Effect.UNWATCH,)),
    *_each((Leaf.OPEN,), SECURING, "not held", Leaf.OPEN, (Effect.WATCH,)),
    Row(Leaf.OPEN, On.WARN_DUE, "not held", Leaf.PRE_ALARM, (Effect.WARN,)),
    Row(
        Leaf.PRE_ALARM,
        On.CONTACT_CLOSED,
        "",
        Leaf.RELEASED,
        (Effect.UNWATCH, Effect.SILENCE, Effect.SETTLE),
    ),
    *_each((Leaf.PRE_ALARM,), _MAY_OPEN, "", Leaf.OPEN, (Effect.SILENCE, Effect.GRACE, Effect.WATCH)),
    *_each((Leaf.PRE_ALARM,), _RELEASING, "held", Leaf.OPEN, (Effect.UNWATCH, Effect.SILENCE)),
    Row(Leaf.PRE_ALARM, On.LIMIT_DUE, "", Leaf.HELD_OPEN, (Effect.HELD_OPEN, Effect.SOUND)),
    *_each(
        (Leaf.HELD_OPEN, Leaf.FORCED),
        (On.CONTACT_CLOSED,),
        "",
        Leaf.CLOSED,
        (Effect.SILENCE, Effect.CLOSED_AGAIN, Effect.END_GRACE),
    ),
    *_each(
        (Leaf.HELD_OPEN, Leaf.FORCED), _RELEASING, "held", Leaf.OPEN, (Effect.SILENCE, Effect.CLOSED_AGAIN)
    ),
    *_each(
        (Leaf.OPEN, Leaf.PRE_ALARM, Leaf.HELD_OPEN, Leaf.FORCED),
        (On.CONTACT_UNKNOWN,),
        "",
        Leaf.UNKNOWN,
        (Effect.UNWATCH, Effect.SILENCE, Effect.AWAIT_CONTACT),
    ),
)
"""The leaf. A movement that was not seen is never *forced*: whoever opened a door found open is not known."""

_BESIDE_FIRE = (Mode.NORMAL, Mode.HELD, Mode.LOCKED_DOWN)

LOCK: tuple[Row, ...] = (
    Row(Mode.NORMAL, On.HOLD_ON, "", Mode.HELD, (Effect.RELEASE,)),
    Row(Mode.HELD, On.HOLD_OFF, "no hold is live", Mode.NORMAL, (Effect.SECURE,)),
    *_each((Mode.NORMAL, Mode.HELD), (On.LOCK_DOWN,), "", Mode.LOCKED_DOWN, (Effect.SECURE,)),
    Row(Mode.LOCKED_DOWN, On.LOCK_DOWN_OVER, "a hold is live", Mode.HELD, (Effect.RELEASE,)),
    Row(Mode.LOCKED_DOWN, On.LOCK_DOWN_OVER, "no hold is live", Mode.NORMAL),
    *_each(_BESIDE_FIRE, (On.FIRE,), "fail-safe", Mode.FIRE, (Effect.RELEASE,)),
    Row(Mode.FIRE, On.FIRE_RESET, "locked down", Mode.LOCKED_DOWN, (Effect.SECURE,)),
    Row(Mode.FIRE, On.FIRE_RESET, "a hold is live", Mode.HELD),
    Row(Mode.FIRE, On.FIRE_RESET, "no hold is live", Mode.NORMAL, (Effect.SECURE,)),
)
"""What the lock is wanted to do. Fire has no way out but a person's reset, and nothing else beats it."""

BOOM: tuple[Row, ...] = (
    Row(Boom.DOWN, On.FIRED, "barrier", Boom.PASSING, (Effect.KEEP_UP, Effect.AWAIT_VEHICLE)),
    *_each(
        (Boom.DOWN,),
        SECURING,
        "boom was up, loop not clear",
        Boom.PASSING,
        (Effect.KEEP_UP, Effect.AWAIT_VEHICLE),
    ),
    Row(Boom.PASSING, On.FIRED, "", Boom.PASSING, (Effect.AWAIT_VEHICLE,)),
    Row(Boom.PASSING, On.LOOP_CLEAR, "vehicle seen", Boom.DOWN, (Effect.LOWER,)),
    Row(Boom.PASSING, On.LOOP_CLEAR, "no vehicle seen", Boom.PASSING, (Effect.AWAIT_VEHICLE,)),
    Row(Boom.PASSING, On.PASSAGE_OVER, "loop clear", Boom.DOWN, (Effect.LOWER,)),
)
"""A barrier's boom: once up, it comes down only while the loop says *clear*; busy and unknown keep it up."""

TABLES: Mapping[str, tuple[Row, ...]] = {"mode": LOCK, "leaf": LEAF, "boom": BOOM}
"""The three tables by the field of `Status` that they move, in the order in which a happening takes them."""
