"""Telemetry's own way up: after the journal, in postings that may come twice, never in its way."""

import asyncio
import logging
import sqlite3
from collections.abc import Awaitable, Callable
from functools import partial
from typing import NamedTuple

import msgspec

from cloud_sync import records
from cloud_sync.http import Patience, PlatformBusy, PlatformHttp
from cloud_sync.wire.telemetry import MAX_SAMPLES, Gauges, TelemetryPosting, TelemetrySample, TelemetryTaken
from edge.errors import PlatformError
from edge.links.backoff import Backoff
from edge.store import telemetry_records
from edge.store.lanes import Lane
from edge.store.store import Store
from edge.store.telemetry import TELEMETRY_TOPIC
from edge.store.unit import Unit

log = logging.getLogger(__name__)

LOOK_EVERY_S = 300.0
"""Samples that had to wait for the journal are looked at again after this time."""
FIRST_PAUSE_S, PAUSE_LIMIT_S = 30.0, 900.0
PATIENCE = Patience(connect_s=1.5, silence_s=3.0, total_s=10.0)


class Waiting(NamedTuple):
    """What may go up now: nothing while the journal has something to send."""

    posting: TelemetryPosting | None
    last_number: int


class TelemetryUplink:
    """A role: sends what the ring holds and the platform does not, when the journal has nothing to send."""

    def __init__(
        self,
        *,
        store: Store,
        http: PlatformHttp,
        backoff: Backoff | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._store = store
        self._http = http
        self._backoff = backoff or Backoff(first_s=FIRST_PAUSE_S, limit_s=PAUSE_LIMIT_S)
        self._sleep = sleep

    async def run(self) -> None:
        """Send until cancelled. A platform that does not take it is asked ever more rarely."""
        with self._store.notifier.subscribe(TELEMETRY_TOPIC) as hints:
            while True:
                try:
                    sent = await self.send_next()
                except PlatformBusy as busy:
                    await self._sleep(max(busy.retry_after_s or 0.0, self._backoff.next_s()))
                except PlatformError as error:
                    log.info("telemetry: %s", error)
                    await self._sleep(self._backoff.next_s())
                else:
                    self._backoff.reset()
                    if sent == 0:
                        await hints.wait(LOOK_EVERY_S)

    async def send_next(self) -> int:
        """Send one posting; returns how many samples it held. Raises PlatformError."""
        waiting = await self._store.read(read_waiting)
        if waiting.posting is None:
            return 0
        path = self._http.device_path + "/telemetry"
        await self._http.ask("POST", path, TelemetryTaken, content=waiting.posting, patience=PATIENCE)
        await self._store.run(partial(_note_sent, number=waiting.last_number), lane=Lane.BULK)
        return len(waiting.posting.samples)


def read_waiting(connection: sqlite3.Connection) -> Waiting:
    """The next posting, read together with what the journal still has to send."""
    samples = (
        [] if records.count_waiting(connection) else telemetry_records.read_unsent(connection, MAX_SAMPLES)
    )
    if not samples:
        return Waiting(None, 0)
    dropped = telemetry_records.read_standing(connection).dropped
    told = [
        TelemetrySample(
            one.epoch, one.number, one.at_ms, one.trust, msgspec.json.decode(one.gauges, type=Gauges)
        )
        for one in samples
    ]
    return Waiting(TelemetryPosting(dropped, told), samples[-1].number)


def _note_sent(unit: Unit, *, number: int) -> None:
    telemetry_records.note_sent(unit.connection, number)
