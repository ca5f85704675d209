"""kill -9 of the platform on PostgreSQL, or of its database, while custody is taken: each event is held once.

Invariant I2; on SQLite the proof `platform-kill` kills it.
"""

import asyncio
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from cloud_sync.events import FeedRecordParked
from cloud_sync.http import PlatformBusy, PlatformHttp
from cloud_sync.platform.exchange import STORE_AWAY_S
from cloud_sync.platform.figures import SiteFigures
from cloud_sync.uplink import Uplink
from edge.errors import PlatformError
from edge.store import journal
from edge.store.inline import InlineStore
from edge.tables import MIGRATIONS
from tests.fakes.clock import FakeClock
from tests.fakes.platform_process import DEVICE, SITE, PlatformProcess
from tests.fakes.postgres import Postgres

pytestmark = pytest.mark.slow

EVENTS = 3_000
KILLS = 4
MIDDLE_MS = (2, 40)
"""When the platform dies after a batch left: before it was read, while it is stored, after it is answered."""


@pytest.fixture
def store() -> Iterator[str]:
    """Lines of platform.toml for a database of its own."""
    server = Postgres()
    server.start()
    yield f'[store]\nurl = "{server.new_database()}"\n'
    server.stop()


def filled() -> InlineStore:
    """A device with events that nobody has yet."""
    store = InlineStore.in_memory(clock=FakeClock(), migrations=MIGRATIONS)
    for number in range(EVENTS):
        event = FeedRecordParked(collection="c", record=f"r{number}", version=1, reason="test")
        store.run_now(lambda unit, event=event: unit.record(event, actor="test"))  # type: ignore[misc]
    return store


async def send_until_killed(uplink: Uplink, platform: PlatformProcess, after_ms: int) -> None:
    """Send until the platform is dead; it dies so long after the third batch left."""
    for _ in range(2):
        await uplink.send_next()
    sending = asyncio.create_task(uplink.send_next())
    await asyncio.wait({sending}, timeout=after_ms / 1000)
    await asyncio.to_thread(platform.kill)
    await asyncio.gather(sending, return_exceptions=True)
    with pytest.raises(PlatformError):
        while True:
            await uplink.send_next()


async def test_each_event_is_in_custody_once_however_often_the_platform_is_killed(
    tmp_path: Path, store: str
) -> None:
    chance, device, platform = random.Random(7), filled(), PlatformProcess(tmp_path, store=store)
    head = device.read_now(journal.read_head)
    try:
        platform.start()
        async with PlatformHttp(url=platform.url, site=SITE, device=DEVICE, token=platform.token) as http:
            for _ in range(KILLS):
                uplink = Uplink(store=device, http=http, batch_events=100)
                await send_until_killed(uplink, platform, chance.randint(*MIDDLE_MS))
                await asyncio.to_thread(platform.start)
            uplink = Uplink(store=device, http=http)
            while await uplink.send_next():
                pass
            (stream,) = (await http.ask("GET", http.site_path + "/figures", SiteFigures)).devices
    finally:
        platform.kill()
        device.close()
    assert (stream.events, stream.head_seq, stream.head_hash) == (head.seq, head.seq, head.hash.hex())
    assert stream.quarantine is None


async def test_a_database_killed_under_the_platform_loses_nothing_and_is_found_again(tmp_path: Path) -> None:
    device, server = filled(), Postgres()
    server.start()
    platform = PlatformProcess(tmp_path, store=f'[store]\nurl = "{server.new_database()}"\n')
    try:
        platform.start()
        async with PlatformHttp(url=platform.url, site=SITE, device=DEVICE, token=platform.token) as http:
            uplink = Uplink(store=device, http=http, batch_events=100)
            for _ in range(KILLS):
                await uplink.send_next()
                await asyncio.to_thread(server.kill)
                with pytest.raises(PlatformBusy) as refused:
                    await uplink.send_next()
                assert refused.value.retry_after_s == STORE_AWAY_S
                await asyncio.to_thread(server.start)
                await send_until_back(uplink)
            while await uplink.send_next():
                pass
            (stream,) = (await http.ask("GET", http.site_path + "/figures", SiteFigures)).devices
        head = device.read_now(journal.read_head)
    finally:
        platform.kill()
        server.stop()
        device.close()
    assert (stream.events, stream.head_seq, stream.head_hash) == (head.seq, head.seq, head.hash.hex())
    assert stream.parked == 0


async def send_until_back(uplink: Uplink) -> None:
    """Ask again until the platform has its database again."""
    async with asyncio.timeout(20):
        while True:
            try:
                await uplink.send_next()
            except PlatformBusy:
                await asyncio.sleep(0.05)
            else:
                return
