"""The one who writes: runs batches on an executor and keeps the store's condition when the disk fails."""

import logging
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from edge.errors import StoreError
from edge.store import journal
from edge.store.condition import WELL, Condition, Standing
from edge.store.errors import DatabaseDamaged, NotWritable, OutcomeUnknown
from edge.store.facts import get_int, put_fact
from edge.store.reserve import Reserve
from edge.store.trouble import Trouble, trouble_of
from edge.store.unit import Attempt, Executor, Outcome, Unit, run_effects

log = logging.getLogger(__name__)

Work = Callable[[Unit], Any]

FIRST_RETRY_S = 0.25
LAST_RETRY_S = 5.0
"""Recovery is tried again after a quarter of a second, twice as long each time up to this."""

_PROBES = "store_probes"


class Writer:
    """Runs batches. Not thread-safe: the writer's thread only, but ``standing`` may be read by all.

    ``reopen`` opens the file anew (None: there is nothing to reopen, as in memory). ``on_change`` is told of
    every new standing, ``on_damage`` of the reason for which nobody may write this database any more.
    """

    def __init__(
        self,
        executor: Executor,
        *,
        reopen: Callable[[Executor], Executor] | None = None,
        reserve: Reserve | None = None,
        on_change: Callable[[Standing], None] = lambda standing: None,
        on_damage: Callable[[str], None] = lambda reason: None,
        monotonic_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self.executor = executor
        self.generation = 0
        self._open_again = reopen
        self._reserve = reserve
        self._on_change = on_change
        self._on_damage = on_damage
        self._monotonic_s = monotonic_s
        self._wait_s = FIRST_RETRY_S
        self._due_s = 0.0
        self._reported = ""

    @property
    def standing(self) -> Standing:
        """The condition and its reason."""
        return self.executor.standing

    def stand(self, condition: Condition, reason: str = "") -> None:
        """Take a new condition."""
        if self.standing == (condition, reason):
            return
        log.log(logging.INFO if condition is Condition.READY else logging.ERROR, "%s %s", condition, reason)
        self.executor.standing = WELL if condition is Condition.READY else Standing(condition, reason)
        self._on_change(self.standing)

    def run_batch(self, works: Iterable[Work]) -> list[Outcome]:
        """Run units and commit them; with a full disk a second time out of the reserve."""
        if self.standing.condition is Condition.DAMAGED or (
            self.executor.needs_reopening and not self.look()
        ):
            return [Outcome(None, self._refusal(), set()) for _ in works]
        taken: list[Work] = []
        outcomes = self.executor.run_batch(_remembered(works, taken))
        if self.executor.trouble is Trouble.FULL:
            outcomes = self._after_full(taken, outcomes)
        if self.executor.trouble in (Trouble.BROKEN, Trouble.CORRUPT):
            return self._after_error(self.executor.trouble, outcomes)
        if self.executor.trouble is None and self.standing.condition is Condition.NOT_WRITABLE:
            self.settle_standing()
        return outcomes

    def look(self) -> bool:
        """Try to come back when that is due; tell whether the store can write."""
        if self._reported and self.standing.condition is not Condition.DAMAGED:
            self.damage(self._reported)
        condition = self.standing.condition
        if condition in (Condition.READY, Condition.DAMAGED):
            return condition is Condition.READY
        if self._monotonic_s() >= self._due_s:
            self._wait_s = min(2 * self._wait_s, LAST_RETRY_S)
            self._due_s = self._monotonic_s() + self._wait_s
            self._recover()
        return self.standing.condition in (Condition.READY, Condition.RESERVE)

    def due_in_s(self) -> float | None:
        """How long until `look` has something to try; None: it has not."""
        if self.standing.condition in (Condition.READY, Condition.DAMAGED):
            return None
        return max(0.0, self._due_s - self._monotonic_s())

    def report_damage(self, reason: str) -> None:
        """A reader met damage; any thread. It is taken up at the next `look`."""
        self._reported = reason

    def settle_standing(self) -> None:
        """READY if the reserve is held or can be taken again, else RESERVE."""
        if self._reserve is None or self._reserve.take():
            self._wait_s = FIRST_RETRY_S
            self.stand(Condition.READY)
        else:
            self.stand(Condition.RESERVE, "the disk is full; only doors, closing and what is open go on")

    def damage(self, reason: str) -> None:
        """Nobody writes this database any more."""
        self._on_damage(reason)
        self.stand(Condition.DAMAGED, reason)

    def _after_full(self, taken: list[Work], outcomes: list[Outcome]) -> list[Outcome]:
        if self._reserve is not None and self._reserve.give_back():
            self.stand(Condition.RESERVE, "the disk is full; only doors, closing and what is open go on")
            self._put_off()
            outcomes = self.executor.run_batch(taken)
        if self.executor.trouble is Trouble.FULL:
            self.stand(Condition.NOT_WRITABLE, "the disk is full, and so is the reserve")
            self._put_off()
        return outcomes

    def _after_error(self, trouble: Trouble, outcomes: list[Outcome]) -> list[Outcome]:
        """The file is in doubt: open it anew, and say of the lost batch what is then known of it."""
        attempt, reason = self.executor.doubtful, _first_error(outcomes)
        if trouble is Trouble.CORRUPT:
            self.damage(f"the database is damaged: {reason}")
            return [_failed(each, DatabaseDamaged(self.standing.reason)) for each in outcomes]
        before = self.executor.head
        self.stand(Condition.NOT_WRITABLE, f"the disk failed: {reason}")
        self._wait_s, self._due_s = FIRST_RETRY_S, self._monotonic_s() + FIRST_RETRY_S
        back = self._recover()
        if attempt is None:
            return outcomes
        if not back or attempt.head == before:
            unknown = OutcomeUnknown(f"not known whether it was written: {reason}")
            return [_failed(each, unknown) for each in outcomes]
        if not self._holds(attempt):
            return outcomes
        run_effects(attempt.outcomes)
        return attempt.outcomes

    def _holds(self, attempt: Attempt) -> bool:
        """Whether the batch is in the database after all; the checkpoint has made it durable then."""
        try:
            return journal.has_link(self.executor.connection, attempt.head)
        except sqlite3.Error:
            return False

    def _recover(self) -> bool:
        if self.standing.condition is Condition.RESERVE:
            self.settle_standing()
            return True
        try:
            if self.executor.needs_reopening:
                self._reopen()
            [outcome] = self.executor.run_batch([_probe])
            if outcome.error is not None:
                raise outcome.error
        except (StoreError, sqlite3.Error) as error:
            if isinstance(error, DatabaseDamaged) or trouble_of(error) is Trouble.CORRUPT:
                self.damage(str(error))
            return False
        self.settle_standing()
        return True

    def _reopen(self) -> None:
        """Close, open, make all that is read durable, and see that every acknowledged event is there.

        What a failed sync left may be in the cache, marked clean there, and not on the disk: the checkpoint
        writes it anew, syncs it and empties the log, so that nothing is appended to a torn end.
        """
        if self._open_again is None:
            self.executor.needs_reopening = False
            return
        old = self.executor
        fresh = self._open_again(old)
        try:
            busy, *_ = fresh.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            if busy:
                raise NotWritable("a reader is in the way of the checkpoint after a disk error")
            if not journal.has_link(fresh.connection, old.head):
                raise DatabaseDamaged(f"the database lost entry {old.head.seq}, which had been written")
        except (StoreError, sqlite3.Error):
            fresh.connection.close()
            raise
        fresh.standing = old.standing
        fresh.skip_to(old)
        self.executor = fresh
        self.generation += 1

    def _put_off(self) -> None:
        self._wait_s = LAST_RETRY_S
        self._due_s = self._monotonic_s() + LAST_RETRY_S

    def _refusal(self) -> StoreError:
        condition, reason = self.standing
        return DatabaseDamaged(reason) if condition is Condition.DAMAGED else NotWritable(reason)


def _remembered(works: Iterable[Work], taken: list[Work]) -> Iterator[Work]:
    for work in works:
        taken.append(work)
        yield work


def _failed(outcome: Outcome, error: StoreError) -> Outcome:
    """A unit's own refusal stays what it is; what the disk did is told in better words."""
    known = outcome.error is not None and not isinstance(outcome.error, StoreError)
    return outcome if known else Outcome(None, error, set())


def _first_error(outcomes: list[Outcome]) -> str:
    errors = (str(each.error) for each in outcomes if isinstance(each.error, StoreError))
    return next(errors, "unknown")


def _probe(unit: Unit) -> None:
    """A real write: nothing less shows that the disk takes it."""
    put_fact(unit.connection, _PROBES, get_int(unit.connection, _PROBES) + 1)
