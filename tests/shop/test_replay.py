"""Sales and deliveries that are read back from custody do what they did in the life before."""

import pytest

from edge.access.events import OrderCollected
from edge.books.ledger import balances
from edge.books.verification import verify_books
from edge.pay.attempts import Finding, apply_finding, create_attempt, find_attempt
from edge.pay.receipts import find_receipt
from edge.pay.states import Answer, AttemptState
from edge.shop.checkout import find_order, place_order, settle_sale
from edge.shop.orders import apply_order, find_cell_order, find_cells, mark_collected
from edge.shop.records import stock_differences
from edge.store import journal
from edge.store.history import append_history, history_range
from edge.store.inline import InlineStore
from edge.store.unit import Unit
from tests.fakes.clock import FakeClock
from tests.fakes.read_back import copy_of, left_out, read_back
from tests.fakes.trade import basket_of, on_hand, open_store, put_contract, put_lot, put_product


@pytest.fixture
def store() -> InlineStore:
    """Ten bottles on the shelf."""
    opened = open_store(FakeClock())
    put_contract(opened)
    put_product(opened, 1, pieces=10)
    return opened


def place(store: InlineStore, pieces: int) -> tuple[str, str]:
    """An order that waits for its money; returns order and attempt."""
    soy = put_product(store, 1)
    order = store.run_now(lambda unit: place_order(unit, basket_of((soy, pieces)), resident=None, kiosk="k1"))
    asked = store.run_now(
        lambda unit: create_attempt(unit, order.order_id, "shop", order.total_fen, "wechat")
    )
    return order.order_id, asked.id


def pay(store: InlineStore, attempt_id: str) -> None:
    """The channel has the money; the order is settled in the same unit."""
    attempt = store.read_now(lambda c: find_attempt(c, attempt_id))
    paid = Finding(answer=Answer.PAID, amount_fen=attempt.amount_fen, channel_id="c-1")
    store.run_now(lambda unit: apply_finding(unit, attempt_id, paid, {"sale": settle_sale}))


def tables(store: InlineStore) -> dict[str, object]:
    """What a sale leaves behind."""
    run = store.connection.execute
    return {
        "lots": run("SELECT sku, lot, on_hand FROM lots ORDER BY id").fetchall(),
        "orders": run("SELECT id, state, receipt, settled_seq FROM sale_orders ORDER BY key").fetchall(),
        "attempts": run("SELECT id, state, captured_fen, channel_id FROM attempts ORDER BY key").fetchall(),
        "receipts": run("SELECT number, order_id, total_fen, body FROM receipts ORDER BY number").fetchall(),
        "postings": run("SELECT * FROM postings ORDER BY 1, 2, 3").fetchall(),
    }


@pytest.mark.parametrize("known", ["nothing of it", "the order and its attempt"])
def test_a_sale_after_the_backup_is_done_again(store: InlineStore, known: str) -> None:
    copy = copy_of(store)
    order_id, attempt_id = place(store, 3)
    if known != "nothing of it":
        copy = copy_of(store)
        if known == "the order":
            copy.connection.execute("DELETE FROM attempts")
    pay(store, attempt_id)
    put_lot(store, "s1", 5, lot="L2")
    read_back(store, copy)
    assert left_out(copy) == 0
    assert tables(copy) == tables(store)
    assert on_hand(copy, "s1") == 12
    assert not copy.read_now(stock_differences)
    assert not verify_books(copy.connection).differences
    assert copy.read_now(balances) == store.read_now(balances)
    assert copy.read_now(lambda c: find_order(c, order_id)).state == "paid"
    pay(copy, place(copy, 1)[1])
    assert copy.read_now(lambda c: find_receipt(c, 2)).total_fen == 1280


def test_where_custody_ends_before_the_settlement_the_attempt_is_asked_about_again(
    store: InlineStore,
) -> None:
    copy = copy_of(store)
    _, attempt_id = place(store, 1)
    pay(store, attempt_id)
    kinds = [row.type for row in journal.tail(store.connection, copy.executor.head.seq)]
    read_back(store, copy, kinds.index("SaleSettled"))
    assert copy.read_now(lambda c: find_attempt(c, attempt_id)).state is AttemptState.UNKNOWN
    assert copy.connection.execute("SELECT count(*) FROM postings").fetchone() == (0,)


def test_more_than_the_shelf_holds_is_never_taken(store: InlineStore) -> None:
    copy = copy_of(store)
    pay(store, place(store, 4)[1])
    copy.connection.execute("UPDATE lots SET on_hand = 1")
    copy.connection.execute("UPDATE stock_moves SET quantity = 1")
    read_back(store, copy)
    assert on_hand(copy, "s1") == 0
    assert not copy.read_now(stock_differences)


def test_books_of_what_cannot_be_done_again_are_not_missed(store: InlineStore) -> None:
    copy = copy_of(store)
    pay(store, place(store, 2)[1])
    lines = [journal.line(row) for row in journal.tail(store.connection, copy.executor.head.seq)]
    copy.run_now(lambda unit: append_history(unit, lines, {}))
    assert not verify_books(copy.connection).differences
    first, last = history_range(copy.connection)
    assert (first, last) == (last - len(lines) + 1, copy.executor.head.seq)
    copy.connection.execute("DELETE FROM facts WHERE name LIKE 'history.%'")
    assert [d.code for d in verify_books(copy.connection).differences] == ["set_missing"]


def test_an_order_given_out_after_the_backup_is_not_given_out_again(store: InlineStore) -> None:
    cells = [{"bank": "bank-a", "cell": "A03", "parcel": "p1", "items_zh": "米", "items_en": "Rice"}]
    record = {"subject": "res-1", "state": "in_cells", "cells": cells}
    store.run_now(lambda unit: apply_order(unit, "o-7", 1, record))
    copy = copy_of(store)

    def collect(unit: Unit) -> None:
        unit.record(OrderCollected(order_id="o-7", session="s-1"), actor="test")
        mark_collected(unit, "o-7")

    store.run_now(collect)
    read_back(store, copy)
    assert copy.read_now(lambda c: find_cells(c, "o-7")) == ()
    place = {"device": "k1", "epoch": 1, "seq": store.executor.head.seq}
    copy.run_now(lambda unit: apply_order(unit, "o-7", 2, {**record, "applied_through": place}))
    assert copy.read_now(lambda c: find_cell_order(c, "o-7")).unconfirmed is False
