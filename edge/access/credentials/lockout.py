"""Wrong PINs are counted, for a room and for a reader, and lock when there were too many.

An attempt counts before the PIN is looked at, so that attempts side by side cannot outrun the lock; a right
one takes its own count back. While nothing can be written the counts go on in memory.
"""

from collections.abc import Callable
from typing import NamedTuple

from edge.access.credentials import records
from edge.access.credentials.errors import RoomPinLocked
from edge.access.credentials.events import RoomPinLockedOut
from edge.access.credentials.records import Tally
from edge.access.late import cannot_write
from edge.errors import StoreError
from edge.store.store import Store
from edge.store.unit import Unit
from edge.trust.clock import Clock


class Limit(NamedTuple):
    """So many wrong attempts within a time lock for a time."""

    failures: int
    within_ms: int
    lock_ms: int


ROOM = Limit(5, 15 * 60_000, 15 * 60_000)
"""As for the accounts of the people who work here."""
READER = Limit(20, 10 * 60_000, 5 * 60_000)
"""A reader is everybody's: a mistyped PIN now and then must not close it."""
MEMORY_LIMIT = 1000
"""Scopes counted while nothing can be written; then no PIN counts until it can."""


class Scope(NamedTuple):
    """What attempts are counted for; only `kind` (room or reader) is ever written into the journal."""

    kind: str
    name: str

    @property
    def key(self) -> str:
        """The row's name."""
        return f"{self.kind}:{self.name}"

    @property
    def limit(self) -> Limit:
        """How many are allowed."""
        return ROOM if self.kind == "room" else READER


def count(tally: Tally, limit: Limit, now_ms: int) -> Tally:
    """One more attempt, wrong until it proves right. Raises RoomPinLocked while the scope is locked.

    A clock that was set back cannot lengthen a lock beyond its own time.
    """
    if tally.locked_until_ms - limit.lock_ms <= now_ms < tally.locked_until_ms:
        raise RoomPinLocked(until_ms=tally.locked_until_ms)
    fresh = not 0 <= now_ms - tally.since_ms < limit.within_ms or tally.failures >= limit.failures
    failures = 1 if fresh else tally.failures + 1
    since_ms = now_ms if fresh else tally.since_ms
    return Tally(failures, since_ms, now_ms + limit.lock_ms if failures >= limit.failures else 0)


class Lockout:
    """Counts attempts in the store; in memory as well while nothing can be written."""

    def __init__(self, *, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._unwritten: dict[str, Tally] = {}

    async def begin(self, scopes: tuple[Scope, ...]) -> None:
        """Count an attempt for all scopes. Raises RoomPinLocked, StoreError."""
        try:
            await self._store.run(lambda unit: self._count(unit, scopes))
        except StoreError:
            if not cannot_write(self._store):
                raise
            self._count_in_memory(scopes)

    async def fail(self, source: str, scopes: tuple[Scope, ...]) -> None:
        """The PIN was wrong: what is locked by that goes into the journal. Raises StoreError."""

        def note(unit: Unit) -> None:
            for scope in scopes:
                until_ms = records.read_tally(unit.connection, scope.key).locked_until_ms
                if until_ms:
                    locked = RoomPinLockedOut(source=source, scope=scope.kind, until_ms=until_ms)
                    unit.record(locked, actor=source)

        await self._try(note)

    async def succeed(self, scopes: tuple[Scope, ...]) -> None:
        """The PIN was right: a room's count starts anew, a reader's is one less. Raises StoreError."""
        for scope in scopes:
            self._unwritten.pop(scope.key, None)
        await self._try(lambda unit: _take_back(unit, scopes))

    async def _try(self, work: Callable[[Unit], None]) -> None:
        try:
            await self._store.run(work)
        except StoreError:
            if not cannot_write(self._store):
                raise

    def _count(self, unit: Unit, scopes: tuple[Scope, ...]) -> None:
        now_ms = unit.now.at_ms
        records.forget_tallies(unit.connection, before_ms=now_ms - 2 * ROOM.within_ms)
        for scope in scopes:
            before = self._unwritten.get(scope.key) or records.read_tally(unit.connection, scope.key)
            records.write_tally(unit.connection, scope.key, count(before, scope.limit, now_ms))
        for scope in scopes:
            self._unwritten.pop(scope.key, None)

    def _count_in_memory(self, scopes: tuple[Scope, ...]) -> None:
        now_ms = self._clock.now().at_ms
        if len(self._unwritten) >= MEMORY_LIMIT:
            raise RoomPinLocked(until_ms=now_ms + READER.lock_ms)
        for scope in scopes:
            before = self._unwritten.get(scope.key) or Tally(0, 0, 0)
            self._unwritten[scope.key] = count(before, scope.limit, now_ms)


def _take_back(unit: Unit, scopes: tuple[Scope, ...]) -> None:
    for scope in scopes:
        tally = records.read_tally(unit.connection, scope.key)
        left = 0 if scope.kind == "room" else max(0, tally.failures - 1)
        records.write_tally(unit.connection, scope.key, Tally(left, tally.since_ms, 0))
