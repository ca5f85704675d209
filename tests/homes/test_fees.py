from typing import Any, NamedTuple

import pytest

from edge.books.ledger import balances, verify
from edge.homes.bills import apply_bill, find_bill, group_unpaid, list_bills
from edge.homes.errors import (
    BillAlreadyPaid,
    BillBeingPaid,
    BillsOfTwoPayees,
    BillUnknown,
    FeeOrderUnknown,
    NoBillChosen,
    SumChanged,
)
from edge.homes.fees import PlacedFee, find_fee_order, place_fee, settle_bills
from edge.pay.copies import note_feed
from edge.pay.engine import PaymentEngine
from edge.pay.receipts import find_receipt
from edge.pay.refund_records import refund_rows
from edge.store.inline import InlineStore
from edge.trust.clock import Trust
from tests.fakes.clock import FakeClock
from tests.fakes.payment_platform import FakePaymentPlatform
from tests.fakes.trade import events_of, open_store, put_contract

ROOM = "r-1203"


def put_bill(store: InlineStore, bill_id: str, version: int = 1, **changes: Any) -> None:
    data = {
        "id": bill_id,
        "room": ROOM,
        "item": "property_fee",
        "payee": "property",
        "period": "2026-10",
        "due_on": "2026-10-31",
        "amount_fen": 26_880,
        "paid_fen": 0,
        "collected_for_others": False,
        **changes,
    }
    store.run_now(lambda unit: apply_bill(unit, bill_id, version, data))


class Desk(NamedTuple):
    clock: FakeClock
    store: InlineStore
    platform: FakePaymentPlatform
    engine: PaymentEngine

    def place(self, *bill_ids: str, **options: Any) -> PlacedFee:
        settings = {"room": ROOM, "resident": "res-1203", "kiosk": "k1", **options}
        return self.store.run_now(lambda unit: place_fee(unit, bill_ids, **settings))

    async def pay(self, order: PlacedFee) -> str:
        attempt = await self.engine.start(order.order_id, order.payee, order.total_fen, purpose="fee")
        self.platform.set_state(attempt.id, "paid")
        return (await self.engine.settle(attempt.id)).state


@pytest.fixture
def desk() -> Desk:
    clock = FakeClock()
    store = open_store(clock)
    put_contract(store, version=3, penalty_ppm_per_day=300, grace_days=10)
    put_bill(store, "b10")
    put_bill(store, "b11", period="2026-11", due_on="2026-11-30")
    put_bill(store, "w11", item="water", payee="waterworks", amount_fen=6_180, collected_for_others=True)
    platform = FakePaymentPlatform(now_ms=clock.at_ms)
    return Desk(
        clock, store, platform, PaymentEngine(store, platform, settle={"fee": settle_bills}, clock=clock)
    )


def test_bills_carry_their_penalty_of_today(desk: Desk) -> None:
    bills = {bill.id: bill for bill in list_bills(desk.store.connection, ROOM, desk.clock.now())}
    assert (bills["b10"].days, bills["b10"].penalty_fen, bills["b10"].to_pay_fen) == (12, 97, 26_977)
    assert (bills["b11"].days, bills["b11"].penalty_fen) == (0, 0)
    assert bills["w11"].penalty_fen == 0


def test_bills_are_grouped_by_payee_with_collected_money_apart(desk: Desk) -> None:
    groups = group_unpaid(list_bills(desk.store.connection, ROOM, desk.clock.now()))
    assert [(group.payee, group.to_pay_fen) for group in groups] == [
        ("property", 26_977 + 26_880),
        ("waterworks", 6_180),
    ]


def test_with_the_time_unknown_the_penalty_is_as_of_the_copy(desk: Desk) -> None:
    desk.store.run_now(note_feed)
    desk.clock.trust = Trust.UNKNOWN
    desk.clock.advance(days=30)
    bill = find_bill(desk.store.connection, "b10", desk.clock.now())
    assert (bill.as_of, bill.penalty_fen) == ("2026-11-22", 97)


async def test_a_fee_is_posted_to_its_payee_with_receipt_and_journal(desk: Desk) -> None:
    order = desk.place("b10", "b11")
    assert (order.payee, order.total_fen) == ("property", 26_977 + 26_880)
    assert await desk.pay(order) == "paid"
    assert balances(desk.store.connection) == {
        "assets:channel:property": 53_857,
        "liability:fees:property": -53_760,
        "liability:penalties:property": -97,
    }
    assert verify(desk.store.connection) == []
    paid = events_of(desk.store, "BillPaid")
    assert [(event["bill_id"], event["amount_fen"], event["penalty_fen"]) for event in paid] == [
        ("b10", 26_880, 97),
        ("b11", 26_880, 0),
    ]
    assert {event["contract_version"] for event in paid} == {3}
    placed = find_fee_order(desk.store.connection, order.order_id)
    assert placed.state == "paid"
    assert placed.receipt is not None
    receipt = find_receipt(desk.store.connection, placed.receipt)
    assert [line.name_zh for line in receipt.body.lines] == [
        "物业费 2026-10",
        "违约金 物业费 2026-10",
        "物业费 2026-11",
    ]
    assert sum(line.amount_fen for line in receipt.body.lines) == receipt.total_fen == 53_857


async def test_a_paid_bill_stays_paid_until_the_record_covers_our_event(desk: Desk) -> None:
    await desk.pay(desk.place("b10"))
    bill = find_bill(desk.store.connection, "b10", desk.clock.now())
    assert (bill.unpaid_fen, bill.unconfirmed_fen, bill.penalty_fen) == (0, 26_880, 0)
    seq = desk.store.connection.execute("SELECT max(seq) FROM journal WHERE type = 'BillPaid'").fetchone()[0]
    put_bill(desk.store, "b10", 2, applied_through={"device": "k1", "epoch": 1, "seq": seq - 1})
    assert find_bill(desk.store.connection, "b10", desk.clock.now()).unpaid_fen == 0
    put_bill(desk.store, "b10", 3, paid_fen=26_880, applied_through={"device": "k1", "epoch": 1, "seq": seq})
    bill = find_bill(desk.store.connection, "b10", desk.clock.now())
    assert (bill.unpaid_fen, bill.unconfirmed_fen, bill.paid_fen) == (0, 0, 26_880)


async def test_the_platform_has_the_last_word_once_it_knows_our_event(desk: Desk) -> None:
    await desk.pay(desk.place("b10"))
    put_bill(desk.store, "b10", 2, paid_fen=0, applied_through={"device": "k1", "epoch": 1, "seq": 10_000})
    assert find_bill(desk.store.connection, "b10", desk.clock.now()).unpaid_fen == 26_880


async def test_a_paid_bill_is_not_paid_again(desk: Desk) -> None:
    await desk.pay(desk.place("b10"))
    with pytest.raises(BillAlreadyPaid):
        desk.place("b10")


async def test_a_bill_whose_payment_has_no_outcome_is_not_paid_again(desk: Desk) -> None:
    order = desk.place("b10")
    attempt = await desk.engine.start(order.order_id, order.payee, order.total_fen, purpose="fee")
    with pytest.raises(BillBeingPaid):
        desk.place("b10", "b11")
    await desk.engine.close(attempt.id)
    assert desk.place("b10", "b11").payee == "property"


async def test_two_orders_for_one_bill_settle_once_and_refund_once(desk: Desk) -> None:
    first, second = desk.place("b10"), desk.place("b10")
    assert await desk.pay(first) == "paid"
    await desk.pay(second)
    assert [row["amount_fen"] for row in refund_rows(desk.store.connection, "requested")] == [26_977]
    assert len(events_of(desk.store, "BillPaid")) == 1
    assert find_fee_order(desk.store.connection, second.order_id).state == "placed"


async def test_a_bill_paid_in_the_app_meanwhile_is_refunded(desk: Desk) -> None:
    order = desk.place("b10")
    put_bill(desk.store, "b10", 2, paid_fen=26_880)
    await desk.pay(order)
    assert [row["reason"] for row in refund_rows(desk.store.connection, "requested")] == ["order_not_payable"]


async def test_a_bill_withdrawn_meanwhile_is_refunded(desk: Desk) -> None:
    order = desk.place("b10")
    desk.store.run_now(lambda unit: apply_bill(unit, "b10", 2, None))
    await desk.pay(order)
    assert [row["reason"] for row in refund_rows(desk.store.connection, "requested")] == ["bill_unknown"]


async def test_a_penalty_that_grew_while_paying_does_not_spoil_the_payment(desk: Desk) -> None:
    order = desk.place("b10")
    desk.clock.advance(days=1)
    assert await desk.pay(order) == "paid"
    assert refund_rows(desk.store.connection, "requested") == []


def test_what_cannot_be_paid_is_refused(desk: Desk) -> None:
    with pytest.raises(NoBillChosen):
        desk.place()
    with pytest.raises(BillUnknown):
        desk.place("b99")
    with pytest.raises(BillUnknown):
        desk.place("b10", room="r-9999")
    with pytest.raises(BillsOfTwoPayees):
        desk.place("b10", "w11")
    with pytest.raises(SumChanged):
        desk.place("b10", seen_total_fen=26_880)
    with pytest.raises(FeeOrderUnknown):
        find_fee_order(desk.store.connection, "k1-1-9")


def test_what_is_collected_for_others_is_never_paid_with_own_fees(desk: Desk) -> None:
    put_bill(desk.store, "x11", item="water", collected_for_others=True)
    with pytest.raises(BillsOfTwoPayees):
        desk.place("b11", "x11")


async def test_what_is_collected_for_others_has_accounts_of_its_own(desk: Desk) -> None:
    assert await desk.pay(desk.place("w11")) == "paid"
    assert balances(desk.store.connection) == {
        "assets:channel:waterworks": 6_180,
        "liability:collected:waterworks": -6_180,
    }


def test_a_bill_named_twice_is_paid_once(desk: Desk) -> None:
    assert desk.place("b11", "b11").total_fen == 26_880


@pytest.mark.parametrize("change", [{"amount_fen": 0}, {"due_on": "soon"}, {"paid_fen": -1}])
def test_a_bad_bill_is_refused(desk: Desk, change: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"amount_fen|due_on|paid_fen"):
        put_bill(desk.store, "b12", **change)
