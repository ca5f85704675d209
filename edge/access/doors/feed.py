"""What comes down from the platform for doors: policies and the calendar."""

import datetime
from collections.abc import Callable, Mapping
from typing import Any, Literal

import msgspec

from edge.access.doors import records
from edge.access.doors.policy import DoorPolicy
from edge.access.doors.records import CalendarDays
from edge.access.doors.schedule import end_schedule
from edge.access.holds import hint_wishes
from edge.store.unit import Unit


class Holiday(msgspec.Struct, frozen=True, kw_only=True):
    """Days that are not what their weekdays say; both dates inclusive."""

    from_day: datetime.date
    until_day: datetime.date
    kind: Literal["holiday", "workday"]


def apply_policy(unit: Unit, record_id: str, version: int, data: Mapping[str, object] | None) -> None:
    """Write or delete a door's policy. Raises msgspec.ValidationError."""
    if data is None:
        records.delete_policy(unit.connection, record_id)
        end_schedule(unit, record_id)
    else:
        policy = msgspec.convert(data, DoorPolicy)
        records.put_policy(unit.connection, record_id, version, msgspec.json.encode(policy).decode())
    hint_wishes(unit)


def apply_holiday(unit: Unit, record_id: str, version: int, data: Mapping[str, object] | None) -> None:
    """Write or delete days of the calendar; every schedule is looked at anew. Raises ValidationError."""
    if data is None:
        records.delete_holiday(unit.connection, record_id)
    else:
        days = msgspec.convert(data, Holiday)
        kept = CalendarDays(
            from_day=days.from_day.isoformat(), until_day=days.until_day.isoformat(), kind=days.kind
        )
        records.put_holiday(unit.connection, record_id, version, kept)
    records.turn_all(unit.connection)


APPLIERS: dict[str, Callable[[Unit, str, int, dict[str, Any] | None], None]] = {
    "doors": apply_policy,
    "holidays": apply_holiday,
}
