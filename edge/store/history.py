"""Entries that another life of this device recorded, put back into its journal from custody (docs/adr/0033).

They are appended as they were: same line, same hash, same identity of the old epoch. The chain proves them.
"""

import logging
import re
import sqlite3
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from edge.errors import EdgeError, StoreError
from edge.ids import Identity
from edge.store import journal
from edge.store.facts import get_fact, get_int, put_fact
from edge.store.identity import note_epoch_seen
from edge.store.journal import ACKNOWLEDGED, Head, JournalRow, chain_hash

if TYPE_CHECKING:
    from edge.store.unit import Unit

HISTORY_FROM, HISTORY_THROUGH = "history.from_seq", "history.through_seq"
"""Facts: the range that was last read back, for the audit."""

HISTORY_LEFT = "history.left"
"""Fact: how many of them could not be done again, though there is a rule for them."""

log = logging.getLogger(__name__)

_TYPE = re.compile(r"community\.edge\.([A-Za-z]+)\.v([1-9][0-9]*)")


class PastEvent(NamedTuple):
    """An entry that was put back: where it stands, when and by whom it was recorded, what it says."""

    epoch: int
    seq: int
    at_ms: int
    trust: str
    actor: str
    body: bytes


Replay = Callable[["Unit", PastEvent], None]
"""What an event did to the tables, done again from what it says, in the unit that appends it. No event."""


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


def append_history(unit: "Unit", lines: Iterable[bytes], replays: Mapping[str, Replay]) -> Head:
    """Append lines after the journal's head and return the new head. Raises HistoryUnfit.

    Only on a copy that no hub has open, before its epoch begins.
    """
    connection = unit.connection
    head = journal.read_head(connection)
    if get_fact(connection, HISTORY_FROM) is None:
        put_fact(connection, HISTORY_FROM, head.seq + 1)
    for text in lines:
        head = _append(unit, head, text, replays)
    put_fact(connection, ACKNOWLEDGED, head.seq)
    put_fact(connection, HISTORY_THROUGH, head.seq)
    unit.go_on_from(head)
    return head


def history_range(connection: sqlite3.Connection) -> tuple[int, int]:
    """First and last entry that were read back, all in between too; (0, 0) where none ever was."""
    return get_int(connection, HISTORY_FROM), get_int(connection, HISTORY_THROUGH)


def _append(unit: "Unit", head: Head, text: bytes, replays: Mapping[str, Replay]) -> Head:
    row = _row_of(text, head, unit.site)
    identity = Identity.parse(row.id)
    if row.seq != head.seq + 1 or identity.device != unit.device or journal.line(row) != text:
        raise HistoryUnfit(f"the line at {head.seq + 1} is not one that this device recorded")
    digest = chain_hash(head.hash, text)
    unit.connection.execute(
        "INSERT INTO journal(seq, id, type, version, at_ms, trust, actor, body, previous_hash, hash)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (*row[:9], digest),
    )
    note_epoch_seen(unit.connection, identity.epoch)
    if (replay := replays.get(row.type)) is not None:
        _replay(unit, replay, PastEvent(identity.epoch, row.seq, row.at_ms, row.trust, row.actor, row.body))
    return Head(row.seq, digest)


def _replay(unit: "Unit", replay: Replay, past: PastEvent) -> None:
    """What cannot be done again is counted and left: the entry is in the journal all the same."""
    try:
        with unit.part():
            replay(unit, past)
    except (EdgeError, msgspec.MsgspecError, sqlite3.Error) as error:
        log.warning("entry %d was not done again: %s", past.seq, error)
        put_fact(unit.connection, HISTORY_LEFT, get_int(unit.connection, HISTORY_LEFT) + 1)


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
