"""`verify_books` names every difference; the world of trade is the product's own."""

import sqlite3
from collections.abc import Callable

import pytest

from edge.books.chart import RULES
from edge.books.records import trial_rows
from edge.books.verification import verify_books
from edge.pay.engine import PaymentEngine
from edge.shop.checkout import place_order, settle_sale
from edge.shop.returns import return_goods
from edge.store.connections import prepare_writer
from edge.store.inline import InlineStore
from tests.fakes.accounts import SUBJECT, pay, tender
from tests.fakes.clock import FakeClock
from tests.fakes.payment_platform import FakePaymentPlatform
from tests.fakes.trade import basket_of, open_store, put_contract, put_product

Spoil = Callable[[InlineStore], object]


async def sold(orders: int = 3) -> InlineStore:
    """A store after some paid sales and one payment that came too late."""
    clock = FakeClock()
    store = open_store(clock)
    put_contract(store)
    product = put_product(store, 1, pieces=90)
    platform = FakePaymentPlatform(now_ms=clock.at_ms)
    engine = PaymentEngine(store, platform, settle={"sale": settle_sale}, clock=clock)
    for _ in range(orders):
        placed = store.run_now(
            lambda unit: place_order(unit, basket_of((product, 2)), resident=None, kiosk="k1")
        )
        attempt = await engine.start(placed.order_id, placed.payee, placed.total_fen)
        platform.set_state(attempt.id, "paid")
        await engine.settle(attempt.id)
    return store


async def test_right_books_have_no_differences() -> None:
    store = await sold()
    report = verify_books(store.connection)
    assert (report.sets, report.events, report.unheld, report.differences) == (3, 3, 0, ())
    assert sum(row.balance_fen for row in trial_rows(store.connection)) == 0
    assert {row.name_zh for row in trial_rows(store.connection)} >= {"渠道待结算款", "商品销售收入"}


def open_copy(store: InlineStore) -> InlineStore:
    """The same database once more, to be spoilt."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    connection.deserialize(store.connection.serialize())
    return InlineStore(prepare_writer(connection), site="heyuanli", device="k1", clock=FakeClock())


def _sql(*statements: str) -> Spoil:
    def spoil(store: InlineStore) -> None:
        for statement in statements:
            store.connection.execute(statement)

    return spoil


SPOILED = {
    "balance_differs": _sql("UPDATE accounts SET balance_fen = balance_fen + 1 WHERE number = 1"),
    "trial_balance": _sql("UPDATE accounts SET balance_fen = balance_fen + 1 WHERE number = 1"),
    "set_unbalanced": _sql(
        "DROP TRIGGER postings_never_change", "UPDATE postings SET amount_fen = amount_fen + 7 WHERE line = 2"
    ),
    "set_unsealed": _sql("DROP TRIGGER postings_never_go", "DELETE FROM postings WHERE line = 0"),
    "payees_mixed": _sql(
        "DROP TRIGGER postings_never_change",
        "INSERT INTO accounts(code, kind, stem, payee)"
        " VALUES ('income:goods:water', 'income', 'income:goods', 'water')",
        "UPDATE postings SET account = (SELECT max(number) FROM accounts) WHERE line = 2",
    ),
    "event_missing": _sql(
        "DROP TRIGGER journal_never_shrinks", "DELETE FROM journal WHERE type = 'SaleSettled'"
    ),
    "set_missing": _sql("DROP TRIGGER postings_never_go", "DELETE FROM postings"),
    "amount_differs": _sql(
        "DROP TRIGGER postings_never_change",
        "UPDATE postings SET amount_fen = amount_fen + 7 * (3 - 2 * line) WHERE line IN (1, 2)",
    ),
}


@pytest.mark.parametrize(("code", "spoil"), SPOILED.items())
async def test_each_difference_is_named(code: str, spoil: Spoil) -> None:
    store = await sold()
    spoil(store)
    assert code in {difference.code for difference in verify_books(store.connection).differences}


async def test_sets_older_than_the_journal_that_is_kept_are_not_held_against_it() -> None:
    store = await sold()
    last = store.connection.execute("SELECT max(seq) FROM journal WHERE type = 'OrderPlaced'").fetchone()[0]
    _sql("DROP TRIGGER journal_never_shrinks", f"DELETE FROM journal WHERE seq < {last}")(store)
    report = verify_books(store.connection)
    assert (report.sets, report.unheld, report.differences) == (3, 2, ())


async def test_a_spend_that_the_ledger_forgot_is_named() -> None:
    store = open_store(FakeClock())
    put_contract(store)
    product = put_product(store, 1, pieces=90)
    points = tender(store, "points", 500)
    placed = store.run_now(
        lambda unit: place_order(unit, basket_of((product, 2)), resident=SUBJECT, kiosk="k1")
    )
    pay(store, placed, points)
    store.run_now(
        lambda unit: return_goods(
            unit, placed.order_id, {"s1": 2}, staff="staff-1", reason="other", resalable=True
        )
    )
    assert verify_books(store.connection).differences == ()
    for rule in ("points_spent", "points_refunded", "refund_tendered", "sale_refund"):
        spoilt = open_copy(store)
        _sql(
            "DROP TRIGGER postings_never_go",
            f"DELETE FROM postings WHERE rule = {RULES[rule].number}",
        )(spoilt)
        found = {each.code for each in verify_books(spoilt.connection).differences}
        assert "set_missing" in found, rule
