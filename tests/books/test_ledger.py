import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.books import schema
from edge.books.chart import CHART, RULES, PostingRule
from edge.books.ledger import AlreadyPosted, Imbalance, RuleUnknown, balance, balances, post, verify
from edge.books.records import insert_postings, open_account
from edge.errors import StoreError
from edge.ids import Identity
from edge.store.inline import InlineStore
from edge.store.migrate import apply
from edge.store.schema import MIGRATIONS
from edge.store.unit import Unit
from tests.fakes.clock import FakeClock


def make_store() -> InlineStore:
    return InlineStore.in_memory(clock=FakeClock(), migrations=(*MIGRATIONS, *schema.MIGRATIONS))


@pytest.fixture
def store() -> Iterator[InlineStore]:
    store = make_store()
    yield store
    store.close()


def sell(store: InlineStore, source: str, total: int, saving: int = 0, rule: str = "sale") -> str:
    amounts = {"total": total, "saving": saving, "goods": total + saving}
    return store.run_now(lambda unit: post(unit, rule, source, amounts, payee="goods-co"))


def pay_fee(store: InlineStore, source: str, payee: str, total: int) -> None:
    amounts = {"total": total, "principal": total}
    store.run_now(lambda unit: post(unit, "fee", source, amounts, payee=payee))


def test_sale_debits_the_channel_and_credits_the_goods(store: InlineStore) -> None:
    assert sell(store, "k1-1-1", total=1000, saving=200) == "k1-1-1/sale"
    assert balances(store.connection) == {
        "assets:channel:goods-co": 1000,
        "expense:promotions:goods-co": 200,
        "income:goods:goods-co": -1200,
    }
    assert verify(store.connection) == []


def test_payees_have_accounts_of_their_own(store: InlineStore) -> None:
    pay_fee(store, "k1-1-1", "property-co", 500)
    pay_fee(store, "k1-1-2", "water-co", 70)
    assert balance(store.connection, "assets:channel:property-co") == 500
    assert balance(store.connection, "liability:fees:water-co") == -70
    assert balance(store.connection, "liability:fees:nobody") == 0


@pytest.mark.proof
@given(st.lists(st.tuples(st.integers(1, 10**9), st.integers(0, 10**6)), max_size=8))
def test_books_always_sum_to_zero_and_balances_are_their_folds(sales: list[tuple[int, int]]) -> None:
    store = make_store()
    for number, (total, saving) in enumerate(sales, 1):
        sell(store, f"k1-1-{number}", total, saving)
    assert verify(store.connection) == []
    assert sum(balances(store.connection).values()) == 0
    assert balance(store.connection, "assets:channel:goods-co") == sum(total for total, _ in sales)
    store.close()


def test_refund_takes_back_what_the_sale_put_there(store: InlineStore) -> None:
    sell(store, "k1-1-1", total=1000, saving=200)
    sell(store, "k1-1-2", total=1000, saving=200, rule="sale_refund")
    assert balance(store.connection, "liability:refunds:goods-co") == -1000
    store.run_now(lambda unit: post(unit, "refund_paid", "k1-1-3", {"total": 1000}, payee="goods-co"))
    assert set(balances(store.connection).values()) == {0}


@pytest.mark.parametrize("rule", RULES.values(), ids=lambda rule: rule.name)
def test_every_rule_has_both_sides_and_stays_in_the_chart(rule: PostingRule) -> None:
    assert {line.side for line in rule.lines} == {1, -1}
    assert {line.stem for line in rule.lines} <= {row.stem for row in CHART}


def test_the_tables_are_what_the_chart_says(store: InlineStore) -> None:
    rules = store.connection.execute("SELECT name, number FROM posting_rules")
    assert dict(rules.fetchall()) == {rule.name: rule.number for rule in RULES.values()}
    chart = store.connection.execute("SELECT stem, kind, name_zh, meaning FROM chart").fetchall()
    assert sorted(chart) == sorted((row.stem, row.kind, row.name_zh, row.meaning) for row in CHART)


def test_own_fees_and_money_collected_for_others_are_kept_apart(store: InlineStore) -> None:
    pay_fee(store, "k1-1-1", "property-co", 500)
    amounts = {"total": 70, "principal": 70}
    store.run_now(lambda unit: post(unit, "collected", "k1-1-2", amounts, payee="water-co"))
    assert balances(store.connection) == {
        "assets:channel:property-co": 500,
        "assets:channel:water-co": 70,
        "liability:collected:water-co": -70,
        "liability:fees:property-co": -500,
    }


def test_a_set_that_mixes_payees_cannot_be_sealed(store: InlineStore) -> None:
    sell(store, "k1-1-1", total=1000)
    pay_fee(store, "k1-1-2", "property-co", 500)
    numbers = dict(store.connection.execute("SELECT code, number FROM accounts").fetchall())
    rows = [
        (9, 1, 1, numbers["assets:channel:goods-co"], 5),
        (9, 1, 2, numbers["liability:fees:property-co"], -5),
    ]

    def mix(unit: Unit) -> None:
        insert_postings(unit.connection, [*rows, (9, 1, 0, None, 0)])

    with pytest.raises(StoreError, match="mixes payees"):
        store.run_now(mix)
    assert balance(store.connection, "assets:channel:goods-co") == 1000


@pytest.mark.parametrize(("stem", "payee"), [("assets:pocket", "goods-co"), ("income:goods", "")])
def test_an_account_outside_the_chart_cannot_be_opened(store: InlineStore, stem: str, payee: str) -> None:
    with pytest.raises(StoreError, match="not in the chart"):
        store.run_now(lambda unit: open_account(unit.connection, stem, payee))


@pytest.mark.parametrize(
    "statement",
    ["UPDATE accounts SET payee = 'me'", "UPDATE accounts SET code = 'x'", "DELETE FROM accounts"],
)
def test_accounts_stay_what_they_are(store: InlineStore, statement: str) -> None:
    sell(store, "k1-1-1", total=1000)
    with pytest.raises(sqlite3.IntegrityError, match="books"):
        store.connection.execute(statement)


def test_an_older_ledger_gets_its_payees_and_balances(tmp_path: Path) -> None:
    path = tmp_path / "edge.db"
    apply(path, (*MIGRATIONS, schema.MIGRATIONS[0]))
    old = sqlite3.connect(path)
    old.executescript(
        """
        INSERT INTO accounts VALUES (1, 'assets:channel:goods-co', 'assets'),
            (2, 'income:goods:goods-co', 'income'), (3, 'liability:fees:a:b', 'liability');
        INSERT INTO postings VALUES (7, 1, 1, 1, 50), (7, 1, 2, 2, -50), (7, 1, 0, NULL, 0);
        """
    )
    old.close()
    apply(path, (*MIGRATIONS, *schema.MIGRATIONS))
    new = sqlite3.connect(path)
    assert new.execute("SELECT stem, payee, balance_fen FROM accounts ORDER BY number").fetchall() == [
        ("assets:channel", "goods-co", 50),
        ("income:goods", "goods-co", -50),
        ("liability:fees", "a:b", 0),
    ]
    new.close()


def test_source_is_posted_once_by_a_rule(store: InlineStore) -> None:
    sell(store, "k1-1-1", total=1000)
    with pytest.raises(AlreadyPosted):
        sell(store, "k1-1-1", total=1000)
    assert balance(store.connection, "assets:channel:goods-co") == 1000


def test_unknown_rule_or_amount_is_refused(store: InlineStore) -> None:
    with pytest.raises(RuleUnknown, match="'gift'"):
        store.run_now(lambda unit: post(unit, "gift", "k1-1-1", {"total": 1}, payee="a"))
    with pytest.raises(RuleUnknown, match="tip"):
        store.run_now(lambda unit: post(unit, "sale", "k1-1-1", {"total": 1, "tip": 1}, payee="a"))


def test_set_that_does_not_sum_to_zero_cannot_be_sealed(store: InlineStore) -> None:
    with pytest.raises(StoreError, match="sum to zero"):
        store.run_now(lambda unit: post(unit, "sale", "k1-1-1", {"total": 1000, "goods": 999}, payee="a"))
    assert balances(store.connection) == {}


def test_sealed_set_takes_no_more_rows(store: InlineStore) -> None:
    sell(store, "k1-1-1", total=1000)
    with pytest.raises(sqlite3.IntegrityError, match="sealed"):
        store.connection.execute(
            "INSERT INTO postings SELECT source, rule, 9, 1, 0 FROM postings WHERE line = 0"
        )


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE postings SET amount_fen = amount_fen + 1",
        "DELETE FROM postings",
        "INSERT OR REPLACE INTO postings SELECT source, rule, line, account, 5 FROM postings",
        "DELETE FROM postings WHERE line = 0",
        "INSERT OR REPLACE INTO postings SELECT * FROM postings WHERE line = 0",
    ],
)
def test_what_is_posted_stays(store: InlineStore, statement: str) -> None:
    sell(store, "k1-1-1", total=1000)
    with pytest.raises(sqlite3.IntegrityError, match="books"):
        store.connection.execute(statement)


def test_planted_loss_of_the_seal_trigger_turns_verification_red(store: InlineStore) -> None:
    store.connection.execute("DROP TRIGGER seal_demands_balance")
    store.run_now(lambda unit: post(unit, "sale", "k1-1-1", {"total": 1000, "goods": 999}, payee="a"))
    assert verify(store.connection) == [Imbalance("k1-1-1", "sale", 1, True)]


def test_set_without_a_seal_turns_verification_red(store: InlineStore) -> None:
    sell(store, "k1-1-1", total=1000)
    for line, fen in [(1, 5), (2, -5)]:
        store.connection.execute(
            "INSERT INTO postings VALUES (?, 1, ?, 1, ?)", (Identity("k1", 1, 2).key, line, fen)
        )
    assert verify(store.connection) == [Imbalance("k1-1-2", "sale", 0, False)]


def test_points_of_a_sale_stand_in_its_own_set(store: InlineStore) -> None:
    amounts = {"total": 1000, "goods": 1000, "points": 30}
    store.run_now(lambda unit: post(unit, "sale", "k1-1-1", amounts, payee="goods-co"))
    assert balance(store.connection, "liability:points:goods-co") == -30
    assert verify(store.connection) == []


def test_source_that_is_no_identity_is_refused(store: InlineStore) -> None:
    with pytest.raises(ValueError, match="not an identity"):
        sell(store, "receipt 5", total=1000)
