"""The payment machine under any order of calls, lost answers and restarts: I8 and I9 hold after each step."""

import asyncio
import contextlib
from collections.abc import Coroutine
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from edge.books.ledger import verify
from edge.errors import PlatformError, Refusal
from edge.pay.attempts import create_attempt
from edge.pay.engine import PaymentEngine
from edge.shop.checkout import PlacedOrder, cancel_order, place_order, settle_sale
from edge.shop.errors import OutOfStock
from edge.shop.lots import stock_differences
from edge.store.journal import verify as verify_chain
from tests.fakes.clock import FakeClock
from tests.fakes.payment_platform import FakePaymentPlatform
from tests.fakes.trade import basket_of, on_hand, open_store, put_product

PIECES = 4


class PaymentMachine(RuleBasedStateMachine):
    """One shelf, several orders, one misbehaving platform."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = FakeClock()
        self.store = open_store(self.clock)
        self.product = put_product(self.store, 1, pieces=PIECES)
        self.platform = FakePaymentPlatform(now_ms=self.clock.at_ms)
        self.engine = PaymentEngine(self.store, self.platform, settle={"sale": settle_sale}, clock=self.clock)
        self.orders: list[PlacedOrder] = []

    def call(self, work: Coroutine[Any, Any, Any]) -> None:
        with contextlib.suppress(PlatformError, Refusal):
            asyncio.run(work)

    @rule()
    def place(self) -> None:
        try:
            order = self.store.run_now(
                lambda unit: place_order(unit, basket_of((self.product, 1)), resident=None, kiosk="k1")
            )
        except OutOfStock:
            assert self.reserved() + PIECES - on_hand(self.store, "s1") == PIECES
        else:
            self.orders.append(order)

    @precondition(lambda self: self.orders)
    @rule(data=st.data())
    def start(self, data: st.DataObject) -> None:
        order = data.draw(st.sampled_from(self.orders))
        self.call(self.engine.start(order.order_id, order.payee, order.total_fen))

    @precondition(lambda self: self.orders)
    @rule(data=st.data(), sent=st.booleans())
    def start_and_lose_power(self, data: st.DataObject, sent: bool) -> None:
        order = data.draw(st.sampled_from(self.orders))
        try:
            attempt = self.store.run_now(
                lambda unit: create_attempt(unit, order.order_id, order.payee, order.total_fen, "wechat")
            )
        except Refusal:
            return
        if sent:
            self.call(self.platform.request(attempt))

    @precondition(lambda self: self.platform.held)
    @rule(data=st.data(), state=st.sampled_from(["paid", "failed", "unknown"]))
    def channel_decides(self, data: st.DataObject, state: str) -> None:
        attempt_id = data.draw(st.sampled_from(sorted(self.platform.held)))
        if self.platform.held[attempt_id].state != "paid":
            self.platform.set_state(attempt_id, state)

    @precondition(lambda self: self.platform.held)
    @rule(data=st.data(), closing=st.booleans())
    def ask(self, data: st.DataObject, closing: bool) -> None:
        attempt_id = data.draw(st.sampled_from(sorted(self.platform.held)))
        self.call(self.engine.close(attempt_id) if closing else self.engine.settle(attempt_id))

    @rule()
    def recover(self) -> None:
        self.call(self.engine.settle_open())

    @precondition(lambda self: self.orders)
    @rule(data=st.data())
    def leave(self, data: st.DataObject) -> None:
        order = data.draw(st.sampled_from(self.orders))
        with contextlib.suppress(Refusal):
            self.store.run_now(lambda unit: cancel_order(unit, order.order_id))

    @rule(away=st.booleans(), answers_lost=st.booleans())
    def network(self, away: bool, answers_lost: bool) -> None:
        self.platform.away, self.platform.answers_lost = away, answers_lost

    @rule(seconds=st.integers(1, 200))
    def wait(self, seconds: int) -> None:
        self.clock.advance(seconds=seconds)
        self.platform.now_ms = self.clock.at_ms

    def reserved(self) -> int:
        return self.count("SELECT count(*) FROM sale_orders WHERE state = 'placed'")

    def count(self, query: str) -> int:
        return int(self.store.connection.execute(query).fetchone()[0])

    @invariant()
    def at_most_one_success_per_order_is_not_refunded(self) -> None:
        doubled = (
            "SELECT count(*) FROM (SELECT order_id FROM attempts WHERE state = 'paid'"
            " AND id NOT IN (SELECT attempt_id FROM refunds) GROUP BY order_id HAVING count(*) > 1)"
        )
        assert self.count(doubled) == 0

    @invariant()
    def money_known_is_delivered_or_refunded(self) -> None:
        paid = self.count("SELECT coalesce(sum(amount_fen), 0) FROM attempts WHERE state = 'paid'")
        delivered = self.count("SELECT coalesce(sum(total_fen), 0) FROM receipts")
        refunded = self.count("SELECT coalesce(sum(amount_fen), 0) FROM refunds")
        assert paid == delivered + refunded

    @invariant()
    def paid_orders_and_moved_stock_agree(self) -> None:
        paid = self.count("SELECT count(*) FROM sale_orders WHERE state = 'paid'")
        assert on_hand(self.store, "s1") == PIECES - paid
        assert on_hand(self.store, "s1") >= self.reserved()
        assert stock_differences(self.store.connection) == ()

    def teardown(self) -> None:
        """Once the network is back nothing that the channel took stays unaccounted for."""
        self.platform.away = self.platform.answers_lost = False
        for held in self.platform.held.values():
            held.state = "failed" if held.state == "unknown" else held.state
        for _ in range(2):
            asyncio.run(self.engine.settle_open())
        known = self.count("SELECT coalesce(sum(amount_fen), 0) FROM attempts WHERE state = 'paid'")
        assert known == self.platform.captured_fen()
        self.money_known_is_delivered_or_refunded()
        assert verify(self.store.connection) == []
        assert verify_chain(self.store.connection).first_bad_seq is None
        self.store.close()


TestPaymentMachine = pytest.mark.slow(pytest.mark.proof(PaymentMachine.TestCase))
