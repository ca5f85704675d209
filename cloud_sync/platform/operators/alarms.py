"""Alarms of devices, from what their journals say: raised, and cleared again."""

import msgspec

from cloud_sync.platform.store.port import Connection
from cloud_sync.platform.stored import StoredEvent


class _Alarm(msgspec.Struct, frozen=True):
    alarm: str
    kind: str
    source: str
    detail: str = ""


def apply_alarm_raised(connection: Connection, event: StoredEvent) -> None:
    """Something at the site needs a person."""
    alarm = msgspec.json.decode(event.body, type=_Alarm)
    connection.execute(
        "INSERT INTO device_alarms (device, alarm, kind, source, detail, since_ms) VALUES (?,?,?,?,?,?)"
        " ON CONFLICT (device, alarm) DO NOTHING",
        (event.at.device, alarm.alarm, alarm.kind, alarm.source, alarm.detail, event.at_ms),
    )


def apply_alarm_cleared(connection: Connection, event: StoredEvent) -> None:
    """It does no longer."""
    alarm = msgspec.json.decode(event.body, type=_Alarm)
    connection.execute("DELETE FROM device_alarms WHERE device=? AND alarm=?", (event.at.device, alarm.alarm))
