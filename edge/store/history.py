"""Entries that another life of this device recorded, put back into its journal from custody (docs/adr/0033).

They are appended as they were: same line, same hash, same identity of the old epoch. The chain proves them.
"""

import re
import sqlite3
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import msgspec

from edge.errors import StoreError
from edge.ids import Identity
from edge.store import journal
from edge.store.connections import prepare_writer
from edge.store.facts import get_fact, put_fact
from edge.store.identity import note_epoch_seen
from edge.store.journal import ACKNOWLEDGED, Head, JournalRow, chain_hash

HISTORY_FROM, HISTORY_THROUGH = "history.from_seq", "history.through_seq"
"""Facts: the range that was last read back, for the audit."""

_TYPE = re.compile(r"community\.edge\.([A-Za-z]+)\.v([1-9][0-9]*)")

Replay = Callable[[sqlite3.Connection, Mapping[str, object]], None]
"""What an event did to the tables, done again from what it says; in the transaction that appends it."""


class HistoryUnfit(StoreError):
    """A line does not continue this journal; nothing of its page was kept."""


class _Line(msgspec.Struct):
    actor: str
    data: msgspec.Raw
    id: str
    seq: int
    timems: int
    timetrust: str
    type: str


def append_history(
    connection: sqlite3.Connection, lines: Iterable[bytes], replays: Mapping[str, Replay]
) -> Head:
    """Append lines after the journal's head in one transaction and return the new head.

    The connection is of a copy that nobody else has open. Raises HistoryUnfit.
    """
    site, device = str(get_fact(connection, "site")), str(get_fact(connection, "device"))
    head = journal.read_head(connection)
    first_seq = head.seq + 1
    connection.execute("BEGIN IMMEDIATE")
    try:
        for text in lines:
            head = _append(connection, head, text, site, device, replays)
        put_fact(connection, ACKNOWLEDGED, head.seq)
        put_fact(connection, HISTORY_THROUGH, head.seq)
        if get_fact(connection, HISTORY_FROM) is None:
            put_fact(connection, HISTORY_FROM, first_seq)
    except (sqlite3.Error, StoreError):
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")
    return head


def _append(
    connection: sqlite3.Connection,
    head: Head,
    text: bytes,
    site: str,
    device: str,
    replays: Mapping[str, Replay],
) -> Head:
    row = _row_of(text, head, site)
    identity = Identity.parse(row.id)
    if row.seq != head.seq + 1 or identity.device != device or journal.line(row) != text:
        raise HistoryUnfit(f"the line at {head.seq + 1} is not one that this device recorded")
    digest = chain_hash(head.hash, text)
    connection.execute(
        "INSERT INTO journal(seq, id, type, version, at_ms, trust, actor, body, previous_hash, hash)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (*row[:9], digest),
    )
    note_epoch_seen(connection, identity.epoch)
    if (replay := replays.get(row.type)) is not None:
        replay(connection, msgspec.json.decode(row.body))
    return Head(row.seq, digest)


def _row_of(text: bytes, head: Head, site: str) -> JournalRow:
    try:
        found = msgspec.json.decode(text, type=_Line)
        Identity.parse(found.id)
    except (msgspec.MsgspecError, UnicodeDecodeError, ValueError) as error:
        raise HistoryUnfit(f"the line at {head.seq + 1} is no event") from error
    kind = _TYPE.fullmatch(found.type)
    if kind is None:
        raise HistoryUnfit(f"the line at {head.seq + 1} is of no type of ours")
    return JournalRow(
        found.seq,
        found.id,
        kind[1],
        int(kind[2]),
        found.timems,
        found.timetrust,
        found.actor,
        bytes(found.data),
        head.hash,
        b"",
        site,
    )


def open_copy(path: Path) -> sqlite3.Connection:
    """Open a copy that nobody else uses, with the writer's settings; a single file once it is closed."""
    connection = prepare_writer(sqlite3.connect(path, isolation_level=None))
    connection.execute("PRAGMA synchronous = NORMAL")  # a cut begins the whole restore anew
    return connection
