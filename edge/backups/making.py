"""Make a backup: one snapshot of the database with the site's files, sealed, named only when it is whole."""

import os
import sqlite3
from collections.abc import Iterable
from pathlib import Path

from edge.backups.contents import KIND, VERSION, About, CarriedFile, Progress, write_contents
from edge.backups.progress import StepProgress
from edge.backups.recovery import Recipient
from edge.durable import sync_folder
from edge.errors import StoreError
from edge.store import journal
from edge.store.backup import back_up
from edge.store.connections import open_reader, read_owner
from edge.store.facts import get_int
from edge.store.migrate import applied_steps

SUFFIX = ".backup"


def make_backup(
    database: Path,
    folder: Path,
    *,
    recipient: Recipient,
    files: Iterable[CarriedFile],
    program: str,
    created_ms: int,
    progress: StepProgress = lambda step, done_bytes, whole_bytes: None,
) -> tuple[Path, About]:
    """Write a new backup into a folder and return its file and what it says of itself.

    The plain copy lies beside the database while it is packed (0600), never in `folder`. Raises StoreError.
    """
    plain = database.with_name(f".{database.name}.{os.getpid()}.copy")
    _remove_left(database)
    try:
        size_bytes = database.stat().st_size
        back_up(
            database, plain, lambda pages, whole: progress("copy", size_bytes * pages // whole, size_bytes)
        )
        about = describe(plain, program=program, created_ms=created_ms)
        target = folder / about.file_name
        _write(target, recipient, about, files, plain, lambda *told: progress("seal", *told))
    except (sqlite3.Error, OSError) as error:
        raise StoreError(f"no backup was made: {error}") from error
    finally:
        plain.unlink(missing_ok=True)
    return target, about


def _remove_left(database: Path) -> None:
    """Remove the plain copies of processes that a power cut ended."""
    for left in database.parent.glob(f".{database.name}.*.copy"):
        if not Path("/proc", left.name.split(".")[-2]).exists():
            left.unlink(missing_ok=True)


def describe(plain: Path, *, program: str, created_ms: int) -> About:
    """What a backup of a plain copy says of itself."""
    connection = open_reader(plain)
    try:
        site, device = read_owner(connection)
        head, steps = journal.read_head(connection), applied_steps(connection)
        epoch = get_int(connection, "epoch", 1)
    finally:
        connection.close()
    return About(
        kind=KIND,
        version=VERSION,
        site=str(site),
        device=str(device),
        epoch=epoch,
        seq=head.seq,
        hash=head.hash.hex(),
        schema=steps[-1] if steps else "",
        steps=len(steps),
        program=program,
        created_ms=created_ms,
        database_bytes=plain.stat().st_size,
    )


def _write(
    target: Path,
    recipient: Recipient,
    about: About,
    files: Iterable[CarriedFile],
    plain: Path,
    progress: Progress,
) -> None:
    if target.exists():
        raise StoreError(f"{target} exists already; a backup overwrites nothing")
    fresh = target.with_name(f".{target.name}.new")
    try:
        # Not chmod: a stick's file system (FAT) knows no modes.
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            write_contents(file, recipient, about, files=files, database=plain, progress=progress)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(target)
        sync_folder(target.parent)
    finally:
        fresh.unlink(missing_ok=True)


def list_backups(folder: Path) -> list[Path]:
    """The backups in a folder, oldest first by their making; nothing where there is no such folder."""
    found = [path for path in folder.glob(f"*{SUFFIX}") if not path.name.startswith(".")]
    return sorted(found, key=lambda path: (_made_ms(path), path.name))


def keep_newest(folder: Path, *, site: str, device: str, count: int) -> list[Path]:
    """Remove this device's older backups from a folder; returns what was removed."""
    own = [path for path in list_backups(folder) if path.name.startswith(f"{site}-{device}-")]
    gone = own[: max(0, len(own) - count)]
    for path in gone:
        path.unlink(missing_ok=True)
    return gone


def _made_ms(path: Path) -> int:
    digits = path.name.removesuffix(SUFFIX).rpartition("-")[2]
    return int(digits) if digits.isdecimal() else 0
