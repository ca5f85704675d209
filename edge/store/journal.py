"""The journal: an append-only, hash-chained table of everything about money, doors and audit.

``hash = SHA-256(previous hash in lower-case hex + line)``, where the line is the event's canonical JSON as it
goes to the platform. The first event's previous hash is 32 zero bytes.
"""

import hashlib
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from edge.ids import Identity
from edge.store import canonical
from edge.store.errors import EventTooLarge
from edge.store.events import Event, cloud_type
from edge.store.facts import get_fact
from edge.trust.clock import Reading

BODY_LIMIT_BYTES = 65_536
"""Architecture, Journal: at most 64 KB an event."""

GENESIS = bytes(32)
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


@dataclass(frozen=True)
class VerifyResult:
    """What a verification found: the first bad seq or None, how many events it read, the head it reached."""

    first_bad_seq: int | None
    count: int
    head: Head


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


def tail(connection: sqlite3.Connection, after_seq: int, limit: int | None = None) -> Iterator[JournalRow]:
    """Yield the events after a seq in order, at most ``limit`` of them."""
    site = str(get_fact(connection, "site"))
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM journal WHERE seq > ? ORDER BY seq LIMIT ?",  # noqa: S608 - a constant
        (after_seq, -1 if limit is None else limit),
    )
    for row in rows:
        yield JournalRow._make((*row, site))


def verify(connection: sqlite3.Connection, after: Head | None = None) -> VerifyResult:
    """Recompute the chain from a trusted link (or from the oldest event kept) and say where it breaks."""
    head, count, last_id = after, 0, (0, 0)
    for row in tail(connection, head.seq if head else 0):
        if head is None:
            head = Head(row.seq - 1, row.previous_hash if row.seq > 1 else GENESIS)
        try:
            identity = Identity.parse(row.id)
        except ValueError:
            return VerifyResult(row.seq, count, head)
        linked = row.seq == head.seq + 1 and row.previous_hash == head.hash
        fresh = (identity.epoch, identity.counter) > last_id
        if not (linked and fresh and row.hash == chain_hash(head.hash, line(row))):
            return VerifyResult(row.seq, count, head)
        head, count, last_id = Head(row.seq, row.hash), count + 1, (identity.epoch, identity.counter)
    return VerifyResult(None, count, head or Head(0, GENESIS))
