"""Retention: entries old enough, acknowledged and counter-signed go into an archive, then out of the table.

Order of every cut, so that a crash at any point leaves both copies or one consistent one: the archive is
written, brought to the disk, read again and verified; then one unit notes the cut (`JournalCut`); then the
entries are deleted from the old end in short slices of the bulk lane. The triggers of the table refuse every
deletion that does not belong to a noted cut. What cannot be brought within the budget raises an alarm; an
entry that the platform does not hold is never deleted.
"""

import asyncio
import sqlite3
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import NamedTuple

from edge.store import archive, journal, retention_records
from edge.store.checkpoints import StoredCheckpoint
from edge.store.errors import ArchiveDamaged
from edge.store.events import ArchiveDropped, JournalCut
from edge.store.lanes import Lane
from edge.store.retention_records import Cut
from edge.store.store import Store
from edge.store.unit import Unit
from edge.trust.clock import Clock
from edge.trust.time_policy import Decision, Rule, rule_for

RETENTION_TOPIC = "retention"
"""Hinted by the daily timer."""
DAY_MS = 24 * 3_600_000
YEAR_MS = 366 * DAY_MS
PAGE_ROWS = 200
"""Entries read or deleted at once; 200 take about 2 ms of the writer's time on the build machine."""
MAX_CUT_ENTRIES = 20_000
MAX_CUTS = 16
"""Cuts of one run; the rest waits for the next day."""
START_AFTER_S = 60.0


class Budget(NamedTuple):
    """How long entries stay in the table, how long archives stay, and the room for both."""

    keep_days: int = 180
    archive_years: int = 3
    bytes: int = 1_000_000_000


USUAL = Budget()


class CutReport(NamedTuple):
    """What one run did: entries archived, archives dropped, bytes in use, and whether that is too much."""

    entries: int
    archives: int
    dropped: int
    used_bytes: int
    over_budget: bool


Alarm = Callable[[Unit, str | None], object]
"""Raises an alarm with a detail, or clears it (None)."""


class Retention:
    """Cuts the journal. `alarm` is told when the budget does not suffice or an archive is damaged."""

    def __init__(
        self, *, store: Store, clock: Clock, folder: Path, budget: Budget = USUAL, alarm: Alarm
    ) -> None:
        self._store = store
        self._clock = clock
        self._folder = folder
        self._budget = budget
        self._alarm = alarm

    async def run(self) -> None:
        """A role: cut once after the start and whenever the daily timer says so."""
        with self._store.notifier.subscribe(RETENTION_TOPIC) as hints:
            await hints.wait(START_AFTER_S)
            while True:
                await self.cut_to_budget()
                await hints.wait()

    async def cut_to_budget(self) -> CutReport:
        """Cut what is due, drop archives that may go if room is short, judge the budget."""
        entries = archives = 0
        fault = None
        try:
            entries = await self._finish_cut()
            while archives < MAX_CUTS and (checkpoint := await self._find_due()) is not None:
                await self._cut(checkpoint)
                entries += await self._finish_cut()
                archives += 1
        except ArchiveDamaged as error:
            fault = str(error)
        dropped = await self._drop_archives()
        used = await self._store.read(retention_records.used_bytes)
        over = used > self._budget.bytes
        if over and fault is None:
            fault = f"journal and archives take {used} bytes of {self._budget.bytes}"
        await self._store.run(lambda unit: self._alarm(unit, fault), lane=Lane.BULK)
        return CutReport(entries, archives, dropped, used, over)

    async def _find_due(self) -> StoredCheckpoint | None:
        """The newest checkpoint old enough by signed time; none while our own time is not known."""
        now = self._clock.now()
        if rule_for(Decision.RETENTION, now.trust) is Rule.OFF:
            return None
        signed_before_ms = now.at_ms - self._budget.keep_days * DAY_MS
        return await self._store.read(
            lambda connection: retention_records.find_cut(
                connection, signed_before_ms=signed_before_ms, limit=MAX_CUT_ENTRIES
            )
        )

    async def _cut(self, checkpoint: StoredCheckpoint) -> None:
        header = await self._store.read(
            lambda connection: archive.make_header(connection, through_seq=checkpoint.seq)
        )
        path = self._folder / f"journal-{header.first_seq:010}-{header.last_seq:010}.ndjson.gz"
        try:
            await self._write(path, header)
        except OSError as error:
            draft = archive.ArchiveWriter.draft_of(path)
            await asyncio.to_thread(draft.unlink, missing_ok=True)
            raise ArchiveDamaged(f"{path.name} cannot be written: {error.strerror}") from error
        await self._check(path, header.last_hash)
        digest = await asyncio.to_thread(archive.digest_of, path)
        cut = Cut(
            seq=checkpoint.seq,
            first_seq=header.first_seq,
            hash=checkpoint.hash,
            archive=path.name,
            digest=digest,
            bytes=path.stat().st_size,
        )
        await self._store.run(lambda unit: note_cut(unit, cut), lane=Lane.BULK)

    async def _write(self, path: Path, header: archive.FileHeader) -> None:
        """Write the archive in pages, then bring it to the disk under its name."""
        writer = await asyncio.to_thread(archive.ArchiveWriter, path)
        writer.write([archive.header_line(header)])
        seq = header.first_seq - 1
        while seq < header.last_seq:
            count = min(PAGE_ROWS, header.last_seq - seq)
            lines = await self._store.read(partial(_entry_lines, seq, count))
            if not lines:
                raise ArchiveDamaged(f"the journal ends at entry {seq}")
            await asyncio.to_thread(writer.write, lines)
            seq += len(lines)
        await asyncio.to_thread(writer.sync)
        await asyncio.to_thread(writer.publish)

    async def _check(self, path: Path, last_hash: str) -> None:
        """Read the archive from the disk and verify it. Raises ArchiveDamaged."""
        found = await asyncio.to_thread(archive.verify_file, path)
        if found.first_bad_seq is not None or found.head.hash.hex() != last_hash:
            await asyncio.to_thread(path.unlink, missing_ok=True)
            raise ArchiveDamaged(f"{path.name}: entry {found.first_bad_seq}: {found.fault}")

    async def _finish_cut(self) -> int:
        """Delete what a noted cut still holds, after a look at its archive; returns how many entries."""
        cut = await self._store.read(retention_records.open_cut)
        if cut is None:
            return 0
        path = self._folder / cut.archive
        if not path.exists() or await asyncio.to_thread(archive.digest_of, path) != cut.digest:
            raise ArchiveDamaged(f"{cut.archive} is not what was written")
        deleted = 0
        while count := await self._store.run(partial(_delete_slice, cut), lane=Lane.BULK):
            deleted += count
        return deleted

    async def _drop_archives(self) -> int:
        """Drop the oldest archives that are past their years, as long as the budget is exceeded."""
        now = self._clock.now()
        if rule_for(Decision.RETENTION, now.trust) is Rule.OFF:
            return 0
        before_ms = now.at_ms - self._budget.archive_years * YEAR_MS
        dropped = 0
        while (
            dropped < MAX_CUTS and await self._store.read(retention_records.used_bytes) > self._budget.bytes
        ):
            cut = await self._store.read(
                lambda connection: retention_records.oldest_archive(connection, before_ms)
            )
            if cut is None:
                break
            await self._store.run(partial(note_dropped, cut), lane=Lane.BULK)
            await asyncio.to_thread((self._folder / cut.archive).unlink, missing_ok=True)
            dropped += 1
        return dropped


def _entry_lines(after_seq: int, count: int, connection: sqlite3.Connection) -> list[bytes]:
    return [archive.entry_line(row) for row in journal.tail(connection, after_seq, count)]


def _delete_slice(cut: Cut, unit: Unit) -> int:
    return retention_records.delete_slice(unit.connection, cut, PAGE_ROWS)


def note_cut(unit: Unit, cut: Cut) -> None:
    """Note a cut whose archive is on disk and verified. Raises sqlite3.IntegrityError if none is allowed."""
    retention_records.insert_cut(unit.connection, cut, unit.now.at_ms)
    event = JournalCut(
        first_seq=cut.first_seq,
        through_seq=cut.seq,
        through_hash=cut.hash.hex(),
        archive=cut.archive,
        digest=cut.digest.hex(),
    )
    unit.record(event, actor="retention")


def note_dropped(cut: Cut, unit: Unit) -> None:
    """Note that an archive goes; the file follows."""
    retention_records.mark_dropped(unit.connection, cut, unit.now.at_ms)
    event = ArchiveDropped(archive=cut.archive, first_seq=cut.first_seq, through_seq=cut.seq)
    unit.record(event, actor="retention")
