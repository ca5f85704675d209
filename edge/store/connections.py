"""How database files are opened: one writer under a file lock, any number of read-only readers."""

import fcntl
import os
import sqlite3
from pathlib import Path

from edge.store.errors import ForeignDatabase, StoreLocked
from edge.store.facts import get_fact, put_fact

_WAL_PAGES = 2000
"""Pages in the log before the writer checkpoints (8 MB), so that hot pages are copied back rarely."""

_WRITER_PRAGMAS = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
    "PRAGMA recursive_triggers = ON",
    "PRAGMA temp_store = MEMORY",
    "PRAGMA trusted_schema = OFF",
    f"PRAGMA wal_autocheckpoint = {_WAL_PAGES}",
    "PRAGMA journal_size_limit = 33554432",
    "PRAGMA cache_size = -8192",
)
_CACHED_STATEMENTS = 512


def open_writer(path: Path | str) -> sqlite3.Connection:
    """Open the one writing connection; the caller holds the file's lock."""
    connection = sqlite3.connect(
        path, isolation_level=None, check_same_thread=False, cached_statements=_CACHED_STATEMENTS
    )
    return prepare_writer(connection)


def prepare_writer(connection: sqlite3.Connection) -> sqlite3.Connection:
    """Give a connection the settings of the writer: WAL, FULL, foreign keys and the rest."""
    for pragma in _WRITER_PRAGMAS:
        connection.execute(pragma)
    return connection


def open_reader(path: Path) -> sqlite3.Connection:
    """Open a read-only connection, which neither writes nor checkpoints."""
    connection = sqlite3.connect(
        f"file:{path}?mode=ro",
        uri=True,
        isolation_level=None,
        check_same_thread=False,
        cached_statements=_CACHED_STATEMENTS,
    )
    connection.execute("PRAGMA query_only = ON")
    return connection


class FileLock:
    """Keeps a second process away from the database for as long as it is held."""

    def __init__(self, path: Path) -> None:
        self._descriptor = os.open(path.with_name(path.name + ".lock"), os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            os.close(self._descriptor)
            raise StoreLocked(f"{path} is open in another process") from error

    def release(self) -> None:
        """Let the next process in."""
        os.close(self._descriptor)


def claim(connection: sqlite3.Connection, *, site: str, device: str) -> None:
    """Give a new database its owner, or check the owner of an old one. Raises ForeignDatabase."""
    owner = (get_fact(connection, "site"), get_fact(connection, "device"))
    if owner == (None, None):
        connection.execute("BEGIN IMMEDIATE")
        put_fact(connection, "site", site)
        put_fact(connection, "device", device)
        put_fact(connection, "epoch", 1)
        connection.execute("COMMIT")
    elif owner != (site, device):
        raise ForeignDatabase(f"database of {owner[0]!s}/{owner[1]!s}, not of {site}/{device}")
