"""Writes refusals into the journal: the first five per source and minute singly, then one counted event."""

import contextlib

import msgspec

from edge.access.events import RefusalsCounted
from edge.errors import Refusal, StoreError
from edge.store.events import Event
from edge.store.store import Store
from edge.store.unit import Unit
from edge.trust.clock import Clock

SINGLY = 5
"""Architecture, Journal: the first five per source and minute singly."""
MINUTE_MS = 60_000
MAX_SOURCES = 256
"""Sources counted at once; the counts of all are written when there would be more."""


class _Count(msgspec.Struct):
    minute_at_ms: int
    written: int = 0
    counted: int = 0


class RefusalLog:
    """Counts in memory, so that a flood costs neither a commit nor a row each."""

    def __init__(self, *, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._counts: dict[str, _Count] = {}

    async def refuse(self, source: str, event: Event) -> None:
        """Write `event`; count it after five of its source in this minute, or while nothing is writable."""
        minute_at_ms = self._clock.now().at_ms // MINUTE_MS * MINUTE_MS
        count = self._counts.get(source)
        if count is None or count.minute_at_ms != minute_at_ms or len(self._counts) > MAX_SOURCES:
            with contextlib.suppress(StoreError):
                await self.flush()
            count = self._counts.setdefault(source, _Count(minute_at_ms))
        if count.written >= SINGLY:
            count.counted += 1
            return

        def write(unit: Unit) -> None:
            unit.record(event, actor=source)
            unit.hint("doors")

        try:
            await self._store.run(write)
        except StoreError:
            # Whoever is refused hears why, also while nothing can be written.
            count.counted += 1
        else:
            count.written += 1

    async def close(self) -> None:
        """Write all that was counted, also in the minute that is not over; the last thing of a hub's day."""
        await self._write({source: count for source, count in self._counts.items() if count.counted})
        self._counts.clear()

    async def flush(self) -> None:
        """Write what was counted in minutes that are over; called by the `timers` role too."""
        minute_at_ms = self._clock.now().at_ms // MINUTE_MS * MINUTE_MS
        full = len(self._counts) > MAX_SOURCES
        over = [
            source for source, count in self._counts.items() if full or count.minute_at_ms != minute_at_ms
        ]
        taken = {source: self._counts.pop(source) for source in over}
        await self._write({source: count for source, count in taken.items() if count.counted})

    async def _write(self, counts: dict[str, _Count]) -> None:
        """Write counted events in one unit; what could not be written is counted on."""
        events = [
            RefusalsCounted(source=source, minute_at_ms=count.minute_at_ms, count=count.counted)
            for source, count in counts.items()
        ]
        if not events:
            return
        try:
            await self._store.run(lambda unit: _write_all(unit, events))
        except (StoreError, Refusal):
            for source, count in counts.items():
                self._counts.setdefault(source, _Count(count.minute_at_ms)).counted += count.counted
            raise


def _write_all(unit: Unit, events: list[RefusalsCounted]) -> None:
    for event in events:
        unit.record(event, actor=event.source)
