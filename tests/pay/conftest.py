"""One shelf, one placed order, one platform that misbehaves on request."""

from typing import NamedTuple

import pytest

from edge.pay.attempts import Attempt, find_attempt
from edge.pay.codes import CodeTable
from edge.pay.engine import PaymentEngine
from edge.pay.refund_records import refund_rows
from edge.pay.refunding import RefundDesk
from edge.shop.checkout import PlacedOrder, find_order, place_order, settle_sale
from edge.store.inline import InlineStore
from tests.fakes.clock import FakeClock
from tests.fakes.payment_platform import FakePaymentPlatform
from tests.fakes.trade import basket_of, open_store, put_product

WECHAT_CODE = "134567890123456789"
ALIPAY_CODE = "2812345678901234567"
CODES = CodeTable()


class Desk(NamedTuple):
    """A till with everything around it."""

    clock: FakeClock
    store: InlineStore
    platform: FakePaymentPlatform
    engine: PaymentEngine
    refunds: RefundDesk
    order: PlacedOrder

    async def charge(self, code: str = WECHAT_CODE) -> Attempt:
        """Charge the order by a payment code."""
        order = self.order
        return await self.engine.charge(order.order_id, order.payee, order.total_fen, CODES.read(code))

    async def pay(self) -> Attempt:
        """Sell the order."""
        self.platform.charge_state = "paid"
        return await self.charge()

    def wait(self, seconds: int) -> None:
        """Let time pass, here and at the platform."""
        self.clock.advance(seconds=seconds)
        self.platform.now_ms = self.clock.at_ms

    def find(self, attempt_id: str) -> Attempt:
        """The attempt as it is on disk."""
        return find_attempt(self.store.connection, attempt_id)

    def order_state(self) -> str:
        """What became of the order."""
        return find_order(self.store.connection, self.order.order_id).state

    def refund_sums(self, state: str = "requested") -> list[int]:
        """The sums of refunds with a part in a state."""
        return [row["amount_fen"] for row in refund_rows(self.store.connection, state)]


@pytest.fixture
def desk() -> Desk:
    clock = FakeClock()
    store = open_store(clock)
    product = put_product(store, 1, pieces=10)
    platform = FakePaymentPlatform(now_ms=clock.at_ms)
    engine = PaymentEngine(store, platform, settle={"sale": settle_sale}, clock=clock)
    order = store.run_now(
        lambda unit: place_order(unit, basket_of((product, 2)), resident="res-1", kiosk="k1")
    )
    return Desk(clock, store, platform, engine, RefundDesk(store, platform, clock=clock), order)
