"""Checkpoints: entries of the journal whose hash the platform signed. Stored after verification only."""

import sqlite3
from typing import NamedTuple


class StoredCheckpoint(NamedTuple):
    """A counter-signed entry: `message` is the platform's COSE_Sign1, the rest is what it says."""

    seq: int
    epoch: int
    hash: bytes
    at_ms: int
    message: bytes


_COLUMNS = "seq, epoch, hash, at_ms, message"


def put(connection: sqlite3.Connection, checkpoint: StoredCheckpoint) -> bool:
    """Keep a verified checkpoint, inside the caller's unit; False when that entry has one already.

    Raises sqlite3.IntegrityError when the chain holds another hash at that seq, or none.
    """
    cursor = connection.execute(
        "INSERT INTO checkpoints(seq, epoch, hash, at_ms, message) VALUES (?, ?, ?, ?, ?) "
        "ON CONFLICT (seq) DO NOTHING",
        checkpoint,
    )
    return cursor.rowcount == 1


def newest(connection: sqlite3.Connection, up_to_seq: int | None = None) -> StoredCheckpoint | None:
    """Return the newest checkpoint, or the newest not after a seq; None when there is none."""
    row = connection.execute(
        f"SELECT {_COLUMNS} FROM checkpoints WHERE seq <= ? ORDER BY seq DESC LIMIT 1",  # noqa: S608 - constant
        (2**62 if up_to_seq is None else up_to_seq,),
    ).fetchone()
    return None if row is None else StoredCheckpoint._make(row)


def hashes_after(connection: sqlite3.Connection, seq: int) -> dict[int, bytes]:
    """Return the signed hash of every counter-signed entry after a seq."""
    return dict(connection.execute("SELECT seq, hash FROM checkpoints WHERE seq > ?", (seq,)))
