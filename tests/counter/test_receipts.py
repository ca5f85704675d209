"""Receipts and their copies at the counter."""

import pytest

from edge.settlement.receipt_search import find_receipt_of_order
from tests.counter.conftest import Person
from tests.fakes.counter_stand import TODAY, CounterStand
from tests.fakes.trade import events_of


async def test_the_receipts_of_a_day_are_listed(person: Person, stand: CounterStand) -> None:
    attempt = await stand.sell()
    await person.sign_in("auditor")
    assert attempt.order_id in await person.look("/receipts")
    assert attempt.order_id in await person.look(f"/receipts?date={TODAY}")
    assert attempt.order_id not in await person.look("/receipts?date=2026-11-21")


async def test_looking_at_a_receipt_is_no_copy(person: Person, stand: CounterStand) -> None:
    await stand.sell()
    await person.sign_in("clerk")
    page = await person.look("/receipts/1")
    assert "非发票" in page and "12.80" in page
    assert "<svg" not in page and "again" not in page
    assert events_of(stand.store, "ReceiptReprinted") == []


async def test_a_copy_says_so_is_counted_and_on_record(person: Person, stand: CounterStand) -> None:
    attempt = await stand.sell()
    await person.sign_in("clerk")
    for count in (1, 2):
        page = await (await person.do("/receipts/1/reprint", "/receipts/1")).text()
        assert "补打" in page and f"补打第 {count} 次" in page and "<svg" in page
    assert [event["count"] for event in events_of(stand.store, "ReceiptReprinted")] == [1, 2]
    assert find_receipt_of_order(stand.store.connection, attempt.order_id).reprints == 2


async def test_loading_a_copy_again_is_not_another_copy(person: Person, stand: CounterStand) -> None:
    await stand.sell()
    await person.sign_in("clerk")
    ticket = await person.ticket("/receipts/1")
    assert (await person.send("/receipts/1/reprint", ticket=ticket)).status == 200
    assert (await person.send("/receipts/1/reprint", ticket=ticket)).status == 409
    assert len(events_of(stand.store, "ReceiptReprinted")) == 1


@pytest.mark.parametrize("number", ["2", "0", "-1", "x", "9" * 30, "²"])
async def test_a_receipt_that_is_none_is_said_plainly(
    person: Person, stand: CounterStand, number: str
) -> None:
    await stand.sell()
    await person.sign_in("clerk")
    assert "没有找到这张小票" in await person.look(f"/receipts/{number}", 409)


async def test_an_auditor_prints_no_copy(person: Person, stand: CounterStand) -> None:
    await stand.sell()
    await person.sign_in("auditor")
    assert "补打一张" not in await person.look("/receipts/1")
    answer = await person.send("/receipts/1/reprint", ticket=await person.ticket("/cases"))
    assert answer.status == 403
