"""Put a backup in the place of the database: checked, marked for a new epoch, the old files kept aside."""

import contextlib
import shutil
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path

from edge.durable import sync_file, sync_folder
from edge.errors import StoreError
from edge.store import journal
from edge.store.connections import FileLock, open_reader
from edge.store.errors import BackupUnusable, ForeignDatabase
from edge.store.facts import get_fact, get_int, put_fact
from edge.store.identity import EPOCH_SEEN, PEOPLE_AWAITED, RESTORED_FROM
from edge.store.migrate import Migration, pending
from edge.store.quarantine import set_aside


def restore(backup: Path, database: Path, *, site: str, device: str, migrations: Sequence[Migration]) -> Path:
    """Replace a database by a backup and return the folder that keeps the replaced files.

    Everything is checked on a copy before anything is moved; a power cut leaves the old database, none (which
    no hub starts on), or the new one whole. The copy carries the mark that makes the next open begin a new
    epoch, above the replaced database's own where that can still be read.

    Raises StoreLocked while a hub runs, BackupUnusable, ForeignDatabase, DatabaseTooNew.
    """
    lock = FileLock(database)
    fresh = database.with_name(database.name + ".restoring")
    try:
        _copy(backup, fresh)
        check_copy(fresh, site=site, device=device, migrations=migrations)
        mark_restored(fresh, backup.name, epoch_seen=epoch_of(database))
        return put_in_place(fresh, database)
    finally:
        for suffix in ("", "-wal", "-shm"):
            fresh.with_name(fresh.name + suffix).unlink(missing_ok=True)
        lock.release()


def put_in_place(fresh: Path, database: Path) -> Path:
    """Give a checked and marked copy, on the same disk, the database's name; return the folder of the old
    files. The caller holds the database's lock. Raises OSError.
    """
    sync_file(fresh)
    aside = set_aside(database)
    sync_folder(database.parent)
    fresh.replace(database)
    sync_folder(database.parent)
    return aside


def _copy(backup: Path, fresh: Path) -> None:
    if not backup.is_file():
        raise BackupUnusable(f"{backup} is no file")
    if backup.with_name(backup.name + "-wal").exists():
        raise BackupUnusable(f"{backup} has a log beside it: it is a database in use, not a backup")
    try:
        shutil.copyfile(backup, fresh)
        fresh.chmod(0o600)
    except OSError as error:
        raise StoreError(f"{backup} cannot be copied beside the database: {error}") from error


def check_copy(fresh: Path, *, site: str, device: str, migrations: Sequence[Migration]) -> journal.Head:
    """Check a copy from end to end, in a single file without a log; return its journal's head.

    Raises BackupUnusable, ForeignDatabase, DatabaseTooNew.
    """
    with _opened(fresh) as connection:
        problem = connection.execute("PRAGMA integrity_check(1)").fetchone()[0]
        if problem != "ok":
            raise BackupUnusable(f"{fresh.name}: {problem}")
        pending(connection, migrations)
        owner = (get_fact(connection, "site"), get_fact(connection, "device"))
        if owner != (site, device):
            raise ForeignDatabase(f"backup of {owner[0]!s}/{owner[1]!s}, not of {site}/{device}")
        found = journal.verify(connection)
        if found.first_bad_seq is not None:
            raise BackupUnusable(f"the journal breaks at entry {found.first_bad_seq}")
        return found.head


def mark_restored(fresh: Path, name: str, *, epoch_seen: int) -> None:
    """Let the next open of this copy begin an epoch above `epoch_seen`. Raises BackupUnusable.

    Nobody is named from it until the feed has said who was erased since.
    """
    with _opened(fresh) as connection:
        connection.execute("BEGIN IMMEDIATE")
        put_fact(connection, RESTORED_FROM, name)
        put_fact(connection, PEOPLE_AWAITED, name)
        put_fact(connection, EPOCH_SEEN, max(epoch_seen, get_int(connection, EPOCH_SEEN)))
        connection.execute("COMMIT")


@contextlib.contextmanager
def _opened(fresh: Path) -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(fresh, isolation_level=None)
    try:
        connection.execute("PRAGMA journal_mode = DELETE")
        yield connection
    except sqlite3.Error as error:
        raise BackupUnusable(f"{fresh.name}: {error}") from error
    finally:
        connection.close()


def epoch_of(database: Path) -> int:
    """The epoch that the database to be replaced has come to; 0 when it cannot be read."""
    if not database.exists():
        return 0
    with contextlib.suppress(sqlite3.Error), contextlib.closing(open_reader(database)) as connection:
        return max(get_int(connection, "epoch"), get_int(connection, EPOCH_SEEN))
    return 0
