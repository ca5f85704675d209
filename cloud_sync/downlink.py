"""Downlink: the platform's feed, applied by the rooms that own the copies.

A page is applied in one unit of work together with its cursor, so a hub that is cut in the middle of a
snapshot goes on where it was. A record that its room refuses is parked and reported; the rest goes on.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import NamedTuple

from cloud_sync import feed_records as records
from cloud_sync.feed_applying import (
    REFERS_TO_NOTHING,
    SLICE,
    Apply,
    FeedApplier,
    Prepare,
    Prepared,
    References,
    all_of,
    report_parked,
)
from cloud_sync.feed_pages import TOO_NEW, FeedOfAnotherSite, Page, PageReader
from cloud_sync.feed_sweep import Sweep
from cloud_sync.http import Patience, PlatformBusy, PlatformHttp
from cloud_sync.keyring import KEYS_TOPIC
from cloud_sync.wire.feed import SILENCE_S
from cloud_sync.wire.schemas import SCHEMAS, encode_schemas
from edge.errors import PlatformRejected, PlatformUnreachable
from edge.links.backoff import Backoff
from edge.service.alarms import clear_alarm, raise_alarm
from edge.store.facts import get_fact, put_fact
from edge.store.lanes import Lane
from edge.store.store import Store
from edge.store.unit import Unit
from edge.trust.clock import boot_time_ms

log = logging.getLogger(__name__)

PAGE_CHANGES = SLICE
WAIT_S = 25
PATIENCE = Patience(connect_s=4.0, silence_s=SILENCE_S, total_s=WAIT_S + 10.0)
BACKOFF_LIMIT_S = 4.0
"""An answer to any other role ends a rest at once; alone, the feed finds the return in this time."""
NOTE_EVERY_MS = 600_000
"""The copy's freshness is written at most this often while nothing changes."""
FOREIGN = "feed_foreign"
"""Alarm: whoever answers as the platform gives another site's feed."""
SOURCE = "downlink"


class FeedProgress(NamedTuple):
    """How far the feed was read: by cursors, and by what this process applied in how many milliseconds."""

    cursor: int
    newest: int
    applied: int
    spent_ms: int
    first_cursor: int

    @property
    def rate_per_s(self) -> int:
        """Changes a second since this process began to read."""
        return self.applied * 1000 // max(1, self.spent_ms)

    @property
    def left_s(self) -> int | None:
        """Seconds until the end is reached, None while that cannot be said."""
        done, left = self.cursor - self.first_cursor, self.newest - self.cursor
        return 0 if left <= 0 else None if done <= 0 else left * self.spent_ms // done // 1000


class Downlink:
    """A role. `online` is None until the first answer; `complete` once the feed was read to its end.

    `note` runs in the units that reach the end, and while nothing changes every ten minutes.
    """

    def __init__(
        self,
        *,
        store: Store,
        http: PlatformHttp,
        appliers: Mapping[str, Apply],
        prepare: Mapping[str, Prepare] | None = None,
        references: References | None = None,
        note: Callable[[Unit], object] = lambda unit: None,
        page_changes: int = PAGE_CHANGES,
        patience: Patience = PATIENCE,
        clock_ms: Callable[[], int] = boot_time_ms,
        backoff: Backoff | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        schemas: Mapping[str, int] = SCHEMAS,
        sweep: Sweep | None = None,
    ) -> None:
        self._store = store
        self._pages = PageReader(http, site=store.site, patience=patience, schemas=schemas)
        self._applier = FeedApplier(appliers, prepare or {}, references or {})
        self._note = note
        self._sweep = sweep
        self._noted_ms: int | None = None
        self._page_changes = page_changes
        self._backoff = backoff or Backoff(first_s=0.2, limit_s=BACKOFF_LIMIT_S)
        self._clock_ms = clock_ms
        self._sleep = sleep
        self._began: tuple[int, int] | None = None
        self._applied = 0
        self._foreign = False
        self._swept = 0
        self.progress: FeedProgress | None = None
        self.online: bool | None = None
        self.complete = False

    async def run(self) -> None:
        """Follow the feed until cancelled; parked records get another chance now and with every key set."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._retry_with_keys())
            group.create_task(self._follow())

    async def _retry_with_keys(self) -> None:
        with self._store.notifier.subscribe(KEYS_TOPIC) as hints:
            while True:
                await self.retry_parked()
                await hints.wait()

    async def _follow(self) -> None:
        await self.note_schemas()
        while True:
            try:
                await self.read_next(wait_s=WAIT_S)
            except PlatformBusy as busy:
                self.online = False
                await self._sleep(busy.rest_s(self._backoff))
            except (FeedOfAnotherSite, PlatformRejected) as error:
                self.online = False
                log.info("feed: %s", error)
                if isinstance(error, FeedOfAnotherSite):
                    await self._tell_foreign(str(error))
                await self._sleep(self._backoff.next_s())
            except PlatformUnreachable as error:
                self.online = False
                log.info("feed: %s", error)
                await self._pages.reach.rest(self._sleep(self._backoff.next_s()))

    async def note_schemas(self) -> bool:
        """After an upgrade read again what was left out for being too new; returns whether there is such."""
        return await self._store.run(self._go_back, lane=Lane.BULK)

    def _go_back(self, unit: Unit) -> bool:
        known = encode_schemas(self._pages.schemas)
        if get_fact(unit.connection, records.UNDERSTOOD) == known:
            return False
        put_fact(unit.connection, records.UNDERSTOOD, known)
        oldest = records.oldest_left_out(unit.connection, TOO_NEW)
        if oldest is None:
            return False
        cursor = min(records.read_cursor(unit.connection), oldest - 1)
        records.write_cursor(unit.connection, max(0, cursor))
        return True

    async def read_next(self, *, wait_s: int = 0) -> int:
        """Read and apply one page; returns how many changes it held. Raises PlatformError."""
        cursor = await self._store.read(records.read_cursor)
        if self._sweep is not None and self._swept != self._store.epoch:
            await self._store.run(self._sweep.begin, lane=Lane.BULK)
            self._swept = self._store.epoch
            cursor = await self._store.read(records.read_cursor)
        if self._began is None:
            self._began = (cursor, self._clock_ms())
        wait = wait_s if self.complete else 0
        page = await self._pages.read(cursor, limit=self._page_changes, wait_s=wait)
        self.online = True
        self._backoff.reset()
        if self._foreign:
            await self._store.run(lambda unit: clear_alarm(unit, kind=FOREIGN, source=SOURCE))
            self._foreign = False
        if page.changes or self._noted_ms is None or self._clock_ms() - self._noted_ms >= NOTE_EVERY_MS:
            prepared = [self._applier.prepare(received) for received in page.changes]
            await self._store.run(lambda unit: self._apply_page(unit, page, prepared), lane=Lane.BULK)
        self._measure(page)
        if not page.more and (page.changes or not self.complete):
            await self.retry_parked(reason=REFERS_TO_NOTHING)
            await self._report()
        self.complete = self.complete or not page.more
        return len(page.changes)

    async def retry_parked(self, *, reason: str = "") -> int:
        """Try parked records again, for instance after an upgrade; returns how many were applied."""
        applied, after = 0, ("", "")
        while parked := await self._store.read(
            partial(records.list_parked, after=after, limit=SLICE, reason=reason)
        ):
            after = (parked[-1].change.collection, parked[-1].change.id)
            prepared = all_of(self._applier.prepare_parked(each) for each in parked)
            applied += await self._store.run(partial(self._apply_all, prepared=prepared), lane=Lane.BULK)
        return applied

    def _apply_all(self, unit: Unit, prepared: list[Prepared]) -> int:
        return sum(self._applier.apply(unit, each) for each in prepared)

    def _apply_page(self, unit: Unit, page: Page, prepared: list[Prepared]) -> None:
        self._apply_all(unit, prepared)
        records.write_cursor(unit.connection, page.cursor)
        if self._sweep is not None:
            for received in page.changes:
                self._sweep.note(unit, received)
            if not page.more:
                self._sweep.end(unit)
        if not page.more:
            self._note(unit)
            self._noted_ms = self._clock_ms()
        unit.hint("feed")

    async def _report(self) -> None:
        while await self._store.run(report_parked, lane=Lane.BULK) == SLICE:
            pass

    def _measure(self, page: Page) -> None:
        assert self._began is not None
        first_cursor, began_ms = self._began
        self._applied += len(page.changes)
        self.progress = FeedProgress(
            cursor=page.cursor,
            newest=max(page.newest, page.cursor),
            applied=self._applied,
            spent_ms=self._clock_ms() - began_ms,
            first_cursor=first_cursor,
        )

    async def _tell_foreign(self, detail: str) -> None:
        self._foreign = True
        await self._store.run(lambda unit: raise_alarm(unit, kind=FOREIGN, source=SOURCE, detail=detail))


def apply_parked(unit: Unit, id: str, version: int, data: Mapping[str, object] | None) -> None:
    """The platform's own report of an event of ours that it could not apply."""
    if data is None:
        records.drop_platform_parked(unit.connection, id)
    else:
        records.put_platform_parked(unit.connection, id, str(data["type"]), str(data["reason"]))


OWN_APPLIERS: dict[str, Apply] = {"parked": apply_parked}
