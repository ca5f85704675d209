"""SQL of the feed on the device's side: where it was read to, what was parked, how long copies are kept."""

import sqlite3
from typing import NamedTuple

import msgspec

from cloud_sync.wire.feed import Change
from edge.store.facts import get_int, put_fact

CURSOR = "feed.cursor"
UNDERSTOOD = "feed.understood"
"""The schemas that the feed was last asked with, as the query parameter."""


class Parked(NamedTuple):
    """A change that waits, why, and the version of it that the platform was told of (0: none)."""

    change: Change
    reason: str
    reported: int


def read_cursor(connection: sqlite3.Connection) -> int:
    """Where the feed was read to."""
    return get_int(connection, CURSOR)


def write_cursor(connection: sqlite3.Connection, cursor: int) -> None:
    """Note where the feed was read to."""
    put_fact(connection, CURSOR, cursor)


def park_change(connection: sqlite3.Connection, change: Change, reason: str, at_ms: int) -> None:
    """Keep a change that could not be applied; a newer version replaces it and is reported anew.

    The column `reported` is the version that the platform was told of, 0 for none.
    """
    connection.execute(
        "INSERT INTO feed_parked (collection, id, version, change, reason, parked_at_ms) VALUES (?,?,?,?,?,?)"
        " ON CONFLICT (collection, id) DO UPDATE SET version=excluded.version, change=excluded.change,"
        " reason=excluded.reason, parked_at_ms=excluded.parked_at_ms",
        (change.collection, change.id, change.version, msgspec.json.encode(change), reason, at_ms),
    )


def unpark_change(connection: sqlite3.Connection, collection: str, record: str) -> bool:
    """The record was applied or has gone; returns whether the platform had been told that it was parked."""
    row = connection.execute(
        "DELETE FROM feed_parked WHERE collection=? AND id=? RETURNING reported", (collection, record)
    ).fetchone()
    return row is not None and bool(row[0])


def list_parked(
    connection: sqlite3.Connection, *, after: tuple[str, str] = ("", ""), limit: int = 500, reason: str = ""
) -> list[Parked]:
    """Changes that wait, by collection and id after a pair of them; only those of a `reason` if named."""
    rows = connection.execute(
        "SELECT change, reason, reported FROM feed_parked WHERE (collection, id) > (?, ?)"
        " AND (?='' OR reason=?) ORDER BY collection, id LIMIT ?",
        (*after, reason, reason, limit),
    )
    return [Parked(msgspec.json.decode(change, type=Change), why, reported) for change, why, reported in rows]


def list_unreported(connection: sqlite3.Connection, limit: int) -> list[Parked]:
    """Changes that the platform was not told of."""
    rows = connection.execute(
        "SELECT change, reason FROM feed_parked WHERE reported<version ORDER BY collection, id LIMIT ?",
        (limit,),
    )
    return [Parked(msgspec.json.decode(change, type=Change), why, 0) for change, why in rows]


def mark_reported(connection: sqlite3.Connection, collection: str, record: str) -> None:
    """The platform was told of one record."""
    connection.execute(
        "UPDATE feed_parked SET reported=version WHERE collection=? AND id=?", (collection, record)
    )


def mark_collection_reported(connection: sqlite3.Connection, collection: str, reason: str) -> None:
    """The platform was told of all that a collection has parked for a reason."""
    connection.execute(
        "UPDATE feed_parked SET reported=version WHERE collection=? AND reason=?", (collection, reason)
    )


def is_reported(connection: sqlite3.Connection, collection: str, reason: str) -> bool:
    """Whether the platform was told of a collection for this reason."""
    query = "SELECT 1 FROM feed_parked WHERE collection=? AND reason=? AND reported>0 LIMIT 1"
    return connection.execute(query, (collection, reason)).fetchone() is not None


def count_parked(connection: sqlite3.Connection) -> dict[tuple[str, str], int]:
    """How many records are parked, by collection and reason."""
    rows = connection.execute(
        "SELECT collection, reason, count(*) FROM feed_parked GROUP BY 1, 2 ORDER BY 1, 2"
    )
    return {(collection, reason): count for collection, reason, count in rows}


def oldest_left_out(connection: sqlite3.Connection, reason: str) -> int | None:
    """The cursor of the first change that came without its content for this reason, None without one."""
    row = connection.execute(
        "SELECT min(json_extract(CAST(change AS TEXT), '$.cursor')) FROM feed_parked WHERE reason=?",
        (reason,),
    ).fetchone()
    return None if row[0] is None else int(row[0])


def drop_parked_about(connection: sqlite3.Connection, subject: str) -> int:
    """Forget parked records that name a person; returns how many."""
    return connection.execute(
        "DELETE FROM feed_parked WHERE id=? OR instr(change, ?) > 0", (subject, subject.encode())
    ).rowcount


def drop_ends_of(connection: sqlite3.Connection, subject: str) -> int:
    """Forget when copies named by a person were to be forgotten; returns how many."""
    return connection.execute("DELETE FROM feed_ends WHERE id=?", (subject,)).rowcount


def note_erasure(connection: sqlite3.Connection, erasure: str, at_ms: int) -> bool:
    """Note an erasure as done here; False when it had been."""
    cursor = connection.execute(
        "INSERT INTO erasures (id, at_ms) VALUES (?,?) ON CONFLICT DO NOTHING", (erasure, at_ms)
    )
    return cursor.rowcount > 0


def erase_from(connection: sqlite3.Connection, table: str, column: str, subject: str, *, keep: bool) -> int:
    """Delete a person's rows of a table, or with `keep` only the person; names are from code."""
    change = f"UPDATE {table} SET {column} = ''" if keep else f"DELETE FROM {table}"
    return connection.execute(f"{change} WHERE {column} = ?", (subject,)).rowcount


def note_seen(connection: sqlite3.Connection, subject: str) -> None:
    """Note that the feed names a person."""
    connection.execute("INSERT INTO feed_seen (subject) VALUES (?) ON CONFLICT DO NOTHING", (subject,))


def people_seen(connection: sqlite3.Connection) -> set[str]:
    """The people whom the feed has named since it was begun anew."""
    return {subject for (subject,) in connection.execute("SELECT subject FROM feed_seen")}


def people_here(connection: sqlite3.Connection) -> set[str]:
    """The people whom the copy names."""
    rows = connection.execute("SELECT id FROM residents UNION SELECT subject FROM grants")
    return {subject for (subject,) in rows}


def clear_seen(connection: sqlite3.Connection) -> None:
    """Forget whom the feed has named."""
    connection.execute("DELETE FROM feed_seen")


def drop_erasure(connection: sqlite3.Connection, erasure: str) -> None:
    """The platform has all answers to an erasure."""
    connection.execute("DELETE FROM erasures WHERE id=?", (erasure,))


def note_end(
    connection: sqlite3.Connection, collection: str, record: str, version: int, until_ms: int
) -> None:
    """A copy is to be forgotten from `until_ms` on; 0 takes an earlier end away."""
    if until_ms <= 0:
        drop_end(connection, collection, record)
        return
    connection.execute(
        "INSERT INTO feed_ends (collection, id, version, until_ms) VALUES (?,?,?,?)"
        " ON CONFLICT (collection, id) DO UPDATE SET version=excluded.version, until_ms=excluded.until_ms"
        " WHERE excluded.version >= feed_ends.version",
        (collection, record, version, until_ms),
    )


def drop_end(connection: sqlite3.Connection, collection: str, record: str) -> None:
    """A copy has no end, or has gone."""
    connection.execute("DELETE FROM feed_ends WHERE collection=? AND id=?", (collection, record))


def list_ended(connection: sqlite3.Connection, now_ms: int, limit: int) -> list[tuple[str, str, int]]:
    """Copies whose time is over: collection, id, version."""
    query = "SELECT collection, id, version FROM feed_ends WHERE until_ms<=? ORDER BY until_ms LIMIT ?"
    return [tuple(row) for row in connection.execute(query, (now_ms, limit))]


def put_platform_parked(connection: sqlite3.Connection, id: str, type: str, reason: str) -> None:
    """An event of ours that the platform holds but could not apply."""
    connection.execute(
        "INSERT INTO platform_parked (id, type, reason) VALUES (?,?,?)"
        " ON CONFLICT (id) DO UPDATE SET type=excluded.type, reason=excluded.reason",
        (id, type, reason),
    )


def drop_platform_parked(connection: sqlite3.Connection, id: str) -> None:
    """The platform applied it after all."""
    connection.execute("DELETE FROM platform_parked WHERE id=?", (id,))


def count_platform_parked(connection: sqlite3.Connection) -> int:
    """How many of our events the platform could not apply."""
    return int(connection.execute("SELECT count(*) FROM platform_parked").fetchone()[0])
