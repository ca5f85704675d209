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
from edge.store.condition import STORE_TOPIC, Condition, Standing
from edge.store.connections import FileLock, open_known, open_reader
from edge.store.identity import Enrolled
from edge.store.lanes import Job, Lane, Lanes
from edge.store.migrate import Migration
from edge.store.notifier import Notifier
from edge.store.opening import Opener
from edge.store.reserve import RESERVE_BYTES, Reserve
from edge.store.schema import MIGRATIONS
from edge.store.trouble import Trouble, trouble_of
from edge.store.unit import Executor, Outcome, Unit
from edge.store.writer import Writer
from edge.trust.clock import Clock

T = TypeVar("T")

_READERS = 2


class Store(ABC):
    """What the rooms use: ``Store.open`` gives the threaded one, ``InlineStore`` has no threads."""

    notifier: Notifier

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
        enrolled: Enrolled | None = None,
    ) -> "Store":
        """Bring the file up to date, lock it, settle its identity and start the writer thread.

        `hardware` is the serial number of this machine, None when it is not known; `enrolled` the enrolment
        that stands beside the file (see edge.store.identity).

        On a disk that is full or read-only the store opens, too, in that condition, unless migrations wait.
        Raises StoreLocked, DatabaseTooNew, ForeignDatabase, DatabaseDamaged, DatabaseMissing, StoreError.
        """
        return ThreadedStore(
            path,
            site=site,
            device=device,
            clock=clock,
            migrations=migrations,
            notifier=notifier,
            hardware=hardware,
            enrolled=enrolled,
        )

    @abstractmethod
    async def run(self, work: Callable[[Unit], T], *, lane: Lane = Lane.FRONT) -> T:
        """Run a unit and return its value after its COMMIT.

        With a full disk the unit may run twice: the first time left nothing. Raises whatever the unit raised;
        StoreBusy, StoreFull, NotWritable, StoreError: nothing was written; OutcomeUnknown: it is unknown
        whether the unit was committed, try again with the same identity.
        """

    @abstractmethod
    async def read(self, query: Callable[[sqlite3.Connection], T]) -> T:
        """Run a query on one consistent snapshot, in a reader's thread."""

    def waiting(self, lane: Lane) -> int:
        """How many units wait in a lane; none where units run at once."""
        del lane
        return 0

    def give_way(self) -> None:  # noqa: B027 - where units run at once there is nothing to wait for
        """Let till and doors go first; for long work in a reader's thread, between its pieces.

        Two threads of one Python take turns at every statement: without this a sale that meets such work
        takes as long as the work does.
        """

    @abstractmethod
    def close(self) -> None:
        """Finish what waits, then let the file go; closing twice does nothing."""

    @property
    @abstractmethod
    def executor(self) -> Executor:
        """What commits; after a disk error another one takes its place."""

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
        connect: Callable[[Path], sqlite3.Connection] = open_known,
        hardware: str | None = None,
        enrolled: Enrolled | None = None,
        reserve_bytes: int = RESERVE_BYTES,
    ) -> None:
        self.notifier = notifier or Notifier()
        self._path = path.absolute()
        self._lock = FileLock(self._path)
        self._loop: asyncio.AbstractEventLoop | None = None
        opener = Opener(
            self._path,
            site=site,
            device=device,
            clock=clock,
            connect=connect,
            hardware=hardware,
            enrolled=enrolled,
        )
        reserve = Reserve(self._path, reserve_bytes)
        try:
            executor = opener.open_at_start(migrations, self._lock, reserve)
        except StoreError:
            self._lock.release()
            raise
        self._writer = Writer(
            executor,
            reopen=opener.open_again,
            reserve=reserve,
            on_change=self._tell_change,
            on_damage=opener.mark,
        )
        if executor.standing.condition is Condition.READY:
            self._writer.settle_standing()
        self._lanes = Lanes()
        self._readers = ThreadPoolExecutor(_READERS, thread_name_prefix="store-reader")
        self._local = threading.local()
        self._open_readers: list[sqlite3.Connection] = []
        self._thread = threading.Thread(target=self._write, name="store-writer", daemon=True)
        self._thread.start()

    @property
    def executor(self) -> Executor:
        return self._writer.executor

    async def run(self, work: Callable[[Unit], T], *, lane: Lane = Lane.FRONT) -> T:
        loop = self._loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        self._lanes.put(lane, Job(work, future, loop))
        return await future

    async def read(self, query: Callable[[sqlite3.Connection], T]) -> T:
        loop = self._loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._readers, self._read, query)

    def waiting(self, lane: Lane) -> int:
        return self._lanes.waiting(lane)

    def give_way(self) -> None:
        self._lanes.give_way()

    def close(self) -> None:
        if not self._lanes.close():
            return
        self._thread.join()
        self._readers.shutdown()
        for connection in self._open_readers:
            connection.close()
        self.executor.connection.close()
        self._lock.release()

    def _read(self, query: Callable[[sqlite3.Connection], T]) -> T:
        try:
            connection = self._reader()
            connection.execute("BEGIN")
            try:
                return query(connection)
            finally:
                connection.execute("ROLLBACK")
        except sqlite3.Error as error:
            if trouble_of(error) is Trouble.CORRUPT:
                self._writer.report_damage(f"the database is damaged: {error}")
                self._lanes.wake()
            raise StoreError(str(error)) from error

    def _reader(self) -> sqlite3.Connection:
        """This thread's connection, opened again after the writer opened the file again."""
        generation = self._writer.generation
        known: tuple[int, sqlite3.Connection] | None = getattr(self._local, "reader", None)
        if known is not None and known[0] == generation:
            return known[1]
        connection = open_reader(self._path)
        self._open_readers.append(connection)
        if known is not None:
            self._open_readers.remove(known[1])
            known[1].close()
        self._local.reader = (generation, connection)
        return connection

    def _write(self) -> None:
        while self._lanes.wait(self._writer.due_in_s()):
            self._writer.look()
            if self._lanes.idle:
                continue
            jobs: list[Job] = []
            outcomes = self._writer.run_batch(_works(self._lanes, jobs))
            self._lanes.end_batch()
            self._answer(jobs, outcomes)

    def _tell_change(self, standing: Standing) -> None:
        """Hint every change to the loop that uses this store; before its first use nobody listens."""
        del standing
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self.notifier.publish, STORE_TOPIC)

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
