"""All sites at a glance: how far behind, last heard, certificates, alarms; the oldest backlog first."""

from typing import Any, Literal, get_args

import msgspec

from cloud_sync.platform.presence import PresenceBook
from cloud_sync.platform.store.port import Connection
from cloud_sync.wire.telemetry import Gauges

State = Literal["well", "behind", "away", "alarm", "closed"]
STATES: tuple[State, ...] = get_args(State)
BEHIND_MS = 15 * 60_000
"""An event that waits for so long to be applied is a backlog."""
AWAY_MS = 10 * 60_000
"""Telemetry comes every minute: a site that was silent for so long is away."""
CERTIFICATE_SOON_DAYS = 30
"""A certificate is renewed from 45 days on: one that is left with fewer than this was not."""
DAY_MS = 86_400_000


class SiteRow(msgspec.Struct, frozen=True, kw_only=True):
    """One site. `oldest_ms`: arrival of the oldest event that is not applied; times 0 where there is none.

    `waiting` is what the devices still hold, `behind` what is here and not applied yet.
    """

    id: str
    name_zh: str
    name_en: str
    state: State
    devices: int
    waiting: int
    behind: int
    oldest_ms: int
    heard_ms: int
    reachable: bool
    certificate_days: int | None
    alarms: int
    parked: int
    incidents: int


def list_overview(
    connection: Connection, presence: PresenceBook, *, now_ms: int, words: str = "", state: str = ""
) -> list[SiteRow]:
    """The sites whose id, names or devices hold `words`, in this state: the oldest backlog first."""
    rows = _rows(connection)
    kept = [_read(row, presence, now_ms) for row in rows if _is_found(row, words.strip().casefold())]
    wanted = [row for row in kept if state in ("", row.state)]
    return sorted(wanted, key=lambda row: (row.oldest_ms or now_ms + 1, STATES.index(row.state), row.id))


def _is_found(row: dict[str, Any], words: str) -> bool:
    return any(words in text.casefold() for text in (row["id"], row["name_zh"], row["name_en"], *row["ids"]))


def _rows(connection: Connection) -> list[dict[str, Any]]:
    """One query a figure, each over all sites: a fleet of thousands stays a handful of queries."""
    rows: dict[str, dict[str, Any]] = {
        row["id"]: dict.fromkeys(_ZERO, 0) | {"until_ms": None, "ids": []} | dict(row)
        for row in connection.execute("SELECT id, name_zh, name_en, state AS kept FROM sites")
    }
    for site, device in connection.execute("SELECT site, id FROM devices ORDER BY id"):
        rows[site]["ids"].append(device)
    for name, query in _FIGURES.items():
        for site, figure in connection.execute(query):
            if site in rows:
                rows[site][name] = int(figure)
    _note_samples(connection, rows)
    return list(rows.values())


_ZERO = ("behind", "oldest_ms", "heard_ms", "alarms", "parked", "incidents", "waiting")
_FIGURES = {
    "behind": "SELECT site, sum(head_seq - applied_seq) FROM streams WHERE applied_seq<head_seq"
    " GROUP BY site",
    "oldest_ms": "SELECT s.site, min(e.received_ms) FROM streams s JOIN events e ON e.device=s.device"
    " AND e.epoch=s.epoch AND e.seq=s.applied_seq+1 WHERE s.applied_seq<s.head_seq GROUP BY s.site",
    "heard_ms": "SELECT site, max(last_ms) FROM streams GROUP BY site",
    "until_ms": "SELECT d.site, min(n.until_ms) FROM enrolments n JOIN devices d ON d.id=n.device"
    " WHERE d.state='active' GROUP BY d.site",
    "alarms": "SELECT d.site, count(*) FROM device_alarms a JOIN devices d ON d.id=a.device GROUP BY d.site",
    "parked": "SELECT s.site, count(*) FROM parked p JOIN streams s ON s.device=p.device AND s.epoch=p.epoch"
    " GROUP BY s.site",
    "incidents": "SELECT d.site, count(*) FROM incidents i JOIN devices d ON d.id=i.device GROUP BY d.site",
}
_NEWEST_SAMPLES = (
    "SELECT d.site, t.received_ms, t.gauges FROM telemetry_devices k JOIN devices d ON d.id=k.device"
    " JOIN telemetry t ON t.device=k.device AND (t.epoch, t.number) = (SELECT n.epoch, n.number"
    " FROM telemetry n WHERE n.device=k.device ORDER BY n.epoch DESC, n.number DESC LIMIT 1)"
)


def _note_samples(connection: Connection, rows: dict[str, dict[str, Any]]) -> None:
    """What the newest sample of every device says: still to send, and that it was heard."""
    for site, received_ms, gauges in connection.execute(_NEWEST_SAMPLES):
        row = rows[site]
        row["heard_ms"] = max(row["heard_ms"], received_ms)
        row["waiting"] += msgspec.json.decode(gauges, type=Gauges).get("uplink_waiting", 0)


def _read(row: dict[str, Any], presence: PresenceBook, now_ms: int) -> SiteRow:
    standings = [presence.of(device, now_ms=now_ms) for device in row["ids"]]
    reachable = any(standing.reachable for standing in standings)
    heard_ms = max([row["heard_ms"], *(s.since_ms for s in standings), now_ms * reachable])
    oldest_ms = row["oldest_ms"] or (heard_ms if row["waiting"] else 0)
    days = None if row["until_ms"] is None else (row["until_ms"] - now_ms) // DAY_MS
    behind = bool(oldest_ms) and now_ms - oldest_ms > BEHIND_MS
    away = not reachable and now_ms - heard_ms > AWAY_MS
    soon = days is not None and days < CERTIFICATE_SOON_DAYS
    state: State = (
        "closed"
        if row["kept"] == "closed"
        else "alarm"
        if row["alarms"] or row["parked"] or soon
        else "behind"
        if behind
        else "away"
        if away
        else "well"
    )
    shown = {name: row[name] for name in SiteRow.__struct_fields__ if name in row}
    computed = {"devices": len(row["ids"]), "state": state, "oldest_ms": oldest_ms, "heard_ms": heard_ms}
    return SiteRow(**shown | computed | {"reachable": reachable, "certificate_days": days})
