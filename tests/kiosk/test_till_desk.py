"""The till's desk over the real rooms in memory: shop, leases, engine; the platform is a fake."""

from dataclasses import dataclass

import pytest

from edge.errors import PlatformUnreachable
from edge.homes.residents import apply_resident
from edge.homes.rooms import apply_room
from edge.pay.codes import CodeTable
from edge.pay.engine import PaymentEngine
from edge.pay.errors import LeaseExceeded, OrderNotPayable
from edge.pay.leases import LeaseDesk, LeaseRecord, lease_left_fen
from edge.payments import LIMITS, SETTLE
from edge.store.inline import InlineStore
from kiosk.desks.money_views import Part, Payable
from kiosk.desks.till_desk import RoomTillDesk
from kiosk.desks.views import Resident
from kiosk.words import same
from tests.fakes.accounts import SUBJECT, put_account, put_lease
from tests.fakes.bill_platform import FakeBillPlatform
from tests.fakes.clock import FakeClock
from tests.fakes.payment_platform import FakePaymentPlatform
from tests.fakes.trade import events_of, open_store, put_contract, put_product

CODE = "134567890123456789"
WHO = Resident(SUBJECT, "3-1602", same("3-1602"), "李*华")
ROOM = {"building": "3", "unit": "1", "number": "1602", "managed": True}
PERSON = {"room": "3-1602", "name_masked": "李*华", "role": "owner"}


class AwayLeases:
    """Nobody can be asked for more of a lease."""

    async def raise_lease(self, account: str, *, lease: str, epoch: int, granted_fen: int) -> LeaseRecord:
        """Says nothing."""
        raise PlatformUnreachable("away")


@dataclass
class Counter:
    """A desk, what is behind it, and the time."""

    clock: FakeClock
    store: InlineStore
    platform: FakePaymentPlatform
    desk: RoomTillDesk

    async def order(self, who: Resident | None = WHO) -> Payable:
        """Two bottles of soy sauce, 25.60 yuan."""
        return await self.desk.place_sale({"s1": 2}, who, 2560)


@pytest.fixture
def counter() -> Counter:
    """Goods, a resident with 5.00 in points and 30.00 in the shop's wallet, of which 20.00 are leased."""
    clock = FakeClock()
    store = open_store(clock)
    put_contract(store)
    put_product(store, 1, pieces=9)
    store.run_now(lambda unit: apply_room(unit, "3-1602", 1, ROOM))
    store.run_now(lambda unit: apply_resident(unit, SUBJECT, 1, PERSON))
    put_lease(store, put_account(store, "points", 500), 500)
    put_lease(store, put_account(store, "wallet", 3000, issuer="shop"), 2000)
    platform = FakePaymentPlatform(now_ms=clock.at_ms)
    engine = PaymentEngine(store, platform, settle=SETTLE, limits=LIMITS, clock=clock)
    leases = LeaseDesk(store, AwayLeases())
    desk = RoomTillDesk(
        store=store,
        engine=engine,
        kiosk="k1",
        codes=CodeTable(),
        leases=leases,
        limits=LIMITS,
        bills=FakeBillPlatform(),
    )
    return Counter(clock, store, platform, desk)


async def test_accounts_are_offered_with_what_they_may_take_with_and_without_a_network(
    counter: Counter,
) -> None:
    order = await counter.order()
    assert {offer.kind: (offer.usable_fen, offer.left_fen) for offer in order.offers} == {
        "points": (500, 500),
        "wallet": (2560, 2000),
    }
    away = order.offer("wallet"), order.without_network().offer("wallet")
    assert [offer.usable_fen for offer in away if offer] == [2560, 2000]
    assert (await counter.order(None)).offers == ()
    assert order.slip.startswith(f"CE-S:{order.order_id}.")


async def test_points_and_a_payment_code_pay_together_and_the_code_is_kept_nowhere(counter: Counter) -> None:
    order = await counter.order()
    charge = await counter.desk.take_code(order, (Part("points", 500),), CODE)
    assert (charge.state, charge.amount_fen) == ("paid", 2060)
    (sale,) = events_of(counter.store, "SaleSettled")
    assert [(each["kind"], each["amount_fen"]) for each in sale["tenders"]] == [("points", 500)]
    receipt = await counter.desk.receipt(order.order_id)
    assert [(part.name.zh, part.amount_fen) for part in receipt.paid_with] == [
        ("积分", 500),
        ("微信支付", 2060),
    ]
    assert receipt.points_credited and receipt.claim.startswith(f"CE-R:{order.order_id}.")
    assert all(CODE not in line for line in counter.store.connection.iterdump())


async def test_a_payer_who_types_a_password_is_waited_for(counter: Counter) -> None:
    counter.platform.charge_state = "waiting"
    charge = await counter.desk.take_code(await counter.order(), (), CODE)
    assert charge.state == "waiting" and charge.user_paying
    assert charge.expires_at_ms == charge.made_at_ms + 30_000


async def test_silence_after_a_code_is_no_answer_and_never_a_second_charge(counter: Counter) -> None:
    counter.platform.answers_lost = True
    charge = await counter.desk.take_code(await counter.order(), (), CODE)
    assert charge.state == "waiting" and not charge.user_paying and charge.answered_at_ms is None
    counter.clock.advance(seconds=6)
    with pytest.raises(PlatformUnreachable):
        await counter.desk.ask(charge.attempt_id)
    counter.platform.answers_lost = False
    counter.clock.advance(seconds=6)
    assert (await counter.desk.ask(charge.attempt_id)).state == "paid"
    assert [held.charges for held in counter.platform.held.values()] == [1]


async def test_a_lease_pays_without_a_network_and_no_more_than_it_has(counter: Counter) -> None:
    counter.platform.away = True
    order = await counter.order()
    with pytest.raises(PlatformUnreachable):
        await counter.desk.collect(order, (), "wechat")
    with pytest.raises(LeaseExceeded):
        await counter.desk.pay_from_accounts(order, (Part("wallet", 2560),))
    assert lease_left_fen(counter.store.connection, "a-wallet-shop-res-1") == 2000
    small = await counter.desk.place_sale({"s1": 1}, WHO, 1280)
    await counter.desk.pay_from_accounts(small, (Part("wallet", 1280),))
    assert lease_left_fen(counter.store.connection, "a-wallet-shop-res-1") == 720
    assert (await counter.desk.receipt(small.order_id)).total_fen == 1280


async def test_changing_the_split_frees_what_was_held(counter: Counter) -> None:
    order = await counter.order()
    charge = await counter.desk.collect(order, (Part("wallet", 2000),), "alipay")
    assert (charge.amount_fen, charge.channel) == (560, "alipay")
    left = lease_left_fen(counter.store.connection, "a-wallet-shop-res-1")
    assert left == 0
    assert (await counter.desk.give_up(charge.attempt_id)).state == "failed"
    assert lease_left_fen(counter.store.connection, "a-wallet-shop-res-1") == 2000


async def test_codes_are_told_apart_before_anything_is_asked(counter: Counter) -> None:
    assert counter.desk.code_channel(CODE) == "wechat"
    assert counter.desk.code_channel("2812345678901234") == "alipay"
    assert counter.desk.code_channel("6212345678901234567") == "other"
    assert counter.desk.code_channel("6901234567892") == ""


async def test_a_refused_order_pays_nothing_from_accounts(counter: Counter) -> None:
    order = await counter.order()
    await counter.desk.drop(order)
    with pytest.raises(OrderNotPayable):
        await counter.desk.pay_from_accounts(order, (Part("wallet", 2000), Part("points", 500)))
    assert lease_left_fen(counter.store.connection, "a-wallet-shop-res-1") == 2000
