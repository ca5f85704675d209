"""Whatever was sold, saved, paid with and brought back in whatever steps: in the end nothing is left over."""

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.books.ledger import balances
from edge.books.verification import verify_books
from edge.pay.accounts import find_account
from edge.pay.refunds import Outcome, apply_outcome, claim_part, due_parts
from edge.pay.states import PartState
from edge.shop.basket import Basket
from edge.shop.checkout import PlacedOrder, place_order
from edge.shop.lots import stock_differences
from edge.shop.promotions import apply_promotion
from edge.shop.returns import return_goods, returnable
from edge.store.inline import InlineStore
from tests.fakes.accounts import SUBJECT, pay, tender
from tests.fakes.clock import FakeClock
from tests.fakes.trade import events_of, on_hand, open_store, put_contract, put_product

GOODS = st.lists(
    st.tuples(st.integers(1, 9_999), st.integers(1, 5), st.integers(0, 1_000_000)), min_size=1, max_size=4
)
SHARES = st.tuples(st.integers(0, 100), st.integers(0, 100))
"""Percent of the sum by points, and percent of the rest by the wallet."""
SHELF = 9


def shop_with(goods: list[tuple[int, int, int]], saving_fen: int) -> tuple[InlineStore, Basket]:
    """A shop with goods of (price, pieces bought, points per million), and what is bought of them."""
    store = open_store(FakeClock())
    put_contract(store, version=3, points_shortfall="negative", points_return_days=7)
    gross = sum(price * pieces for price, pieces, _ in goods)
    if 0 < saving_fen < gross:
        words = {"name_zh": "减", "name_en": "off"}
        promotion = {"kind": "spend_and_save", "threshold_fen": gross, "saving_fen": saving_fen, **words}
        store.run_now(lambda unit: apply_promotion(unit, "p", 1, promotion))
    basket = Basket()
    for number, (price, pieces, points_ppm) in enumerate(goods, 1):
        product = put_product(store, number, pieces=SHELF, price_fen=price, points_ppm=points_ppm)
        basket = basket.add(product, pieces)
    return store, basket


def bring_all_back(store: InlineStore, order: PlacedOrder, steps: st.DataObject) -> None:
    """Bring everything back in steps of any size; the channel pays at once."""
    done = Outcome(state=PartState.REFUNDED)
    while left := [line for line in returnable(store.connection, order.order_id) if line.left]:
        chosen = steps.draw(st.lists(st.sampled_from(left), min_size=1, unique=True))
        pieces = {line.sku: steps.draw(st.integers(1, line.left)) for line in chosen}
        store.run_now(
            lambda unit, pieces=pieces: return_goods(  # type: ignore[misc]
                unit, order.order_id, pieces, staff="staff-1", reason="other", resalable=True
            )
        )
        for part in due_parts(store.connection, 2**62, 99):
            store.run_now(lambda unit, part=part: claim_part(unit, part.id))  # type: ignore[misc]
            store.run_now(lambda unit, part=part: apply_outcome(unit, part.id, done))  # type: ignore[misc]


@pytest.mark.slow
@pytest.mark.proof
@settings(max_examples=25)
@given(GOODS, st.integers(0, 5_000), SHARES, st.data())
def test_a_full_return_leaves_nothing_over(
    goods: list[tuple[int, int, int]], saving_fen: int, shares: tuple[int, int], data: st.DataObject
) -> None:
    store, basket = shop_with(goods, saving_fen)
    try:
        points, wallet = tender(store, "points", 1), tender(store, "wallet", 1, issuer="shop")
        order = store.run_now(lambda unit: place_order(unit, basket, resident=SUBJECT, kiosk="k1"))
        by_points = min(10_000, order.total_fen * shares[0] // 100)
        by_wallet = min(10_000, (order.total_fen - by_points) * shares[1] // 100)
        parts = [
            type(part)(kind=part.kind, account=part.account, lease=part.lease, amount_fen=fen)
            for part, fen in ((points, by_points), (wallet, by_wallet))
            if fen
        ]
        attempt = pay(store, order, *parts)
        bring_all_back(store, order, data)

        assert {account: fen for account, fen in balances(store.connection).items() if fen} == {}
        assert verify_books(store.connection).differences == ()
        assert find_account(store.connection, wallet.account).balance_fen == 10_000
        (sale,) = events_of(store, "SaleSettled")
        returns = events_of(store, "GoodsReturned")
        assert sum(each["points"] for each in returns) == sale["points"]
        assert all(each["points"] >= 0 and each["total_fen"] >= 0 for each in returns)
        assert find_account(store.connection, points.account).balance_fen == 10_000 - sale["points"]
        back = Counter[str]()
        for refund in events_of(store, "RefundRequested"):
            back.update({part["kind"]: part["amount_fen"] for part in refund["parts"]})
        paid = {"points": by_points, "wallet": by_wallet, "channel": attempt.amount_fen}
        assert dict(back) == {kind: fen for kind, fen in paid.items() if fen}
        assert all(on_hand(store, f"s{number}") == SHELF for number in range(1, len(goods) + 1))
        assert stock_differences(store.connection) == ()
    finally:
        store.close()
