"""An online backup: one consistent snapshot into one file, verified before it bears its name."""

import os
import sqlite3
from collections.abc import Callable
from pathlib import Path

from edge.durable import sync_file, sync_folder
from edge.errors import StoreError
from edge.store import journal
from edge.store.connections import open_reader

PAGES_A_STEP = 256
"""1 MB between two reports of progress."""

Progress = Callable[[int, int], None]
"""Told pages done and pages in all."""


def back_up(database: Path, target: Path, progress: Progress = lambda done, whole: None) -> journal.Head:
    """Copy the database as it is now; return the journal's head in the copy.

    One read transaction holds the snapshot, so that the till goes on writing meanwhile and the copy does not
    begin anew. An existing file is never overwritten. Raises StoreError.
    """
    if target.exists():
        raise StoreError(f"{target} exists already; a backup overwrites nothing")
    fresh = target.with_name(f".{target.name}.{os.getpid()}.new")
    try:
        _copy(database, fresh, progress)
        head = _verified(fresh)
        sync_file(fresh)
        os.link(fresh, target)
        sync_folder(target.parent)
    except (sqlite3.Error, OSError) as error:
        raise StoreError(f"no backup was made: {error}") from error
    finally:
        fresh.unlink(missing_ok=True)
    return head


def _copy(database: Path, fresh: Path, progress: Progress) -> None:
    os.close(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    source = open_reader(database)
    target = sqlite3.connect(fresh, isolation_level=None)
    try:
        source.execute("BEGIN")
        source.execute("SELECT count(*) FROM sqlite_master").fetchone()
        source.backup(
            target,
            pages=PAGES_A_STEP,
            sleep=0,
            progress=lambda _, left, whole: progress(whole - left, whole),
        )
        target.execute("PRAGMA journal_mode = DELETE")
    finally:
        target.close()
        source.close()


def _verified(fresh: Path) -> journal.Head:
    copy = open_reader(fresh)
    try:
        [(word,)] = copy.execute("PRAGMA quick_check(1)").fetchall()
        found = journal.verify(copy)
    finally:
        copy.close()
    if word != "ok" or found.first_bad_seq is not None:
        raise StoreError(f"the copy does not verify ({word}); check the database with edge db check")
    return found.head
