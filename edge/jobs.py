"""The jobs: `python -m edge.jobs NAME DATABASE …` prints one JSON object; the exit status tells of success.
One that takes long prints lines before it that say how far it is.

Each opens the database read-only, beside a running hub or without one.
"""

import sqlite3
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import msgspec

from edge.backups.contents import CarriedFile
from edge.backups.making import make_backup
from edge.backups.progress import StepProgress
from edge.backups.recovery import load_recipient
from edge.books.verification import verify_books
from edge.errors import EdgeError
from edge.store import journal
from edge.store.backup import back_up
from edge.store.check import Wrong, check_store
from edge.store.connections import open_reader
from edge.store.quarantine import MEND

TELL_EVERY_S = 0.2


def check_database(path: Path) -> dict[str, Any]:
    """Everything that can be checked: pages, references, journal, books."""
    try:
        connection = open_reader(path)
    except sqlite3.Error as error:
        return {"wrong": [msgspec.to_builtins(Wrong(f"the database cannot be opened: {error}", MEND))]}
    try:
        wrong = list(check_store(connection, path))
        if not wrong:
            wrong += [
                Wrong(f"books: {each.subject}: {each.words}", MEND) for each in _differences(connection)
            ]
        entries = 0 if wrong else journal.read_head(connection).seq
    finally:
        connection.close()
    return {"wrong": msgspec.to_builtins(wrong), "head_seq": entries}


def _differences(connection: sqlite3.Connection) -> Sequence[Any]:
    return verify_books(connection).differences


def verify_journal(path: Path) -> dict[str, Any]:
    """Recompute the whole chain."""
    connection = open_reader(path)
    try:
        return dict(journal.describe(journal.verify(connection)))
    finally:
        connection.close()


def verify_ledger(path: Path) -> dict[str, Any]:
    """Fold every balance anew and hold every set against its event."""
    connection = open_reader(path)
    try:
        return dict(msgspec.to_builtins(verify_books(connection)))
    finally:
        connection.close()


def back_up_to(path: Path, target: str) -> dict[str, Any]:
    """Copy the database to a file that does not exist yet."""
    head = back_up(path, Path(target))
    return {"head_seq": head.seq, "head_hash": head.hash.hex(), "bytes": Path(target).stat().st_size}


def make_sealed(path: Path, folder: str, recipient_file: str, created_ms: str, files: str) -> dict[str, Any]:
    """Make a sealed backup in a folder; `files` are names and places of the site's files, in JSON."""
    target, about = make_backup(
        path,
        Path(folder),
        recipient=load_recipient(Path(recipient_file)),
        files=[CarriedFile(name, Path(place)) for name, place in msgspec.json.decode(files)],
        program=version("community-edge"),
        created_ms=int(created_ms),
        progress=_tell_progress(),
    )
    return {
        "file": str(target),
        "backup": about.id,
        "through_seq": about.seq,
        "size_bytes": target.stat().st_size,
    }


def _tell_progress() -> StepProgress:
    """Lines before the result, `["seal",1000,5000]`, at most five a second and the last of a step."""
    told_s = 0.0

    def tell(step: str, done_bytes: int, whole_bytes: int) -> None:
        nonlocal told_s
        if done_bytes >= whole_bytes or time.monotonic() - told_s >= TELL_EVERY_S:
            told_s = time.monotonic()
            sys.stdout.buffer.write(msgspec.json.encode((step, done_bytes, whole_bytes)) + b"\n")
            sys.stdout.buffer.flush()

    return tell


JOBS: Mapping[str, Callable[..., dict[str, Any]]] = {
    "journal-verify": verify_journal,
    "books-verify": verify_ledger,
    "backup": back_up_to,
    "backup-sealed": make_sealed,
    "db-check": check_database,
}


def main(arguments: Sequence[str]) -> int:
    """Run one job."""
    name, path, *more = arguments
    try:
        result = JOBS[name](Path(path), *more)
    except (EdgeError, sqlite3.Error) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.buffer.write(msgspec.json.encode(result))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
