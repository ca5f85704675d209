"""What hubs could not apply of the feed, by their own events: a row from the report until it was applied."""

import msgspec

from cloud_sync.platform.store.port import Connection
from cloud_sync.platform.stored import StoredEvent


class FeedFault(msgspec.Struct, frozen=True):
    """A record that a hub has parked; `record` is a commitment where the id is a person's."""

    device: str
    collection: str
    record: str
    version: int
    reason: str
    at_ms: int


class _Told(msgspec.Struct, frozen=True):
    collection: str
    record: str
    version: int
    reason: str = ""


def apply_record_parked(connection: Connection, event: StoredEvent) -> None:
    """A hub reports a record that it could not apply."""
    told = msgspec.json.decode(event.body, type=_Told)
    connection.execute(
        "INSERT INTO feed_faults (device, collection, record, version, reason, at_ms) VALUES (?,?,?,?,?,?)"
        " ON CONFLICT (device, collection, record) DO UPDATE SET version=excluded.version,"
        " reason=excluded.reason, at_ms=excluded.at_ms",
        (event.at.device, told.collection, told.record, told.version, told.reason, event.at_ms),
    )


def apply_record_applied(connection: Connection, event: StoredEvent) -> None:
    """A record that was reported has been applied after all."""
    told = msgspec.json.decode(event.body, type=_Told)
    connection.execute(
        "DELETE FROM feed_faults WHERE device=? AND collection=? AND record=?",
        (event.at.device, told.collection, told.record),
    )


def list_faults(connection: Connection, limit: int = 200) -> list[FeedFault]:
    """What the hubs of this site have parked, the newest first."""
    rows = connection.execute(
        "SELECT f.device, f.collection, f.record, f.version, f.reason, f.at_ms FROM feed_faults f"
        " JOIN devices d ON d.id=f.device WHERE d.site=? ORDER BY f.at_ms DESC, f.record LIMIT ?",
        (connection.site, limit),
    ).fetchall()
    return [FeedFault(*(row[name] for name in FeedFault.__struct_fields__)) for row in rows]
