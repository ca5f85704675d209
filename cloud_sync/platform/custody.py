"""Ingest: take events into custody, exactly once each, or say exactly why not.

Taking custody is not applying: an event of a type that nobody here knows is stored like any other, so that
the acknowledged seq has no holes. Only an envelope fault (gap, fork) stops a stream.
"""

from typing import ClassVar

import msgspec

from cloud_sync.platform.store.port import Connection
from cloud_sync.wire.batches import (
    Batch,
    BatchAccepted,
    BatchHeader,
    EventEnvelope,
    StreamStanding,
    verify_batch,
)
from edge.errors import Refusal

EPOCH_BEGAN = "community.edge.EpochBegan.v1"


class StreamGap(Refusal):
    """Events before this batch are missing here; `expected_seq` says where to go on."""

    code: ClassVar[str] = "gap"


class StreamForked(Refusal):
    """The same seq came with another hash: two histories claim one identity."""

    code: ClassVar[str] = "fork"


class StreamQuarantined(Refusal):
    """The stream forked earlier; only a new epoch goes on."""

    code: ClassVar[str] = "quarantined"


class StreamSuperseded(Refusal):
    """A newer epoch of this device has begun: who still sends in the older one is an old copy or a clone."""

    code: ClassVar[str] = "superseded"


class EpochNotBegun(Refusal):
    """The first event of a new epoch must be EpochBegan."""

    code: ClassVar[str] = "epoch_not_begun"


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
    site: str = ""


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
    connection: Connection,
    batch: Batch,
    hashes: list[str],
    envelopes: list[EventEnvelope],
    *,
    now_ms: int,
) -> BatchAccepted:
    """Store the events of a checked batch that are not here yet; a repeated batch changes nothing.

    Raises StreamGap, StreamForked, StreamQuarantined, StreamSuperseded, EpochNotBegun; the caller notes the
    incident, and for a fork the quarantine, in a transaction of its own.
    """
    header = batch.header
    connection.lock(f"custody of {header.device}")
    newest = _newest_stream(connection, header.device)
    if newest is not None and newest.site != connection.site:
        raise WrongStream(device=header.device)
    if newest is not None and header.epoch < newest.epoch:
        return _meet_older_epoch(connection, newest, batch, hashes)
    if newest is None or header.epoch > newest.epoch:
        stream = _begin_stream(connection, newest, header)
        _note_beginning(connection, newest, stream, now_ms)
    else:
        stream = newest
    if stream.quarantine is not None:
        raise StreamQuarantined(seq=stream.head_seq, epoch=stream.epoch)
    if header.first_seq > stream.head_seq + 1:
        raise StreamGap(expected_seq=stream.head_seq + 1)
    _require_begun(connection, stream, header, envelopes[0])
    _compare_overlap(connection, stream, batch, hashes)
    new = slice(stream.head_seq + 1 - header.first_seq, None)
    stored = connection.executemany(
        "INSERT INTO events (device, epoch, seq, id, type, at_ms, received_ms, line, hash)"
        " VALUES (?,?,?,?,?,?,?,?,?) ON CONFLICT DO NOTHING",
        [
            (header.device, header.epoch, e.seq, e.id, e.type, e.timems, now_ms, line, digest)
            for e, line, digest in zip(envelopes[new], batch.lines[new], hashes[new], strict=True)
        ],
    )
    if stored.rowcount < len(envelopes[new]):
        # Behind the head of the stream there was an event already: another history, and not ours to replace.
        raise StreamForked(seq=header.first_seq + header.count - 1, epoch=header.epoch)
    head_seq = max(stream.head_seq, header.first_seq + header.count - 1)
    head_hash = hashes[-1] if head_seq > stream.head_seq else stream.head_hash
    connection.execute(
        "INSERT INTO streams (site, device, epoch, first_seq, head_seq, head_hash, applied_seq, last_ms)"
        " VALUES (?,?,?,?,?,?,?,?) ON CONFLICT (device, epoch)"
        " DO UPDATE SET head_seq=excluded.head_seq, head_hash=excluded.head_hash, last_ms=excluded.last_ms",
        (
            *(stream.site, header.device, header.epoch, stream.first_seq),
            *(head_seq, head_hash, stream.first_seq - 1, now_ms),
        ),
    )
    return BatchAccepted(head_seq, header.epoch, head_hash)


def _begin_stream(connection: Connection, newest: Stream | None, header: BatchHeader) -> Stream:
    """A stream that is not here yet. One after another epoch must go on from a link that is in custody."""
    before_seq = header.first_seq - 1
    if newest is None:
        if header.epoch == 1 and before_seq > 0:
            raise StreamGap(expected_seq=1)
    elif before_seq > 0 and not _has_link(connection, header):
        if before_seq > newest.head_seq:
            raise StreamGap(expected_seq=newest.head_seq + 1)
        raise StreamForked(seq=before_seq, epoch=newest.epoch)
    return Stream(
        header.device,
        header.epoch,
        header.first_seq,
        before_seq,
        header.previous_hash,
        0,
        0,
        site=connection.site,
    )


def _note_beginning(connection: Connection, newest: Stream | None, stream: Stream, now_ms: int) -> None:
    """Tell the people of the fleet that a new epoch began, and whether it lacks a part of the old one."""
    if newest is None and stream.epoch == 1:
        return
    seq = stream.first_seq - 1
    behind = newest is not None and newest.head_seq > seq
    code = "history_missing" if newest is None and seq else "restored_behind" if behind else "epoch_began"
    note_incident(connection, stream.device, stream.epoch, code=code, seq=seq, now_ms=now_ms)


def _has_link(connection: Connection, header: BatchHeader) -> bool:
    found = connection.execute(
        "SELECT 1 FROM streams s JOIN events e USING (device, epoch)"
        " WHERE s.device=? AND e.seq=? AND e.hash=? AND s.epoch<?",
        (header.device, header.first_seq - 1, header.previous_hash, header.epoch),
    )
    return found.fetchone() is not None


def _require_begun(connection: Connection, stream: Stream, header: BatchHeader, first: EventEnvelope) -> None:
    """In every epoch but the first, the first event that was recorded in it says that it began, and why."""
    if stream.epoch == 1 or header.recorded_epoch or first.type == EPOCH_BEGAN:
        return
    row = connection.execute(
        "SELECT id FROM events WHERE device=? AND epoch=? AND seq=?",
        (header.device, header.epoch, header.first_seq - 1),
    ).fetchone()
    if row is None or not row["id"].startswith(f"{header.device}-{header.epoch}-"):
        raise EpochNotBegun(epoch=header.epoch)


def _meet_older_epoch(
    connection: Connection, newest: Stream, batch: Batch, hashes: list[str]
) -> BatchAccepted:
    """A batch that was on its way for long is here already; anything new in a closed epoch is refused."""
    header, last_seq = batch.header, batch.header.first_seq + batch.header.count - 1
    stored = connection.execute(
        "SELECT hash FROM events WHERE device=? AND epoch=? AND seq BETWEEN ? AND ? ORDER BY seq",
        (header.device, header.epoch, header.first_seq, last_seq),
    )
    if [row["hash"] for row in stored] == hashes:
        return BatchAccepted(last_seq, header.epoch, hashes[-1])
    raise StreamSuperseded(epoch=newest.epoch, seq=header.first_seq)


def _compare_overlap(connection: Connection, stream: Stream, batch: Batch, hashes: list[str]) -> None:
    """Events that are here already must be the same ones; raises StreamForked at the first that is not."""
    header = batch.header
    if header.first_seq == stream.head_seq + 1:
        if header.previous_hash != stream.head_hash:
            raise StreamForked(seq=stream.head_seq, epoch=stream.epoch)
        return
    stored = connection.execute(
        "SELECT seq, hash FROM events WHERE device=? AND epoch=? AND seq BETWEEN ? AND ? ORDER BY seq",
        (header.device, header.epoch, header.first_seq, header.first_seq + header.count - 1),
    )
    for row in stored:
        if row["hash"] != hashes[row["seq"] - header.first_seq]:
            raise StreamForked(seq=row["seq"], epoch=stream.epoch)


def quarantine(connection: Connection, device: str, epoch: int, *, code: str) -> None:
    """Take nothing more from this stream until a person or a new epoch settles it."""
    connection.execute("UPDATE streams SET quarantine=? WHERE device=? AND epoch=?", (code, device, epoch))


def note_incident(
    connection: Connection, device: str, epoch: int, *, code: str, seq: int, now_ms: int
) -> None:
    """Remember an envelope fault for the people who look after the fleet; repeats are counted."""
    connection.execute(
        "INSERT INTO incidents (device, epoch, code, seq, at_ms) VALUES (?,?,?,?,?)"
        " ON CONFLICT (device, epoch, code, seq) DO UPDATE SET times=incidents.times+1, at_ms=excluded.at_ms",
        (device, epoch, code, seq, now_ms),
    )


def find_stream(connection: Connection, device: str, epoch: int) -> Stream | None:
    """The stream's standing, or None before its first event."""
    row = connection.execute("SELECT * FROM streams WHERE device=? AND epoch=?", (device, epoch)).fetchone()
    return None if row is None else msgspec.convert(dict(row), Stream)


def newest_stream(connection: Connection, device: str) -> Stream:
    """The stream of the device's newest epoch. Raises EventNotHere, StreamQuarantined."""
    stream = _newest_stream(connection, device)
    if stream is None:
        raise EventNotHere()
    if stream.quarantine is not None:
        raise StreamQuarantined(seq=stream.head_seq)
    return stream


def read_standing(connection: Connection, device: str, seq: int, digest: str) -> StreamStanding:
    """Where the device's newest epoch stands, and whether custody has this link. Raises EventNotHere."""
    stream = _newest_stream(connection, device)
    if stream is None:
        raise EventNotHere()
    row = connection.execute(
        "SELECT 1 FROM streams s JOIN events e USING (device, epoch)"
        " WHERE s.device=? AND e.seq=? AND e.hash=?",
        (device, seq, digest),
    ).fetchone()
    known = seq == 0 or row is not None
    return StreamStanding(stream.epoch, stream.head_seq, stream.head_hash, known, stream.quarantine)


def _newest_stream(connection: Connection, device: str) -> Stream | None:
    row = connection.execute(
        "SELECT * FROM streams WHERE device=? ORDER BY epoch DESC LIMIT 1", (device,)
    ).fetchone()
    return None if row is None else msgspec.convert(dict(row), Stream)


def list_streams(connection: Connection) -> list[Stream]:
    """All streams of the site by device and epoch."""
    rows = connection.execute("SELECT * FROM streams WHERE site=? ORDER BY device, epoch", (connection.site,))
    return [msgspec.convert(dict(row), Stream) for row in rows]


def list_latest(connection: Connection, limit: int) -> list[ReceivedEvent]:
    """The events of the site received last, newest first."""
    rows = connection.execute(
        "SELECT e.device, e.epoch, e.seq, e.id, e.type, e.at_ms, e.received_ms"
        " FROM events e JOIN streams s USING (device, epoch) WHERE s.site=?"
        " ORDER BY e.received_ms DESC, e.epoch DESC, e.seq DESC LIMIT ?",
        (connection.site, limit),
    )
    return [msgspec.convert(dict(row), ReceivedEvent) for row in rows]
