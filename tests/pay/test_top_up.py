"""Top-up at the kiosk: limit, ledger, receipt, and never from another account."""

import pytest

from edge.books.ledger import balances
from edge.books.verification import verify_books
from edge.pay.accounts import find_account
from edge.pay.attempts import Attempt, create_attempt
from edge.pay.errors import AccountUnknown, OrderNotPayable, TenderNotAllowed, TopUpRefused
from edge.pay.receipts import find_receipt
from edge.pay.top_up import PlacedTopUp, most_top_up_fen, place_top_up, top_up_limits
from edge.store.inline import InlineStore
from tests.fakes.accounts import end, put_account, tender
from tests.fakes.clock import FakeClock
from tests.fakes.trade import events_of, open_store, put_contract


@pytest.fixture
def store() -> InlineStore:
    store = open_store(FakeClock())
    put_contract(store, version=3, wallet_limit_fen=50_000)
    return store


def place(store: InlineStore, account: str, amount_fen: int) -> PlacedTopUp:
    return store.run_now(lambda unit: place_top_up(unit, account, amount_fen, resident="res-1", kiosk="k1"))


def pay(store: InlineStore, placed: PlacedTopUp) -> Attempt:
    attempt = store.run_now(
        lambda unit: create_attempt(
            unit, placed.order_id, placed.payee, placed.total_fen, "wechat", purpose="top_up"
        )
    )
    return end(store, attempt)


def test_money_in_is_owed_to_the_resident_by_the_issuer(store: InlineStore) -> None:
    account = put_account(store, "wallet", 1_000)
    pay(store, place(store, account, 20_000))
    assert balances(store.connection) == {
        "assets:channel:property": 20_000,
        "liability:wallet:property": -20_000,
    }
    (event,) = events_of(store, "TopUpSettled")
    assert (event["account"], event["amount_fen"], event["kind"], event["receipt"]) == (
        account,
        20_000,
        "wallet",
        1,
    )
    assert find_account(store.connection, account).balance_fen == 21_000
    assert find_receipt(store.connection, 1).body.lines[0].name_zh == "储值充值"
    assert verify_books(store.connection).differences == ()


def test_a_prepaid_fee_is_an_account_of_its_own_and_has_no_limit(store: InlineStore) -> None:
    account = put_account(store, "prepaid_fee", 0)
    pay(store, place(store, account, 360_000))
    assert balances(store.connection)["liability:prepaid:property"] == -360_000


def test_a_wallet_holds_at_most_what_the_contract_says(store: InlineStore) -> None:
    account = put_account(store, "wallet", 49_000)
    assert most_top_up_fen(store.connection, account) == 1_000
    with pytest.raises(TopUpRefused) as refused:
        place(store, account, 1_001)
    assert refused.value.details == {"reason": "limit", "limit_fen": 1_000}
    pay(store, place(store, account, 1_000))
    assert most_top_up_fen(store.connection, account) == 0


def test_a_blank_in_the_contract_is_no_top_up_of_wallets(store: InlineStore) -> None:
    put_contract(store, version=4)
    with pytest.raises(TopUpRefused):
        place(store, put_account(store, "wallet", 0), 100)


@pytest.mark.parametrize("amount_fen", [0, -100])
def test_no_sum_is_no_top_up(store: InlineStore, amount_fen: int) -> None:
    with pytest.raises(TopUpRefused):
        place(store, put_account(store, "wallet", 0), amount_fen)


def test_points_are_not_for_money_and_an_account_not_for_others(store: InlineStore) -> None:
    with pytest.raises(TopUpRefused):
        place(store, put_account(store, "points", 0), 100)
    with pytest.raises(AccountUnknown):
        place(store, put_account(store, "wallet", 0, subject="res-2"), 100)
    with pytest.raises(AccountUnknown):
        place(store, "a-nothing", 100)


def test_an_account_is_not_filled_from_another_one(store: InlineStore) -> None:
    placed = place(store, put_account(store, "prepaid_fee", 0), 100)
    limits = top_up_limits(store.connection, placed.order_id)
    part = tender(store, "wallet", 100)
    with pytest.raises(AccountUnknown):
        store.run_now(
            lambda unit: create_attempt(
                unit, placed.order_id, placed.payee, 0, "", held=(part,), limits=limits, purpose="top_up"
            )
        )
    assert TenderNotAllowed.code != AccountUnknown.code


def test_a_top_up_is_settled_once(store: InlineStore) -> None:
    placed = place(store, put_account(store, "wallet", 0), 500)
    pay(store, placed)
    with pytest.raises(OrderNotPayable):
        top_up_limits(store.connection, placed.order_id)
