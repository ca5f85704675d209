"""One step of a door: a happening taken through its three tables."""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any, NamedTuple

import msgspec

from edge.access.doors.states import Effect, Happening, Loop, Status
from edge.access.doors.tables import CONDITIONS, SECURING, TABLES, Row

_FACTS: Mapping[Happening, Mapping[str, Any]] = {
    Happening.HOLD_ON: {"holds": True},
    Happening.HOLD_OFF: {"holds": False},
    Happening.LOCK_DOWN: {"locked_down": True},
    Happening.LOCK_DOWN_OVER: {"locked_down": False},
    Happening.LOOP_BUSY: {"loop": Loop.BUSY},
    Happening.LOOP_CLEAR: {"loop": Loop.CLEAR},
    Happening.LOOP_UNKNOWN: {"loop": Loop.UNKNOWN},
    Happening.GRACE_OVER: {"expected": False},
}
_AFTER: Mapping[Effect, Mapping[str, Any]] = {
    Effect.GRACE: {"expected": True},
    Effect.SETTLE: {"expected": True},
    Effect.END_GRACE: {"expected": False},
}


class Step(NamedTuple):
    """What a happening did: the door afterwards, the effects in order, and the rows that were taken."""

    status: Status
    effects: tuple[Effect, ...]
    rows: tuple[Row, ...]


def step(status: Status, happened: Happening) -> Step:
    """Take one happening through the three tables.

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


def _note(status: Status, happened: Happening) -> Status:
    """The door as the happening leaves its facts, before any state moves."""
    changes: dict[str, Any] = {"was_released": status.may_stand_open, **_FACTS.get(happened, {})}
    if happened is Happening.LOOP_BUSY or (
        status.loop is Loop.BUSY and happened in (Happening.FIRED, *SECURING)
    ):
        changes["vehicle_seen"] = True
    elif happened is Happening.FIRED:
        changes["vehicle_seen"] = False
    return msgspec.structs.replace(status, **changes)


def find_row(table: Iterable[Row], state: StrEnum, happened: Happening, status: Status) -> Row | None:
    """The first row that applies, if any does."""
    return next(
        (
            row
            for row in table
            if row.state is state and row.happening is happened and CONDITIONS[row.condition](status)
        ),
        None,
    )
