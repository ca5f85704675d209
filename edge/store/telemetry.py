"""Telemetry: a few gauges every minute, in a bounded ring outside the journal, dropped before anything else.

Samples are gathered in memory and written ten at a time, in one unit of the bulk lane, so that idling writes
little. With a store that is not READY, or little room on the disk, nothing is written at all: what was
gathered is dropped and counted. After a crash the last minutes are missing; the times of the samples show it.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from functools import partial

import msgspec

from edge.errors import StoreError
from edge.store import telemetry_records
from edge.store.condition import Condition
from edge.store.errors import StoreBusy
from edge.store.facts import get_int
from edge.store.lanes import Lane
from edge.store.store import Store
from edge.store.telemetry_records import Reading, RingStanding
from edge.store.unit import Unit
from edge.trust.clock import Clock

TELEMETRY_TOPIC = "telemetry"
"""Hinted after samples were written."""
EVERY_S = 60.0
SLICE_SAMPLES = 10
"""Written together: 144 commits of about five pages a day, some 6 MB of writing with their checkpoints."""
SAMPLE_LIMIT_BYTES = 1024
LEAST_FREE_BYTES = 64 * 1024 * 1024
"""Below this telemetry leaves the disk to others: twice what the reserve wants before it is taken again."""

Gauges = Mapping[str, int]
"""Gauge by name; one that cannot be read now is left out."""


class Telemetry:
    """A role. `newest` is the last sample, for whoever asks on the spot."""

    def __init__(
        self,
        *,
        store: Store,
        clock: Clock,
        read_gauges: Callable[[], Gauges],
        free_bytes: Callable[[], int],
        keep_rows: int,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._store = store
        self._clock = clock
        self._read_gauges = read_gauges
        self._free_bytes = free_bytes
        self._keep_rows = keep_rows
        self._sleep = sleep
        self._waiting: list[Reading] = []
        self._lost = 0
        self.newest: Gauges = {}

    async def run(self) -> None:
        """Measure every minute until cancelled."""
        while True:
            await self.measure()
            if len(self._waiting) >= SLICE_SAMPLES:
                await self.write()
            await self._sleep(EVERY_S)

    async def measure(self) -> None:
        """Take one sample into memory."""
        gauges = await asyncio.to_thread(self._read_gauges)
        encoded = msgspec.json.encode(gauges)
        assert len(encoded) <= SAMPLE_LIMIT_BYTES, "too many gauges for one sample"
        now = self._clock.now()
        self._waiting.append(Reading(now.at_ms, now.trust.value, encoded))
        self.newest = gauges

    async def write(self) -> None:
        """Put what was gathered into the ring, or drop and count it."""
        readings, self._waiting = self._waiting, []
        if not readings:
            return
        try:
            lost = self._lost
            if self._may_write() and await self._store.run(
                partial(_append, readings=readings, keep_rows=self._keep_rows, lost=lost), lane=Lane.BULK
            ):
                self._lost -= lost
                return
        except (StoreError, StoreBusy):
            pass  # the store's own health says why; telemetry is the first to give way
        self._lost += len(readings)

    async def standing(self) -> RingStanding:
        """How full the ring is, with what was dropped since it could be written."""
        found = await self._store.read(telemetry_records.read_standing)
        return found._replace(dropped=found.dropped + self._lost)

    def _may_write(self) -> bool:
        return self._store.condition is Condition.READY and self._free_bytes() >= LEAST_FREE_BYTES


def _append(unit: Unit, *, readings: list[Reading], keep_rows: int, lost: int) -> bool:
    """Write, unless the disk got full meanwhile: this unit may run again after the reserve was given back."""
    if unit.condition is not Condition.READY:
        return False
    epoch = get_int(unit.connection, "epoch", 1)
    telemetry_records.append(unit.connection, epoch, readings, keep_rows=keep_rows, lost=lost)
    unit.hint(TELEMETRY_TOPIC)
    return True
