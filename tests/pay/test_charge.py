"""Payment codes: charged once, asked about at the channel's pace, reversed in time and not before."""

import pytest

from edge.errors import PlatformUnreachable
from edge.pay.attempts import create_attempt
from edge.pay.errors import AmountInvalid, ChannelUnsupported, PaymentRefused
from edge.pay.policy import Method
from edge.pay.states import AttemptState
from tests.fakes.trade import events_of
from tests.pay.conftest import ALIPAY_CODE, WECHAT_CODE, Desk


async def test_a_charge_that_is_paid_settles_the_order(desk: Desk) -> None:
    attempt = await desk.charge()
    assert (attempt.state, attempt.method) == (AttemptState.PAID, Method.PAYMENT_CODE)
    assert (attempt.captured_fen, attempt.paid_at_ms) == (desk.order.total_fen, desk.clock.at_ms)
    assert desk.order_state() == "paid"
    (paid,) = events_of(desk.store, "PaymentPaid")
    assert (paid["method"], paid["paid_at_ms"], paid["held_fen"]) == ("payment_code", desk.clock.at_ms, 0)


async def test_a_payer_who_enters_a_password_is_waited_for(desk: Desk) -> None:
    desk.platform.charge_state = "waiting"
    attempt = await desk.charge()
    assert attempt.state is AttemptState.SENT
    assert desk.engine.waiting_reason(attempt.id) == "user_paying"
    desk.wait(12)
    desk.platform.set_state(attempt.id, "paid")
    assert (await desk.engine.follow(attempt.id)).state is AttemptState.PAID
    assert desk.platform.held[attempt.id].charges == 1


async def test_silence_after_a_charge_is_followed_by_questions_never_by_a_charge(desk: Desk) -> None:
    desk.platform.answers_lost = True
    attempt = await desk.charge()
    assert attempt.state is AttemptState.SENT
    desk.wait(5)
    assert (await desk.engine.follow(attempt.id)).state is AttemptState.SENT
    desk.platform.answers_lost = False
    desk.wait(5)
    assert (await desk.engine.follow(attempt.id)).state is AttemptState.PAID
    assert desk.platform.held[attempt.id].charges == 1


async def test_a_charge_that_never_arrived_fails_and_may_be_tried_again(desk: Desk) -> None:
    desk.platform.away = True
    attempt = await desk.charge()
    desk.platform.away = False
    desk.wait(5)
    gone = await desk.engine.follow(attempt.id)
    assert (gone.state, gone.reason) == (AttemptState.FAILED, "attempt_unknown")
    assert (await desk.charge(ALIPAY_CODE)).state is AttemptState.PAID


async def test_nothing_leaves_while_the_platform_has_not_confirmed_us(desk: Desk) -> None:
    desk.platform.confirmed = False
    with pytest.raises(PlatformUnreachable):
        await desk.charge()
    assert desk.platform.held == {}
    assert events_of(desk.store, "PaymentRequested") == []


async def test_a_refused_charge_says_why_and_not_what(desk: Desk) -> None:
    desk.platform.reject_with = "code_invalid"
    with pytest.raises(PaymentRefused) as refusal:
        await desk.charge()
    assert refusal.value.details["reason"] == "code_invalid"
    assert WECHAT_CODE not in str(refusal.value)


async def test_questions_keep_the_pace_of_the_channel(desk: Desk) -> None:
    desk.platform.charge_state = "waiting"
    attempt = await desk.charge()
    desk.platform.set_state(attempt.id, "paid")
    desk.wait(4)
    assert (await desk.engine.follow(attempt.id)).state is AttemptState.SENT
    desk.wait(1)
    assert (await desk.engine.follow(attempt.id)).state is AttemptState.PAID


@pytest.mark.parametrize(("code", "wait_s"), [(WECHAT_CODE, 30), (ALIPAY_CODE, 60)])
async def test_a_charge_that_nobody_confirms_is_reversed_after_its_wait(
    desk: Desk, code: str, wait_s: int
) -> None:
    desk.platform.charge_state = "waiting"
    attempt = await desk.charge(code)
    desk.wait(wait_s - 1)
    assert (await desk.engine.follow(attempt.id)).state is AttemptState.SENT
    desk.wait(5)
    assert (await desk.engine.follow(attempt.id)).state is AttemptState.REVERSED
    assert desk.order_state() == "placed"


async def test_a_wechat_charge_is_not_reversed_within_fifteen_seconds(desk: Desk) -> None:
    desk.platform.charge_state = "waiting"
    attempt = await desk.charge()
    desk.wait(5)
    assert (await desk.engine.close(attempt.id)).state is AttemptState.REVERSING
    desk.wait(9)
    assert (await desk.engine.follow(attempt.id)).state is AttemptState.REVERSING
    assert desk.platform.held[attempt.id].state == "waiting"
    desk.wait(5)
    assert (await desk.engine.follow(attempt.id)).state is AttemptState.REVERSED


async def test_an_alipay_charge_is_cancelled_at_once(desk: Desk) -> None:
    desk.platform.charge_state = "waiting"
    attempt = await desk.charge(ALIPAY_CODE)
    assert (await desk.engine.close(attempt.id)).state is AttemptState.REVERSED


async def test_a_reversal_is_repeated_until_answered_and_parks_the_order_meanwhile(desk: Desk) -> None:
    desk.platform.charge_state = "waiting"
    attempt = await desk.charge()
    desk.platform.away = True
    desk.wait(31)
    assert (await desk.engine.follow(attempt.id)).state is AttemptState.REVERSING
    desk.wait(16)
    parked = await desk.engine.follow(attempt.id)
    assert parked.state is AttemptState.REVERSING
    assert parked.parked_at_ms == desk.clock.at_ms
    desk.wait(60)
    await desk.engine.follow(attempt.id)
    assert len(events_of(desk.store, "PaymentUnknown")) == 1
    desk.platform.away = False
    desk.wait(60)
    assert (await desk.engine.follow(attempt.id)).state is AttemptState.REVERSED


async def test_success_after_a_reversal_is_refunded(desk: Desk) -> None:
    desk.platform.charge_state = "waiting"
    attempt = await desk.charge()
    desk.wait(31)
    await desk.engine.follow(attempt.id)
    desk.platform.set_state(attempt.id, "paid")
    late = await desk.engine.settle(attempt.id)
    assert (late.state, late.reason) == (AttemptState.PAID, "late")
    assert desk.refund_sums() == [desk.order.total_fen]
    assert desk.order_state() == "placed"


async def test_a_payer_who_leaves_is_parked_once_and_the_outcome_still_comes(desk: Desk) -> None:
    desk.platform.charge_state = "waiting"
    attempt = await desk.charge()
    for _ in range(2):
        assert (await desk.engine.park(attempt.id)).parked_at_ms == desk.clock.at_ms
    (unknown,) = events_of(desk.store, "PaymentUnknown")
    assert unknown["reason"] == "left"
    desk.platform.set_state(attempt.id, "paid")
    desk.wait(10)
    await desk.engine.follow_open()
    assert desk.order_state() == "paid"


async def test_after_a_restart_a_charge_is_settled_first(desk: Desk) -> None:
    attempt = desk.store.run_now(
        lambda unit: create_attempt(
            unit,
            desk.order.order_id,
            desk.order.payee,
            desk.order.total_fen,
            "wechat",
            method=Method.PAYMENT_CODE,
        )
    )
    desk.platform.hold(attempt.id, attempt.amount_fen, "paid", order_id=attempt.order_id)
    assert await desk.engine.settle_open() == ()
    assert desk.order_state() == "paid"


@pytest.mark.parametrize("amount", [0, -1, 12.8, True, "1280", 2**63, 100_000_001])
def test_a_sum_that_is_none_is_refused_before_anything_is_written(desk: Desk, amount: int) -> None:
    with pytest.raises(AmountInvalid):
        desk.store.run_now(lambda unit: create_attempt(unit, desk.order.order_id, "shop", amount, "wechat"))
    assert events_of(desk.store, "PaymentRequested") == []


def test_a_channel_that_nobody_knows_is_refused(desk: Desk) -> None:
    with pytest.raises(ChannelUnsupported):
        desk.store.run_now(lambda unit: create_attempt(unit, desk.order.order_id, "shop", 1, "unionpay"))


async def test_what_is_parked_is_asked_about_ever_more_slowly(desk: Desk) -> None:
    desk.platform.charge_state = "unknown"
    attempt = await desk.charge()
    await desk.engine.park(attempt.id)
    desk.wait(400)
    await desk.engine.follow(attempt.id)
    desk.platform.set_state(attempt.id, "paid")
    desk.wait(19)
    assert (await desk.engine.follow(attempt.id)).is_open
    desk.wait(3)
    assert not (await desk.engine.follow(attempt.id)).is_open
