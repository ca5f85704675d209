"""Schedules (常开): a window of a door's policy is a hold that a due row begins.

Each policy's row says when its schedule turns next; the `timers` role looks for rows that are due.
"""

import sqlite3

import msgspec

from edge.access import records as access_records
from edge.access.doors import records
from edge.access.doors.policy import DoorPolicy, end_of_window, next_turn
from edge.access.holds import begin_hold, end_hold
from edge.store.unit import Unit
from edge.trust.clock import Reading, Trust

REASON = "schedule"
ACTOR = "schedule"


def due_schedules(connection: sqlite3.Connection, now: Reading) -> list[str]:
    """Doors whose schedule turns now; none while the clock is unknown, which knows no hour of the day."""
    if now.trust is Trust.UNKNOWN:
        return []
    return [policy.door for policy in records.policies(connection) if policy.turn_at_ms <= now.at_ms]


def turn_schedules(unit: Unit) -> int:
    """Begin and end the scheduled holds of the doors that are due; returns how many doors were."""
    due = due_schedules(unit.connection, unit.now)
    for door in due:
        _turn(unit, door)
    return len(due)


def end_schedule(unit: Unit, door: str) -> None:
    """A policy that is gone holds no door."""
    for hold in access_records.scheduled_holds(unit.connection, door):
        end_hold(unit, hold.id, reason=REASON, actor=ACTOR)


def _turn(unit: Unit, door: str) -> None:
    now_ms = unit.now.at_ms
    data = records.policy_of(unit.connection, door)
    assert data is not None
    windows = msgspec.json.decode(data, type=DoorPolicy).open_windows
    days = records.calendar(unit.connection)
    until_ms = end_of_window(windows, days, now_ms)
    live = access_records.scheduled_holds(unit.connection, door)
    for hold in live:
        if hold.until_ms != until_ms:
            end_hold(unit, hold.id, reason=REASON, actor=ACTOR)
    if until_ms is not None and all(hold.until_ms != until_ms for hold in live):
        begin_hold(unit, door=door, reason=REASON, until_ms=until_ms, actor=ACTOR, kind="schedule")
    records.set_turn(unit.connection, door, next_turn(windows, days, now_ms))
