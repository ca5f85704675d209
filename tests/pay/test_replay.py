"""Top-ups, refunds, releases and claims that are read back after a restore: as they were, and never twice."""

from collections.abc import Callable

import pytest

from edge.books.ledger import balances
from edge.books.verification import verify_books
from edge.pay.account_records import lease_row
from edge.pay.accounts import find_account
from edge.pay.attempts import Finding, apply_finding, create_attempt, find_attempt
from edge.pay.invoices import ask_invoice
from edge.pay.receipts import find_receipt, reprint_receipt
from edge.pay.refunds import Outcome, apply_outcome, claim_part, due_parts, refundable_fen, request_refund
from edge.pay.release import release_order
from edge.pay.states import Answer, AttemptState, PartState
from edge.pay.tenders import tenders_of
from edge.pay.top_up import place_top_up
from edge.shop.checkout import PlacedOrder, find_order, place_order
from edge.shop.claims import claim_points
from edge.shop.errors import ReturnRefused
from edge.shop.returns import return_goods
from edge.store.inline import InlineStore
from tests.fakes.accounts import SETTLE, SUBJECT, begin, end, pay, put_account, tender
from tests.fakes.clock import FakeClock
from tests.fakes.read_back import copy_of, left_out, read_back, tables_of
from tests.fakes.trade import basket_of, open_store, put_contract, put_product

TABLES = (
    "SELECT id, state, iif(state = 'reversed', '', reason), captured_fen, channel_id, released_by,"
    " parked_at_ms FROM attempts ORDER BY key",
    "SELECT number, order_id, purpose, payee, total_fen, business_date, body, reprints FROM receipts",
    "SELECT * FROM postings ORDER BY 1, 2, 3",
    "SELECT * FROM overlay ORDER BY 1, 2, 3, 4, 5",
    "SELECT attempt, place, kind, account, issuer, lease, amount_fen, state FROM tender_holds"
    " WHERE state != 'released'",
    "SELECT id, spent_fen FROM leases",
    "SELECT * FROM refunds",
    "SELECT id, refund_id, place, attempt_id, kind, account, lease, channel, captured_fen, amount_fen, state,"
    " reason, channel_id, refunded_at_ms FROM refund_parts",
    "SELECT id, state, receipt, body FROM top_ups",
    "points_claims",
    "invoices",
    "SELECT key, order_key, body FROM goods_returns",
    "lots",
)


@pytest.fixture
def store() -> InlineStore:
    opened = open_store(FakeClock())
    put_contract(opened, points_ppm=10_000, points_claim_days=30, wallet_limit_fen=50_000)
    put_product(opened, 1, pieces=10)
    tender(opened, "wallet", 1, issuer="shop")
    put_account(opened, "points", 900)
    return opened


def place(store: InlineStore, pieces: int = 2, resident: str | None = SUBJECT) -> PlacedOrder:
    soy = put_product(store, 1)
    return store.run_now(
        lambda unit: place_order(unit, basket_of((soy, pieces)), resident=resident, kiosk="k1")
    )


def top_up(store: InlineStore) -> None:
    order = store.run_now(
        lambda unit: place_top_up(unit, f"a-wallet-shop-{SUBJECT}", 5000, resident=SUBJECT, kiosk="k1")
    )
    asked = store.run_now(
        lambda unit: create_attempt(
            unit, order.order_id, order.payee, order.total_fen, "wechat", purpose="top_up"
        )
    )
    end(store, asked)


def refund(store: InlineStore) -> None:
    """Of a sale that wallet and channel paid, all goes back; the channel has done its part."""
    order = place(store)
    pay(store, order, tender(store, "wallet", 550, issuer="shop"))
    store.run_now(
        lambda unit: return_goods(
            unit, order.order_id, {"s1": 2}, staff="clerk", reason="quality", resalable=True
        )
    )
    (part,) = due_parts(store.connection, FakeClock().at_ms, 9)
    done = Outcome(state=PartState.REFUNDED, channel_id="r-1", refunded_at_ms=9)
    store.run_now(lambda unit: claim_part(unit, part.id))
    assert store.run_now(lambda unit: apply_outcome(unit, part.id, done)).state is PartState.REFUNDED


def refund_refused(store: InlineStore) -> None:
    order = place(store)
    pay(store, order)
    store.run_now(lambda unit: request_refund(unit, order.order_id, 100, "test"))
    (part,) = due_parts(store.connection, FakeClock().at_ms, 9)
    store.run_now(lambda unit: claim_part(unit, part.id))
    no = Outcome(state=PartState.FAILED, reason="no")
    assert store.run_now(lambda unit: apply_outcome(unit, part.id, no)).state is PartState.FAILED


def late_money(store: InlineStore) -> None:
    """An attempt was given up, its money came all the same and goes back."""
    attempt = begin(store, place(store))
    end(store, attempt, Answer.FAILED)
    end(store, attempt, Answer.PAID)


def given_up(store: InlineStore) -> None:
    """Two attempts end without money; what accounts held for them is free again."""
    for answer in (Answer.FAILED, Answer.REVERSED):
        end(store, begin(store, place(store), tender(store, "wallet", 100, issuer="shop")), answer)


def money_for_nothing(store: InlineStore) -> None:
    """The order cannot be settled any more."""
    order = place(store)
    attempt = begin(store, order)
    store.connection.execute("UPDATE sale_orders SET state = 'cancelled'")
    end(store, attempt)


def released(store: InlineStore) -> None:
    """Goods out before the money, which comes in the end."""
    attempt = begin(store, place(store))
    sent = Finding(answer=Answer.UNSURE, reason="timeout")
    store.run_now(lambda unit: apply_finding(unit, attempt.id, sent, SETTLE))
    store.run_now(lambda unit: release_order(unit, attempt.id, SETTLE, supervisor="lead", reason="known"))
    end(store, attempt)


def paper(store: InlineStore) -> None:
    """A receipt is printed again, its points are claimed, its invoice is asked for."""
    order = place(store, resident=None)
    pay(store, order)
    number = store.read_now(lambda c: find_order(c, order.order_id)).receipt
    assert number is not None
    code = store.read_now(lambda c: find_receipt(c, number)).code
    store.run_now(lambda unit: reprint_receipt(unit, number, actor="clerk"))
    store.run_now(lambda unit: claim_points(unit, code, resident=SUBJECT))
    store.run_now(lambda unit: ask_invoice(unit, number, actor="kiosk"))


@pytest.mark.parametrize(
    "happened", [top_up, refund, refund_refused, late_money, given_up, money_for_nothing, released, paper]
)
def test_what_happened_after_the_backup_is_as_it_was(
    store: InlineStore, happened: Callable[[InlineStore], None]
) -> None:
    copy = copy_of(store)
    happened(store)
    read_back(store, copy)
    assert left_out(copy) == 0
    for name, found in tables_of(store, *TABLES).items():
        assert tables_of(copy, name)[name] == found, name
    assert copy.read_now(balances) == store.read_now(balances)
    assert not verify_books(copy.connection).differences
    wallet = f"a-wallet-shop-{SUBJECT}"
    assert (
        find_account(copy.connection, wallet).balance_fen
        == find_account(store.connection, wallet).balance_fen
    )


def test_what_went_back_does_not_go_back_again(store: InlineStore) -> None:
    copy = copy_of(store)
    refund(store)
    read_back(store, copy)
    (order_id,) = copy.connection.execute("SELECT id FROM sale_orders").fetchone()
    assert refundable_fen(copy.connection, order_id) == 0
    with pytest.raises(ReturnRefused):
        copy.run_now(
            lambda unit: return_goods(unit, order_id, {"s1": 1}, staff="c", reason="quality", resalable=True)
        )


def test_a_refund_whose_end_is_not_in_custody_is_asked_for_again_as_itself(store: InlineStore) -> None:
    order = place(store)
    pay(store, order)
    copy = copy_of(store)
    store.run_now(lambda unit: request_refund(unit, order.order_id, 100, "test"))
    read_back(store, copy)
    assert [part.id for part in due_parts(copy.connection, FakeClock().at_ms, 9)] == [
        part.id for part in due_parts(store.connection, FakeClock().at_ms, 9)
    ]


@pytest.mark.parametrize("known", [False, True])
def test_a_top_up_whose_settlement_is_not_in_custody_is_settled_then(store: InlineStore, known: bool) -> None:
    copy = copy_of(store)
    top_up(store)
    entries = 2 if known else 3
    read_back(store, copy, entries)
    (attempt_id,) = copy.connection.execute("SELECT id FROM attempts").fetchone()
    attempt = copy.read_now(lambda c: find_attempt(c, attempt_id))
    assert attempt.state is AttemptState.UNKNOWN
    copy.run_now(lambda unit: unit.begin_epoch("restored"))
    assert end(copy, attempt).reason == ""
    assert find_account(copy.connection, f"a-wallet-shop-{SUBJECT}").balance_fen == 15_000


@pytest.mark.parametrize("answer", [Answer.PAID, Answer.FAILED])
def test_what_is_held_for_a_payment_in_flight_is_held_by_the_successor_until_it_ends(
    store: InlineStore, answer: Answer
) -> None:
    order = place(store)
    copy = copy_of(store)
    held = tender(store, "wallet", 550, issuer="shop")
    attempt = begin(store, order, held)
    read_back(store, copy)
    assert left_out(copy) == 0
    assert tables_of(copy, "tender_holds") == tables_of(store, "tender_holds")
    copy.run_now(lambda unit: unit.begin_epoch("restored"))
    assert tenders_of(copy.connection, attempt.id) == (held,)
    lease = lease_row(copy.connection, held.lease)
    assert lease is not None and (lease["held_fen"], lease["spent_fen"]) == (550, 0)
    end(copy, attempt, answer)
    lease = lease_row(copy.connection, held.lease)
    assert lease is not None
    assert (lease["held_fen"], lease["spent_fen"]) == (0, 550 if answer is Answer.PAID else 0)
