"""A damaged database stays where it is, marked, until a person restores a backup. Nothing starts empty."""

import os
import tempfile
import time
from pathlib import Path

from edge.store.errors import DatabaseDamaged, DatabaseMissing
from edge.store.log_check import find_lost_commits

MEND = "keep the whole folder for the auditor, then restore a backup; the platform has its own copy"
_SUFFIXES = ("", "-wal", "-shm", ".damaged")


def mark_damaged(database: Path, reason: str) -> None:
    """Write down, beside the database, that nobody may write it; an earlier reason stays."""
    mark = _mark_of(database)
    try:
        descriptor = os.open(mark, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError:
        # It is marked already, or the disk takes nothing: then the damage itself will be met again.
        return
    try:
        os.write(descriptor, f"{reason}\n".encode())
        os.fsync(descriptor)
    except OSError:
        return
    finally:
        os.close(descriptor)


def read_damage(database: Path) -> str | None:
    """Return why a database is marked, or None."""
    try:
        return _mark_of(database).read_text("utf-8", errors="replace").strip() or "marked as damaged"
    except OSError:
        return None


def clear_damage(database: Path) -> None:
    """Take the mark away, after a full check of the database found nothing wrong with it."""
    _mark_of(database).unlink(missing_ok=True)


def set_aside(database: Path) -> Path:
    """Move the set of files into a folder beside it, before a backup takes its place; return the folder.

    The caller holds the database's lock, and nobody has it open.
    """
    begins = f"{database.name}.{time.strftime('%Y%m%dT%H%M%S')}."
    folder = Path(tempfile.mkdtemp(dir=database.parent, prefix=begins, suffix=".aside"))
    for suffix in _SUFFIXES:
        part = database.with_name(database.name + suffix)
        if part.exists():
            part.rename(folder / part.name)
    return folder


def check_before_opening(database: Path, *, owner: str) -> None:
    """Refuse what must not be opened for writing. ``owner``: whose database was here before, or empty.

    Raises DatabaseDamaged, DatabaseMissing.
    """
    if (reason := read_damage(database)) is not None:
        raise DatabaseDamaged(f"{database}: {reason}; {MEND}")
    if owner and (not database.exists() or database.stat().st_size == 0):
        raise DatabaseMissing(f"{database}: the database of {owner} is gone or empty; restore a backup")
    if (reason := find_lost_commits(database)) is not None:
        mark_damaged(database, reason)
        raise DatabaseDamaged(f"{database}: {reason}; {MEND}")


def _mark_of(database: Path) -> Path:
    return database.with_name(database.name + ".damaged")
