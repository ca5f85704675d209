"""The feed: authoring of records and reading of changes.

A record's newest version is the only one kept; it stands at the cursor at which it became newest. So the
snapshot is the feed from zero, and a reader that was away for a month reads no more than that.
"""

import asyncio
import sqlite3
from typing import Any

import msgspec

from cloud_sync.wire.collections import COLLECTIONS
from cloud_sync.wire.feed import AppliedThrough, Change, FeedPage


class FeedBell:
    """Wakes long polls after a commit that changed the feed."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    def ring(self) -> None:
        """Something changed; whoever waits reads again."""
        self._event.set()
        self._event = asyncio.Event()

    async def wait(self, timeout_s: float) -> bool:
        """Wait for the next ring; False when the time passed without one."""
        event = self._event
        try:
            async with asyncio.timeout(timeout_s):
                await event.wait()
        except TimeoutError:
            return False
        return True


def put_record(
    connection: sqlite3.Connection,
    collection: str,
    record_id: str,
    data: dict[str, Any] | None,
    *,
    applied_through: AppliedThrough | None = None,
) -> int:
    """Write a record's next version (None deletes) and return the version; the same content again is none.

    Raises msgspec.ValidationError when the content does not have the collection's shape.
    """
    if data is not None:
        msgspec.convert(data, COLLECTIONS[collection])
    text = None if data is None else msgspec.json.encode(data, order="sorted").decode()
    row = connection.execute(
        "SELECT version, data FROM records WHERE collection=? AND id=?", (collection, record_id)
    ).fetchone()
    if row is not None and row["data"] == text and applied_through is None:
        return int(row["version"])
    version = 1 if row is None else row["version"] + 1
    connection.execute("DELETE FROM records WHERE collection=? AND id=?", (collection, record_id))
    mark = applied_through or AppliedThrough("", 0, 0)
    connection.execute(
        "INSERT INTO records (collection, id, version, data, applied_device, applied_epoch, applied_seq)"
        " VALUES (?,?,?,?,?,?,?)",
        (collection, record_id, version, text, mark.device or None, mark.epoch or None, mark.seq or None),
    )
    return version


def get_record(connection: sqlite3.Connection, collection: str, record_id: str) -> dict[str, Any] | None:
    """The newest content of a record, None when there is none."""
    row = connection.execute(
        "SELECT data FROM records WHERE collection=? AND id=?", (collection, record_id)
    ).fetchone()
    if row is None or row["data"] is None:
        return None
    content: dict[str, Any] = msgspec.json.decode(row["data"])
    return content


def list_records(connection: sqlite3.Connection, collection: str) -> list[dict[str, Any]]:
    """Newest content of every record of a collection, by id."""
    rows = connection.execute(
        "SELECT data FROM records WHERE collection=? AND data IS NOT NULL ORDER BY id", (collection,)
    )
    return [msgspec.json.decode(row["data"]) for row in rows]


def read_page(connection: sqlite3.Connection, cursor: int, limit: int) -> FeedPage:
    """Up to `limit` changes after `cursor`, oldest first."""
    rows = connection.execute(
        "SELECT * FROM records WHERE cursor>? ORDER BY cursor LIMIT ?", (cursor, limit + 1)
    ).fetchall()
    changes = [_change(row) for row in rows[:limit]]
    return FeedPage(changes, changes[-1].cursor if changes else cursor, len(rows) > limit)


def newest_change(connection: sqlite3.Connection, collection: str, record_id: str) -> Change | None:
    """The newest version of one record as the feed gives it, None when there never was one."""
    row = connection.execute(
        "SELECT * FROM records WHERE collection=? AND id=?", (collection, record_id)
    ).fetchone()
    return None if row is None else _change(row)


def _change(row: sqlite3.Row) -> Change:
    applied = None
    if row["applied_device"] is not None:
        applied = AppliedThrough(row["applied_device"], row["applied_epoch"], row["applied_seq"])
    return Change(
        cursor=row["cursor"],
        collection=row["collection"],
        id=row["id"],
        version=row["version"],
        data=None if row["data"] is None else msgspec.json.decode(row["data"]),
        deleted=row["data"] is None,
        applied_through=applied,
    )
