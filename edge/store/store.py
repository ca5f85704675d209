"""The store: one writer thread, a few readers, one file."""

import asyncio
import sqlite3
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

from edge.errors import StoreError
from edge.store import journal
from edge.store.clock_state import restore_clock
from edge.store.condition import Condition, Standing
from edge.store.connections import FileLock, claim, open_reader, open_writer
from edge.store.errors import StoreClosed
from edge.store.identity import settle_identity
from edge.store.lanes import Job, Lane, Lanes
from edge.store.log_again import write_log_again
from edge.store.migrate import Migration, bring_up_to_date
from edge.store.notifier import Notifier
from edge.store.schema import MIGRATIONS
from edge.store.unit import Executor, Outcome, Unit
from edge.trust.clock import Clock, TrustedClock

T = TypeVar("T")

_READERS = 2


class Store(ABC):
    """What the rooms use: ``Store.open`` gives the threaded one, ``InlineStore`` has no threads."""

    notifier: Notifier
    executor: Executor

    @staticmethod
    def open(
        path: Path,
        *,
        site: str,
        device: str,
        clock: Clock,
        migrations: Sequence[Migration] = MIGRATIONS,
        notifier: Notifier | None = None,
        hardware: str | None = None,
    ) -> "Store":
        """Bring the file up to date, lock it, settle its identity and start the writer thread.

        `hardware` is the serial number of this machine, None when it is not known (see edge.store.identity).

        Raises StoreLocked, DatabaseTooNew, ForeignDatabase, StoreError.
        """
        return ThreadedStore(
            path,
            site=site,
            device=device,
            clock=clock,
            migrations=migrations,
            notifier=notifier,
            hardware=hardware,
        )

    @abstractmethod
    async def run(self, work: Callable[[Unit], T], *, lane: Lane = Lane.FRONT) -> T:
        """Run a unit and return its value after its COMMIT.

        Raises whatever the unit raised, StoreBusy, StoreFull, StoreError (then it is unknown whether the unit
        was committed: try again with the same identity).
        """

    @abstractmethod
    async def read(self, query: Callable[[sqlite3.Connection], T]) -> T:
        """Run a query on one consistent snapshot, in a reader's thread."""

    @abstractmethod
    def close(self) -> None:
        """Finish what waits, then let the file go; closing twice does nothing."""

    @property
    def standing(self) -> Standing:
        """The store's condition with its reason; a change is hinted on the topic ``store``."""
        return self.executor.standing

    @property
    def condition(self) -> Condition:
        """What can be written at present."""
        return self.standing.condition

    @property
    def site(self) -> str:
        """The site that the database belongs to."""
        return self.executor.site

    @property
    def device(self) -> str:
        """The device that allots identities."""
        return self.executor.device

    @property
    def epoch(self) -> int:
        """The present epoch of identities."""
        return self.executor.epoch


class ThreadedStore(Store):
    """The store of a running hub."""

    def __init__(
        self,
        path: Path,
        *,
        site: str,
        device: str,
        clock: Clock,
        migrations: Sequence[Migration] = MIGRATIONS,
        notifier: Notifier | None = None,
        connect: Callable[[Path], sqlite3.Connection] = open_writer,
        hardware: str | None = None,
    ) -> None:
        self.notifier = notifier or Notifier()
        self._connect = connect
        self._path = path.absolute()
        self._clock = clock
        self._lock = FileLock(self._path)
        try:
            bring_up_to_date(self._path, migrations)
            self.executor = self._open_executor(site, device)
            self._settle_identity(hardware)
        except StoreError:
            self._lock.release()
            raise
        except sqlite3.Error as error:
            self._lock.release()
            raise StoreError(f"{self._path}: {error}") from error
        self._lanes = Lanes()
        self._readers = ThreadPoolExecutor(_READERS, thread_name_prefix="store-reader")
        self._local = threading.local()
        self._open_readers: list[sqlite3.Connection] = []
        self._writer = threading.Thread(target=self._write, name="store-writer", daemon=True)
        self._writer.start()

    async def run(self, work: Callable[[Unit], T], *, lane: Lane = Lane.FRONT) -> T:
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        self._lanes.put(lane, Job(work, future, loop))
        return await future

    async def read(self, query: Callable[[sqlite3.Connection], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._readers, self._read, query)

    def close(self) -> None:
        if not self._lanes.close():
            return
        self._writer.join()
        self._readers.shutdown()
        for connection in self._open_readers:
            connection.close()
        self.executor.connection.close()
        self._lock.release()

    def _open_executor(self, site: str, device: str) -> Executor:
        connection = self._connect(self._path)
        try:
            claim(connection, site=site, device=device)
            if isinstance(self._clock, TrustedClock):
                restore_clock(connection, self._clock)
            return Executor(connection, site=site, device=device, clock=self._clock)
        except (StoreError, sqlite3.Error):
            connection.close()
            raise

    def _settle_identity(self, hardware: str | None) -> None:
        """Before anything is allotted: a restored or moved database begins a new epoch."""
        outcome = self.executor.run_batch([lambda unit: settle_identity(unit, hardware=hardware)])[0]
        if outcome.error is not None:
            self.executor.connection.close()
            raise outcome.error

    def _read(self, query: Callable[[sqlite3.Connection], T]) -> T:
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        try:
            if connection is None:
                connection = self._local.connection = open_reader(self._path)
                self._open_readers.append(connection)
            connection.execute("BEGIN")
            try:
                return query(connection)
            finally:
                connection.execute("ROLLBACK")
        except sqlite3.Error as error:
            raise StoreError(str(error)) from error

    def _write(self) -> None:
        while self._lanes.wait():
            jobs: list[Job] = []
            if self.executor.needs_reopening:
                jobs.extend(self._lanes.batch())
                self._reopen()
                if self.executor.needs_reopening:
                    closed = StoreClosed("the database cannot be written since a disk error")
                    self._answer(jobs, [Outcome(None, closed, set())] * len(jobs))
                    continue
                outcomes = self.executor.run_batch([job.work for job in jobs])
            else:
                outcomes = self.executor.run_batch(_works(self._lanes, jobs))
            self._answer(jobs, outcomes)

    def _reopen(self) -> None:
        """After a disk error: close, open again, go on only if every acknowledged event is still there."""
        old = self.executor
        try:
            write_log_again(self._path)
            old.connection.close()
            fresh = self._open_executor(old.site, old.device)
            kept = journal.has_link(fresh.connection, old.head)
        except (StoreError, sqlite3.Error, OSError):
            return
        if kept:
            fresh.skip_to(old)
            self.executor = fresh
        else:
            fresh.connection.close()

    @staticmethod
    def _deliver(notifier: Notifier, answered: list[tuple[Job, Outcome]]) -> None:
        topics: set[str] = set()
        for job, outcome in answered:
            topics |= outcome.topics
            if job.future.done():
                continue
            if outcome.error is not None:
                job.future.set_exception(outcome.error)
            else:
                job.future.set_result(outcome.value)
        notifier.publish_all(sorted(topics))

    def _answer(self, jobs: list[Job], outcomes: list[Outcome]) -> None:
        by_loop: dict[asyncio.AbstractEventLoop, list[tuple[Job, Outcome]]] = {}
        for job, outcome in zip(jobs, outcomes, strict=True):
            by_loop.setdefault(job.loop, []).append((job, outcome))
        for loop, answered in by_loop.items():
            if not loop.is_closed():
                loop.call_soon_threadsafe(self._deliver, self.notifier, answered)


def _works(lanes: Lanes, jobs: list[Job]) -> Iterator[Callable[[Unit], Any]]:
    """Yield the works of one batch and remember their jobs in ``jobs``."""
    for job in lanes.batch():
        jobs.append(job)
        yield job.work
