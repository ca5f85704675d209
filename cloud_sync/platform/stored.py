"""An event out of custody, and what its appliers ask: the record that it changes, who settled first."""

from typing import Any, NamedTuple

from cloud_sync.platform.custody import note_incident
from cloud_sync.platform.feed import get_record
from cloud_sync.platform.store.port import Connection
from cloud_sync.wire.feed import AppliedThrough
from edge.errors import EdgeError

SETTLED_AGAIN = "settled_again"
"""Incident: an order that an earlier life of the device had settled was settled by it once more."""


class RecordMissing(EdgeError):
    """The event changes a record that is not in the feed (yet)."""


class StoredEvent(NamedTuple):
    """An event out of custody: where it stands and what it says."""

    at: AppliedThrough
    type: str
    at_ms: int
    body: bytes

    @property
    def key(self) -> tuple[str, int, int]:
        """Device, epoch and seq."""
        return self.at.device, self.at.epoch, self.at.seq


def require_record(connection: Connection, collection: str, record_id: str) -> dict[str, Any]:
    """Return the newest content of a record. Raises RecordMissing."""
    record = get_record(connection, collection, record_id)
    if record is None:
        raise RecordMissing(f"{collection}/{record_id}")
    return record


def settles_first(connection: Connection, event: StoredEvent, order_id: str, bill_id: str = "") -> bool:
    """Whether this event is the one that settles an order (of a bill).

    A device that goes on from an older copy asks again about what that copy had open, and settles again what
    its earlier life settled already: the same money, noted as an incident and not counted.
    """
    device, epoch, seq = event.key
    connection.execute(
        "INSERT INTO settled (site, order_id, bill_id, device, epoch, seq) VALUES (?,?,?,?,?,?)"
        " ON CONFLICT DO NOTHING",
        (connection.site, order_id, bill_id, device, epoch, seq),
    )
    first = connection.execute(
        "SELECT device, epoch, seq FROM settled WHERE site=? AND order_id=? AND bill_id=?",
        (connection.site, order_id, bill_id),
    ).fetchone()
    if tuple(first) == event.key:
        return True
    note_incident(connection, device, epoch, code=SETTLED_AGAIN, seq=seq, now_ms=event.at_ms)
    return False
