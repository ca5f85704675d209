"""Telemetry's own way up: after the journal, in postings that may come twice, never in its way.

While the journal has a backlog it may still take a small share, one posting in a quarter of an hour, so that
a site whose uplink is halted or slow is not dark as well.
"""

import asyncio
import logging
import sqlite3
import time
from collections.abc import Awaitable, Callable
from functools import partial
from typing import NamedTuple

import msgspec

from cloud_sync import records
from cloud_sync.http import Patience, PlatformBusy, PlatformHttp
from cloud_sync.link_use import LinkUse
from cloud_sync.wire.telemetry import MAX_SAMPLES, Gauges, TelemetryPosting, TelemetrySample, TelemetryTaken
from edge.errors import PlatformError
from edge.links.backoff import Backoff
from edge.store import telemetry_records
from edge.store.lanes import Lane
from edge.store.notifier import Subscription
from edge.store.store import Store
from edge.store.telemetry import TELEMETRY_TOPIC
from edge.store.unit import Unit

log = logging.getLogger(__name__)

SHARE_EVERY_S = 900.0
FIRST_PAUSE_S, PAUSE_LIMIT_S = 30.0, 900.0
PATIENCE = Patience(connect_s=4.0, silence_s=3.0, total_s=10.0)


class Waiting(NamedTuple):
    """What may go up now: nothing while the journal has something to send and telemetry no share of it."""

    posting: TelemetryPosting | None
    last_number: int


class TelemetryUplink:
    """A role: sends what the ring holds and the platform does not, when the journal has nothing to send.

    `now_s` is a clock that only rises.
    """

    def __init__(
        self,
        *,
        store: Store,
        http: PlatformHttp,
        use: LinkUse = LinkUse(),  # noqa: B008 - a NamedTuple does not change
        now_s: Callable[[], float] = time.monotonic,
        backoff: Backoff | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._store = store
        self._http = http
        self._use = use
        self._now_s = now_s
        self._shared_s = now_s()
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
                        await self._rest(hints)

    async def _rest(self, hints: Subscription) -> None:
        """Look again after a while, at what had to wait for the journal, too; metered, only by the clock."""
        if self._use.telemetry_every == 1:
            await hints.wait(self._use.telemetry_look_s)
        else:
            await self._sleep(self._use.telemetry_look_s)

    async def send_next(self) -> int:
        """Send one posting; returns how many samples it held. Raises PlatformError."""
        share = self._now_s() - self._shared_s >= SHARE_EVERY_S
        waiting = await self._store.read(partial(read_waiting, share=share, every=self._use.telemetry_every))
        if waiting.posting is None:
            return 0
        self._shared_s = self._now_s()
        path = self._http.device_path + "/telemetry"
        await self._http.ask("POST", path, TelemetryTaken, content=waiting.posting, patience=PATIENCE)
        await self._store.run(partial(_note_sent, number=waiting.last_number), lane=Lane.BULK)
        return len(waiting.posting.samples)


def read_waiting(connection: sqlite3.Connection, *, share: bool = False, every: int = 1) -> Waiting:
    """The next posting, read together with what the journal still has to send.

    With a `share` it may go before that. Of the samples, one in `every` is told; the rest stays in the ring.
    """
    blocked = records.count_waiting(connection) and not share
    samples = [] if blocked else telemetry_records.read_unsent(connection, MAX_SAMPLES)
    if not samples:
        return Waiting(None, 0)
    dropped = telemetry_records.read_standing(connection).dropped
    told = [
        TelemetrySample(
            one.epoch, one.number, one.at_ms, one.trust, msgspec.json.decode(one.gauges, type=Gauges)
        )
        for one in samples[every - 1 :: every] or samples[-1:]
    ]
    return Waiting(TelemetryPosting(dropped, told), samples[-1].number)


def _note_sent(unit: Unit, *, number: int) -> None:
    telemetry_records.note_sent(unit.connection, number)
