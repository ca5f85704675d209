"""Fees that are read back from custody after a restore did what they did in the life before."""

from typing import Any

import pytest

from edge.books.ledger import balances
from edge.books.verification import verify_books
from edge.homes.bills import Bill, find_bill
from edge.homes.fees import place_fee
from edge.homes.overpayments import apply_overpayment, choose, open_overpayments
from edge.pay.accounts import find_account
from edge.pay.attempts import Finding, apply_finding, create_attempt, find_attempt
from edge.pay.receipts import find_receipt
from edge.pay.states import Answer, AttemptState
from edge.pay.tenders import OrderLimits, Tender
from edge.store.inline import InlineStore
from edge.tables import APPLIERS
from tests.fakes.accounts import SETTLE, SUBJECT, tender
from tests.fakes.clock import FakeClock
from tests.fakes.read_back import copy_of, kinds_after, left_out, read_back, tables_of
from tests.fakes.trade import open_store, put_contract

TABLES = (
    "SELECT id, state, reason, captured_fen, channel_id FROM attempts ORDER BY key",
    "SELECT number, order_id, purpose, payee, total_fen, business_date, body FROM receipts",
    "SELECT * FROM postings ORDER BY 1, 2, 3",
    "SELECT id, state, receipt FROM fee_orders",
    "SELECT * FROM overlay ORDER BY 1, 2, 3, 4, 5",
    "SELECT attempt, place, kind, account, issuer, lease, amount_fen, state FROM tender_holds",
    "SELECT id, spent_fen FROM leases",
    "SELECT * FROM refunds",
    "SELECT id, refund_id, place, attempt_id, kind, account, lease, amount_fen, state FROM refund_parts",
)


def put_bill(store: InlineStore, bill: str, amount_fen: int, **changes: Any) -> None:
    data = {
        "room": "r1",
        "item": "property_fee",
        "payee": "property",
        "period": "2026-11",
        "due_on": "2026-12-31",
        "amount_fen": amount_fen,
        **changes,
    }
    store.run_now(lambda unit: APPLIERS["bills"](unit, bill, changes.pop("version", 1), data))


@pytest.fixture
def store() -> InlineStore:
    """Two bills of a property company, one for water."""
    opened = open_store(FakeClock())
    put_contract(opened)
    put_bill(opened, "b1", 9000)
    put_bill(opened, "b2", 4000, period="2026-12")
    put_bill(opened, "w1", 3000, item="water", payee="water", collected_for_others=True)
    return opened


def begin(store: InlineStore, *bills: str, tenders: tuple[Tender, ...] = (), part: int | None = None) -> str:
    """An attempt for bills."""
    fee = store.run_now(
        lambda unit: place_fee(unit, bills, room="r1", resident=SUBJECT, kiosk="k1", part_fen=part)
    )
    held_fen = sum(each.amount_fen for each in tenders)
    limits = OrderLimits(
        subject=SUBJECT, payee=fee.payee, total_fen=fee.total_fen, points_fen=10**6, prepaid_fee_fen=10**6
    )
    return store.run_now(
        lambda unit: create_attempt(
            unit,
            fee.order_id,
            fee.payee,
            fee.total_fen - held_fen,
            "wechat",
            purpose="fee",
            held=tenders,
            limits=limits,
        )
    ).id


def end(store: InlineStore, attempt_id: str) -> None:
    attempt = store.read_now(lambda c: find_attempt(c, attempt_id))
    paid = Finding(answer=Answer.PAID, amount_fen=attempt.amount_fen, channel_id="c-1", paid_at_ms=7)
    store.run_now(lambda unit: apply_finding(unit, attempt_id, paid, SETTLE))


def bill_of(store: InlineStore, bill: str) -> Bill:
    return store.read_now(lambda c: find_bill(c, bill, FakeClock().now()))


@pytest.mark.parametrize("known", ["nothing of it", "the order and its attempt"])
@pytest.mark.parametrize("bills", [("b1", "b2"), ("w1",)])
def test_a_fee_paid_after_the_backup_is_done_again(
    store: InlineStore, bills: tuple[str, ...], known: str
) -> None:
    parts = (tender(store, "points", 550),) if "b1" in bills else ()
    copy = copy_of(store)
    attempt_id = begin(store, *bills, tenders=parts)
    if known != "nothing of it":
        copy = copy_of(store)
    end(store, attempt_id)
    read_back(store, copy)
    assert left_out(copy) == 0
    assert tables_of(copy, *TABLES) == tables_of(store, *TABLES)
    assert [bill_of(copy, bill) for bill in bills] == [bill_of(store, bill) for bill in bills]
    assert {bill_of(copy, bill).unpaid_fen for bill in bills} == {0}
    assert copy.read_now(balances) == store.read_now(balances)
    assert not verify_books(copy.connection).differences
    if parts:
        assert find_account(copy.connection, parts[0].account).balance_fen == 9450


def test_a_fee_paid_in_the_gap_takes_its_receipt_number(store: InlineStore) -> None:
    copy = copy_of(store)
    end(store, begin(store, "b1"))
    read_back(store, copy).run_now(lambda unit: unit.begin_epoch("restored"))
    end(copy, begin(copy, "b2"))
    assert [find_receipt(copy.connection, number).total_fen for number in (1, 2)] == [9000, 4000]


def test_a_fee_of_a_bill_that_came_after_the_backup_is_done_again(store: InlineStore) -> None:
    copy = copy_of(store)
    put_bill(store, "b9", 700)
    end(store, begin(store, "b9"))
    read_back(store, copy)
    assert left_out(copy) == 1, "its order was not placed again"
    put_bill(copy, "b9", 700)
    assert bill_of(copy, "b9").unpaid_fen == 0
    assert find_receipt(copy.connection, 1).total_fen == 700
    assert copy.read_now(balances) == store.read_now(balances)


def test_where_custody_ends_before_the_last_bill_the_order_is_settled_then(store: InlineStore) -> None:
    copy = copy_of(store)
    attempt_id = begin(store, "b1", "b2")
    end(store, attempt_id)
    last = kinds_after(store, copy)[::-1].index("BillPaid") + 1
    read_back(store, copy, len(kinds_after(store, copy)) - last)
    assert copy.read_now(lambda c: find_attempt(c, attempt_id)).state is AttemptState.UNKNOWN
    assert copy.connection.execute("SELECT count(*) FROM postings").fetchone() == (0,)
    assert bill_of(copy, "b1").unpaid_fen == 9000
    end(copy, attempt_id)
    assert copy.read_now(lambda c: find_attempt(c, attempt_id)).reason == ""
    assert bill_of(copy, "b1").unpaid_fen == bill_of(copy, "b2").unpaid_fen == 0


def test_a_part_of_a_bill_is_done_again(store: InlineStore) -> None:
    put_bill(store, "b1", 9000, part_allowed=True, due_on="2026-01-31", version=2)
    copy = copy_of(store)
    end(store, begin(store, "b1", part=2500))
    read_back(store, copy)
    assert (left_out(copy), bill_of(copy, "b1")) == (0, bill_of(store, "b1"))
    assert bill_of(copy, "b1").unpaid_fen == 6500


@pytest.mark.parametrize("choice", ["refund", "credit"])
def test_what_was_done_about_a_bill_paid_twice_is_not_done_again(store: InlineStore, choice: Any) -> None:
    prepaid = tender(store, "prepaid_fee", 1).account
    attempt_id = begin(store, "b1")
    order_id = store.read_now(lambda c: find_attempt(c, attempt_id)).order_id
    end(store, attempt_id)
    twice = {"order": order_id, "bill": "b1", "payee": "property", "amount_fen": 9000, "account": prepaid}
    store.run_now(lambda unit: apply_overpayment(unit, "t-1", 1, twice))
    copy = copy_of(store)
    assert copy.read_now(lambda c: open_overpayments(c, "r1"))
    store.run_now(lambda unit: choose(unit, "t-1", choice, room="r1", by="res"))
    read_back(store, copy)
    assert left_out(copy) == 0
    assert copy.read_now(lambda c: open_overpayments(c, "r1")) == ()
    assert tables_of(copy, *TABLES) == tables_of(store, *TABLES)
    assert copy.read_now(balances) == store.read_now(balances)
    assert not verify_books(copy.connection).differences
