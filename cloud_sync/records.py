"""SQL of the device's side: where the uplink stands, and the key set. The feed's is in `feed_records`."""

import sqlite3
from collections.abc import Callable
from typing import NamedTuple

from cloud_sync.wire.batches import BatchHeader
from edge.ids import Identity
from edge.store import journal
from edge.store.facts import drop_fact, get_fact, get_int, put_fact
from edge.store.journal import Head, JournalRow

ACKNOWLEDGED = "uplink.acknowledged_seq"
HALTED = "uplink.halted"
STREAM_EPOCH = "uplink.stream_epoch"
"""Least epoch of the stream that takes whatever is not acknowledged yet."""
KEYSET = "trust.keyset"
PIECE_EVENTS = 10
"""Read in one go, some 0.2 ms of work; then whoever is at the till goes first."""


class Outgoing(NamedTuple):
    """The next batch: its header and the event lines as the journal hashed them."""

    header: BatchHeader
    lines: list[bytes]


def read_outgoing(
    connection: sqlite3.Connection,
    *,
    after_seq: int,
    limit: int,
    limit_bytes: int = 2**62,
    give_way: Callable[[], None] = lambda: None,
) -> Outgoing | None:
    """Up to `limit` events after a seq, all recorded in one epoch; None when there are none.

    `give_way` is called between pieces of the work.

    Their lines are at most `limit_bytes` together, or one line. What was recorded in an epoch that the
    platform knows with another history goes into the stream of the epoch that settled it (`STREAM_EPOCH`).
    """
    first: JournalRow | None = None
    lines: list[bytes] = []
    size, stream = 0, ""
    for row in journal.tail(connection, after_seq, limit):
        if len(lines) % PIECE_EVENTS == 0:
            give_way()
        if first is None:
            first, stream = row, row.id.rpartition("-")[0]
        elif row.id.rpartition("-")[0] != stream:
            break
        line = journal.line(row)
        size += len(line) + 1
        if lines and size > limit_bytes:
            break
        lines.append(line)
        last = row
    if first is None:
        return None
    identity = Identity.parse(first.id)
    stream_epoch = get_int(connection, STREAM_EPOCH)
    header = BatchHeader(
        device=identity.device,
        epoch=max(stream_epoch, identity.epoch),
        first_seq=first.seq,
        previous_hash=first.previous_hash.hex(),
        last_hash=last.hash.hex(),
        count=len(lines),
        recorded_epoch=identity.epoch if identity.epoch < stream_epoch else 0,
    )
    return Outgoing(header, lines)


def read_acknowledged(connection: sqlite3.Connection) -> int:
    """The last seq that the platform has custody of."""
    return get_int(connection, ACKNOWLEDGED)


def write_acknowledged(connection: sqlite3.Connection, seq: int) -> None:
    """Note what the platform has custody of."""
    put_fact(connection, ACKNOWLEDGED, seq)


def write_stream_epoch(connection: sqlite3.Connection, epoch: int) -> None:
    """From here on everything that waits belongs to the stream of this epoch."""
    put_fact(connection, STREAM_EPOCH, epoch)


def write_halted(connection: sqlite3.Connection, code: str) -> bool:
    """Note why the platform takes nothing more; False when it was noted before."""
    if get_fact(connection, HALTED) == code:
        return False
    put_fact(connection, HALTED, code)
    return True


def clear_halted(connection: sqlite3.Connection) -> bool:
    """Whatever stopped the uplink was settled; False when nothing did."""
    if get_fact(connection, HALTED) is None:
        return False
    drop_fact(connection, HALTED)
    return True


def read_head_seq(connection: sqlite3.Connection) -> int:
    """The journal's last seq, 0 when it is empty."""
    return journal.read_head(connection).seq


def read_link(connection: sqlite3.Connection, *, seq: int) -> Head:
    """The journal's link at a seq that is kept here."""
    row = next(journal.tail(connection, seq - 1, 1))
    return Head(row.seq, row.hash)


def read_recorded(connection: sqlite3.Connection, *, seq: int) -> tuple[int, str]:
    """The epoch in which an entry that is kept here was recorded, and its hash in hex."""
    row = next(journal.tail(connection, seq - 1, 1))
    return Identity.parse(row.id).epoch, row.hash.hex()


def count_waiting(connection: sqlite3.Connection) -> int:
    """How many events the platform does not have yet."""
    return read_head_seq(connection) - read_acknowledged(connection)


def read_keyset(connection: sqlite3.Connection) -> bytes | None:
    """The signed key set that was kept, None before the first."""
    kept = get_fact(connection, KEYSET)
    return kept if isinstance(kept, bytes) else None


def write_keyset(connection: sqlite3.Connection, message: bytes) -> None:
    """Keep a signed key set."""
    put_fact(connection, KEYSET, message)
