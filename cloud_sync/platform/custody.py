"""Ingest: take events into custody, exactly once each, or say exactly why not.

Taking custody is not applying: an event of a type that nobody here knows is stored like any other, so that
the acknowledged seq has no holes. Only an envelope fault (gap, fork) stops a stream.
"""

import sqlite3
from typing import ClassVar

import msgspec

from cloud_sync.wire.batches import Batch, BatchAccepted, EventEnvelope, verify_batch
from edge.errors import Refusal


class StreamGap(Refusal):
    """Events before this batch are missing here; `expected_seq` says where to go on."""

    code: ClassVar[str] = "gap"


class StreamForked(Refusal):
    """The same seq came with another hash: two histories claim one identity."""

    code: ClassVar[str] = "fork"


class StreamQuarantined(Refusal):
    """The stream forked earlier; only a new epoch goes on."""

    code: ClassVar[str] = "quarantined"


class WrongStream(Refusal):
    """The batch names another device than the address that it was posted to."""

    code: ClassVar[str] = "wrong_stream"


class EventNotHere(Refusal):
    """No event of this number is in custody."""

    code: ClassVar[str] = "not_found"


class Stream(msgspec.Struct, frozen=True):
    """Where custody of one (device, epoch) stands."""

    device: str
    epoch: int
    first_seq: int
    head_seq: int
    head_hash: str
    applied_seq: int
    last_ms: int
    quarantine: str | None = None


class ReceivedEvent(msgspec.Struct, frozen=True):
    """An event as the platform's page lists it."""

    device: str
    epoch: int
    seq: int
    id: str
    type: str
    at_ms: int
    received_ms: int


def check_batch(batch: Batch, *, site: str, device: str) -> tuple[list[str], list[EventEnvelope]]:
    """All checks that need no database; see verify_batch for what is returned and raised."""
    if batch.header.device != device:
        raise WrongStream(device=batch.header.device)
    return verify_batch(batch, site=site)


def take_custody(
    connection: sqlite3.Connection,
    batch: Batch,
    hashes: list[str],
    envelopes: list[EventEnvelope],
    *,
    now_ms: int,
) -> BatchAccepted:
    """Store the events of a checked batch that are not here yet; a repeated batch changes nothing.

    Raises StreamQuarantined or StreamGap; a fork is returned to `ingest`, which must commit the quarantine.
    """
    header = batch.header
    stream = find_stream(connection, header.device, header.epoch)
    if stream is None:
        previous = None if header.epoch == 1 and header.first_seq > 1 else header.previous_hash
        if previous is None:
            raise StreamGap(expected_seq=1)
        stream = Stream(header.device, header.epoch, header.first_seq, header.first_seq - 1, previous, 0, 0)
    if stream.quarantine is not None:
        raise StreamQuarantined(seq=stream.head_seq)
    if header.first_seq > stream.head_seq + 1:
        raise StreamGap(expected_seq=stream.head_seq + 1)
    _compare_overlap(connection, stream, batch, hashes)
    new = slice(stream.head_seq + 1 - header.first_seq, None)
    connection.executemany(
        "INSERT INTO events (device, epoch, seq, id, type, at_ms, received_ms, line, hash)"
        " VALUES (?,?,?,?,?,?,?,?,?)",
        [
            (header.device, header.epoch, e.seq, e.id, e.type, e.timems, now_ms, line, digest)
            for e, line, digest in zip(envelopes[new], batch.lines[new], hashes[new], strict=True)
        ],
    )
    head_seq = max(stream.head_seq, header.first_seq + header.count - 1)
    head_hash = hashes[-1] if head_seq > stream.head_seq else stream.head_hash
    connection.execute(
        "INSERT INTO streams (device, epoch, first_seq, head_seq, head_hash, applied_seq, last_ms)"
        " VALUES (?,?,?,?,?,?,?) ON CONFLICT (device, epoch)"
        " DO UPDATE SET head_seq=excluded.head_seq, head_hash=excluded.head_hash, last_ms=excluded.last_ms",
        (header.device, header.epoch, stream.first_seq, head_seq, head_hash, stream.first_seq - 1, now_ms),
    )
    return BatchAccepted(acknowledged_seq=head_seq)


def _compare_overlap(connection: sqlite3.Connection, stream: Stream, batch: Batch, hashes: list[str]) -> None:
    """Events that are here already must be the same ones; raises StreamForked at the first that is not."""
    header = batch.header
    if header.first_seq == stream.head_seq + 1:
        if header.previous_hash != stream.head_hash:
            raise StreamForked(seq=stream.head_seq)
        return
    stored = connection.execute(
        "SELECT seq, hash FROM events WHERE device=? AND epoch=? AND seq BETWEEN ? AND ? ORDER BY seq",
        (header.device, header.epoch, header.first_seq, header.first_seq + header.count - 1),
    )
    for row in stored:
        if row["hash"] != hashes[row["seq"] - header.first_seq]:
            raise StreamForked(seq=row["seq"])


def quarantine(connection: sqlite3.Connection, device: str, epoch: int, *, code: str) -> None:
    """Take nothing more from this stream until a person or a new epoch settles it."""
    connection.execute("UPDATE streams SET quarantine=? WHERE device=? AND epoch=?", (code, device, epoch))


def note_incident(
    connection: sqlite3.Connection, device: str, epoch: int, *, code: str, seq: int, now_ms: int
) -> None:
    """Remember an envelope fault for the people who look after the fleet; repeats are counted."""
    connection.execute(
        "INSERT INTO incidents (device, epoch, code, seq, at_ms) VALUES (?,?,?,?,?)"
        " ON CONFLICT (device, epoch, code, seq) DO UPDATE SET times=times+1, at_ms=excluded.at_ms",
        (device, epoch, code, seq, now_ms),
    )


def find_stream(connection: sqlite3.Connection, device: str, epoch: int) -> Stream | None:
    """The stream's standing, or None before its first event."""
    row = connection.execute("SELECT * FROM streams WHERE device=? AND epoch=?", (device, epoch)).fetchone()
    return None if row is None else msgspec.convert(dict(row), Stream)


def newest_stream(connection: sqlite3.Connection, device: str) -> Stream:
    """The stream of the device's newest epoch. Raises EventNotHere, StreamQuarantined."""
    row = connection.execute(
        "SELECT * FROM streams WHERE device=? ORDER BY epoch DESC LIMIT 1", (device,)
    ).fetchone()
    if row is None:
        raise EventNotHere()
    stream = msgspec.convert(dict(row), Stream)
    if stream.quarantine is not None:
        raise StreamQuarantined(seq=stream.head_seq)
    return stream


def list_streams(connection: sqlite3.Connection) -> list[Stream]:
    """All streams by device and epoch."""
    rows = connection.execute("SELECT * FROM streams ORDER BY device, epoch")
    return [msgspec.convert(dict(row), Stream) for row in rows]


def list_latest(connection: sqlite3.Connection, limit: int) -> list[ReceivedEvent]:
    """The events received last, newest first."""
    rows = connection.execute(
        "SELECT device, epoch, seq, id, type, at_ms, received_ms FROM events"
        " ORDER BY received_ms DESC, epoch DESC, seq DESC LIMIT ?",
        (limit,),
    )
    return [msgspec.convert(dict(row), ReceivedEvent) for row in rows]
