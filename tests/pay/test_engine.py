from typing import NamedTuple

import pytest

from edge.books.ledger import balance, verify
from edge.errors import PlatformUnreachable
from edge.pay.attempts import Attempt, find_attempt, open_attempts, watched_attempts
from edge.pay.engine import PaymentEngine
from edge.pay.errors import AttemptStillOpen, AttemptUnknown, OrderAlreadyPaid, PaymentRefused
from edge.pay.refund_records import refund_rows
from edge.pay.states import AttemptState
from edge.shop.checkout import PlacedOrder, cancel_order, find_order, place_order, settle_sale
from edge.shop.errors import OrderHasPayment
from edge.store.inline import InlineStore
from tests.fakes.clock import FakeClock
from tests.fakes.payment_platform import FakePaymentPlatform
from tests.fakes.trade import basket_of, events_of, on_hand, open_store, put_product


class Till(NamedTuple):
    clock: FakeClock
    store: InlineStore
    platform: FakePaymentPlatform
    engine: PaymentEngine
    order: PlacedOrder

    async def start(self) -> Attempt:
        return await self.engine.start(self.order.order_id, self.order.payee, self.order.total_fen)

    def state(self) -> str:
        return find_order(self.store.connection, self.order.order_id).state

    def refunds(self) -> list[int]:
        return [row["amount_fen"] for row in refund_rows(self.store.connection, "requested")]

    def expire(self) -> None:
        self.clock.advance(seconds=200)


@pytest.fixture
def till() -> Till:
    clock = FakeClock()
    store = open_store(clock)
    product = put_product(store, 1, pieces=10)
    platform = FakePaymentPlatform(now_ms=clock.at_ms)
    engine = PaymentEngine(store, platform, settle={"sale": settle_sale}, clock=clock)
    order = store.run_now(
        lambda unit: place_order(unit, basket_of((product, 2)), resident="res-1", kiosk="k1")
    )
    return Till(clock, store, platform, engine, order)


async def test_a_started_attempt_shows_the_qr_that_is_on_disk(till: Till) -> None:
    attempt = await till.start()
    assert attempt.state is AttemptState.SENT
    assert attempt.qr.endswith(attempt.id)
    assert find_attempt(till.store.connection, attempt.id) == attempt
    assert len(attempt.id) <= 32


async def test_payment_settles_the_order_once_however_often_it_is_asked(till: Till) -> None:
    attempt = await till.start()
    till.platform.set_state(attempt.id, "paid")
    for _ in range(3):
        assert (await till.engine.settle(attempt.id)).state is AttemptState.PAID
    assert till.state() == "paid"
    assert on_hand(till.store, "s1") == 8
    assert len(events_of(till.store, "SaleSettled")) == 1
    assert balance(till.store.connection, "assets:channel:shop") == till.order.total_fen
    assert verify(till.store.connection) == []
    assert till.refunds() == []


async def test_waiting_leaves_the_attempt_open(till: Till) -> None:
    attempt = await till.start()
    assert (await till.engine.settle(attempt.id)).state is AttemptState.SENT
    assert till.state() == "placed"


async def test_offline_start_fails_with_the_reason_and_may_be_tried_again(till: Till) -> None:
    till.platform.away = True
    with pytest.raises(PlatformUnreachable):
        await till.start()
    assert [event["reason"] for event in events_of(till.store, "PaymentFailed")] == ["offline"]
    assert open_attempts(till.store.connection) == ()
    till.platform.away = False
    assert (await till.start()).state is AttemptState.SENT


async def test_a_declined_request_says_why(till: Till) -> None:
    till.platform.reject_with = "payee_suspended"
    with pytest.raises(PaymentRefused) as refusal:
        await till.start()
    assert refusal.value.details["reason"] == "payee_suspended"
    assert open_attempts(till.store.connection) == ()


async def test_second_attempt_is_refused_while_the_first_is_open(till: Till) -> None:
    await till.start()
    with pytest.raises(AttemptStillOpen):
        await till.start()


async def test_second_attempt_is_refused_after_success(till: Till) -> None:
    attempt = await till.start()
    till.platform.set_state(attempt.id, "paid")
    await till.engine.settle(attempt.id)
    with pytest.raises(OrderAlreadyPaid):
        await till.start()


async def test_failed_payment_leaves_the_order_to_be_paid_again(till: Till) -> None:
    attempt = await till.start()
    till.platform.set_state(attempt.id, "failed")
    assert (await till.engine.settle(attempt.id)).state is AttemptState.FAILED
    assert till.state() == "placed"
    assert (await till.start()).state is AttemptState.SENT


async def test_unknown_parks_the_order_until_the_channel_knows(till: Till) -> None:
    attempt = await till.start()
    till.platform.set_state(attempt.id, "unknown")
    assert (await till.engine.settle(attempt.id)).state is AttemptState.UNKNOWN
    with pytest.raises(AttemptStillOpen):
        await till.start()
    with pytest.raises(OrderHasPayment):
        till.store.run_now(lambda unit: cancel_order(unit, till.order.order_id))
    till.platform.set_state(attempt.id, "paid")
    assert (await till.engine.settle(attempt.id)).state is AttemptState.PAID
    assert till.state() == "paid"


async def test_a_silent_platform_makes_an_expired_attempt_unknown_not_failed(till: Till) -> None:
    attempt = await till.start()
    till.platform.away = True
    assert (await till.engine.settle(attempt.id)).state is AttemptState.SENT
    till.expire()
    parked = await till.engine.settle(attempt.id)
    assert (parked.state, parked.reason) == (AttemptState.UNKNOWN, "offline")


async def test_a_captured_sum_that_differs_settles_nothing(till: Till) -> None:
    attempt = await till.start()
    till.platform.set_state(attempt.id, "paid", amount_fen=1)
    odd = await till.engine.settle(attempt.id)
    assert (odd.state, odd.reason) == (AttemptState.UNKNOWN, "amount_differs")
    assert till.state() == "placed"


async def test_close_ends_a_waiting_attempt(till: Till) -> None:
    attempt = await till.start()
    closed = await till.engine.close(attempt.id)
    assert (closed.state, closed.reason) == (AttemptState.FAILED, "closed")
    assert (await till.start()).state is AttemptState.SENT


async def test_close_while_offline_is_repeated_until_answered(till: Till) -> None:
    attempt = await till.start()
    till.platform.away = True
    assert (await till.engine.close(attempt.id)).state is AttemptState.REVERSING
    assert [left.id for left in await till.engine.settle_open()] == [attempt.id]
    till.platform.away = False
    assert await till.engine.settle_open() == ()
    assert find_attempt(till.store.connection, attempt.id).state is AttemptState.FAILED


async def test_money_that_came_before_the_close_wins(till: Till) -> None:
    attempt = await till.start()
    till.platform.set_state(attempt.id, "paid")
    assert (await till.engine.close(attempt.id)).state is AttemptState.PAID
    assert till.state() == "paid"


async def test_late_money_after_a_close_is_refunded(till: Till) -> None:
    attempt = await till.start()
    await till.engine.close(attempt.id)
    till.platform.set_state(attempt.id, "paid")
    late = await till.engine.settle(attempt.id)
    assert (late.state, late.reason) == (AttemptState.PAID, "late")
    assert till.refunds() == [till.order.total_fen]
    assert till.state() == "placed"
    assert balance(till.store.connection, "liability:refunds:shop") == -till.order.total_fen


async def test_late_money_beside_a_second_attempt_is_refunded_and_the_second_settles(till: Till) -> None:
    first = await till.start()
    await till.engine.close(first.id)
    second = await till.start()
    till.platform.set_state(first.id, "paid")
    till.platform.set_state(second.id, "paid")
    await till.engine.settle_open()
    assert till.refunds() == [till.order.total_fen]
    assert till.state() == "paid"
    assert find_attempt(till.store.connection, second.id).reason == ""


@pytest.mark.parametrize("days", [0, 1, 2, 30])
async def test_late_money_is_found_however_long_the_site_was_offline(till: Till, days: int) -> None:
    attempt = await till.start()
    await till.engine.close(attempt.id)
    till.platform.away = True
    till.platform.set_state(attempt.id, "paid")
    for _ in range(days):
        till.clock.advance(seconds=86_400)
        await till.engine.settle_open()
    assert till.refunds() == []
    till.platform.away = False
    await till.engine.settle_open()
    assert till.refunds() == [till.order.total_fen]


async def test_only_an_answer_after_the_watch_ends_it(till: Till) -> None:
    attempt = await till.start()
    await till.engine.close(attempt.id)

    def watched() -> int:
        return len(watched_attempts(till.store.connection, "", 10))

    await till.engine.settle_open()
    assert watched() == 1
    till.clock.advance(seconds=2 * 86_400)
    till.platform.set_state(attempt.id, "unknown")
    await till.engine.settle_open()
    assert watched() == 1
    till.platform.set_state(attempt.id, "failed")
    await till.engine.settle_open()
    assert watched() == 0


async def test_many_attempts_without_a_last_word_are_asked_about_in_turn(
    till: Till, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edge.pay.engine.WATCHED_AT_ONCE", 2)
    attempts = []
    for _ in range(5):
        attempts.append(await till.start())
        await till.engine.close(attempts[-1].id)
        till.platform.set_state(attempts[-1].id, "unknown")
    till.clock.advance(seconds=2 * 86_400)
    till.platform.set_state(attempts[-1].id, "paid")
    for _ in range(3):
        await till.engine.settle_open()
    assert till.refunds() == [till.order.total_fen]


async def test_money_for_a_cancelled_order_is_refunded(till: Till) -> None:
    attempt = await till.start()
    await till.engine.close(attempt.id)
    till.store.run_now(lambda unit: cancel_order(unit, till.order.order_id))
    till.platform.set_state(attempt.id, "paid")
    await till.engine.settle_open()
    assert till.refunds() == [till.order.total_fen]
    assert on_hand(till.store, "s1") == 10


async def test_after_a_restart_an_attempt_that_never_left_fails(till: Till) -> None:
    from edge.pay.attempts import create_attempt

    attempt = till.store.run_now(
        lambda unit: create_attempt(unit, till.order.order_id, "shop", 2560, "wechat")
    )
    assert await till.engine.settle_open() == ()
    assert find_attempt(till.store.connection, attempt.id).state is AttemptState.FAILED


async def test_after_a_restart_an_attempt_whose_qr_nobody_saw_is_closed(till: Till) -> None:
    from edge.pay.attempts import create_attempt

    attempt = till.store.run_now(
        lambda unit: create_attempt(unit, till.order.order_id, "shop", 2560, "wechat")
    )
    await till.platform.request(attempt)
    assert await till.engine.settle_open() == ()
    closed = find_attempt(till.store.connection, attempt.id)
    assert (closed.state, closed.reason) == (AttemptState.FAILED, "closed")


async def test_a_request_whose_answer_was_lost_is_given_up_and_its_money_refunded(till: Till) -> None:
    till.platform.answers_lost = True
    with pytest.raises(PlatformUnreachable):
        await till.start()
    till.platform.answers_lost = False
    (attempt_id,) = till.platform.held
    till.platform.set_state(attempt_id, "paid")
    await till.engine.settle_open()
    assert till.refunds() == [till.order.total_fen]


async def test_expired_attempt_that_nobody_stands_before_is_closed(till: Till) -> None:
    attempt = await till.start()
    till.expire()
    assert await till.engine.settle_open() == ()
    assert find_attempt(till.store.connection, attempt.id).reason == "closed"


async def test_an_attempt_that_does_not_exist_is_refused(till: Till) -> None:
    with pytest.raises(AttemptUnknown):
        await till.engine.settle("k1-1-999")


async def test_a_platform_that_forgot_a_shown_qr_proves_nothing(till: Till) -> None:
    attempt = await till.start()
    held = till.platform.held.pop(attempt.id)
    forgotten = await till.engine.settle(attempt.id)
    assert (forgotten.state, forgotten.reason) == (AttemptState.UNKNOWN, "attempt_unknown")
    till.platform.held[attempt.id] = held
    till.platform.set_state(attempt.id, "paid")
    assert (await till.engine.settle(attempt.id)).state is AttemptState.PAID
