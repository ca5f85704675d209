"""Goods that come back at the counter."""

import pytest

from edge.pay.refunds import refunds_of
from tests.counter.conftest import Person
from tests.fakes.accounts import put_account, put_lease
from tests.fakes.counter_stand import CounterStand
from tests.fakes.trade import events_of, on_hand


async def test_the_sum_is_seen_before_anything_moves(person: Person, stand: CounterStand) -> None:
    attempt = await stand.sell(3)
    await person.sign_in("clerk")
    assert "算一下" in await person.look(f"/orders/{attempt.order_id}")
    page = await person.look(f"/orders/{attempt.order_id}/return?pieces.s1=2")
    assert "退 25.60 元" in page
    assert events_of(stand.store, "GoodsReturned") == []


async def test_goods_come_back_in_the_clerks_name_and_the_money_goes(
    person: Person, stand: CounterStand
) -> None:
    attempt = await stand.sell(3)
    await person.sign_in("clerk")
    before = on_hand(stand.store, "s1")
    page = f"/orders/{attempt.order_id}/return"
    fields = {"pieces.s1": "2", "reason": "quality", "resalable": "yes", "refund_fen": "2560"}
    ticket = await person.ticket(page + "?pieces.s1=2")
    answer = await person.send(page, ticket=ticket, **fields)
    assert answer.headers["Location"] == f"/orders/{attempt.order_id}"
    assert (await person.send(page, ticket=ticket, **fields)).status == 409
    assert on_hand(stand.store, "s1") == before + 2
    (refund,) = refunds_of(stand.store.connection, attempt.order_id)
    assert refund.amount_fen == 2560
    (event,) = events_of(stand.store, "GoodsReturned")
    clerk = await stand.staff.check("clerk", "371846")
    assert event["staff"] == clerk.id
    shown = await person.look(f"/orders/{attempt.order_id}")
    assert "待退" in shown and "最多 1 件" in shown


async def test_a_sum_that_changed_meanwhile_is_shown_again(person: Person, stand: CounterStand) -> None:
    attempt = await stand.sell(3)
    await person.sign_in("clerk")
    page = f"/orders/{attempt.order_id}/return"
    ticket = await person.ticket(page + "?pieces.s1=1")
    fields = {"pieces.s1": "1", "reason": "other", "refund_fen": "9"}
    answer = await person.send(page, ticket=ticket, **fields)
    assert answer.headers["Location"] == page + "?pieces.s1=1"
    assert events_of(stand.store, "GoodsReturned") == []


@pytest.mark.parametrize(
    "query",
    ["", "pieces.s1=0", "pieces.s1=4", "pieces.s1=-1", "pieces.s1=x", "pieces.s9=1"],
)
async def test_what_was_not_sold_does_not_come_back(person: Person, stand: CounterStand, query: str) -> None:
    attempt = await stand.sell(3)
    await person.sign_in("clerk")
    answer = await person.client.get(f"/orders/{attempt.order_id}/return?{query}")
    assert answer.status == 409
    assert "退不了" in await answer.text()


async def test_holds_and_leases_name_nobody(person: Person, stand: CounterStand) -> None:
    account = put_account(stand.store, "wallet", 9_000, subject="res-3-1203")
    put_lease(stand.store, account, 4_200)
    await person.sign_in("auditor")
    page = await person.look("/holds")
    assert "余额" in page and page.count("42.00") >= 2
    assert "90.00" not in page and "res-3-1203" not in page
