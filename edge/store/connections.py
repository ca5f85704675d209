"""How database files are opened: one writer under a file lock, any number of read-only readers."""

import contextlib
import errno
import fcntl
import os
import sqlite3
from pathlib import Path

from edge.errors import StoreError
from edge.store.errors import ForeignDatabase, StoreLocked
from edge.store.facts import get_fact, put_fact
from edge.store.trouble import trouble_of

_WAL_PAGES = 2000
"""Pages in the log before the writer checkpoints (8 MB), so that hot pages are copied back rarely."""

_WRITER_PRAGMAS = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
    "PRAGMA recursive_triggers = ON",
    "PRAGMA secure_delete = ON",
    "PRAGMA temp_store = MEMORY",
    "PRAGMA trusted_schema = OFF",
    f"PRAGMA wal_autocheckpoint = {_WAL_PAGES}",
    "PRAGMA journal_size_limit = 33554432",
    "PRAGMA cache_size = -8192",
)
_CACHED_STATEMENTS = 512


def open_writer(path: Path | str, *, create: bool = True) -> sqlite3.Connection:
    """Open the one writing connection; the caller holds the file's lock."""
    place = f"{path.absolute().as_uri()}?mode={'rwc' if create else 'rw'}" if isinstance(path, Path) else path
    connection = sqlite3.connect(
        place,
        uri=isinstance(path, Path),
        isolation_level=None,
        check_same_thread=False,
        cached_statements=_CACHED_STATEMENTS,
    )
    try:
        return prepare_writer(connection)
    except sqlite3.Error:
        connection.close()
        raise


def open_known(path: Path) -> sqlite3.Connection:
    """Open the writing connection of a file that is there: a hub's database is never begun by opening it."""
    return open_writer(path, create=False)


def prepare_writer(connection: sqlite3.Connection) -> sqlite3.Connection:
    """Give a connection the settings of the writer: WAL, FULL, foreign keys and the rest."""
    for pragma in _WRITER_PRAGMAS:
        connection.execute(pragma)
    return connection


def open_reader(path: Path) -> sqlite3.Connection:
    """Open a read-only connection, which neither writes nor checkpoints.

    On a disk that takes nothing at all the log's index cannot be made; without a log the file is then read as
    one that does not change.
    """
    try:
        return _connect_reader(f"{path.absolute().as_uri()}?mode=ro")
    except sqlite3.OperationalError as error:
        if not path.exists() or trouble_of(error) is None or _has_log(path):
            raise
        return _connect_reader(f"{path.absolute().as_uri()}?mode=ro&immutable=1")


def _has_log(path: Path) -> bool:
    """Whether a log, or a journal to roll back, belongs to the file: then the file alone says the wrong."""
    parts = (path.with_name(path.name + suffix) for suffix in ("-wal", "-journal"))
    return any(part.exists() and part.stat().st_size > 0 for part in parts)


def _connect_reader(uri: str) -> sqlite3.Connection:
    connection = sqlite3.connect(
        uri, uri=True, isolation_level=None, check_same_thread=False, cached_statements=_CACHED_STATEMENTS
    )
    try:
        connection.execute("PRAGMA query_only = ON")
        connection.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone()
    except sqlite3.Error:
        connection.close()
        raise
    except UnicodeDecodeError as error:
        # SQLite quotes a damaged schema in its message, and Python cannot read the quotation.
        connection.close()
        raise sqlite3.DatabaseError("malformed database schema") from error
    return connection


class FileLock:
    """Keeps a second process away from the database for as long as it is held.

    The lock's file also remembers whose database lies here, so that a lost one is not begun anew.
    """

    def __init__(self, path: Path) -> None:
        self._descriptor = _open_lock(path.with_name(path.name + ".lock"))
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            os.close(self._descriptor)
            raise StoreLocked(f"{path} is open in another process") from error

    @property
    def owner(self) -> str:
        """Site and device of the database that was made here, or empty."""
        return os.pread(self._descriptor, 256, 0).decode("utf-8", "replace").strip()

    def remember(self, owner: str) -> None:
        """Write down whose database lies here; on a disk that takes nothing another start does it."""
        if self.owner == owner:
            return
        with contextlib.suppress(OSError):
            os.ftruncate(self._descriptor, 0)
            os.pwrite(self._descriptor, f"{owner}\n".encode(), 0)
            os.fsync(self._descriptor)

    def release(self) -> None:
        """Let the next process in."""
        os.close(self._descriptor)


def _open_lock(path: Path) -> int:
    """A lock can be held on a file of a read-only disk, too. Raises StoreError."""
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        if error.errno != errno.EROFS or not path.exists():
            raise StoreError(f"{path}: {error.strerror}") from error
        return os.open(path, os.O_RDONLY)


def read_owner(connection: sqlite3.Connection) -> tuple[str | None, str | None]:
    """Return whose database this is: site and device."""
    site, device = get_fact(connection, "site"), get_fact(connection, "device")
    return (None if site is None else str(site), None if device is None else str(device))


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
