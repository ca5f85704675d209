"""Money on an old copy of a device's database: no id twice, nobody pays another's order, no sale twice."""

import asyncio
import sqlite3
from collections.abc import Iterator
from typing import Any

import pytest

import cloud_sync.payments
from cloud_sync.downlink import Downlink
from cloud_sync.identity import note_conflict
from cloud_sync.payments import HttpPaymentPlatform
from cloud_sync.platform.channels import sim_payer
from cloud_sync.uplink import Uplink
from edge.books.ledger import balance
from edge.errors import PlatformUnreachable
from edge.homes.bills import find_bill
from edge.homes.fees import place_fee, settle_bills
from edge.pay.attempts import Attempt, create_attempt, find_attempt
from edge.pay.engine import PaymentEngine
from edge.pay.errors import PaymentRefused
from edge.pay.refund_records import refund_rows
from edge.pay.states import AttemptState
from edge.service.records import live_alarms
from edge.shop.catalogue import Product
from edge.shop.checkout import PlacedOrder, find_order, place_order, settle_sale
from edge.store.inline import InlineStore
from edge.tables import APPLIERS
from tests.cloud_sync.conftest import World
from tests.cloud_sync.test_applying import applied, settled
from tests.cloud_sync.test_downlink import read_all
from tests.fakes.trade import basket_of, events_of, on_hand, put_contract, put_product


class Life:
    """A process on a copy of the device's database, with the parts that pay."""

    def __init__(self, world: World, image: bytes) -> None:
        connection = sqlite3.connect(":memory:", isolation_level=None)
        connection.deserialize(image)
        self.world = world
        self.store = InlineStore(connection, site="heyuanli", device="k1", clock=world.clock)
        self.uplink = Uplink(store=self.store, http=world.http)
        self.engine = PaymentEngine(
            self.store,
            HttpPaymentPlatform(world.http, confirmed=self.uplink.confirmed),
            settle={"sale": settle_sale, "fee": settle_bills},
            clock=world.clock,
            conflict=lambda unit, attempt: note_conflict(unit, attempt.id),
        )

    def place(self, product: Product, pieces: int = 1) -> PlacedOrder:
        basket = basket_of((product, pieces))
        return self.store.run_now(lambda unit: place_order(unit, basket, resident=None, kiosk="k1"))

    async def ask_for(self, order: PlacedOrder) -> Attempt:
        return await self.engine.start(order.order_id, order.payee, order.total_fen)

    async def charge(self, product: Product, pieces: int = 1) -> Attempt:
        """As the kiosk does it."""
        await self.engine.ready()
        return await self.ask_for(self.place(product, pieces))

    async def confirm(self, qr: str) -> None:
        """The payer takes out the phone."""
        now_ms = self.world.clock.at_ms
        await self.world.platform.database.write(
            lambda c: sim_payer.pay_qr(c, "res-1203", qr, "confirm", now_ms=now_ms)
        )

    async def drain(self) -> None:
        while await self.uplink.send_next():
            pass
        await settled(lambda: applied(self.world))

    async def read_feed(self) -> None:
        await read_all(Downlink(store=self.store, http=self.world.http, appliers=APPLIERS))

    def image(self) -> bytes:
        return self.store.connection.serialize()

    def refunds(self) -> list[dict[str, Any]]:
        return refund_rows(self.store.connection, "requested")


async def incidents(world: World) -> list[str]:
    rows = await world.platform.database.read(
        lambda c: c.execute("SELECT code FROM incidents ORDER BY id").fetchall()
    )
    return [row["code"] for row in rows]


@pytest.fixture
def soy(world: World) -> Product:
    put_contract(world.store, version=1)
    return put_product(world.store, 1, pieces=10)


@pytest.fixture
def image(world: World, soy: Product) -> bytes:
    """The device's database before anything was sold."""
    return world.store.connection.serialize()


@pytest.fixture(autouse=True)
def _short_wait(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(cloud_sync.payments, "READY_WAIT_S", 0.05)
    yield


async def sell(life: Life, soy: Product, pieces: int = 1) -> Attempt:
    """A whole sale, known to the platform."""
    await life.drain()
    attempt = await life.charge(soy, pieces)
    await life.confirm(attempt.qr)
    paid = await life.engine.settle(attempt.id)
    await life.drain()
    assert paid.state is AttemptState.PAID
    return paid


async def test_an_old_copy_asks_for_no_money_before_it_knows_who_it_is(
    world: World, soy: Product, image: bytes
) -> None:
    earlier = await sell(Life(world, image), soy)
    again = Life(world, image)
    before = again.store.executor.head
    with pytest.raises(PlatformUnreachable):
        await again.charge(soy)
    assert again.store.executor.head == before

    waiting = asyncio.create_task(again.charge(soy))
    await asyncio.sleep(0)
    await again.drain()
    attempt = await waiting
    assert (attempt.id == earlier.id, attempt.order_id == earlier.order_id) == (False, False)
    assert (await again.engine.settle(attempt.id)).state is AttemptState.SENT
    await again.confirm(attempt.qr)
    assert (await again.engine.settle(attempt.id)).state is AttemptState.PAID
    await again.drain()
    assert (await world.figures())["sales"] == {"count": 2, "total_fen": 2 * soy.price_fen}


async def test_without_that_question_the_payment_of_an_earlier_life_would_pay_the_order(
    world: World, soy: Product, image: bytes
) -> None:
    """The planted bug that the test above is there for; `confirmed` is set by nobody who knows."""
    earlier = await sell(Life(world, image), soy)
    again = Life(world, image)
    again.uplink.confirmed.set()
    attempt = await again.charge(soy)
    assert (attempt.id, attempt.order_id) == (earlier.id, earlier.order_id)
    assert (await again.engine.settle(attempt.id)).state is AttemptState.PAID


async def test_an_id_that_the_platform_has_for_another_sum_fails_with_an_alarm(
    world: World, soy: Product, image: bytes
) -> None:
    earlier = await sell(Life(world, image), soy)
    again = Life(world, image)
    again.uplink.confirmed.set()
    with pytest.raises(PaymentRefused) as refused:
        await again.charge(soy, 2)
    assert refused.value.details["reason"] == "attempt_conflict"
    attempt = find_attempt(again.store.connection, earlier.id)
    assert (attempt.state, attempt.reason) == (AttemptState.FAILED, "attempt_conflict")
    (alarm,) = again.store.read_now(live_alarms)
    assert (alarm.kind, alarm.source, alarm.detail) == (
        "identity",
        "payments",
        f"attempt_conflict {earlier.id}",
    )

    await again.engine.settle_open()
    assert find_attempt(again.store.connection, earlier.id).state is AttemptState.FAILED
    assert again.refunds() == []


async def test_what_the_platform_says_of_another_order_is_not_taken_for_ours(
    world: World, soy: Product, image: bytes
) -> None:
    """The request was never answered: only the question tells whose attempt it is."""
    shifted = Life(world, image)
    shifted.store.run_now(lambda unit: unit.next_id())
    earlier = await sell(shifted, soy)
    again = Life(world, image)
    order = again.place(soy)
    again.store.run_now(lambda unit: unit.next_id())
    attempt = again.store.run_now(
        lambda unit: create_attempt(unit, order.order_id, order.payee, order.total_fen, "wechat")
    )
    again.uplink.confirmed.set()
    assert (attempt.id == earlier.id, order.order_id == earlier.order_id) == (True, False)
    await again.engine.settle_open()
    told = find_attempt(again.store.connection, attempt.id)
    assert (told.state, told.reason) == (AttemptState.FAILED, "attempt_conflict")
    assert find_order(again.store.connection, order.order_id).state == "placed"
    assert [alarm.kind for alarm in again.store.read_now(live_alarms)] == ["identity"]


async def test_a_sale_settled_in_the_lost_part_is_settled_again_and_counted_once(
    world: World, soy: Product, image: bytes
) -> None:
    life = Life(world, image)
    await life.drain()
    attempt = await life.charge(soy)
    with_open_attempt = life.image()
    await life.confirm(attempt.qr)
    await life.engine.settle(attempt.id)
    await life.drain()

    again = Life(world, with_open_attempt)
    await again.drain()
    assert await again.engine.settle_open() == ()
    await again.drain()
    assert again.store.epoch == 2
    assert find_order(again.store.connection, attempt.order_id).state == "paid"
    assert on_hand(again.store, soy.sku) == 9
    assert balance(again.store.connection, "assets:channel:shop") == soy.price_fen
    assert again.refunds() == []
    figures = await world.figures()
    assert figures["sales"] == {"count": 1, "total_fen": soy.price_fen}
    assert [device["parked"] for device in figures["devices"]] == [0, 0]
    assert await incidents(world) == ["restored_behind", "settled_again"]
    charged = await world.platform.database.read(lambda c: c.execute("SELECT * FROM trades").fetchall())
    assert len(charged) == 1


@pytest.mark.parametrize("feed_first", [True, False])
async def test_a_fee_paid_in_the_lost_part_is_counted_once_and_not_given_back(
    world: World, soy: Product, image: bytes, feed_first: bool
) -> None:
    life = Life(world, image)
    await life.read_feed()
    await life.drain()
    await life.engine.ready()
    order = life.store.run_now(
        lambda unit: place_fee(unit, ("b1",), room="r-3-1203", resident="res-1203", kiosk="k1")
    )
    attempt = await life.engine.start(order.order_id, order.payee, order.total_fen, purpose="fee")
    with_open_attempt = life.image()
    await life.confirm(attempt.qr)
    await life.engine.settle(attempt.id)
    await life.drain()

    again = Life(world, with_open_attempt)
    await again.drain()
    if feed_first:
        await again.read_feed()
        assert find_bill(again.store.connection, "b1", world.clock.now()).unpaid_fen == 0
    await again.engine.settle_open()
    await again.drain()
    await again.read_feed()
    assert again.refunds() == []
    assert len(events_of(again.store, "BillPaid")) == 1
    bill = find_bill(again.store.connection, "b1", world.clock.now())
    assert (bill.paid_fen, bill.unconfirmed_fen, bill.unpaid_fen) == (26_880, 0, 0)
    assert (await world.figures())["fees"] == {"count": 1, "total_fen": 26_880}
    assert "settled_again" in await incidents(world)
