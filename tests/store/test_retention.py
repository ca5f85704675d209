"""The journal is cut at a counter-signed checkpoint, into an archive that is verified first."""

import gzip
import importlib.util
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from edge.errors import StoreError
from edge.store import archive, checkpoints, journal, retention_records
from edge.store.archive import ArchiveWriter
from edge.store.checkpoints import StoredCheckpoint
from edge.store.clock_state import restore_clock
from edge.store.facts import put_fact
from edge.store.inline import InlineStore
from edge.store.journal import Fault
from edge.store.retention import DAY_MS, Budget, Retention
from edge.store.unit import Unit
from edge.trust.clock import Trust, TrustedClock
from tests.fakes.clock import START_MS, FakeClock
from tests.fakes.events import LampLit

ROOT = Path(__file__).resolve().parents[2]


def independent() -> Any:
    """The verifier that auditors get, loaded from its file."""
    spec = importlib.util.spec_from_file_location("verify_journal", ROOT / "docs/verify_journal.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def light(store: InlineStore, count: int) -> None:
    def record(unit: Unit) -> None:
        unit.record(LampLit(lamp="hall"), actor="test")

    for _ in range(count):
        store.run_now(record)


def sign(store: InlineStore, seq: int, *, at_ms: int = START_MS, acknowledged: int | None = None) -> None:
    """Let the platform have custody up to a seq, counter-signed at a time."""

    def keep(unit: Unit) -> None:
        put_fact(unit.connection, journal.ACKNOWLEDGED, seq if acknowledged is None else acknowledged)
        digest = journal.hash_at(unit.connection, seq)
        checkpoints.put(unit.connection, StoredCheckpoint(seq, 1, digest, at_ms, b"signed"))

    store.run_now(keep)


class Alarms:
    """What was raised last."""

    def __init__(self) -> None:
        self.detail: str | None = "nothing yet"

    def __call__(self, unit: Unit, detail: str | None) -> None:
        self.detail = detail


@pytest.fixture
def alarms() -> Alarms:
    return Alarms()


@pytest.fixture
def old(inline: InlineStore, clock: FakeClock) -> Iterator[InlineStore]:
    """Ten entries, counter-signed to the eighth, 181 days ago; then one of today."""
    light(inline, 10)
    sign(inline, 8)
    clock.at_ms += 181 * DAY_MS
    light(inline, 1)
    yield inline


def retention(store: InlineStore, clock: FakeClock, folder: Path, alarms: Alarms, **budget: int) -> Retention:
    return Retention(store=store, clock=clock, folder=folder, alarm=alarms, budget=Budget(**budget))


async def test_what_is_old_goes_into_an_archive_that_both_verifiers_accept(
    old: InlineStore, clock: FakeClock, tmp_path: Path, alarms: Alarms
) -> None:
    before = [archive.entry_line(row) for row in journal.tail(old.connection, 0, 8)]
    report = await retention(old, clock, tmp_path, alarms).cut_to_budget()
    assert (report.entries, report.archives, report.over_budget, alarms.detail) == (8, 1, False, None)
    [path] = tmp_path.iterdir()
    assert path.name == "journal-0000000001-0000000008.ndjson.gz"
    assert gzip.decompress(path.read_bytes()).splitlines(keepends=True)[1:] == before
    found = archive.verify_file(path)
    assert (found.first_bad_seq, found.count, found.checkpoint_seq) == (None, 8, 8)
    assert independent().verify(path)["last_seq"] == 8
    rest = journal.verify(old.connection)
    assert (rest.first_bad_seq, rest.count) == (None, 4)
    [cut] = [row for row in journal.tail(old.connection, 0) if row.type == "JournalCut"]
    assert archive.digest_of(path).hex() in cut.body.decode()


async def test_the_journal_goes_on_after_a_cut(
    old: InlineStore, clock: FakeClock, tmp_path: Path, alarms: Alarms
) -> None:
    await retention(old, clock, tmp_path, alarms).cut_to_budget()
    light(old, 3)
    assert journal.verify(old.connection).count == 7
    assert [row.seq for row in journal.tail(old.connection, 0, 2)] == [9, 10]
    assert journal.has_link(old.connection, journal.read_head(old.connection))
    assert journal.was_cut(old.connection, 8) and not journal.was_cut(old.connection, 9)
    trusted = TrustedClock(boot_ms=lambda: 0, boot_id="b")
    restore_clock(old.connection, trusted)
    assert trusted.now().at_ms >= clock.at_ms - 60_000
    with pytest.raises(sqlite3.IntegrityError, match="append only"):
        old.connection.execute("DELETE FROM journal WHERE seq = 9")


async def test_a_second_cut_follows_the_first(
    old: InlineStore, clock: FakeClock, tmp_path: Path, alarms: Alarms
) -> None:
    keeper = retention(old, clock, tmp_path, alarms)
    await keeper.cut_to_budget()
    sign(old, 11, at_ms=clock.at_ms)
    clock.at_ms += 181 * DAY_MS
    assert (await keeper.cut_to_budget()).entries == 3
    paths = sorted(tmp_path.iterdir())
    assert [archive.verify_file(path).count for path in paths] == [8, 3]
    assert independent().main([str(path) for path in paths]) == 0
    assert independent().main([str(path) for path in reversed(paths)]) == 1


@pytest.mark.parametrize(
    ("days", "acknowledged", "trust"),
    [(179, 8, Trust.SYNCED), (181, 7, Trust.SYNCED), (181, 8, Trust.UNKNOWN)],
    ids=["too young", "not acknowledged", "time not known"],
)
async def test_nothing_is_cut_before_its_time(
    inline: InlineStore,
    clock: FakeClock,
    tmp_path: Path,
    alarms: Alarms,
    days: int,
    acknowledged: int,
    trust: Trust,
) -> None:
    light(inline, 10)
    sign(inline, 8, acknowledged=acknowledged)
    clock.at_ms += days * DAY_MS
    clock.trust = trust
    assert (await retention(inline, clock, tmp_path, alarms).cut_to_budget()).entries == 0
    assert journal.verify(inline.connection).count == 10


async def test_the_newest_entry_is_never_cut(
    inline: InlineStore, clock: FakeClock, tmp_path: Path, alarms: Alarms
) -> None:
    light(inline, 4)
    sign(inline, 4)
    clock.at_ms += 181 * DAY_MS
    assert (await retention(inline, clock, tmp_path, alarms).cut_to_budget()).entries == 0


@pytest.mark.parametrize(
    ("seq", "first_seq", "change"),
    [
        (7, 1, ""),
        (8, 2, ""),
        (8, 1, "UPDATE facts SET value = 7 WHERE name = 'uplink.acknowledged_seq'"),
    ],
    ids=["no checkpoint there", "not from the oldest on", "not acknowledged"],
)
def test_the_table_refuses_a_cut_that_is_not_allowed(
    old: InlineStore, seq: int, first_seq: int, change: str
) -> None:
    if change:
        old.connection.execute(change)
    digest = journal.hash_at(old.connection, seq)
    cut = retention_records.Cut(seq, first_seq, digest, "a", bytes(32), 1)
    with pytest.raises(StoreError, match="no cut is allowed"):
        old.run_now(lambda unit: retention_records.insert_cut(unit.connection, cut, 0))


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM journal WHERE seq <= 8",
        "DELETE FROM journal WHERE seq = 11",
        "UPDATE journal_cuts SET seq = 10",
        "DELETE FROM journal_cuts",
    ],
)
def test_even_a_noted_cut_allows_no_plain_deletion(old: InlineStore, statement: str) -> None:
    cut = retention_records.Cut(8, 1, journal.hash_at(old.connection, 8), "a", bytes(32), 1)
    old.run_now(lambda unit: retention_records.insert_cut(unit.connection, cut, 0))
    with pytest.raises(sqlite3.IntegrityError, match=r"append only|stays as it is"):
        old.connection.execute(statement)
    assert journal.verify(old.connection).first_bad_seq is None


def test_a_cut_deletes_from_its_old_end_only_and_not_past_it(old: InlineStore) -> None:
    cut = retention_records.Cut(8, 1, journal.hash_at(old.connection, 8), "a", bytes(32), 1)
    old.run_now(lambda unit: retention_records.insert_cut(unit.connection, cut, 0))
    old.connection.execute("UPDATE journal_cuts SET cutting_to = 11")
    for statement in ("DELETE FROM journal WHERE seq = 5", "DELETE FROM journal WHERE seq <= 9"):
        with pytest.raises(sqlite3.IntegrityError, match="append only"):
            old.connection.execute(statement)


async def test_a_crash_between_note_and_deletion_is_made_up_for(
    old: InlineStore, clock: FakeClock, tmp_path: Path, alarms: Alarms, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Crash(Exception):
        pass

    slices = [3, 0]

    def delete_some(connection: sqlite3.Connection, cut: retention_records.Cut, count: int) -> int:
        if not slices:
            raise Crash
        return real(connection, cut, slices.pop(0) or 1)

    real = retention_records.delete_slice
    keeper = retention(old, clock, tmp_path, alarms)
    with monkeypatch.context() as patch, pytest.raises(Crash):
        patch.setattr(retention_records, "delete_slice", delete_some)
        await keeper.cut_to_budget()
    half = journal.verify(old.connection)
    assert (half.first_bad_seq, half.head.seq) == (None, 12)
    assert journal.first_kept(old.connection).seq == 4
    report = await keeper.cut_to_budget()
    assert (report.entries, report.archives) == (4, 0)
    assert journal.verify(old.connection).count == 4


async def test_an_archive_that_the_disk_spoils_deletes_nothing(
    old: InlineStore, clock: FakeClock, tmp_path: Path, alarms: Alarms, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish = ArchiveWriter.publish

    def spoil(writer: ArchiveWriter) -> None:
        packed = bytearray(writer.draft.read_bytes())
        packed[len(packed) // 2] ^= 4
        writer.draft.write_bytes(packed)
        publish(writer)

    keeper = retention(old, clock, tmp_path, alarms)
    with monkeypatch.context() as patch:
        patch.setattr(ArchiveWriter, "publish", spoil)
        assert (await keeper.cut_to_budget()).entries == 0
    assert alarms.detail is not None and "journal-0000000001" in alarms.detail
    assert journal.verify(old.connection).count == 11
    assert (await keeper.cut_to_budget()).entries == 8
    assert alarms.detail is None


async def test_a_noted_cut_whose_archive_is_lost_deletes_nothing_more(
    old: InlineStore, clock: FakeClock, tmp_path: Path, alarms: Alarms
) -> None:
    cut = retention_records.Cut(8, 1, journal.hash_at(old.connection, 8), "gone.gz", bytes(32), 1)
    old.run_now(lambda unit: retention_records.insert_cut(unit.connection, cut, 0))
    assert (await retention(old, clock, tmp_path, alarms).cut_to_budget()).entries == 0
    assert alarms.detail == "gone.gz is not what was written"
    assert journal.verify(old.connection).count == 11


async def test_a_full_disk_is_an_alarm_and_leaves_no_draft(
    old: InlineStore, clock: FakeClock, tmp_path: Path, alarms: Alarms, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(writer: ArchiveWriter) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(ArchiveWriter, "sync", full)
    assert (await retention(old, clock, tmp_path, alarms).cut_to_budget()).entries == 0
    assert alarms.detail is not None and "No space left" in alarms.detail
    assert list(tmp_path.iterdir()) == []


async def test_over_budget_old_archives_go_first_and_the_rest_is_an_alarm(
    old: InlineStore, clock: FakeClock, tmp_path: Path, alarms: Alarms
) -> None:
    report = await retention(old, clock, tmp_path, alarms, bytes=1, archive_years=3).cut_to_budget()
    assert (report.entries, report.dropped, report.over_budget) == (8, 0, True)
    assert alarms.detail is not None and "of 1" in alarms.detail
    clock.at_ms += 3 * 366 * DAY_MS
    report = await retention(old, clock, tmp_path, alarms, bytes=1, archive_years=3).cut_to_budget()
    assert (report.dropped, report.over_budget, list(tmp_path.iterdir())) == (1, True, [])
    dropped = [row.type for row in journal.tail(old.connection, 0)][-1]
    assert dropped == "ArchiveDropped"
    assert journal.verify(old.connection).first_bad_seq is None


async def test_within_budget_archives_stay_for_ever(
    old: InlineStore, clock: FakeClock, tmp_path: Path, alarms: Alarms
) -> None:
    keeper = retention(old, clock, tmp_path, alarms)
    await keeper.cut_to_budget()
    clock.at_ms += 20 * 366 * DAY_MS
    assert (await keeper.cut_to_budget()).dropped == 0


def test_a_checkpoint_of_another_chain_is_not_kept(inline: InlineStore) -> None:
    light(inline, 2)
    for seq in (2, 3):
        foreign = StoredCheckpoint(seq, 1, bytes(32), 0, b"m")
        with pytest.raises(sqlite3.IntegrityError, match="not of this chain"):
            checkpoints.put(inline.connection, foreign)


@pytest.mark.parametrize("witness", ["acknowledged", "checkpoint", "noted"])
def test_a_journal_without_its_newest_entries_is_found(inline: InlineStore, witness: str) -> None:
    light(inline, 300)
    if witness == "acknowledged":
        inline.run_now(lambda unit: put_fact(unit.connection, journal.ACKNOWLEDGED, 300))
    if witness == "checkpoint":
        sign(inline, 300, acknowledged=0)
    inline.connection.execute("DROP TRIGGER journal_never_shrinks")
    inline.connection.execute("DELETE FROM journal WHERE seq > 100")
    found = journal.verify(inline.connection)
    assert (found.first_bad_seq, found.fault) == (101, Fault.TRUNCATED)


def test_a_history_rewritten_from_one_entry_on_is_found_at_the_checkpoint(inline: InlineStore) -> None:
    light(inline, 5)
    sign(inline, 4)
    rows = list(journal.tail(inline.connection, 0))
    inline.connection.execute("DROP TRIGGER journal_never_changes")
    head = journal.Head(2, rows[1].hash)
    for row in rows[2:]:
        forged = row._replace(actor="forger", previous_hash=head.hash)
        digest = journal.chain_hash(head.hash, journal.line(forged))
        inline.connection.execute(
            "UPDATE journal SET actor='forger', previous_hash=?, hash=? WHERE seq=?",
            (head.hash, digest, row.seq),
        )
        head = journal.Head(row.seq, digest)
    found = journal.verify(inline.connection)
    assert (found.first_bad_seq, found.fault) == (4, Fault.CHECKPOINT)
