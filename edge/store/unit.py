"""The unit of work: what a use case gets, and the executor that commits units."""

import contextlib
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from types import TracebackType
from typing import Any, NamedTuple, Self

from edge.errors import StoreError
from edge.ids import Identity
from edge.store import journal
from edge.store.condition import WELL, Condition, Standing
from edge.store.errors import StoreFull, TradeStopped
from edge.store.events import EpochBegan, Event
from edge.store.facts import get_int, put_fact
from edge.store.identity import EPOCH_SEEN, require_identity
from edge.store.kept import Kept
from edge.store.trouble import Trouble, trouble_of
from edge.trust.clock import Clock, Reading

JOURNAL_TOPIC = "journal"

ID_BLOCK = 256
"""Identities are allotted on disk in blocks, so that most commits need not write the counter's page."""

_EPOCH, _CEILING = "epoch", "id_ceiling"


class Unit:
    """One unit of work, on the writer thread: all of it commits, or nothing of it.

    ``connection`` is the one writing connection, ``now`` the trusted time at the unit's start.
    """

    __slots__ = ("_executor", "connection", "effects", "now", "topics")

    def __init__(self, executor: "Executor", now: Reading) -> None:
        self._executor = executor
        self.connection = executor.connection
        self.now = now
        self.topics: set[str] = set()
        self.effects: list[Callable[[], None]] = []

    @property
    def site(self) -> str:
        """The site that this database belongs to."""
        return self._executor.site

    @property
    def device(self) -> str:
        """The device that allots identities here."""
        return self._executor.device

    @property
    def condition(self) -> Condition:
        """What the store can write at this moment."""
        return self._executor.standing.condition

    def require_trade(self) -> None:
        """Refuse to begin a sale, a fee payment or a deposit while the store is not READY.

        What is open already is settled all the same. Raises TradeStopped, IdentityQuarantined.
        """
        require_identity(self)
        if self.condition is not Condition.READY:
            raise TradeStopped(condition=self.condition.value)

    def next_id(self) -> str:
        """Return a new identity, on disk with this unit's commit."""
        return self._executor.allot()

    def record(self, event: Event, *, actor: str) -> int:
        """Write an event into the journal and return its seq. Raises EventTooLarge."""
        self.topics.add(JOURNAL_TOPIC)
        return self._executor.record(event, actor, self.now)

    def hint(self, topic: str) -> None:
        """Tell a notifier topic after the commit."""
        self.topics.add(topic)

    def after_commit(self, effect: Callable[[], None]) -> None:
        """Do this on the writer's thread directly after the COMMIT; never when the unit is not on disk.

        For what cannot wait until the event loop hears of the commit. It must be short and must not raise.
        """
        self.effects.append(effect)

    def go_on_from(self, head: journal.Head) -> None:
        """What follows goes on from entries that were put back into the journal in this unit."""
        self._executor.go_on_from(head)

    @property
    def kept(self) -> Kept:
        """What units read and keep in memory."""
        return self._executor.kept

    @contextlib.contextmanager
    def part(self) -> Iterator[None]:
        """A part of the unit that may fail by itself: an error undoes the part, is raised, may be caught.

        What the part recorded in the journal is undone with it.
        """
        head = self._executor.head
        self.connection.execute("SAVEPOINT part")
        try:
            yield
        except BaseException:
            if self.connection.in_transaction:
                self.connection.execute("ROLLBACK TO part")
                self.connection.execute("RELEASE part")
            self._executor.head = head
            self._executor.kept.clear()
            raise
        self.connection.execute("RELEASE part")

    def begin_epoch(self, reason: str) -> int:
        """Begin a new epoch of identities, whose first event names the old head; return its number."""
        return self._executor.begin_epoch(self, reason)


class Outcome(NamedTuple):
    """What became of a unit: its value or its error, the topics to hint, what to do after the COMMIT."""

    value: Any
    error: BaseException | None
    topics: set[str]
    effects: Sequence[Callable[[], None]] = ()


class Attempt(NamedTuple):
    """A batch whose COMMIT failed: what it would have answered, and the head that it would have left."""

    outcomes: list[Outcome]
    head: journal.Head


class Executor:
    """Runs units on one connection and commits them together. Not thread-safe: one thread at a time.

    ``needs_reopening`` is set after an error that leaves the file in doubt (an fsync is never retried).
    ``trouble`` says what the disk did to the last batch, ``doubtful`` is that batch if its COMMIT failed.
    """

    def __init__(self, connection: sqlite3.Connection, *, site: str, device: str, clock: Clock) -> None:
        self.connection = connection
        self.site = site
        self.device = device
        self.needs_reopening = False
        self.standing: Standing = WELL
        self.trouble: Trouble | None = None
        self.doubtful: Attempt | None = None
        self.kept = Kept()
        self._clock = clock
        self.epoch = get_int(connection, _EPOCH, 1)
        self._ceiling = get_int(connection, _CEILING)
        self._counter = self._ceiling
        self.head = journal.read_head(connection)

    def run_batch(self, works: Iterable[Callable[[Unit], Any]]) -> list[Outcome]:
        """Run units in one transaction, each in its own savepoint; return their outcomes after the COMMIT."""
        outcomes: list[Outcome] = []
        before, counter = (self.head, self.epoch, self._ceiling), self._counter
        waiting = iter(works)
        begun = 0
        self.trouble = self.doubtful = None
        attempt: Attempt | None = None
        try:
            self.connection.execute("BEGIN IMMEDIATE")
            for work in waiting:
                begun += 1
                outcomes.append(self._run_one(work))
                if not self.connection.in_transaction:
                    raise StoreError("the transaction ended inside a unit") from outcomes[-1].error
            ceiling = self._write_ceiling()
            attempt = Attempt(outcomes, self.head)
            self.connection.execute("COMMIT")
        except (sqlite3.Error, StoreError) as error:
            self.kept.clear()
            if self.epoch != before[1]:
                self._counter = counter  # the epoch did not begin: go on where the old one stood
            self.trouble, self.doubtful = trouble_of(error) or Trouble.BROKEN, attempt
            self.head, self.epoch, self._ceiling = before
            lost = self._give_up(error)
            errors = [outcome.error or lost for outcome in outcomes]
            errors += [lost] * (begun - len(outcomes) + sum(1 for _ in waiting))
            return [Outcome(None, each, set()) for each in errors]
        self._ceiling = ceiling
        run_effects(outcomes)
        return outcomes

    def skip_to(self, older: "Executor") -> None:
        """After a reopening: never allot again what the executor before this one had allotted."""
        if older.epoch == self.epoch:
            self._counter = max(self._counter, older.counter)

    @property
    def counter(self) -> int:
        """The last identity's counter in the present epoch."""
        return self._counter

    def allot(self) -> str:
        """Return the next identity; its block reaches the disk with the same commit."""
        self._counter += 1
        return str(Identity(self.device, self.epoch, self._counter))

    def record(self, event: Event, actor: str, now: Reading) -> int:
        """Append an event to the chain and return its seq."""
        self.head = journal.append(
            self.connection,
            self.head,
            event,
            identity=self.allot(),
            actor=actor,
            now=now,
            site=self.site,
        )
        return self.head.seq

    def go_on_from(self, head: journal.Head) -> None:
        """Entries that were recorded elsewhere now stand in the journal (`edge.store.history`)."""
        self.head = head

    def begin_epoch(self, unit: Unit, reason: str) -> int:
        """Start identities anew in the next epoch and record why."""
        old = self.head
        event = EpochBegan(
            reason=reason,
            previous_epoch=self.epoch,
            previous_seq=old.seq,
            previous_hash=old.hash.hex(),
        )
        self.epoch = max(self.epoch, get_int(self.connection, EPOCH_SEEN)) + 1
        self._counter = self._ceiling = 0
        put_fact(self.connection, _EPOCH, self.epoch)
        put_fact(self.connection, _CEILING, 0)
        unit.record(event, actor="system")
        return self.epoch

    def _run_one(self, work: Callable[[Unit], Any]) -> Outcome:
        unit = Unit(self, self._clock.now())
        head, epoch, counter, ceiling = self.head, self.epoch, self._counter, self._ceiling
        value = None
        with _Savepoint(self.connection) as savepoint:
            value = work(unit)
        if savepoint.error is None:
            return Outcome(value, None, unit.topics, unit.effects)
        self.kept.clear()
        if isinstance(savepoint.error, sqlite3.Error) and trouble_of(savepoint.error) is not None:
            # The disk failed under the unit: nothing of the whole batch may be taken for written.
            raise savepoint.error
        self.head = head
        if self.epoch != epoch:
            self.epoch, self._counter, self._ceiling = epoch, counter, ceiling
        return Outcome(None, _explain(savepoint.error), set())

    def _write_ceiling(self) -> int:
        if self._counter <= self._ceiling:
            return self._ceiling
        ceiling = self._counter + ID_BLOCK
        put_fact(self.connection, _CEILING, ceiling)
        put_fact(self.connection, journal.NOTED_HEAD, self.head.seq)
        return ceiling

    def _give_up(self, error: BaseException) -> StoreError:
        explained = _explain(error)
        self.needs_reopening = not isinstance(explained, StoreFull)
        try:
            if self.connection.in_transaction:
                self.connection.execute("ROLLBACK")
        except sqlite3.Error:
            self.needs_reopening = True
        return explained if isinstance(explained, StoreError) else StoreError(str(explained))


def run_effects(outcomes: Iterable[Outcome]) -> None:
    """Do what units asked to be done after their COMMIT, each once."""
    for outcome in outcomes:
        for effect in outcome.effects:
            effect()


class _Savepoint:
    """Runs its block in a savepoint; undoes it on an error, which it keeps instead of letting it out."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self.error: BaseException | None = None

    def __enter__(self) -> Self:
        self._connection.execute("SAVEPOINT unit")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        if error is None:
            self._connection.execute("RELEASE unit")
            return False
        self.error = error
        if self._connection.in_transaction:
            self._connection.execute("ROLLBACK TO unit")
            self._connection.execute("RELEASE unit")
        return True


def _explain(error: BaseException) -> BaseException:
    """Turn an error of sqlite3 into one of ours, with the old one as its cause."""
    if isinstance(error, StopIteration):
        return RuntimeError("a unit raised StopIteration, which no future can carry")
    if not isinstance(error, sqlite3.Error):
        return error
    ours = StoreFull(str(error)) if trouble_of(error) is Trouble.FULL else StoreError(str(error))
    ours.__cause__ = error
    return ours
