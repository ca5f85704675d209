"""The journal: an append-only, hash-chained table of everything about money, doors and audit.

``hash = SHA-256(previous hash in lower-case hex + line)``, where the line is the event's canonical JSON as it
goes to the platform. The first event's previous hash is 32 zero bytes.
"""

import hashlib
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple

from edge.ids import Identity
from edge.store import canonical, checkpoints
from edge.store.errors import EventTooLarge
from edge.store.events import Event, cloud_type
from edge.store.facts import get_fact, get_int
from edge.trust.clock import Reading

BODY_LIMIT_BYTES = 65_536
"""Architecture, Journal: at most 64 KB an event."""

GENESIS = bytes(32)
NOTED_HEAD = "journal.noted_head"
"""Fact: the head's seq, noted whenever a block of identities is; a shorter journal was truncated."""
ACKNOWLEDGED = "uplink.acknowledged_seq"
"""Fact: the last seq that the platform has custody of."""
_COLUMNS = "seq, id, type, version, at_ms, trust, actor, body, previous_hash, hash"


class Head(NamedTuple):
    """The last link of the chain."""

    seq: int
    hash: bytes


class JournalRow(NamedTuple):
    """One row of the journal, with the site that it belongs to."""

    seq: int
    id: str
    type: str
    version: int
    at_ms: int
    trust: str
    actor: str
    body: bytes
    previous_hash: bytes
    hash: bytes
    site: str


class Fault(StrEnum):
    """What is wrong with an entry; docs/journal.md has the same words."""

    MISSING = "missing"
    UNREADABLE = "unreadable"
    LINK = "not_linked"
    HASH = "hash_differs"
    STREAM = "wrong_site_or_device"
    IDENTITY = "identity_not_increasing"
    CHECKPOINT = "checkpoint_differs"
    TRUNCATED = "truncated"
    HEADER = "header"


@dataclass(frozen=True)
class VerifyResult:
    """The first bad seq or None and its fault, how many entries hold before it, the head reached.

    `checkpoint_seq` is the newest counter-signed entry among those that hold, 0 when there is none.
    """

    first_bad_seq: int | None
    count: int
    head: Head
    fault: Fault | None = None
    checkpoint_seq: int = 0


class Chain:
    """Follows rows one by one. `head` and `count` say how far the chain holds."""

    def __init__(self, head: Head, device: str) -> None:
        self.head = head
        self.count = 0
        self._device = device
        self._last_id = (0, 0)

    def follow(self, row: JournalRow, signed_hash: bytes | None = None) -> Fault | None:
        """Take the next row, or say what is wrong with it and stay. `signed_hash` is a checkpoint's."""
        if row.seq != self.head.seq + 1:
            return Fault.MISSING
        try:
            identity = Identity.parse(row.id)
        except ValueError:
            return Fault.UNREADABLE
        if row.previous_hash != self.head.hash:
            return Fault.LINK
        if row.hash != chain_hash(self.head.hash, line(row)):
            return Fault.HASH
        if identity.device != self._device:
            return Fault.STREAM
        if (identity.epoch, identity.counter) <= self._last_id:
            return Fault.IDENTITY
        if signed_hash not in (None, row.hash):
            return Fault.CHECKPOINT
        self._last_id = (identity.epoch, identity.counter)
        self.head = Head(row.seq, row.hash)
        self.count += 1
        return None


def line(row: JournalRow) -> bytes:
    """Return the event as one canonical JSON CloudEvent, without a line end."""
    identity = Identity.parse(row.id)
    return b"".join(
        (
            b'{"actor":',
            canonical.encode(row.actor),
            b',"data":',
            row.body,
            b',"id":',
            canonical.encode(row.id),
            b',"seq":%d,"source":' % row.seq,
            _encoded(source(row.site, identity)),
            b',"specversion":"1.0","timems":%d,"timetrust":' % row.at_ms,
            _encoded(row.trust),
            b',"type":',
            _encoded(cloud_type(row.type, row.version)),
            b"}",
        )
    )


@lru_cache(maxsize=256)
def _encoded(text: str) -> bytes:
    """Texts that come again in every line: sources, trusts, types."""
    return canonical.encode(text)


def source(site: str, identity: Identity) -> str:
    """Return the CloudEvents source of whatever that device recorded in that epoch."""
    return f"/sites/{site}/devices/{identity.device}/epochs/{identity.epoch}"


def chain_hash(previous_hash: bytes, text: bytes) -> bytes:
    """Return the hash of a line that follows a link."""
    return hashlib.sha256(previous_hash.hex().encode("ascii") + text).digest()


def append(
    connection: sqlite3.Connection,
    head: Head,
    event: Event,
    *,
    identity: str,
    actor: str,
    now: Reading,
    site: str,
) -> Head:
    """Write one event after ``head`` and return the new head. Raises EventTooLarge, ``ValueError``."""
    body = canonical.encode(event)
    if len(body) > BODY_LIMIT_BYTES:
        raise EventTooLarge(type=event.TYPE, bytes=len(body), limit_bytes=BODY_LIMIT_BYTES)
    row = JournalRow(
        head.seq + 1,
        identity,
        event.TYPE,
        event.VERSION,
        now.at_ms,
        now.trust.value,
        actor,
        body,
        head.hash,
        b"",
        site,
    )
    digest = chain_hash(head.hash, line(row))
    connection.execute(
        "INSERT INTO journal(seq, id, type, version, at_ms, trust, actor, body, previous_hash, hash) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (*row[:9], digest),
    )
    return Head(row.seq, digest)


def read_head(connection: sqlite3.Connection) -> Head:
    """Return the last link, or the genesis of an empty journal."""
    row = connection.execute("SELECT seq, hash FROM journal ORDER BY seq DESC LIMIT 1").fetchone()
    return Head(0, GENESIS) if row is None else Head(*row)


def has_link(connection: sqlite3.Connection, head: Head) -> bool:
    """Tell whether the journal still holds a link; the genesis it always holds."""
    row = connection.execute("SELECT hash FROM journal WHERE seq = ?", (head.seq,)).fetchone()
    return head.seq == 0 or (row is not None and row[0] == head.hash)


def hash_at(connection: sqlite3.Connection, seq: int) -> bytes:
    """Return the hash of an entry that is kept; raise ``LookupError`` when it is not."""
    row = connection.execute("SELECT hash FROM journal WHERE seq = ?", (seq,)).fetchone()
    if row is None:
        raise LookupError(f"no entry {seq}")
    return bytes(row[0])


def was_cut(connection: sqlite3.Connection, seq: int) -> bool:
    """Tell whether an entry was archived and deleted here."""
    return seq <= first_kept(connection).seq


def tail(connection: sqlite3.Connection, after_seq: int, limit: int | None = None) -> Iterator[JournalRow]:
    """Yield the events after a seq in order, at most ``limit`` of them."""
    site = str(get_fact(connection, "site"))
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM journal WHERE seq > ? ORDER BY seq LIMIT ?",  # noqa: S608 - a constant
        (after_seq, -1 if limit is None else limit),
    )
    for row in rows:
        yield JournalRow._make((*row, site))


def first_kept(connection: sqlite3.Connection) -> Head:
    """Return the link before the oldest entry kept: the genesis until the journal was cut."""
    row = connection.execute("SELECT seq, previous_hash FROM journal ORDER BY seq LIMIT 1").fetchone()
    return Head(0, GENESIS) if row is None else Head(row[0] - 1, row[1])


def verify(connection: sqlite3.Connection, after: Head | None = None) -> VerifyResult:
    """Recompute the chain from a trusted link (or from the oldest entry kept) and say where it breaks.

    What the chain alone cannot tell, that its newest entries are gone, the witnesses beside it tell: the seq
    that the platform acknowledged, its checkpoints, and the head noted with each block of identities.
    """
    chain = Chain(after or _beginning(connection), str(get_fact(connection, "device")))
    signed = checkpoints.hashes_after(connection, chain.head.seq)
    checkpoint_seq = 0
    for row in tail(connection, chain.head.seq):
        fault = chain.follow(row, signed.get(row.seq))
        if fault is not None:
            bad = chain.head.seq + 1 if fault is Fault.MISSING else row.seq
            return VerifyResult(bad, chain.count, chain.head, fault, checkpoint_seq)
        if row.seq in signed:
            checkpoint_seq = row.seq
    if chain.head.seq < last_known_seq(connection):
        return VerifyResult(chain.head.seq + 1, chain.count, chain.head, Fault.TRUNCATED, checkpoint_seq)
    return VerifyResult(None, chain.count, chain.head, None, checkpoint_seq)


def verify_since_checkpoint(connection: sqlite3.Connection) -> VerifyResult:
    """The same from the newest counter-signed entry on: for what came before it the platform vouches."""
    newest = checkpoints.newest(connection)
    if newest is None:
        return verify(connection)
    found = verify(connection, Head(newest.seq, newest.hash))
    return replace(found, checkpoint_seq=newest.seq)


def describe(found: VerifyResult) -> dict[str, int | str | None]:
    """Return a result as plain values, for the command line and the control socket."""
    return {
        "first_bad_seq": found.first_bad_seq,
        "fault": None if found.fault is None else found.fault.value,
        "count": found.count,
        "head_seq": found.head.seq,
        "checkpoint_seq": found.checkpoint_seq,
    }


def last_known_seq(connection: sqlite3.Connection) -> int:
    """Return the highest seq that a witness beside the journal names; the journal must reach it."""
    newest = checkpoints.newest(connection)
    signed_seq = 0 if newest is None else newest.seq
    return max(get_int(connection, ACKNOWLEDGED), get_int(connection, NOTED_HEAD), signed_seq)


def _beginning(connection: sqlite3.Connection) -> Head:
    """Return the link that the oldest entry kept must follow: the genesis, or where the journal was cut.

    A cut that was interrupted has deleted from the old end only: then it is where the rest begins.
    """
    cut = connection.execute("SELECT seq, hash FROM journal_cuts ORDER BY seq DESC LIMIT 1").fetchone()
    if cut is None:
        return Head(0, GENESIS)
    first = first_kept(connection)
    return first if first.seq < cut[0] else Head(*cut)
