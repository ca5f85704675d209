"""Telemetry at the platform: the newest samples of every device, each once, no more than a bounded number."""

import msgspec

from cloud_sync.platform.store.port import Connection
from cloud_sync.wire.telemetry import Gauges, TelemetryPosting, TelemetryTaken

KEPT_SAMPLES = 10_080
"""Of each device: a week of minutes."""


class DeviceTelemetry(msgspec.Struct, frozen=True):
    """A device's newest sample, how many are kept, how many the device gave up."""

    device: str
    at_ms: int
    received_ms: int
    trust: str
    gauges: dict[str, int]
    kept: int
    dropped: int


def take(connection: Connection, device: str, posting: TelemetryPosting, *, now_ms: int) -> TelemetryTaken:
    """Keep what is not here yet; (device, epoch, number) is the last word on duplicates."""
    connection.executemany(
        "INSERT INTO telemetry (device, epoch, number, at_ms, received_ms, trust, gauges)"
        " VALUES (?,?,?,?,?,?,?) ON CONFLICT (device, epoch, number) DO NOTHING",
        [
            (device, one.epoch, one.number, one.at_ms, now_ms, one.trust, msgspec.json.encode(one.gauges))
            for one in posting.samples
        ],
    )
    connection.execute(
        "DELETE FROM telemetry WHERE device=? AND (epoch, number) <= (SELECT epoch, number"
        " FROM telemetry WHERE device=? ORDER BY epoch DESC, number DESC LIMIT 1 OFFSET ?)",
        (device, device, KEPT_SAMPLES),
    )
    connection.execute(
        "INSERT INTO telemetry_devices (device, dropped) VALUES (?,?)"
        " ON CONFLICT (device) DO UPDATE SET dropped=excluded.dropped",
        (device, posting.dropped),
    )
    return TelemetryTaken(posting.samples[-1].number)


def list_newest(connection: Connection) -> list[DeviceTelemetry]:
    """The newest sample of every device of the site."""
    rows = connection.execute(
        "SELECT d.device, d.dropped, t.at_ms, t.received_ms, t.trust, t.gauges,"
        " (SELECT count(*) FROM telemetry k WHERE k.device=d.device) AS kept"
        " FROM telemetry_devices d JOIN telemetry t ON t.device=d.device AND (t.epoch, t.number) ="
        " (SELECT epoch, number FROM telemetry n WHERE n.device=d.device"
        " ORDER BY epoch DESC, number DESC LIMIT 1)"
        " WHERE d.device IN (SELECT id FROM devices WHERE site=?) ORDER BY d.device",
        (connection.site,),
    )
    return [
        msgspec.convert(
            dict(row) | {"gauges": msgspec.json.decode(row["gauges"], type=Gauges)}, DeviceTelemetry
        )
        for row in rows
    ]
