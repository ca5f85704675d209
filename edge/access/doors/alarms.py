"""Alarms of doors: one a door and kind at a time.

An alarm ends after a quiet while, so that a contact that rattles makes one.
"""

import logging
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from edge.access.doors import records
from edge.access.doors.events import (
    DoorAlarmEnded,
    DoorAlarmSeen,
    DoorContactLost,
    DoorForced,
    DoorHeldOpen,
)
from edge.access.doors.owed import OwedEntries, Write
from edge.access.doors.records import DoorAlarm
from edge.access.holds import hint_wishes
from edge.access.places import door_place
from edge.store.unit import Unit

log = logging.getLogger(__name__)

FORCED = "forced"
HELD_OPEN = "held_open"
CONTACT_LOST = "contact_lost"
QUIET_MS = 10_000
"""How long the cause has to be gone."""
ACTOR = "doors"

_EVENTS: Mapping[str, type[DoorForced] | type[DoorHeldOpen] | type[DoorContactLost]] = {
    FORCED: DoorForced,
    HELD_OPEN: DoorHeldOpen,
    CONTACT_LOST: DoorContactLost,
}


class Key(NamedTuple):
    """What an alarm is about."""

    door: str
    kind: str


class AlarmLog:
    """Begins and ends alarms, and has them written. Times are boot-time milliseconds."""

    def __init__(self, owed: OwedEntries) -> None:
        self._owed = owed
        self._live: set[Key] = set()
        self._ending: dict[Key, int] = {}

    @property
    def live(self) -> frozenset[Key]:
        """Alarms that have not ended."""
        return frozenset(self._live)

    @property
    def next_due_ms(self) -> int | None:
        """When the next alarm ends if it stays quiet."""
        return min(self._ending.values(), default=None)

    def load(self, alarms: Iterable[DoorAlarm]) -> None:
        """Take up what has not ended before a restart."""
        self._live |= {Key(alarm.door, alarm.kind) for alarm in alarms if alarm.ended_at_ms is None}

    def begin(self, door: str, kind: str) -> None:
        """Raise an alarm, unless it lasts."""
        key = Key(door, kind)
        self._ending.pop(key, None)
        if key in self._live:
            return
        self._live.add(key)
        log.warning("door %s: %s", door, kind)
        self._owed.add(lambda unit, late_ms: _write_begin(unit, key, late_ms), f"{door} {kind} began")

    def end(self, door: str, kind: str, now_ms: int) -> None:
        """The cause is gone: the alarm ends after a quiet while, where one lasts."""
        key = Key(door, kind)
        if key in self._live:
            self._ending.setdefault(key, now_ms + QUIET_MS)

    def tick(self, now_ms: int) -> None:
        """End what was quiet for long enough."""
        for key, due_ms in tuple(self._ending.items()):
            if due_ms <= now_ms:
                del self._ending[key]
                self._live.discard(key)
                self._owed.add(_ender(key), f"{key.door} {key.kind} ended")


def see_alarm(unit: Unit, alarm_id: str, *, account: str) -> DoorAlarm | None:
    """Note that a person has taken note; None when nobody needs to."""
    alarm = records.see_alarm(unit.connection, alarm_id, unit.now.at_ms, account)
    if alarm is not None:
        unit.record(DoorAlarmSeen(alarm=alarm.id, place=door_place(alarm.door)), actor=account)
        hint_wishes(unit)
    return alarm


def _ender(key: Key) -> Write:
    return lambda unit, late_ms: _write_end(unit, key, late_ms)


def _write_begin(unit: Unit, key: Key, late_ms: int | None) -> None:
    if records.live_alarm(unit.connection, key.door, key.kind) is not None:
        return
    at_ms = unit.now.at_ms if late_ms is None else late_ms
    alarm = DoorAlarm(id=unit.next_id(), door=key.door, kind=key.kind, began_at_ms=at_ms)
    records.insert_alarm(unit.connection, alarm)
    event = _EVENTS[key.kind]
    unit.record(event(alarm=alarm.id, place=door_place(key.door), happened_at_ms=late_ms), actor=ACTOR)
    hint_wishes(unit)


def _write_end(unit: Unit, key: Key, late_ms: int | None) -> None:
    alarm = records.live_alarm(unit.connection, key.door, key.kind)
    if alarm is None:
        return
    records.end_alarm(unit.connection, alarm.id, unit.now.at_ms if late_ms is None else late_ms)
    ended = DoorAlarmEnded(alarm=alarm.id, place=door_place(key.door), kind=key.kind, happened_at_ms=late_ms)
    unit.record(ended, actor=ACTOR)
    hint_wishes(unit)
