"""Custody read back: the one history that a device's newest epoch goes on from, page by page.

A stream begins where another one stood, so the history is a way through streams: the newest one to its first
entry, then the one that holds the link before it, and so on down to entry 1.
"""

from typing import ClassVar, NamedTuple

from cloud_sync.platform.store.port import Connection
from cloud_sync.wire.backups import HISTORY_EVENTS
from cloud_sync.wire.batches import BatchHeader, chain_hash
from edge.errors import Refusal
from edge.ids import Identity

GENESIS = "0" * 64
HISTORY_PAGE_BYTES = 1_000_000
"""Bytes of a page, reached after its last line."""


class LinkUnknown(Refusal):
    """The asked link is not on the way of the newest epoch: another life of the device went on from it."""

    code: ClassVar[str] = "link_unknown"


class Segment(NamedTuple):
    """A part of the way: entries of one stream."""

    epoch: int
    first_seq: int
    last_seq: int


class HistoryPage(NamedTuple):
    """A batch: its header and lines."""

    header: BatchHeader
    lines: list[bytes]


def read_history(
    connection: Connection, device: str, *, from_seq: int, previous_hash: str = ""
) -> HistoryPage | None:
    """The entries from a seq on, at most HISTORY_EVENTS and all recorded in one epoch; None past the end.

    `previous_hash` is what the asker holds before `from_seq`. Raises LinkUnknown when custody goes on from
    something else.
    """
    way = read_way(connection, device)
    segment = next((s for s in way if s.first_seq <= from_seq <= s.last_seq), None)
    end = way[-1].last_seq if way else 0
    if from_seq > end + 1:
        raise LinkUnknown(seq=from_seq - 1, head_seq=end)
    found = GENESIS if from_seq == 1 else _hash_at(connection, device, way, from_seq - 1)
    if found is None or previous_hash not in ("", found):
        raise LinkUnknown(seq=from_seq - 1, head_seq=end)
    if segment is None:
        return None
    return _page(connection, device, segment, from_seq, found)


def read_way(connection: Connection, device: str) -> list[Segment]:
    """The streams that make the newest history, oldest part first; empty before the first batch."""
    streams = connection.execute(
        "SELECT epoch, first_seq, head_seq FROM streams WHERE device=? ORDER BY epoch DESC", (device,)
    ).fetchall()
    way: list[Segment] = []
    last_seq = streams[0]["head_seq"] if streams else 0
    for epoch, first_seq, head_seq in [tuple(stream) for stream in streams]:
        if head_seq < last_seq or (way and not _joins(connection, device, epoch, way[0])):
            continue
        way.insert(0, Segment(epoch, first_seq, last_seq))
        last_seq = first_seq - 1
        if last_seq == 0:
            break
    return way


def _joins(connection: Connection, device: str, epoch: int, later: Segment) -> bool:
    """Whether a stream holds the entry that the later part goes on from."""
    link = _event(connection, device, epoch, later.first_seq - 1)
    first = _event(connection, device, later.epoch, later.first_seq)
    return link is not None and first is not None and chain_hash(link[1], first[0]) == first[1]


def _hash_at(connection: Connection, device: str, way: list[Segment], seq: int) -> str | None:
    for segment in way:
        if segment.first_seq <= seq <= segment.last_seq:
            found = _event(connection, device, segment.epoch, seq)
            return None if found is None else found[1]
    return None


def _event(connection: Connection, device: str, epoch: int, seq: int) -> tuple[bytes, str] | None:
    row = connection.execute(
        "SELECT line, hash FROM events WHERE device=? AND epoch=? AND seq=?", (device, epoch, seq)
    ).fetchone()
    return None if row is None else (bytes(row["line"]), str(row["hash"]))


def _page(
    connection: Connection, device: str, segment: Segment, from_seq: int, previous_hash: str
) -> HistoryPage:
    rows = connection.execute(
        "SELECT id, line, hash FROM events WHERE device=? AND epoch=? AND seq BETWEEN ? AND ? ORDER BY seq",
        (device, segment.epoch, from_seq, min(segment.last_seq, from_seq + HISTORY_EVENTS - 1)),
    ).fetchall()
    recorded, size_bytes, lines, last_hash = Identity.parse(rows[0]["id"]).epoch, 0, [], previous_hash
    for row in rows:
        if Identity.parse(row["id"]).epoch != recorded or size_bytes > HISTORY_PAGE_BYTES:
            break
        lines.append(bytes(row["line"]))
        size_bytes += len(lines[-1])
        last_hash = row["hash"]
    header = BatchHeader(
        device=device,
        epoch=segment.epoch,
        first_seq=from_seq,
        previous_hash=previous_hash,
        last_hash=last_hash,
        count=len(lines),
        recorded_epoch=recorded if recorded < segment.epoch else 0,
    )
    return HistoryPage(header, lines)
