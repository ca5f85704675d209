"""SQL of retention: which cut is due, the slices that delete it, the room that journal and archives take."""

import sqlite3
from typing import NamedTuple

from edge.store import checkpoints, journal
from edge.store.checkpoints import StoredCheckpoint
from edge.store.facts import get_int


class Cut(NamedTuple):
    """A cut: entries `first_seq` to `seq` are in `archive` (file name, SHA-256, bytes)."""

    seq: int
    first_seq: int
    hash: bytes
    archive: str
    digest: bytes
    bytes: int


_COLUMNS = "seq, first_seq, hash, archive, digest, bytes"


def find_cut(connection: sqlite3.Connection, *, signed_before_ms: int, limit: int) -> StoredCheckpoint | None:
    """The newest checkpoint signed before a time that lies within the acknowledged entries kept.

    The newest entry of all is never cut: the chain goes on from it. At most `limit` entries are cut at once,
    unless checkpoints lie farther apart.
    """
    first = journal.first_kept(connection).seq
    last = min(get_int(connection, journal.ACKNOWLEDGED), journal.read_head(connection).seq - 1)
    row = connection.execute(
        "WITH old AS (SELECT seq FROM checkpoints WHERE seq > :first AND seq <= :last AND at_ms <= :t) "
        "SELECT coalesce((SELECT max(seq) FROM old WHERE seq <= :near), (SELECT min(seq) FROM old))",
        {"first": first, "near": first + limit, "last": last, "t": signed_before_ms},
    ).fetchone()
    return None if row[0] is None else checkpoints.newest(connection, row[0])


def insert_cut(connection: sqlite3.Connection, cut: Cut, at_ms: int) -> None:
    """Note a cut; the trigger refuses one without checkpoint, or beyond what is acknowledged."""
    connection.execute(
        f"INSERT INTO journal_cuts({_COLUMNS}, at_ms) VALUES (?, ?, ?, ?, ?, ?, ?)", (*cut, at_ms)
    )


def open_cut(connection: sqlite3.Connection) -> Cut | None:
    """The cut whose entries are not all deleted yet."""
    row = connection.execute(
        f"SELECT {_COLUMNS} FROM journal_cuts WHERE seq > ? ORDER BY seq LIMIT 1",
        (journal.first_kept(connection).seq,),
    ).fetchone()
    return None if row is None else Cut._make(row)


def delete_slice(connection: sqlite3.Connection, cut: Cut, count: int) -> int:
    """Delete the oldest entries of a noted cut, at most `count`; returns how many were deleted."""
    through = min(cut.seq, journal.first_kept(connection).seq + count)
    connection.execute("UPDATE journal_cuts SET cutting_to = ? WHERE seq = ?", (through, cut.seq))
    deleted = connection.execute("DELETE FROM journal WHERE seq <= ?", (through,)).rowcount
    connection.execute("UPDATE journal_cuts SET cutting_to = NULL WHERE seq = ?", (cut.seq,))
    return deleted


def oldest_archive(connection: sqlite3.Connection, before_ms: int) -> Cut | None:
    """The oldest archive still there, if its newest entry was signed before a time."""
    row = connection.execute(
        f"SELECT {_COLUMNS} FROM journal_cuts WHERE dropped_at_ms IS NULL "
        "AND (SELECT at_ms FROM checkpoints WHERE seq = journal_cuts.seq) < ? ORDER BY seq LIMIT 1",
        (before_ms,),
    ).fetchone()
    return None if row is None else Cut._make(row)


def mark_dropped(connection: sqlite3.Connection, cut: Cut, at_ms: int) -> None:
    """Note that an archive's file is deleted."""
    connection.execute("UPDATE journal_cuts SET dropped_at_ms = ? WHERE seq = ?", (at_ms, cut.seq))


def used_bytes(connection: sqlite3.Connection) -> int:
    """What the database's used pages and the archives take together."""
    pages, free, size = (
        connection.execute(f"PRAGMA {name}").fetchone()[0]
        for name in ("page_count", "freelist_count", "page_size")
    )
    archived = connection.execute(
        "SELECT coalesce(sum(bytes), 0) FROM journal_cuts WHERE dropped_at_ms IS NULL"
    ).fetchone()[0]
    return int((pages - free) * size + archived)
