import pytest

from edge.pay.engine import PaymentEngine
from edge.settlement.days import day_figures
from edge.settlement.errors import NoOpenShift, ShiftAlreadyOpen
from edge.settlement.shifts import close_shift, current_shift, open_shift
from edge.shop.catalogue import Product
from edge.shop.checkout import place_order, settle_sale
from edge.store.inline import InlineStore
from edge.trust.clock import Trust
from tests.fakes.clock import FakeClock
from tests.fakes.payment_platform import FakePaymentPlatform
from tests.fakes.trade import basket_of, events_of, open_store, put_product


class Counter:
    """A shop that sells one thing."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.store: InlineStore = open_store(self.clock)
        self.soy: Product = put_product(self.store, 1, pieces=20)
        self.platform = FakePaymentPlatform(now_ms=self.clock.at_ms)
        self.engine = PaymentEngine(self.store, self.platform, settle={"sale": settle_sale}, clock=self.clock)

    async def sell(self, *, late: bool = False) -> None:
        order = self.store.run_now(
            lambda unit: place_order(unit, basket_of((self.soy, 1)), resident=None, kiosk="k1")
        )
        attempt = await self.engine.start(order.order_id, order.payee, order.total_fen)
        if late:
            await self.engine.close(attempt.id)
        self.platform.set_state(attempt.id, "paid")
        await self.engine.settle(attempt.id)


@pytest.fixture
def counter() -> Counter:
    return Counter()


async def test_a_day_has_its_own_takings_and_refunds(counter: Counter) -> None:
    await counter.sell()
    await counter.sell()
    counter.clock.advance(days=1)
    await counter.sell()
    await counter.sell(late=True)
    first = day_figures(counter.store.connection, "2026-11-22")
    second = day_figures(counter.store.connection, "2026-11-23")
    assert (first.sales_fen, first.refunds_fen) == (2560, 0)
    assert [(line.purpose, line.payee, line.count) for line in first.takings] == [("sale", "shop", 2)]
    assert (second.sales_fen, second.refunds_fen) == (1280, 1280)
    assert day_figures(counter.store.connection, "2026-11-24").takings == ()


async def test_with_the_time_unknown_sales_go_to_the_open_shift(counter: Counter) -> None:
    counter.store.run_now(lambda unit: open_shift(unit, actor="staff-1", business_date="2026-11-25"))
    counter.clock.trust = Trust.UNKNOWN
    await counter.sell()
    assert day_figures(counter.store.connection, "2026-11-25").sales_fen == 1280
    assert [event["business_date"] for event in events_of(counter.store, "SaleSettled")] == ["2026-11-25"]


async def test_a_closed_shift_gives_no_date_any_more(counter: Counter) -> None:
    counter.store.run_now(lambda unit: open_shift(unit, actor="staff-1", business_date="2026-11-25"))
    counter.store.run_now(lambda unit: close_shift(unit, actor="staff-1"))
    counter.clock.trust = Trust.UNKNOWN
    await counter.sell()
    assert day_figures(counter.store.connection, "2026-11-22").sales_fen == 1280


def test_one_shift_at_a_time(counter: Counter) -> None:
    store = counter.store
    shift = store.run_now(lambda unit: open_shift(unit, actor="staff-1"))
    assert current_shift(store.connection) == shift
    assert shift.business_date == "2026-11-22"
    with pytest.raises(ShiftAlreadyOpen):
        store.run_now(lambda unit: open_shift(unit, actor="staff-2"))
    counter.clock.advance(seconds=60)
    closed = store.run_now(lambda unit: close_shift(unit, actor="staff-1"))
    assert closed.closed_at_ms == counter.clock.at_ms
    assert current_shift(store.connection) is None
    with pytest.raises(NoOpenShift):
        store.run_now(lambda unit: close_shift(unit, actor="staff-1"))
