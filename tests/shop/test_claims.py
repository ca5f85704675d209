"""Claiming points with the receipt, once, within the contract's days, by whom the company manages."""

import pytest

from edge.pay.errors import ClaimRefused
from edge.pay.receipts import Receipt, find_receipt, hash_token
from edge.shop.checkout import PlacedOrder, find_order, place_order
from edge.shop.claims import claim_points, claimable_points
from edge.shop.returns import GoodsBack, return_goods
from edge.store.inline import InlineStore
from edge.store.personal import who_is
from edge.store.unit import Unit
from tests.fakes.accounts import SUBJECT, pay, put_account
from tests.fakes.clock import FakeClock
from tests.fakes.trade import basket_of, events_of, open_store, put_contract, put_product


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def store(clock: FakeClock) -> InlineStore:
    store = open_store(clock)
    put_contract(store, version=3, points_ppm=10_000, points_claim_days=3)
    put_account(store, "points", 0)
    return store


def sell(store: InlineStore, number: int = 1, resident: str | None = None) -> tuple[PlacedOrder, Receipt]:
    """Two at 30.00 yuan: 60 points at 1 %."""
    goods = put_product(store, number, pieces=9, price_fen=3000, points_ppm=None)
    order = store.run_now(
        lambda unit: place_order(unit, basket_of((goods, 2)), resident=resident, kiosk="k1")
    )
    pay(store, order)
    receipt = find_order(store.connection, order.order_id).receipt
    assert receipt is not None
    return order, find_receipt(store.connection, receipt)


def claim(store: InlineStore, code: str, resident: str = SUBJECT) -> int:
    return store.run_now(lambda unit: claim_points(unit, code, resident=resident)).points


def refused(store: InlineStore, code: str, resident: str = SUBJECT) -> object:
    with pytest.raises(ClaimRefused) as refusal:
        claim(store, code, resident)
    return refusal.value.details["reason"]


def test_who_forgot_to_identify_claims_with_the_receipt_once(store: InlineStore) -> None:
    order, receipt = sell(store)
    (sale,) = events_of(store, "SaleSettled")
    assert (sale["points"], sale["points_account"], sale["person"]) == (60, "", None)
    assert sale["claim_hash"] == hash_token(receipt.token)
    assert receipt.code == f"CE-R:{order.order_id}.{receipt.token}"
    assert claim(store, receipt.code) == 60
    (event,) = events_of(store, "PointsClaimed")
    assert (event["order_id"], event["account"], event["points"]) == (
        order.order_id, "a-points-property-res-1", 60
    )  # fmt: skip
    assert who_is(store.connection, event["person"]) == SUBJECT
    put_account(store, "points", 0, subject="res-2")
    assert refused(store, receipt.code, "res-2") == "claimed"
    assert len(events_of(store, "PointsClaimed")) == 1


def test_the_points_of_a_known_buyer_are_not_claimed_again(store: InlineStore) -> None:
    _, receipt = sell(store, resident=SUBJECT)
    assert refused(store, receipt.code) == "identified"


def test_after_the_days_of_the_contract_it_is_too_late(store: InlineStore, clock: FakeClock) -> None:
    _, receipt = sell(store)
    clock.advance(days=3)
    assert claimable_points(store.connection, receipt.code, "2026-11-25")[1] == 60
    clock.advance(days=1)
    assert refused(store, receipt.code) == "too_late"


def test_a_contract_without_days_gives_no_claim(store: InlineStore) -> None:
    put_contract(store, version=4, points_ppm=10_000)
    _, receipt = sell(store)
    assert refused(store, receipt.code) == "too_late"


def test_a_resident_whom_the_company_does_not_manage_claims_nothing(store: InlineStore) -> None:
    _, receipt = sell(store)
    assert refused(store, receipt.code, "res-9") == "not_managed"


def test_only_the_paper_itself_claims(store: InlineStore) -> None:
    order, receipt = sell(store)
    texts = ("", "CE-R:", order.order_id, f"CE-R:{order.order_id}.", f"CE-R:{order.order_id}.guess",
             f"CE-R:k2-1-7.{receipt.token}", f"CE-S:{order.order_id}.{receipt.token}")  # fmt: skip
    for text in texts:
        assert refused(store, text) == "receipt_unknown", text
    assert events_of(store, "PointsClaimed") == []


def test_goods_that_went_back_leave_only_the_points_of_the_rest(store: InlineStore) -> None:
    order, receipt = sell(store)

    def back(unit: Unit) -> GoodsBack:
        pieces = {"s1": 1}
        return return_goods(unit, order.order_id, pieces, staff="staff-1", reason="other", resalable=True)

    store.run_now(back)
    assert claim(store, receipt.code) == 30
    store.run_now(back)
    first, second = events_of(store, "GoodsReturned")
    assert (first["points"], first["points_account"]) == (30, "")
    assert (second["points"], second["points_account"]) == (30, "a-points-property-res-1")


def test_nothing_is_left_to_claim_of_goods_that_all_went_back(store: InlineStore) -> None:
    order, receipt = sell(store)
    store.run_now(
        lambda unit: return_goods(
            unit, order.order_id, {"s1": 2}, staff="staff-1", reason="other", resalable=True
        )
    )
    assert refused(store, receipt.code) == "no_points"
