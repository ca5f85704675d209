"""Alarms: raised once while they last, cleared once."""

from edge.service import records
from edge.service.events import AlarmCleared, AlarmRaised
from edge.service.records import Alarm
from edge.store.unit import Unit

ACTOR = "service"


def raise_alarm(unit: Unit, *, kind: str, source: str, detail: str) -> bool:
    """Raise an alarm; returns False, and writes nothing, while the same kind and source is raised already."""
    alarm = Alarm(unit.next_id(), kind, source, detail, unit.now.at_ms)
    if not records.insert_alarm(unit.connection, alarm):
        return False
    unit.record(AlarmRaised(alarm=alarm.id, kind=kind, source=source, detail=detail), actor=ACTOR)
    unit.hint("alarms")
    return True


def clear_alarm(unit: Unit, *, kind: str, source: str) -> bool:
    """Clear an alarm; returns False when none of this kind and source is raised."""
    alarm_id = records.clear_alarm(unit.connection, kind, source, unit.now.at_ms)
    if alarm_id is None:
        return False
    unit.record(AlarmCleared(alarm=alarm_id, kind=kind, source=source), actor=ACTOR)
    unit.hint("alarms")
    return True
