"""One site as its page shows it: devices, alarms, what is parked on either side, incidents, charts."""

from typing import Any, NamedTuple

import msgspec

from cloud_sync.platform import api_keys, custody, enrolment, erasing, feed_faults, telemetry
from cloud_sync.platform.presence import DevicePresence, PresenceBook
from cloud_sync.platform.store.port import Connection
from cloud_sync.wire.telemetry import Gauges

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
WEEK_MS = 7 * DAY_MS
SHOWN = 50
"""Rows of a list, the newest or the oldest as it says."""
POINTS = 336
"""Points of a line in a week: one in half an hour, the largest value of it."""
_ALARMS = (
    "SELECT * FROM device_alarms WHERE device IN (SELECT id FROM devices WHERE site=?)"
    " ORDER BY since_ms, device, alarm LIMIT ?"
)
_PARKED = (
    "SELECT * FROM parked WHERE device IN (SELECT id FROM devices WHERE site=?)"
    " ORDER BY device, epoch, seq LIMIT ?"
)
_INCIDENTS = (
    "SELECT * FROM incidents WHERE device IN (SELECT id FROM devices WHERE site=?)"
    " ORDER BY at_ms DESC, id DESC LIMIT ?"
)
_BACKUPS = (
    "SELECT * FROM backups WHERE device IN (SELECT id FROM devices WHERE site=?)"
    " ORDER BY received_ms DESC, id LIMIT ?"
)


class DeviceView(NamedTuple):
    """One device; `stream` is that of its newest epoch, None before its first event."""

    device: enrolment.Device
    program: str
    presence: DevicePresence
    stream: custody.Stream | None
    sample: telemetry.DeviceTelemetry | None
    certificate_days: int | None


class SiteView(NamedTuple):
    """What the page of a site shows; rows are plain values by the names of their columns."""

    devices: list[DeviceView]
    alarms: list[dict[str, Any]]
    parked: list[dict[str, Any]]
    incidents: list[dict[str, Any]]
    backups: list[dict[str, Any]]
    faults: list[feed_faults.FeedFault]
    erasures: list[erasing.ErasureStanding]
    keys: list[api_keys.ApiKey]
    hours: list[tuple[int, int]]
    gauges: dict[str, dict[str, list[tuple[int, int]]]]


def read_site(connection: Connection, presence: PresenceBook, *, now_ms: int) -> SiteView:
    """Everything about the unit's site."""
    return SiteView(
        devices=_devices(connection, presence, now_ms),
        alarms=_rows(connection, _ALARMS),
        parked=_rows(connection, _PARKED),
        incidents=_rows(connection, _INCIDENTS),
        backups=_rows(connection, _BACKUPS),
        faults=feed_faults.list_faults(connection, SHOWN),
        erasures=erasing.list_erasures(connection)[:SHOWN],
        keys=[key for key in api_keys.list_keys(connection) if key.site in ("", connection.site)],
        hours=count_hours(connection, now_ms=now_ms),
        gauges=_gauges(connection, now_ms - WEEK_MS),
    )


def try_again(connection: Connection, device: str, epoch: int, seq: int) -> bool:
    """Have a parked event of the unit's site applied with the next round; False where it is not parked."""
    changed = connection.execute(
        "UPDATE parked SET attempts=0, next_ms=0 WHERE device=? AND epoch=? AND seq=?"
        " AND device IN (SELECT id FROM devices WHERE site=?)",
        (device, epoch, seq, connection.site),
    )
    return bool(changed.rowcount)


def count_hours(connection: Connection, *, now_ms: int) -> list[tuple[int, int]]:
    """Events that arrived in each hour of the last week: (start of the hour, how many)."""
    rows = connection.execute(
        "SELECT e.received_ms / 3600000 AS hour, count(*) FROM streams s"
        " JOIN events e ON e.device=s.device AND e.epoch=s.epoch"
        " WHERE s.site=? AND s.last_ms>=? AND e.received_ms>=? GROUP BY hour ORDER BY hour",
        (connection.site, now_ms - WEEK_MS, now_ms - WEEK_MS),
    )
    return [(hour * HOUR_MS, count) for hour, count in rows]


def _devices(connection: Connection, presence: PresenceBook, now_ms: int) -> list[DeviceView]:
    streams = {stream.device: stream for stream in custody.list_streams(connection)}
    samples = {sample.device: sample for sample in telemetry.list_newest(connection)}
    return [
        DeviceView(
            device,
            presence.program_of(device.id),
            presence.of(device.id, now_ms=now_ms),
            streams.get(device.id),
            samples.get(device.id),
            None if device.until_ms is None else (device.until_ms - now_ms) // DAY_MS,
        )
        for device in enrolment.list_devices(connection)
    ]


def _gauges(connection: Connection, since_ms: int) -> dict[str, dict[str, list[tuple[int, int]]]]:
    """Gauge → device → (time, value): of each stretch of the week the largest value."""
    stretch_ms = WEEK_MS // POINTS
    largest: dict[str, dict[str, dict[int, int]]] = {}
    rows = connection.execute(
        "SELECT device, at_ms, gauges FROM telemetry WHERE device IN (SELECT id FROM devices WHERE site=?)"
        " AND at_ms>=? ORDER BY device, epoch, number",
        (connection.site, since_ms),
    )
    for device, at_ms, encoded in rows:
        for name, value in msgspec.json.decode(encoded, type=Gauges).items():
            at = largest.setdefault(name, {}).setdefault(device, {})
            start_ms = at_ms // stretch_ms * stretch_ms
            at[start_ms] = max(value, at.get(start_ms, value))
    return {
        name: {device: sorted(points.items()) for device, points in devices.items()}
        for name, devices in largest.items()
    }


def _rows(connection: Connection, query: str) -> list[dict[str, Any]]:
    return [dict(row) for row in connection.execute(query, (connection.site, SHOWN))]
