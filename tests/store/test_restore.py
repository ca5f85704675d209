"""Restoring a backup: checked first, atomic, the replaced files kept, a new epoch at the next open."""

import asyncio
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from edge.store import journal
from edge.store.connections import open_reader
from edge.store.errors import BackupUnusable, DatabaseTooNew, ForeignDatabase, StoreLocked
from edge.store.events import IdentityStopped
from edge.store.migrate import Migration
from edge.store.restore import restore
from edge.store.store import Store
from tests.fakes.clock import FakeClock
from tests.store.conftest import STEPS


def open_store(path: Path) -> Store:
    return Store.open(path, site="heyuanli", device="k1", clock=FakeClock(), migrations=STEPS)


def record(path: Path, count: int) -> int:
    """Open, write events, close; returns the epoch."""
    store = open_store(path)
    for seq in range(count):
        event = IdentityStopped(code="test", seq=seq)
        asyncio.run(store.run(lambda unit, event=event: unit.record(event, actor="test")))  # type: ignore[misc]
    store.close()
    return store.epoch


@pytest.fixture
def backup(tmp_path: Path, template: Path) -> Path:
    """A backup after three events, two events before the present."""
    shutil.copy(template, tmp_path / "edge.db")
    record(tmp_path / "edge.db", 3)
    with sqlite3.connect(tmp_path / "edge.db") as source, sqlite3.connect(tmp_path / "kept.db") as target:
        source.backup(target)
        target.execute("PRAGMA journal_mode = DELETE")
    source.close()
    target.close()
    record(tmp_path / "edge.db", 2)
    return tmp_path / "kept.db"


def put_back(backup: Path, **changes: object) -> Path:
    options: dict[str, object] = {"site": "heyuanli", "device": "k1", "migrations": STEPS} | changes
    return restore(backup, backup.with_name("edge.db"), **options)  # type: ignore[arg-type]


def head(path: Path) -> int:
    connection = open_reader(path)
    try:
        return journal.read_head(connection).seq
    finally:
        connection.close()


def test_the_next_open_begins_an_epoch_and_the_replaced_files_are_kept(tmp_path: Path, backup: Path) -> None:
    aside = put_back(backup)
    assert head(aside / "edge.db") == 5
    assert head(tmp_path / "edge.db") == 3
    assert record(tmp_path / "edge.db", 1) == 2
    connection = open_reader(tmp_path / "edge.db")
    rows = list(journal.tail(connection, 3))
    connection.close()
    assert [row.type for row in rows] == ["EpochBegan", "IdentityStopped"]
    assert [row.id.rsplit("-", 1)[0] for row in rows] == ["k1-2", "k1-2"]


def test_the_epoch_is_above_the_replaced_database(tmp_path: Path, backup: Path) -> None:
    put_back(backup)
    assert record(tmp_path / "edge.db", 1) == 2
    put_back(backup)
    assert record(tmp_path / "edge.db", 1) == 3


def test_a_site_without_a_readable_database_is_restored_too(tmp_path: Path, backup: Path) -> None:
    for name in ("edge.db", "edge.db-wal", "edge.db-shm"):
        (tmp_path / name).write_bytes(b"\xff" * 8192)
    aside = put_back(backup)
    assert (aside / "edge.db").read_bytes() == b"\xff" * 8192
    assert record(tmp_path / "edge.db", 1) == 2


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:20_000])


def _text(path: Path) -> None:
    path.write_text("no database " * 500)


def _altered(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("DROP TRIGGER journal_never_changes")
        connection.execute("UPDATE journal SET actor='somebody' WHERE seq=2")
    connection.close()


def _in_use(path: Path) -> None:
    path.with_name(path.name + "-wal").write_bytes(b"")


@pytest.mark.parametrize("spoil", [_cut, _text, _altered, _in_use, Path.unlink], ids=lambda f: f.__name__)
def test_an_unsound_backup_changes_nothing(
    tmp_path: Path, backup: Path, spoil: Callable[[Path], None]
) -> None:
    spoil(backup)
    with pytest.raises(BackupUnusable):
        put_back(backup)
    assert head(tmp_path / "edge.db") == 5
    assert not list(tmp_path.glob("*.aside")) and not list(tmp_path.glob("*.restoring*"))
    assert record(tmp_path / "edge.db", 1) == 1


def test_a_backup_of_another_device_or_a_newer_program_is_refused(tmp_path: Path, backup: Path) -> None:
    with pytest.raises(ForeignDatabase):
        put_back(backup, device="k2")
    newer: tuple[Migration, ...] = STEPS[:-1]
    with pytest.raises(DatabaseTooNew):
        put_back(backup, migrations=newer)
    assert head(tmp_path / "edge.db") == 5


def test_while_a_hub_runs_nothing_is_restored(tmp_path: Path, backup: Path) -> None:
    store = open_store(tmp_path / "edge.db")
    with pytest.raises(StoreLocked):
        put_back(backup)
    store.close()
