"""How a hub's database is opened: checked before, brought up to date, as well as the disk lets it."""

import logging
import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path

from edge.durable import sync_folder
from edge.errors import StoreError
from edge.store.clock_state import restore_clock
from edge.store.condition import Condition, Standing
from edge.store.connections import FileLock, claim, open_reader
from edge.store.errors import DatabaseDamaged
from edge.store.identity import Enrolled, settle_identity
from edge.store.log_again import write_log_again
from edge.store.migrate import Migration, bring_up_to_date, pending
from edge.store.quarantine import MEND, check_before_opening, mark_damaged
from edge.store.reserve import Reserve
from edge.store.trouble import Trouble, trouble_of
from edge.store.unit import Executor
from edge.trust.clock import Clock, TrustedClock

log = logging.getLogger(__name__)


class Opener:
    """Opens one file again and again, each time with an executor of its own. The caller holds the lock."""

    def __init__(
        self,
        path: Path,
        *,
        site: str,
        device: str,
        clock: Clock,
        connect: Callable[[Path], sqlite3.Connection],
        hardware: str | None,
        enrolled: Enrolled | None = None,
    ) -> None:
        self._path = path
        self._site = site
        self._device = device
        self._clock = clock
        self._connect = connect
        self._hardware = hardware
        self._enrolled = enrolled

    def open(self) -> Executor:
        """Open the file for writing and settle its identity, before anything is allotted.

        Raises StoreError, sqlite3.Error.
        """
        connection = self._connect(self._path)
        try:
            # An unclean stop may have left a torn end in the log. Empty the log: commits appended over such
            # an end could not be told from damage, nor damage from them, at the next start (log_check).
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        except sqlite3.Error:
            connection.close()
            raise
        executor = self._executor(connection)
        [outcome] = executor.run_batch(
            [lambda unit: settle_identity(unit, hardware=self._hardware, enrolled=self._enrolled)]
        )
        if outcome.error is not None:
            executor.connection.close()
            raise outcome.error
        try:
            # SQLite syncs the folder after it made a log, and takes no notice of an error (unixSync in its
            # os_unix.c): the log, and every commit in it, could be gone after a power cut.
            sync_folder(self._path.parent)
        except OSError as error:
            executor.connection.close()
            raise StoreError(f"{self._path.parent} cannot be synced: {error}") from error
        return executor

    def open_again(self, old: Executor) -> Executor:
        """After a disk error: make the log durable anew, close, open. Raises StoreError, sqlite3.Error."""
        try:
            write_log_again(self._path)
        except OSError as error:
            raise StoreError(f"the log cannot be written again: {error}") from error
        old.connection.close()
        return self.open()

    def open_at_start(self, migrations: Sequence[Migration], lock: FileLock, reserve: Reserve) -> Executor:
        """Open the file at the hub's start, also on a disk that is full or takes nothing.

        Raises StoreError with what is wrong and its mend.
        """
        check_before_opening(self._path, owner=lock.owner)
        try:
            try:
                executor = self._open_writable(migrations)
            except (StoreError, sqlite3.Error) as error:
                if trouble_of(error) is None or not reserve.give_back():
                    raise
                log.error("the reserve was given back at the start: %s", error)
                executor = self._open_writable(migrations)
        except (StoreError, sqlite3.Error) as error:
            executor = self._open_all_the_same(error, migrations)
        lock.remember(f"{self._site}/{self._device}")
        return executor

    def _open_writable(self, migrations: Sequence[Migration]) -> Executor:
        bring_up_to_date(self._path, migrations)
        return self.open()

    def _open_all_the_same(self, error: Exception, migrations: Sequence[Migration]) -> Executor:
        """Read-only where that is possible, so that residents' doors and the kiosk's words are there."""
        trouble = trouble_of(error)
        if trouble is Trouble.CORRUPT:
            raise DatabaseDamaged(f"{self._path}: {error}; {MEND}") from error
        if trouble is None or not self._path.exists():
            raise error if isinstance(error, StoreError) else StoreError(f"{self._path}: {error}") from error
        try:
            connection = open_reader(self._path)
            if waiting := pending(connection, migrations):
                connection.close()
                raise StoreError(f"{error}; {len(waiting)} migrations need a disk that can be written")
            executor = self._executor(connection)
        except sqlite3.Error as again:
            raise StoreError(f"{self._path}: {again}; free some space, or mend the disk") from error
        executor.needs_reopening = True
        executor.standing = Standing(Condition.NOT_WRITABLE, f"the disk takes nothing: {error}")
        return executor

    def _executor(self, connection: sqlite3.Connection) -> Executor:
        try:
            claim(connection, site=self._site, device=self._device)
            if isinstance(self._clock, TrustedClock):
                restore_clock(connection, self._clock)
            return Executor(connection, site=self._site, device=self._device, clock=self._clock)
        except (StoreError, sqlite3.Error):
            connection.close()
            raise

    def mark(self, reason: str) -> None:
        """Mark the file as damaged."""
        mark_damaged(self._path, reason)
