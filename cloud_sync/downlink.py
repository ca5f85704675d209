"""Downlink: the platform's feed, applied by the rooms that own the copies.

A page is applied in one unit of work together with its cursor. A record that its room refuses is parked and
reported; the rest goes on. A room's preparation (signature checks) runs before the unit.
"""

import asyncio
import logging
import sqlite3
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, NamedTuple

import msgspec

from cloud_sync import records
from cloud_sync.events import FeedRecordParked
from cloud_sync.http import Patience, PlatformBusy, PlatformHttp
from cloud_sync.keyring import KEYS_TOPIC
from cloud_sync.wire.feed import BEAT_S, Change, FeedPage
from edge.errors import PlatformRejected, PlatformUnreachable, Refusal
from edge.links.backoff import Backoff
from edge.store.lanes import Lane
from edge.store.store import Store
from edge.store.unit import Unit
from edge.trust.clock import boot_time_ms

log = logging.getLogger(__name__)

PAGE_CHANGES = 100
"""Few enough for a unit of 20 ms."""
WAIT_S = 25
PATIENCE = Patience(connect_s=1.5, silence_s=4 * BEAT_S, total_s=WAIT_S + 10.0)
BACKOFF_LIMIT_S = 2.0
NOTE_EVERY_MS = 600_000
"""The copy's freshness is written at most this often while nothing changes."""
_BAD_RECORD = (msgspec.MsgspecError, Refusal, ValueError, KeyError, TypeError)

Apply = Callable[[Unit, str, int, dict[str, Any] | None], object]
Prepare = Callable[[dict[str, Any]], dict[str, Any]]


class _Prepared(NamedTuple):
    change: Change
    data: dict[str, Any] | None
    fault: str


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
        note: Callable[[Unit], object] = lambda unit: None,
        page_changes: int = PAGE_CHANGES,
        patience: Patience = PATIENCE,
        clock_ms: Callable[[], int] = boot_time_ms,
        backoff: Backoff | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._store = store
        self._http = http
        self._appliers = {**OWN_APPLIERS, **appliers}
        self._prepare = prepare or {}
        self._note = note
        self._noted_ms: int | None = None
        self._page_changes = page_changes
        self._patience = patience
        self._backoff = backoff or Backoff(first_s=0.2, limit_s=BACKOFF_LIMIT_S)
        self._clock_ms = clock_ms
        self._sleep = sleep
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
        while True:
            try:
                await self.read_next(wait_s=WAIT_S)
            except PlatformBusy as busy:
                self.online = False
                await self._sleep(
                    self._backoff.next_s() if busy.retry_after_s is None else busy.retry_after_s
                )
            except (PlatformUnreachable, PlatformRejected) as error:
                self.online = False
                log.info("feed: %s", error)
                await self._sleep(self._backoff.next_s())

    async def read_next(self, *, wait_s: int = 0) -> int:
        """Read and apply one page; returns how many changes it held. Raises PlatformError."""
        cursor = await self._store.read(records.read_cursor)
        wait = wait_s if self.complete else 0
        page = await self._http.ask(
            "GET",
            self._http.site_path + "/feed",
            FeedPage,
            query={"cursor": cursor, "limit": self._page_changes, "wait_s": wait},
            patience=self._patience,
        )
        self.online = True
        self._backoff.reset()
        if page.changes or self._noted_ms is None or self._clock_ms() - self._noted_ms >= NOTE_EVERY_MS:
            prepared = [self._prepare_change(change) for change in page.changes]
            await self._store.run(lambda unit: self._apply_page(unit, page, prepared), lane=Lane.BULK)
        self.complete = self.complete or not page.more
        return len(page.changes)

    async def retry_parked(self) -> int:
        """Try parked records again, for instance after an upgrade; returns how many were applied."""
        parked = await self._store.read(records.list_parked)
        if not parked:
            return 0
        prepared = [self._prepare_change(change) for change, _ in parked]
        return await self._store.run(
            lambda unit: sum(self._apply_one(unit, change, report=False) for change in prepared),
            lane=Lane.BULK,
        )

    def _prepare_change(self, change: Change) -> _Prepared:
        data = change.data
        if data is not None and change.applied_through is not None:
            data = {**data, "applied_through": msgspec.to_builtins(change.applied_through)}
        prepare = self._prepare.get(change.collection)
        if data is None or prepare is None:
            return _Prepared(change, data, "")
        try:
            return _Prepared(change, prepare(data), "")
        except _BAD_RECORD as error:
            return _Prepared(change, None, _reason(error))

    def _apply_page(self, unit: Unit, page: FeedPage, prepared: list[_Prepared]) -> None:
        for change in prepared:
            self._apply_one(unit, change)
        records.write_cursor(unit.connection, page.cursor)
        if not page.more:
            self._note(unit)
            self._noted_ms = self._clock_ms()
        unit.hint("feed")

    def _apply_one(self, unit: Unit, prepared: _Prepared, *, report: bool = True) -> bool:
        change, data, fault = prepared
        apply = self._appliers.get(change.collection)
        if apply is None:
            records.park_change(unit.connection, change, "unknown_collection", unit.now.at_ms)
            return False
        if not fault:
            unit.connection.execute("SAVEPOINT change")
            try:
                apply(unit, change.id, change.version, data)
            except (*_BAD_RECORD, sqlite3.IntegrityError) as error:
                unit.connection.execute("ROLLBACK TO change")
                fault = _reason(error)
            unit.connection.execute("RELEASE change")
        if not fault:
            records.unpark_change(unit.connection, change)
            return True
        records.park_change(unit.connection, change, fault, unit.now.at_ms)
        if report:
            parked = FeedRecordParked(
                collection=change.collection, record=change.id, version=change.version, reason=fault
            )
            unit.record(parked, actor="downlink")
        return False


def apply_parked(unit: Unit, id: str, version: int, data: Mapping[str, object] | None) -> None:
    """The platform's own report of an event of ours that it could not apply."""
    if data is None:
        records.drop_platform_parked(unit.connection, id)
    else:
        records.put_platform_parked(unit.connection, id, str(data["type"]), str(data["reason"]))


OWN_APPLIERS: dict[str, Apply] = {"parked": apply_parked}


def _reason(error: Exception) -> str:
    """A stable code where there is one, else the kind of fault; never the record's content."""
    return error.code if isinstance(error, Refusal) else type(error).__name__
