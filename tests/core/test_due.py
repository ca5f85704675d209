"""What a hub does by itself: every recurring kind runs over real tables, and the long ones by their hints."""

import asyncio

import pytest

from cloud_sync.schema import MIGRATIONS as SYNC
from edge.books.verification import BooksReport, Difference
from edge.due import ABANDONED_MS, BACKUP_TOPIC, BOOKS_TOPIC, RECURRING, BooksCheck
from edge.service import records
from edge.service.schema import MIGRATIONS as SERVICE
from edge.service.timers import TimerRunner
from edge.shop.checkout import place_order
from edge.store.inline import InlineStore
from edge.store.retention import RETENTION_TOPIC
from tests.fakes.clock import FakeClock
from tests.fakes.trade import MIGRATIONS, basket_of, events_of, put_product


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def store(clock: FakeClock) -> InlineStore:
    return InlineStore.in_memory(clock=clock, migrations=(*MIGRATIONS, *SERVICE, *SYNC))


async def test_after_a_day_each_kind_has_run_once_and_the_long_ones_were_hinted(
    store: InlineStore, clock: FakeClock
) -> None:
    runner = TimerRunner(store=store, clock=clock, acts={}, recurring=RECURRING)
    await runner.prepare()
    clock.advance(days=1)
    with store.notifier.subscribe(RETENTION_TOPIC, BOOKS_TOPIC, BACKUP_TOPIC) as hints:
        assert await runner.run_due() == len(RECURRING)
        heard = {await hints.wait(0.1) for _ in range(3)}
        assert heard == {RETENTION_TOPIC, BOOKS_TOPIC, BACKUP_TOPIC}
    assert await runner.run_due() == 0
    assert records.live_alarms(store.connection) == []


async def test_an_order_that_nobody_pays_is_given_up_after_its_hour(
    store: InlineStore, clock: FakeClock
) -> None:
    runner = TimerRunner(store=store, clock=clock, acts={}, recurring=RECURRING)
    await runner.prepare()
    soy = put_product(store, 1, pieces=3)
    store.run_now(lambda unit: place_order(unit, basket_of((soy, 1)), resident=None, kiosk="k1"))
    clock.advance(ms=ABANDONED_MS)
    await runner.run_due()
    assert events_of(store, "OrderCancelled") == []
    clock.advance(ms=ABANDONED_MS)
    await runner.run_due()
    assert len(events_of(store, "OrderCancelled")) == 1


async def test_a_difference_in_the_books_is_an_alarm_until_a_check_finds_none(store: InlineStore) -> None:
    found: list[Difference] = [Difference("balance", "asset", "one fen too much")]
    checks = asyncio.Queue[int]()

    async def verify() -> BooksReport:
        checks.put_nowait(1)
        return BooksReport(accounts=1, sets=1, events=1, unheld=0, differences=tuple(found))

    check = BooksCheck(store=store, verify=verify)
    task = asyncio.create_task(check.run())
    await asyncio.sleep(0)
    store.run_now(lambda unit: unit.hint(BOOKS_TOPIC))
    await checks.get()
    task.cancel()
    assert not await check.check()
    assert [alarm.kind for alarm in records.live_alarms(store.connection)] == ["books_differ"]
    found.clear()
    assert await check.check()
    assert records.live_alarms(store.connection) == []
