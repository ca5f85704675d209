"""Bugs that the proof `network` must find: on the way up, on the way down, and in its errands."""

import asyncio
import contextlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any
from unittest.mock import patch

import cloud_sync.commands
import cloud_sync.telemetry
from cloud_sync import feed_records, records
from cloud_sync.commands import CommandSession
from cloud_sync.downlink import Downlink
from cloud_sync.feed_pages import Page, PageReader
from cloud_sync.history import HistoryReader
from cloud_sync.http import Patience
from cloud_sync.outbox import Posting
from cloud_sync.platform import backups, custody, schema
from cloud_sync.records import Outgoing
from cloud_sync.standing import StreamCheck
from cloud_sync.telemetry import TelemetryUplink, read_waiting
from cloud_sync.uplink import Uplink
from cloud_sync.wire.backups import BackupRow
from cloud_sync.wire.batches import Batch, BatchAccepted, BatchHeader, EventEnvelope
from edge.errors import PlatformUnreachable
from edge.store import telemetry_records
from edge.store.journal import Head
from tests.proofs import network_site
from tests.proofs.network_errands import (
    BackupErrand,
    CommandErrand,
    Errand,
    Errands,
    HistoryErrand,
    TelemetryErrand,
)
from tests.proofs.network_site import Site
from tests.proofs.planting import replaced, replaced_all
from tests.proofs.proof import Plant


def in_every_trial(errand: Callable[[Site], Errand], *changes: tuple[object, str, object]) -> Plant:
    """A bug of one errand, which every trial then runs."""
    return lambda: replaced_all((Errands, "ALL", (errand,)), (Errands, "AT_ONCE", 1), *changes)


def soon_given_up(drain_s: float) -> AbstractContextManager[None]:
    """A bug after which nothing drains is known after so many seconds."""
    return replaced(network_site, "DRAIN_S", drain_s)


@contextmanager
def _acknowledged_when_sent() -> Iterator[None]:
    post = Uplink._post

    async def hopeful(self: Uplink, posting: Posting) -> BatchAccepted:
        header = posting.header
        with contextlib.suppress(PlatformUnreachable):
            await post(self, posting)
        return BatchAccepted(header.last_seq, header.epoch, header.last_hash)

    with patch.object(Uplink, "_post", hopeful):
        yield


@contextmanager
def _platform_stores_duplicates() -> Iterator[None]:
    take = custody.take_custody

    def doubled(
        connection: Any, batch: Batch, hashes: list[str], envelopes: list[EventEnvelope], *, now_ms: int
    ) -> BatchAccepted:
        before = connection.execute("SELECT coalesce(max(seq), 0) FROM events").fetchone()[0]
        accepted = take(connection, batch, hashes, envelopes, now_ms=now_ms)
        again = range(batch.header.first_seq, min(before, accepted.acknowledged_seq) + 1)
        connection.executemany(
            "INSERT INTO events SELECT * FROM events WHERE seq=? LIMIT 1", [(seq,) for seq in again]
        )
        return accepted

    end = "PRIMARY KEY (device, epoch, seq)\n) STRICT, WITHOUT ROWID;"
    unkeyed = schema.SCHEMA.replace(f",\n  {end}", "\n) STRICT;", 1)
    assert unkeyed != schema.SCHEMA
    with (
        patch("cloud_sync.platform.store.sqlite.SCHEMA", unkeyed),
        patch.object(custody, "take_custody", doubled),
        soon_given_up(5.0),  # what is applied twice stops the applier: it never drains
    ):
        yield


@contextmanager
def _a_repeat_is_a_fork() -> Iterator[None]:
    def strict(connection: Any, stream: custody.Stream, batch: Batch, hashes: list[str]) -> None:
        if batch.header.first_seq <= stream.head_seq:
            raise custody.StreamForked(seq=batch.header.first_seq, epoch=stream.epoch)

    with patch.object(custody, "_compare_overlap", strict):
        yield


@contextmanager
def _answered_before_stored() -> Iterator[None]:
    take = custody.take_custody
    seen: set[int] = set()

    def hasty(
        connection: Any, batch: Batch, hashes: list[str], envelopes: list[EventEnvelope], *, now_ms: int
    ) -> BatchAccepted:
        if batch.header.first_seq not in seen:
            seen.add(batch.header.first_seq)
            header = batch.header
            return BatchAccepted(header.first_seq + header.count - 1, header.epoch, hashes[-1])
        return take(connection, batch, hashes, envelopes, now_ms=now_ms)

    with patch.object(custody, "take_custody", hasty):
        yield


@contextmanager
def _cursor_before_changes() -> Iterator[None]:
    read_next = Downlink.read_next
    read = PageReader.read

    async def early(self: Downlink, *, wait_s: int = 0) -> int:
        async def read_and_note(pages: PageReader, *asked: Any, **options: Any) -> Any:
            page = await read(pages, *asked, **options)
            await self._store.run(lambda unit: feed_records.write_cursor(unit.connection, page.cursor))
            await asyncio.sleep(0.01)
            return page

        with patch.object(PageReader, "read", read_and_note):
            return await read_next(self, wait_s=wait_s)

    with patch.object(Downlink, "read_next", early):
        yield


@contextmanager
def _black_hole_waited_out() -> Iterator[None]:
    for_ever = Patience(connect_s=3600, silence_s=3600, total_s=3600)
    with patch.object(network_site, "PATIENCE", for_ever), soon_given_up(3.0):
        yield


@contextmanager
def _gap_ignored() -> Iterator[None]:
    """The device leaves a hole now and then, and the platform takes what comes after it."""
    outgoing, find = records.read_outgoing, custody._newest_stream

    def skipping(connection: Any, *, after_seq: int, limit: int, **others: Any) -> Outgoing | None:
        found = outgoing(connection, after_seq=after_seq, limit=limit, **others)
        if after_seq == 0 or found is None or found.header.count == 1:
            return found
        return outgoing(connection, after_seq=after_seq + 1, limit=limit)

    def take(
        connection: Any, batch: Batch, hashes: list[str], envelopes: list[EventEnvelope], *, now_ms: int
    ) -> BatchAccepted:
        header = batch.header
        before = (header.first_seq - 1, header.previous_hash, header.device, header.first_seq - 1)
        if find(connection, header.device) is not None:
            connection.execute(
                "UPDATE streams SET head_seq=?, head_hash=? WHERE device=? AND head_seq<?", before
            )
        return real(connection, batch, hashes, envelopes, now_ms=now_ms)

    real = custody.take_custody
    with patch.object(records, "read_outgoing", skipping), patch.object(custody, "take_custody", take):
        yield


@contextmanager
def _any_acknowledgement_counts() -> Iterator[None]:
    async def believed(self: StreamCheck, header: BatchHeader, answer: BatchAccepted) -> bool:
        return True

    with patch.object(StreamCheck, "is_ours", believed):
        yield


@contextmanager
def _cursor_lost() -> Iterator[None]:
    """Every other page's cursor is not kept."""
    pages = iter(range(10**9))

    def write(connection: Any, cursor: int) -> None:
        if next(pages) % 2:
            honest(connection, cursor)

    honest = feed_records.write_cursor
    with patch.object(feed_records, "write_cursor", write):
        yield


@contextmanager
def _cut_page_is_the_end() -> Iterator[None]:
    """A page that did not come is taken for one that leads to the feed's end."""
    read = PageReader.read

    async def hasty(self: PageReader, cursor: int, **options: Any) -> Page:
        try:
            return await read(self, cursor, **options)
        except PlatformUnreachable:
            return Page([], cursor + 1, False, cursor + 1)

    with patch.object(PageReader, "read", hasty), soon_given_up(3.0):
        yield


def _sample_noted_before_its_answer() -> Plant:
    honest = TelemetryUplink.send_next

    async def hasty(self: TelemetryUplink) -> int:
        try:
            return await honest(self)
        except PlatformUnreachable:
            number = (await self._store.read(read_waiting)).last_number
            await self._store.run(lambda unit: telemetry_records.note_sent(unit.connection, number))
            raise

    return in_every_trial(TelemetryErrand, (TelemetryUplink, "send_next", hasty))


def _fetched_again_counts_again() -> Plant:
    return in_every_trial(
        CommandErrand,
        (CommandSession, "_came_by_the_other_way", lambda self, command, fetched: False),
        (cloud_sync.commands, "check_command", lambda command, **by: None),
    )


def _piece_taken_anywhere() -> Plant:
    """A piece that comes late is written where it says, whatever came meanwhile."""
    honest = backups.begin_piece

    def lenient(connection: Any, device: str, piece: backups.BackupPiece, *by: Any, **more: Any) -> BackupRow:
        try:
            return honest(connection, device, piece, *by, **more)
        except backups.BackupOffset:
            row = backups.find_backup(connection, device, piece.id)
            assert row is not None
            return row

    return in_every_trial(BackupErrand, (backups, "begin_piece", lenient))


def _cut_history_is_the_end() -> Plant:
    honest = HistoryReader.read_page

    async def hasty(self: HistoryReader, after: Head) -> Batch | None:
        with contextlib.suppress(PlatformUnreachable):
            return await honest(self, after)
        return None

    return in_every_trial(HistoryErrand, (HistoryReader, "read_page", hasty))


PLANTED: dict[str, Plant] = {
    "an acknowledgement is not compared with what was sent": _any_acknowledgement_counts,
    "acknowledged when sent": _acknowledged_when_sent,
    "platform stores duplicates": _platform_stores_duplicates,
    "telemetry noted as sent before its answer": _sample_noted_before_its_answer(),
    "a command that is fetched again opens again": _fetched_again_counts_again(),
    "a piece of a backup taken wherever it begins": _piece_taken_anywhere(),
    "custody that was cut off is read to its end": _cut_history_is_the_end(),
    "a repeated batch is taken for a fork": _a_repeat_is_a_fork,
    "acknowledged before stored": _answered_before_stored,
    "feed cursor kept before the changes are": _cursor_before_changes,
    "feed cursor not kept": _cursor_lost,
    "a page of the feed that was cut off is its end": _cut_page_is_the_end,
    "gap ignored": _gap_ignored,
    "no time limit on a silent connection": _black_hole_waited_out,
}
