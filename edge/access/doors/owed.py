"""What happened at doors and is still to be written: in order, as soon as the store can write."""

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from edge.errors import StoreError
from edge.store.condition import STORE_TOPIC
from edge.store.store import Store
from edge.store.unit import Unit
from edge.trust.clock import Clock

log = logging.getLogger(__name__)

LIMIT = 1000
"""Entries that are kept, far under 1 MB; the oldest goes, named in the log, when one more comes."""
LATE_MS = 1000
"""What is written later than so after it happened says when that was."""
AGAIN_S = 5.0
"""Pause after a failed try when the store says nothing of itself."""

Write = Callable[[Unit, int | None], None]
"""Writes one happening; is told when it happened, in ms, where it comes late, else None."""


class _Entry(NamedTuple):
    write: Write
    at_ms: int
    words: str


class OwedEntries:
    """Writes entries one after another; what cannot be written now waits and is written as late."""

    def __init__(self, *, store: Store, clock: Clock, limit: int = LIMIT) -> None:
        self._store = store
        self._clock = clock
        self._limit = limit
        self._entries: deque[_Entry] = deque()
        self._told = asyncio.Event()
        self._writing = asyncio.Lock()

    @property
    def waiting(self) -> int:
        """How many are not on disk yet."""
        return len(self._entries)

    def add(self, write: Write, words: str) -> None:
        """Have something written; `words` name it in the log if it is lost."""
        if len(self._entries) >= self._limit:
            log.error("lost: %s", self._entries.popleft().words)
        self._entries.append(_Entry(write, self._clock.now().at_ms, words))
        self._told.set()

    async def run(self) -> None:
        """Write whatever comes; never returns."""
        with self._store.notifier.subscribe(STORE_TOPIC) as changes:
            while True:
                self._told.clear()
                if await self.write():
                    await self._told.wait()
                else:
                    await changes.wait(AGAIN_S)

    async def write(self) -> bool:
        """Write what waits, oldest first; False when the store does not take it now."""
        async with self._writing:
            while self._entries:
                entry = self._entries[0]
                try:
                    await self._store.run(partial(_write, entry))
                except StoreError as error:
                    log.warning("not written yet: %s: %s", entry.words, error)
                    return False
                if self._entries and self._entries[0] is entry:
                    self._entries.popleft()
        return True

    def report_lost(self) -> None:
        """Name in the log what the end of the program takes with it."""
        for entry in self._entries:
            log.error("lost: %s", entry.words)


def _write(entry: _Entry, unit: Unit) -> None:
    entry.write(unit, entry.at_ms if unit.now.at_ms - entry.at_ms >= LATE_MS else None)
