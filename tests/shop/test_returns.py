"""Goods that come back: stock, ledger, points and refund together. Every figure was worked out by hand."""

import pytest

from edge.books.ledger import balance, balances
from edge.books.verification import verify_books
from edge.pay.accounts import find_account
from edge.pay.engine import PaymentEngine
from edge.pay.refunds import Outcome, apply_outcome, claim_part, due_parts, refunds_of
from edge.pay.states import PartState
from edge.shop.checkout import PlacedOrder, find_order, place_order, sale_limits
from edge.shop.errors import OrderUnknown, ReturnRefused
from edge.shop.promotions import apply_promotion
from edge.shop.returns import GoodsBack, preview_return, return_goods, returnable
from edge.store.inline import InlineStore
from tests.fakes.accounts import SETTLE, SUBJECT, pay, put_account, put_lease, tender
from tests.fakes.clock import FakeClock
from tests.fakes.payment_platform import FakePaymentPlatform
from tests.fakes.trade import basket_of, events_of, on_hand, open_store, put_contract, put_lot, put_product


@pytest.fixture
def store() -> InlineStore:
    return open_store(FakeClock())


def place(store: InlineStore, number: int, pieces: int, price_fen: int, **product: object) -> PlacedOrder:
    product = {"points_ppm": None, **product}
    goods = put_product(store, number, pieces=90, price_fen=price_fen, **product)
    return store.run_now(
        lambda unit: place_order(unit, basket_of((goods, pieces)), resident=SUBJECT, kiosk="k1")
    )


def give_back(store: InlineStore, order: PlacedOrder, resalable: bool = True, **pieces: int) -> GoodsBack:
    return store.run_now(
        lambda unit: return_goods(
            unit, order.order_id, pieces, staff="staff-1", reason="quality", resalable=resalable
        )
    )


def parts_of(store: InlineStore, goods: GoodsBack) -> list[tuple[str, int]]:
    event = next(e for e in events_of(store, "RefundRequested") if e["refund_id"] == goods.refund_id)
    return [(part["kind"], part["amount_fen"]) for part in event["parts"]]


def pay_channel_parts(store: InlineStore) -> None:
    """The channel gives back everything that is due."""
    done = Outcome(state=PartState.REFUNDED)
    for part in due_parts(store.connection, 2**62, 99):
        store.run_now(lambda unit, part=part: claim_part(unit, part.id))  # type: ignore[misc]
        store.run_now(lambda unit, part=part: apply_outcome(unit, part.id, done))  # type: ignore[misc]


def test_a_mixed_payment_goes_back_in_three_parts_the_last_tender_first(store: InlineStore) -> None:
    """65.50 yuan, paid with 5.50 in points, 20.00 of the wallet and 40.00 by the channel; points 0.5 %.

    The bag (39.90) comes back from the channel, which then has 0.10 left; the first bottle (12.80) takes that
    and 12.70 of the wallet, the second the wallet's last 7.30 and the points. Of the 30 points earned the bag
    had 30 x 39.90 / 65.50 = 18.27, with one bottle 30 x 52.70 / 65.50 = 24.13: 18, 6 and 6 go back.
    """
    put_contract(store, version=3, points_return_days=7)
    soy, rice = put_product(store, 1, pieces=9), put_product(store, 2, pieces=9, price_fen=3990)
    points, wallet = tender(store, "points", 550), tender(store, "wallet", 2000, issuer="shop")
    basket = basket_of((soy, 2), (rice, 1))
    order = store.run_now(lambda unit: place_order(unit, basket, resident=SUBJECT, kiosk="k1"))
    pay(store, order, points, wallet)

    bag = give_back(store, order, s2=1)
    first, second = give_back(store, order, s1=1), give_back(store, order, s1=1)

    assert parts_of(store, bag) == [("channel", 3990)]
    assert parts_of(store, first) == [("channel", 10), ("wallet", 1270)]
    assert parts_of(store, second) == [("wallet", 730), ("points", 550)]
    assert [goods.sums.points for goods in (bag, first, second)] == [18, 6, 6]
    assert find_account(store.connection, wallet.account).balance_fen == 10_000
    assert find_account(store.connection, points.account).balance_fen == 10_000 - 30
    assert (on_hand(store, "s1"), on_hand(store, "s2")) == (9, 9)
    assert balance(store.connection, "assets:channel:shop") == 4000
    assert balance(store.connection, "liability:refunds:shop") == -4000
    pay_channel_parts(store)
    assert {account: fen for account, fen in balances(store.connection).items() if fen} == {}
    assert verify_books(store.connection).differences == ()
    with pytest.raises(ReturnRefused):
        give_back(store, order, s1=1)


def spent_points(store: InlineStore, shortfall: str) -> PlacedOrder:
    """60.00 yuan earn 60 points (1 %), all counted; 50 of them are spent on the next purchase."""
    put_contract(store, version=3, points_ppm=10_000, points_shortfall=shortfall)
    account = put_account(store, "points", 0)
    order = place(store, 1, 1, 6000)
    pay(store, order)
    settled_seq = find_order(store.connection, order.order_id).settled_seq
    assert settled_seq is not None
    put_account(store, "points", 60, version=2, through=settled_seq)
    lease = put_lease(store, account, 60)
    from edge.pay.tenders import Tender

    small = place(store, 2, 1, 100, points_ppm=0)
    pay(store, small, Tender(kind="points", account=account, lease=lease, amount_fen=50))
    assert find_account(store.connection, account).balance_fen == 10
    return order


def test_points_spent_then_goods_returned_the_refund_shrinks(store: InlineStore) -> None:
    order = spent_points(store, "shrink")
    preview = preview_return(store.connection, order.order_id, {"s1": 1})
    assert (preview.total_fen, preview.points, preview.shortfall_fen, preview.refund_fen) == (
        6000,
        60,
        50,
        5950,
    )
    goods = give_back(store, order, s1=1)
    assert goods.sums == preview
    assert parts_of(store, goods) == [("channel", 5950)]
    assert find_account(store.connection, "a-points-property-res-1").balance_fen == 0
    (event,) = events_of(store, "GoodsReturned")
    assert (event["points"], event["points_back"], event["shortfall_fen"]) == (60, 10, 50)
    assert balance(store.connection, "liability:refunds:shop") == -5950
    assert balance(store.connection, "expense:points:shop") == 0
    # 50 points of the shop's are spent and paid for by what was kept.
    assert balance(store.connection, "liability:points:shop") == -50
    assert verify_books(store.connection).differences == ()


def test_points_spent_then_goods_returned_the_balance_turns_negative(store: InlineStore) -> None:
    order = spent_points(store, "negative")
    goods = give_back(store, order, s1=1)
    assert (goods.sums.shortfall_fen, goods.sums.refund_fen) == (0, 6000)
    assert find_account(store.connection, "a-points-property-res-1").balance_fen == -50
    (event,) = events_of(store, "GoodsReturned")
    assert (event["points"], event["points_back"], event["shortfall_fen"]) == (60, 60, 0)
    assert balance(store.connection, "liability:points:shop") == 0


def test_points_that_the_platform_has_not_counted_yet_are_no_shortfall(store: InlineStore) -> None:
    put_contract(store, version=3, points_ppm=10_000)
    put_account(store, "points", 0)
    order = place(store, 1, 2, 6000)
    pay(store, order)
    for _ in range(2):
        assert give_back(store, order, s1=1).sums.shortfall_fen == 0
    assert find_account(store.connection, "a-points-property-res-1").balance_fen == -120
    settled_seq = find_order(store.connection, order.order_id).settled_seq
    assert settled_seq is not None


def test_pending_points_are_there_to_be_taken_back(store: InlineStore) -> None:
    put_contract(store, version=3, points_ppm=10_000)
    put_account(store, "points", 0)
    order = place(store, 1, 1, 6000)
    pay(store, order)
    put_account(store, "points", 0, pending_fen=60, version=2, through=10**6)
    assert give_back(store, order, s1=1).sums.refund_fen == 6000


def test_goods_that_earned_more_than_they_cost_bring_nothing_but_their_points(store: InlineStore) -> None:
    put_contract(store, version=3, points_ppm=2_000_000)
    put_account(store, "points", 0)
    order = place(store, 1, 1, 100)
    pay(store, order)
    put_account(store, "points", 0, version=2, through=10**6)
    goods = give_back(store, order, s1=1)
    assert (goods.sums.points, goods.sums.shortfall_fen, goods.sums.refund_fen, goods.refund_id) == (
        200,
        100,
        0,
        "",
    )
    (event,) = events_of(store, "GoodsReturned")
    assert event["points_back"] == 100
    assert verify_books(store.connection).differences == ()


async def test_goods_paid_from_accounts_alone_go_back_to_them(store: InlineStore) -> None:
    """By the engine itself: 60.00 of points and wallet, nothing of the channel, and all of it back."""
    points, wallet = tender(store, "points", 1000), tender(store, "wallet", 5000, issuer="shop")
    order = place(store, 1, 1, 6000, points_ppm=0)
    clock = FakeClock()
    engine = PaymentEngine(
        store,
        FakePaymentPlatform(now_ms=clock.at_ms),
        settle=SETTLE,
        limits={"sale": sale_limits},
        clock=clock,
    )
    await engine.pay_from_accounts(order.order_id, order.payee, (points, wallet))
    assert parts_of(store, give_back(store, order, s1=1)) == [("wallet", 5000), ("points", 1000)]
    assert {account: fen for account, fen in balances(store.connection).items() if fen} == {}


def test_a_saving_is_taken_off_what_comes_back_and_the_last_piece_brings_the_rest(store: InlineStore) -> None:
    """Three at 10.00 less 1.00: 29.00. 9.67 for the first, 19.33 for two, 29.00 for all."""
    promotion = {
        "kind": "spend_and_save",
        "threshold_fen": 2000,
        "saving_fen": 100,
        "name_zh": "减",
        "name_en": "off",
    }
    store.run_now(lambda unit: apply_promotion(unit, "p", 1, promotion))
    order = place(store, 1, 3, 1000)
    pay(store, order)
    back = [give_back(store, order, s1=1).sums for _ in range(3)]
    assert [sums.total_fen for sums in back] == [967, 966, 967]
    assert [sums.gross_fen for sums in back] == [1000, 1000, 1000]
    assert (
        balance(store.connection, "income:goods:shop")
        == balance(store.connection, "expense:promotions:shop")
        == 0
    )
    assert sum(refund.amount_fen for refund in refunds_of(store.connection, order.order_id)) == 2900


def test_broken_goods_do_not_go_back_on_the_shelf(store: InlineStore) -> None:
    order = place(store, 1, 2, 1000)
    pay(store, order)
    give_back(store, order, resalable=False, s1=1)
    assert on_hand(store, "s1") == 88
    (event,) = events_of(store, "GoodsReturned")
    assert event["lines"] == [{"sku": "s1", "quantity": 1, "net_fen": 1000, "restocked": 0}]
    assert (event["staff"], event["reason"]) == ("staff-1", "quality")


def test_pieces_go_back_to_the_lots_they_came_from(store: InlineStore) -> None:
    goods = put_product(store, 1, pieces=2)
    put_lot(store, "s1", 5, lot="L2", expires_on="2028-01-01")
    order = store.run_now(lambda unit: place_order(unit, basket_of((goods, 4)), resident=None, kiosk="k1"))
    pay(store, order)
    lots = "SELECT lot, on_hand FROM lots ORDER BY lot"
    assert store.connection.execute(lots).fetchall() == [("L1", 0), ("L2", 3)]
    give_back(store, order, s1=3)
    assert store.connection.execute(lots).fetchall() == [("L1", 1), ("L2", 5)]
    give_back(store, order, s1=1)
    assert store.connection.execute(lots).fetchall() == [("L1", 2), ("L2", 5)]


def test_only_what_was_sold_and_paid_comes_back(store: InlineStore) -> None:
    order = place(store, 1, 2, 1000)
    with pytest.raises(ReturnRefused) as unpaid:
        give_back(store, order, s1=1)
    assert unpaid.value.details["reason"] == "not_paid"
    pay(store, order)
    before = list(store.connection.iterdump())
    wrong: tuple[dict[str, int], ...] = ({}, {"s1": 3}, {"s1": 0}, {"s1": -1}, {"s9": 1})
    for pieces in wrong:
        with pytest.raises(ReturnRefused):
            give_back(store, order, True, **pieces)
    with pytest.raises(OrderUnknown):
        store.run_now(
            lambda unit: return_goods(unit, "k1-1-999", {"s1": 1}, staff="s", reason="other", resalable=True)
        )
    assert list(store.connection.iterdump()) == before
    (line,) = returnable(store.connection, order.order_id)
    assert (line.sold, line.returned, line.left, line.left_fen) == (2, 0, 2, 2000)
    give_back(store, order, s1=1)
    (line,) = returnable(store.connection, order.order_id)
    assert (line.returned, line.left, line.left_fen) == (1, 1, 1000)
