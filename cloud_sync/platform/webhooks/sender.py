"""Delivers webhooks: each receiver by itself, each device's events in order of custody, at least once each.

A receiver that is slow or away holds up nobody but itself. An event that it does not take is tried again with
growing, scattered pauses; after the last attempt it is laid aside as a dead letter, and the next one follows.
"""

import asyncio
import random
from collections.abc import Callable, Sequence
from functools import partial

import aiohttp

from cloud_sync.platform.database import Database
from cloud_sync.platform.store.port import Connection
from cloud_sync.platform.webhooks import records
from cloud_sync.platform.webhooks.addresses import (
    AddressNotAllowed,
    GuardedResolver,
    Network,
    WebhookInvalid,
    check_url,
)
from cloud_sync.platform.webhooks.records import Lane, Letter, Pending, Webhook
from cloud_sync.platform.webhooks.signing import (
    ID_HEADER,
    SIGNATURE_HEADER,
    TIME_HEADER,
    derive_secret,
    sign,
)

LOOK_S = 1.0
TIMEOUT_S = 10.0
LANES_AT_ONCE = 4
"""Requests under way to one receiver."""
MAX_ATTEMPTS = 15
RETRY_BASE_MS, RETRY_CAP_MS = 5_000, 3_600_000
"""5 s doubled up to an hour: 15 attempts are spread over about five hours."""
MEDIA_TYPE = "application/cloudevents+json"


class Sender:
    """Everything that goes out; `jitter` gives numbers from 0 to 1."""

    def __init__(
        self,
        database: Database,
        master: bytes,
        allowed: Sequence[Network],
        *,
        clock_ms: Callable[[], int],
        jitter: Callable[[], float] = random.random,
        timeout_s: float = TIMEOUT_S,
    ) -> None:
        self._database = database
        self._master = master
        self._allowed = allowed
        self._clock_ms = clock_ms
        self._jitter = jitter
        self._timeout_s = timeout_s
        self._running: dict[str, asyncio.Task[None]] = {}

    def secret_of(self, hook: Webhook) -> str:
        """What the owner checks our signatures with."""
        return derive_secret(self._master, hook.id, hook.salt)

    async def run(self) -> None:
        """Deliver until cancelled. Raises StoreAway."""
        try:
            async with self.open_session() as session:
                while True:
                    await self.begin_rounds(session)
                    await asyncio.sleep(LOOK_S)
        finally:
            await self.stop()

    async def begin_rounds(self, session: aiohttp.ClientSession) -> None:
        """Begin a round for every webhook that has none under way. Raises what a round of before raised."""
        for id, task in list(self._running.items()):
            if task.done():
                del self._running[id]
                task.result()
        for hook in await self._database.read(records.list_webhooks):
            if hook.id not in self._running:
                self._running[hook.id] = asyncio.create_task(self.deliver(session, hook))

    async def stop(self) -> None:
        """End what is under way; it is delivered again after the next start."""
        for task in self._running.values():
            task.cancel()
        await asyncio.gather(*self._running.values(), return_exceptions=True)
        self._running.clear()

    def open_session(self) -> aiohttp.ClientSession:
        """A client that follows nothing, keeps no cookies and connects only where it may."""
        connector = aiohttp.TCPConnector(
            resolver=GuardedResolver(self._allowed), use_dns_cache=False, limit_per_host=LANES_AT_ONCE
        )
        return aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=self._timeout_s),
        )

    async def deliver(self, session: aiohttp.ClientSession, hook: Webhook) -> None:
        """One round of a webhook: letters that were asked for again, then what is due of every device."""
        for letter in await self._database.read(lambda c: records.list_letters(c, hook.id, again=True)):
            await self._send_letter(session, hook, letter)
        now_ms = self._clock_ms()
        lanes = await self._database.read(lambda c: records.due_lanes(c, hook, now_ms=now_ms))
        turns = asyncio.Semaphore(LANES_AT_ONCE)

        async def take_turn(lane: Lane) -> None:
            async with turns:
                await self._send_lane(session, hook, lane)

        await asyncio.gather(*(take_turn(lane) for lane in lanes))

    async def _send_lane(self, session: aiohttp.ClientSession, hook: Webhook, lane: Lane) -> None:
        """Deliver a device's next events until one is not taken, and keep how far that was."""
        delivered = 0
        for event in await self._database.read(partial(records.next_events, lane=lane)):
            wanted = hook.wants(event.type)
            failure = await self._send(session, hook, event) if wanted else ""
            if failure:
                await self._keep_failed(hook, lane, event, failure, delivered)
                return
            delivered += wanted
            lane = Lane(lane.device, event.epoch, event.seq, 0)
        await self._database.take(partial(_keep, hook.id, lane, delivered, self._clock_ms(), 0))

    async def _keep_failed(
        self, hook: Webhook, lane: Lane, event: Pending, failure: str, delivered: int
    ) -> None:
        """Try the event again later, or lay it aside after its last attempt."""
        now_ms, tried = self._clock_ms(), lane._replace(attempts=lane.attempts + 1)

        def keep(connection: Connection) -> None:
            records.note_failed(connection, hook.id, failure, now_ms=now_ms)
            if tried.attempts < MAX_ATTEMPTS:
                next_ms = now_ms + backoff_ms(tried.attempts, self._jitter())
                _keep(hook.id, tried, delivered, now_ms, next_ms, connection)
                return
            records.give_up(connection, hook.id, tried, event, failure, now_ms=now_ms)
            _keep(hook.id, Lane(lane.device, event.epoch, event.seq, 0), delivered, now_ms, 0, connection)

        await self._database.take(keep)

    async def _send_letter(self, session: aiohttp.ClientSession, hook: Webhook, letter: Letter) -> None:
        """One more attempt of a dead letter, outside the order of its device."""
        event = await self._database.read(lambda c: records.find_event(c, letter))
        failure, now_ms = await self._send(session, hook, event), self._clock_ms()

        def settle(connection: Connection) -> None:
            records.settle_letter(connection, letter, failure)
            if failure:
                records.note_failed(connection, hook.id, failure, now_ms=now_ms)
            else:
                records.note_delivered(connection, hook.id, 1, now_ms=now_ms)

        await self._database.take(settle)

    async def _send(self, session: aiohttp.ClientSession, hook: Webhook, event: Pending) -> str:
        """Send one event; returns why it was not taken, empty when it was."""
        timestamp_s = self._clock_ms() // 1000
        headers = {
            "Content-Type": MEDIA_TYPE,
            "User-Agent": "community-edge-webhooks",
            ID_HEADER: event.id,
            TIME_HEADER: str(timestamp_s),
            SIGNATURE_HEADER: sign(self.secret_of(hook), event.id, timestamp_s, event.line),
        }
        try:
            check_url(hook.url, self._allowed)
            async with session.post(
                hook.url, data=event.line, headers=headers, allow_redirects=False
            ) as answer:
                return "" if 200 <= answer.status < 300 else f"status {answer.status}"
        except WebhookInvalid as refused:
            return str(refused.details["reason"])
        except TimeoutError:
            return "timeout"
        except (aiohttp.ClientError, OSError) as error:
            inside = isinstance(error.__cause__ or error, AddressNotAllowed)
            return "address_not_allowed" if inside else type(error).__name__


def backoff_ms(attempts: int, scatter: float) -> int:
    """How long to wait after so many attempts: half of it fixed, half of it scattered (0 to 1)."""
    full_ms = min(RETRY_CAP_MS, RETRY_BASE_MS << min(attempts - 1, 20))
    return full_ms // 2 + int(full_ms / 2 * scatter)


def _keep(hook: str, lane: Lane, delivered: int, now_ms: int, next_ms: int, connection: Connection) -> None:
    records.keep_lane(connection, hook, lane, next_ms=next_ms)
    if delivered:
        records.note_delivered(connection, hook, delivered, now_ms=now_ms)
