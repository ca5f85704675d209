"""Refunds: by the tenders that paid, last one first, once, with one identity however often it is tried."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.books.ledger import balance, post, verify
from edge.pay.errors import AmountInvalid, NothingToRefund, RefundAboveCaptured
from edge.pay.refunds import (
    Paid,
    Refund,
    ask_again,
    find_part,
    refundable_fen,
    refunds_of,
    request_refund,
    split_refund,
)
from edge.pay.states import PartState
from edge.store.unit import Unit
from tests.fakes.trade import events_of
from tests.pay.conftest import Desk

MIXED = (
    Paid(kind="points", account="p", lease="lp", amount_fen=30),
    Paid(kind="prepaid_fee", account="f", lease="lf", amount_fen=200),
    Paid(kind="wallet", account="w", lease="lw", amount_fen=500),
    Paid(kind="channel", amount_fen=1_000),
)


def take_back(desk: Desk, amount_fen: int) -> Refund:
    """A return of the order's goods as far as this room goes: the refund and its posting."""

    def work(unit: Unit) -> Refund:
        refund = request_refund(unit, desk.order.order_id, amount_fen, "return")
        amounts = {"total": amount_fen, "goods": amount_fen}
        post(unit, "sale_refund", refund.id, amounts, payee=refund.payee)
        return refund

    return desk.store.run_now(work)


def test_a_mixed_refund_in_three_parts_by_hand() -> None:
    """1,730 fen paid: 30 points, 200 prepaid, 500 wallet, 1,000 channel. Back: 1,100, then 600, then 30."""
    back: dict[tuple[str, str], int] = {}
    expected = [
        (1_100, [("channel", 1_000), ("wallet", 100)]),
        (600, [("wallet", 400), ("prepaid_fee", 200)]),
        (30, [("points", 30)]),
    ]
    for amount_fen, parts in expected:
        split = split_refund(MIXED, back, amount_fen)
        assert [(part.kind, part.amount_fen) for part in split] == parts
        for part in split:
            key = (part.kind, part.account)
            back[key] = back.get(key, 0) + part.amount_fen
    with pytest.raises(RefundAboveCaptured):
        split_refund(MIXED, back, 1)


@given(
    paid=st.lists(st.integers(1, 5_000), min_size=4, max_size=4),
    asked=st.lists(st.integers(1, 3_000), max_size=12),
)
def test_refunds_give_back_exactly_what_was_paid_and_no_fen_more(paid: list[int], asked: list[int]) -> None:
    tenders = tuple(
        Paid(kind=each.kind, account=each.account, amount_fen=fen)
        for each, fen in zip(MIXED, paid, strict=True)
    )
    back: dict[tuple[str, str], int] = {}
    for amount_fen in asked:
        left_fen = sum(paid) - sum(back.values())
        if amount_fen > left_fen:
            with pytest.raises(RefundAboveCaptured) as refusal:
                split_refund(tenders, back, amount_fen)
            assert refusal.value.details == {"left_fen": left_fen}
            continue
        split = split_refund(tenders, back, amount_fen)
        assert sum(part.amount_fen for part in split) == amount_fen
        for part in split:
            key = (part.kind, part.account)
            back[key] = back.get(key, 0) + part.amount_fen
        assert all(back.get((each.kind, each.account), 0) <= each.amount_fen for each in tenders)


async def test_a_refund_is_requested_paid_and_booked_in_two_steps(desk: Desk) -> None:
    await desk.pay()
    total_fen = desk.order.total_fen
    refund = take_back(desk, 1_000)
    connection = desk.store.connection
    assert balance(connection, "liability:refunds:shop") == -1_000
    assert balance(connection, "assets:channel:shop") == total_fen
    await desk.refunds.pay_back_due()
    (done,) = refunds_of(connection, desk.order.order_id)
    assert (done.id, done.state) == (refund.id, PartState.REFUNDED)
    assert balance(connection, "liability:refunds:shop") == 0
    assert balance(connection, "assets:channel:shop") == total_fen - 1_000
    assert verify(connection) == []
    (paid,) = events_of(desk.store, "RefundPaid")
    assert (paid["part_id"], paid["amount_fen"], paid["channel"]) == (refund.parts[0].id, 1_000, "wechat")
    assert desk.platform.refunded_fen() == 1_000


async def test_a_refund_in_three_parts_ends_at_what_was_captured(desk: Desk) -> None:
    await desk.pay()
    for amount_fen in (1_000, 1_000, 560):
        take_back(desk, amount_fen)
        await desk.refunds.pay_back_due()
    assert refundable_fen(desk.store.connection, desk.order.order_id) == 0
    assert desk.platform.refunded_fen() == desk.order.total_fen
    with pytest.raises(RefundAboveCaptured):
        take_back(desk, 1)


@pytest.mark.parametrize("amount", [0, -1, 1.5, True, 2**60])
async def test_a_sum_that_cannot_go_back_is_refused(desk: Desk, amount: int) -> None:
    await desk.pay()
    with pytest.raises(AmountInvalid):
        take_back(desk, amount)


async def test_nothing_goes_back_of_an_order_that_nobody_paid(desk: Desk) -> None:
    with pytest.raises(NothingToRefund):
        take_back(desk, 1)
    desk.platform.charge_state = "waiting"
    await desk.charge()
    with pytest.raises(NothingToRefund):
        take_back(desk, 1)


async def test_a_lost_answer_is_asked_about_and_the_money_goes_back_once(desk: Desk) -> None:
    await desk.pay()
    part_id = take_back(desk, 1_000).parts[0].id
    desk.platform.answers_lost = True
    await desk.refunds.pay_back_due()
    assert find_part(desk.store.connection, part_id).state is PartState.REFUNDING
    desk.platform.answers_lost = False
    desk.wait(5)
    await desk.refunds.pay_back_due()
    assert find_part(desk.store.connection, part_id).state is PartState.REFUNDED
    assert list(desk.platform.refunds) == [part_id]


async def test_a_refund_that_never_arrived_is_sent_again_as_itself(desk: Desk) -> None:
    await desk.pay()
    part_id = take_back(desk, 1_000).parts[0].id
    desk.platform.away = True
    await desk.refunds.pay_back_due()
    desk.platform.away = False
    desk.wait(5)
    await desk.refunds.pay_back_due()
    assert list(desk.platform.refunds) == [part_id]
    assert desk.platform.refunded_fen() == 1_000


async def test_a_refund_that_the_platform_has_and_the_channel_has_not_is_sent_again_as_itself(
    desk: Desk,
) -> None:
    await desk.pay()
    part_id = take_back(desk, 1_000).parts[0].id
    desk.platform.refund_state = "unknown"
    await desk.refunds.pay_back_due()
    desk.platform.refund_state = "refunded"
    desk.wait(5)
    await desk.refunds.pay_back_due()
    assert find_part(desk.store.connection, part_id).state is PartState.REFUNDED
    assert list(desk.platform.refunds) == [part_id]


async def test_a_slow_refund_is_asked_about_ever_more_slowly(desk: Desk) -> None:
    await desk.pay()
    part_id = take_back(desk, 1_000).parts[0].id
    desk.platform.refund_state = "refunding"
    pauses = []
    for _ in range(4):
        await desk.refunds.pay_back_due()
        part = find_part(desk.store.connection, part_id)
        pauses.append((part.next_at_ms - desk.clock.at_ms) // 1000)
        desk.wait(pauses[-1])
    assert pauses == [5, 10, 20, 40]
    desk.platform.refund_states[part_id] = "refunded"
    await desk.refunds.pay_back_due()
    assert find_part(desk.store.connection, part_id).state is PartState.REFUNDED


async def test_a_refund_that_the_channel_refuses_waits_for_a_person(desk: Desk) -> None:
    attempt = await desk.pay()
    part_id = take_back(desk, 1_000).parts[0].id
    held = desk.platform.held[attempt.id]
    held.state = "reversed"
    await desk.refunds.pay_back_due()
    part = find_part(desk.store.connection, part_id)
    assert (part.state, part.reason) == (PartState.FAILED, "above_captured")
    assert [event["reason"] for event in events_of(desk.store, "RefundFailed")] == ["above_captured"]
    held.state = "paid"
    desk.store.run_now(lambda unit: ask_again(unit, part_id))
    await desk.refunds.pay_back_due()
    assert find_part(desk.store.connection, part_id).state is PartState.REFUNDED


async def test_late_money_goes_back_by_itself(desk: Desk) -> None:
    desk.platform.charge_state = "waiting"
    attempt = await desk.charge()
    desk.wait(31)
    await desk.engine.follow(attempt.id)
    desk.platform.set_state(attempt.id, "paid")
    await desk.engine.settle(attempt.id)
    await desk.refunds.pay_back_due()
    assert desk.platform.refunded_fen() == desk.order.total_fen
    connection = desk.store.connection
    assert balance(connection, "assets:channel:shop") == balance(connection, "liability:refunds:shop") == 0
