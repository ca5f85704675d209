"""Release on unknown: the goods go out by a named supervisor's word, and what was not paid stays owed."""

import pytest

from edge.books.ledger import balance, verify
from edge.pay.attempts import Attempt
from edge.pay.errors import ReleaseNotPossible
from edge.pay.release import release_order, unpaid_releases
from edge.pay.states import AttemptState
from edge.shop.checkout import settle_sale
from tests.fakes.trade import events_of, on_hand
from tests.pay.conftest import Desk


def release(desk: Desk, attempt: Attempt, supervisor: str = "staff-2") -> Attempt:
    return desk.store.run_now(
        lambda unit: release_order(
            unit, attempt.id, {"sale": settle_sale}, supervisor=supervisor, reason="known_neighbour"
        )
    )


def owed_fen(desk: Desk) -> int:
    return balance(desk.store.connection, "assets:receivable:shop")


@pytest.fixture
async def parked(desk: Desk) -> Attempt:
    desk.platform.charge_state = "unknown"
    return await desk.engine.park((await desk.charge()).id)


async def test_goods_go_out_and_the_sum_is_owed(desk: Desk, parked: Attempt) -> None:
    released = release(desk, parked)
    assert (released.released_by, released.is_open) == ("staff-2", True)
    assert desk.order_state() == "paid"
    assert on_hand(desk.store, "s1") == 8
    assert owed_fen(desk) == desk.order.total_fen
    assert balance(desk.store.connection, "assets:channel:shop") == 0
    (event,) = events_of(desk.store, "PaymentReleased")
    assert (event["supervisor"], event["amount_fen"]) == ("staff-2", desk.order.total_fen)
    assert verify(desk.store.connection) == []


async def test_money_that_comes_clears_what_is_owed(desk: Desk, parked: Attempt) -> None:
    release(desk, parked)
    desk.platform.set_state(parked.id, "paid")
    await desk.engine.settle(parked.id)
    assert owed_fen(desk) == 0
    assert balance(desk.store.connection, "assets:channel:shop") == desk.order.total_fen
    assert len(events_of(desk.store, "SaleSettled")) == 1
    assert desk.refund_sums() == []


async def test_a_released_payment_is_asked_about_and_never_undone(desk: Desk, parked: Attempt) -> None:
    release(desk, parked)
    desk.platform.set_state(parked.id, "waiting")
    desk.wait(600)
    await desk.engine.follow(parked.id)
    await desk.engine.settle_open()
    assert desk.find(parked.id).is_open
    assert desk.platform.held[parked.id].state == "waiting"


async def test_a_reversal_under_way_is_stopped(desk: Desk) -> None:
    desk.platform.charge_state = "waiting"
    attempt = await desk.charge()
    desk.platform.away = True
    desk.wait(31)
    await desk.engine.follow(attempt.id)
    assert release(desk, attempt).state is AttemptState.UNKNOWN
    desk.platform.away = False
    desk.wait(60)
    await desk.engine.follow(attempt.id)
    assert desk.platform.held[attempt.id].state == "waiting"


async def test_a_payment_that_failed_leaves_a_case_and_late_money_still_clears_it(
    desk: Desk, parked: Attempt
) -> None:
    release(desk, parked)
    desk.platform.set_state(parked.id, "failed")
    await desk.engine.settle(parked.id)
    assert [each.id for each in unpaid_releases(desk.store.connection)] == [parked.id]
    assert owed_fen(desk) == desk.order.total_fen
    desk.platform.set_state(parked.id, "paid")
    await desk.engine.settle(parked.id)
    assert unpaid_releases(desk.store.connection) == ()
    assert owed_fen(desk) == 0
    assert desk.refund_sums() == []


async def test_nothing_is_released_twice_or_without_a_name_or_after_the_outcome(
    desk: Desk, parked: Attempt
) -> None:
    with pytest.raises(ReleaseNotPossible, match="nobody_named"):
        release(desk, parked, supervisor="")
    release(desk, parked)
    with pytest.raises(ReleaseNotPossible, match="released"):
        release(desk, parked)
    desk.platform.set_state(parked.id, "paid")
    await desk.engine.settle(parked.id)
    with pytest.raises(ReleaseNotPossible, match="paid"):
        release(desk, parked)
    assert len(events_of(desk.store, "PaymentReleased")) == 1


async def test_bills_are_not_released(desk: Desk, parked: Attempt) -> None:
    with pytest.raises(ReleaseNotPossible, match="sale"):
        desk.store.run_now(
            lambda unit: release_order(unit, parked.id, {}, supervisor="staff-2", reason="known_neighbour")
        )
