"""What of a database can be checked without knowing the rooms: pages, references, chain."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import msgspec

from edge.store import journal
from edge.store.quarantine import MEND, read_damage

MOST_WORDS = 20
"""Messages of one check; a damaged file has thousands."""


class Wrong(msgspec.Struct, frozen=True):
    """One thing that is wrong, and its mend."""

    what: str
    mend: str


def check_store(connection: sqlite3.Connection, database: Path) -> Iterator[Wrong]:
    """Name what is wrong with the file, its indexes and references, and its journal."""
    if (reason := read_damage(database)) is not None:
        yield Wrong(f"marked as damaged: {reason}", MEND)
    try:
        yield from _check_pages(connection)
        for table, row, parent, _ in connection.execute("PRAGMA foreign_key_check").fetchmany(MOST_WORDS):
            yield Wrong(f"row {row} of {table} points at nothing in {parent}", MEND)
        found = journal.verify(connection)
    except sqlite3.Error as error:
        yield Wrong(f"the database cannot be read: {error}", MEND)
        return
    if found.first_bad_seq is not None:
        yield Wrong(f"the journal is broken at entry {found.first_bad_seq}: {found.fault}", MEND)


def _check_pages(connection: sqlite3.Connection) -> Iterator[Wrong]:
    for (word,) in connection.execute(f"PRAGMA integrity_check({MOST_WORDS})"):
        if word != "ok":
            yield Wrong(f"the file is damaged: {word}", MEND)
