"""The feed: authoring of records and reading of changes.

A record's newest version is the only one kept; it stands at the cursor at which it became newest. So the
snapshot is the feed from zero, and a reader that was away for a month reads no more than that.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from cloud_sync.platform.feed_fitting import fit, take_page
from cloud_sync.platform.keeping import with_end
from cloud_sync.platform.store.port import Connection, Row
from cloud_sync.wire.collections import COLLECTIONS
from cloud_sync.wire.feed import AppliedThrough, Change, FeedPage
from cloud_sync.wire.schemas import SCHEMAS


def put_record(
    connection: Connection,
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
        data = with_end(collection, data)
    text = None if data is None else msgspec.json.encode(data, order="sorted").decode()
    key = (connection.site, collection, record_id)
    row = connection.execute(
        "SELECT version, data, applied_device, applied_epoch, applied_seq FROM records"
        " WHERE site=? AND collection=? AND id=?",
        key,
    ).fetchone()
    if row is not None and row["data"] == text and applied_through is None:
        return int(row["version"])
    version = 1 if row is None else row["version"] + 1
    connection.execute("DELETE FROM records WHERE site=? AND collection=? AND id=?", key)
    # What an earlier version contained a later one contains, too: a hub that missed that one must hear of it.
    mark = applied_through or _mark_of(row)
    connection.execute(
        "INSERT INTO records (site, collection, id, version, data, applied_device, applied_epoch,"
        " applied_seq) VALUES (?,?,?,?,?,?,?,?)",
        (*key, version, text, *((None,) * 3 if mark is None else (mark.device, mark.epoch, mark.seq))),
    )
    connection.changed.add(connection.site)
    return version


def get_record(connection: Connection, collection: str, record_id: str) -> dict[str, Any] | None:
    """The newest content of a record, None when there is none."""
    row = connection.execute(
        "SELECT data FROM records WHERE site=? AND collection=? AND id=?",
        (connection.site, collection, record_id),
    ).fetchone()
    if row is None or row["data"] is None:
        return None
    content: dict[str, Any] = msgspec.json.decode(row["data"])
    return content


def list_records(connection: Connection, collection: str) -> list[dict[str, Any]]:
    """Newest content of every record of a collection, by id."""
    rows = connection.execute(
        "SELECT data FROM records WHERE site=? AND collection=? AND data IS NOT NULL ORDER BY id",
        (connection.site, collection),
    )
    return [msgspec.json.decode(row["data"]) for row in rows]


def read_page(
    connection: Connection, cursor: int, limit: int, understood: Mapping[str, int] | None = None
) -> FeedPage:
    """Up to `limit` changes after `cursor`, oldest first, in the shapes that the reader understands."""
    rows = connection.execute(
        "SELECT * FROM records WHERE site=? AND cursor>? ORDER BY cursor LIMIT ?",
        (connection.site, cursor, limit + 1),
    ).fetchall()
    known = SCHEMAS if understood is None else understood
    changes = take_page((fit(_change(row), known) for row in rows), limit)
    last = connection.execute("SELECT max(cursor) FROM records WHERE site=?", (connection.site,)).fetchone()
    end = changes[-1].cursor if changes else cursor
    newest = 0 if last is None or last[0] is None else int(last[0])
    return FeedPage(changes, end, len(rows) > len(changes), newest, connection.site)


def newest_change(connection: Connection, collection: str, record_id: str) -> Change | None:
    """The newest version of one record as the feed gives it, None when there never was one."""
    row = connection.execute(
        "SELECT * FROM records WHERE site=? AND collection=? AND id=?",
        (connection.site, collection, record_id),
    ).fetchone()
    return None if row is None else _change(row)


def _mark_of(row: Row | None) -> AppliedThrough | None:
    if row is None or row["applied_device"] is None:
        return None
    return AppliedThrough(row["applied_device"], row["applied_epoch"], row["applied_seq"])


def _change(row: Row) -> Change:
    return Change(
        cursor=row["cursor"],
        collection=row["collection"],
        id=row["id"],
        version=row["version"],
        data=None if row["data"] is None else msgspec.json.decode(row["data"]),
        deleted=row["data"] is None,
        applied_through=_mark_of(row),
    )
