"""An annual fee of 3,600 yuan by WeChat payment code: the payer types the password, slowly. Times by hand.

Above 1,000 yuan WeChat always asks for it. Asked every 5 s; after 30 s without money the attempt is reversed,
and the collection QR that was suggested beforehand takes the same order.
"""

from edge.homes.bills import apply_bill, find_bill
from edge.homes.fees import PlacedFee, place_fee, settle_bills
from edge.pay.attempts import Attempt
from edge.pay.codes import CodeTable
from edge.pay.engine import PaymentEngine
from edge.pay.refund_records import refund_rows
from edge.pay.states import AttemptState
from tests.fakes.clock import FakeClock
from tests.fakes.payment_platform import FakePaymentPlatform
from tests.fakes.trade import events_of, open_store

YEAR_FEN = 360_000
WECHAT_CODE = "134567890123456789"


class Payer:
    """Somebody with an annual fee and a phone that asks for the password."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.store = open_store(self.clock)
        bill = {"id": "y", "room": "r", "item": "property_fee", "payee": "property", "period": "2026"}
        data = {**bill, "due_on": "2026-12-31", "amount_fen": YEAR_FEN}
        self.store.run_now(lambda unit: apply_bill(unit, "y", 1, data))
        self.platform = FakePaymentPlatform(now_ms=self.clock.at_ms)
        self.platform.charge_state = "waiting"
        self.engine = PaymentEngine(self.store, self.platform, settle={"fee": settle_bills}, clock=self.clock)
        self.order: PlacedFee = self.store.run_now(
            lambda unit: place_fee(unit, ("y",), room="r", resident="p", kiosk="k1")
        )

    async def show_code(self) -> Attempt:
        return await self.engine.charge(
            self.order.order_id, "property", YEAR_FEN, CodeTable().read(WECHAT_CODE), purpose="fee"
        )

    async def wait(self, attempt: Attempt, seconds: int) -> Attempt:
        """Stand there; the screen looks every second."""
        for _ in range(seconds):
            self.clock.advance(seconds=1)
            attempt = await self.engine.follow(attempt.id)
        return attempt

    def owed_fen(self) -> int:
        return find_bill(self.store.connection, "y", self.clock.now()).to_pay_fen


async def test_the_password_comes_after_22_seconds_and_the_year_is_paid_once() -> None:
    payer = Payer()
    attempt = await payer.show_code()
    attempt = await payer.wait(attempt, 22)
    assert attempt.is_open, "a password being typed is no failure"
    assert payer.engine.waiting_reason(attempt.id) == "user_paying"
    assert payer.owed_fen() == YEAR_FEN
    payer.platform.set_state(attempt.id, "paid")
    attempt = await payer.wait(attempt, 6)
    assert attempt.state is AttemptState.PAID
    assert payer.owed_fen() == 0
    assert [event["amount_fen"] for event in events_of(payer.store, "BillPaid")] == [YEAR_FEN]


async def test_a_password_that_never_comes_is_taken_back_and_the_qr_takes_the_same_order() -> None:
    payer = Payer()
    attempt = await payer.wait(await payer.show_code(), 60)
    assert attempt.state is AttemptState.REVERSED
    assert payer.owed_fen() == YEAR_FEN
    qr = await payer.engine.start(payer.order.order_id, "property", YEAR_FEN, purpose="fee")
    payer.platform.set_state(qr.id, "paid")
    assert (await payer.engine.settle(qr.id)).state is AttemptState.PAID
    assert payer.owed_fen() == 0
    assert refund_rows(payer.store.connection, "requested") == []
    assert len(events_of(payer.store, "BillPaid")) == 1
