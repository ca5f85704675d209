import pytest

from edge.books.ledger import balances, verify
from edge.errors import Refusal
from edge.pay.attempts import Attempt, Finding, apply_finding, create_attempt
from edge.pay.errors import OrderNotPayable
from edge.pay.receipts import find_receipt
from edge.pay.states import Answer
from edge.shop.basket import Basket
from edge.shop.catalogue import apply_product
from edge.shop.checkout import (
    PlacedOrder,
    cancel_abandoned,
    cancel_order,
    find_order,
    place_order,
    quote_basket,
    settle_sale,
)
from edge.shop.errors import (
    BasketEmpty,
    LotExpired,
    MixedPayees,
    OrderHasPayment,
    OrderUnknown,
    OutOfStock,
    PriceChanged,
    RestrictedGoods,
    UnknownProduct,
)
from edge.shop.promotions import apply_promotion
from edge.store.inline import InlineStore
from edge.store.personal import who_is
from edge.store.unit import Unit
from tests.fakes.clock import FakeClock
from tests.fakes.trade import (
    basket_of,
    events_of,
    on_hand,
    open_store,
    product_data,
    put_contract,
    put_lot,
    put_product,
)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def store(clock: FakeClock) -> InlineStore:
    return open_store(clock)


def place(store: InlineStore, basket: Basket, **options: object) -> PlacedOrder:
    settings = {"resident": "res-1", "kiosk": "k1", **options}
    return store.run_now(lambda unit: place_order(unit, basket, **settings))  # type: ignore[arg-type]


def pay(store: InlineStore, order: PlacedOrder, *, captured_fen: int | None = None) -> Attempt:
    asked = store.run_now(
        lambda unit: create_attempt(unit, order.order_id, order.payee, order.total_fen, "wechat")
    )
    paid = Finding(
        answer=Answer.PAID, amount_fen=captured_fen or order.total_fen, channel_id=f"ch-{asked.id}"
    )
    return store.run_now(lambda unit: apply_finding(unit, asked.id, paid, {"sale": settle_sale}))


def test_a_sale_moves_stock_ledger_receipt_and_journal_together(store: InlineStore) -> None:
    put_contract(store, version=3)
    store.run_now(
        lambda unit: apply_promotion(
            unit,
            "p50",
            1,
            {
                "kind": "spend_and_save",
                "threshold_fen": 5000,
                "saving_fen": 500,
                "name_zh": "满50减5",
                "name_en": "5 off 50",
            },
        )
    )
    soy, rice = put_product(store, 1, pieces=9), put_product(store, 2, pieces=9, price_fen=3990)
    order = place(store, basket_of((soy, 2), (rice, 1)))
    assert order.total_fen == 2 * 1280 + 3990 - 500
    pay(store, order)
    sold = find_order(store.connection, order.order_id)
    assert (sold.state, sold.receipt) == ("paid", 1)
    assert (on_hand(store, "s1"), on_hand(store, "s2")) == (7, 8)
    (event,) = events_of(store, "SaleSettled")
    assert (event["total_fen"], event["saving_fen"], event["points"]) == (6050, 500, 30)
    assert (event["contract_version"], event["promotion_id"]) == (3, "p50")
    assert who_is(store.connection, event["person"]) == "res-1"
    assert sum(line["net_fen"] for line in event["lines"]) == 6050
    assert event["business_date"] == "2026-11-22"
    assert balances(store.connection) == {
        "assets:channel:shop": 6050,
        "expense:points:shop": 30,
        "expense:promotions:shop": 500,
        "income:goods:shop": -6550,
        "liability:points:shop": -30,
    }
    assert verify(store.connection) == []


def test_the_receipt_says_what_was_bought_and_is_no_invoice(store: InlineStore) -> None:
    put_contract(store, version=3)
    soy = put_product(store, 1, pieces=9)
    pay(store, place(store, basket_of((soy, 2))))
    receipt = find_receipt(store.connection, 1)
    assert [(line.name_zh, line.quantity, line.amount_fen) for line in receipt.body.lines] == [
        ("古法酱油", 2, 2560)
    ]
    assert (receipt.total_fen, receipt.body.points, receipt.body.contract_version) == (2560, 13, 3)
    assert not receipt.is_invoice


def test_receipts_are_numbered_without_gaps(store: InlineStore) -> None:
    soy = put_product(store, 1, pieces=9)
    for _ in range(3):
        pay(store, place(store, basket_of((soy, 1))))
    numbers = store.connection.execute("SELECT number FROM receipts ORDER BY number").fetchall()
    assert numbers == [(1,), (2,), (3,)]


def test_a_sale_keeps_the_contract_version_it_was_placed_with(store: InlineStore) -> None:
    put_contract(store, version=3, points_ppm=10_000)
    soy = put_product(store, 1, pieces=9, price_fen=6000, points_ppm=None)
    order = place(store, basket_of((soy, 1)))
    put_contract(store, version=4, points_ppm=0)
    pay(store, order)
    (event,) = events_of(store, "SaleSettled")
    assert (event["contract_version"], event["points"]) == (3, 60)


def test_an_unmanaged_resident_earns_nothing(store: InlineStore) -> None:
    soy = put_product(store, 1, pieces=9)
    assert place(store, basket_of((soy, 5)), earns_points=False).points == 0


def test_nothing_two_payees_restricted_or_gone_is_placed(store: InlineStore) -> None:
    soy = put_product(store, 1, pieces=9)
    other = put_product(store, 2, pieces=9, payee="farm")
    with pytest.raises(BasketEmpty):
        place(store, Basket())
    with pytest.raises(MixedPayees):
        place(store, basket_of((soy, 1), (other, 1)))
    store.run_now(lambda unit: apply_product(unit, "s1", 2, product_data(1, restricted="alcohol")))
    with pytest.raises(RestrictedGoods):
        place(store, basket_of((soy, 1)))
    store.run_now(lambda unit: apply_product(unit, "s1", 3, None))
    with pytest.raises(UnknownProduct):
        place(store, basket_of((soy, 1)))
    assert events_of(store, "OrderPlaced") == []


def test_a_price_that_changed_has_to_be_seen_first(store: InlineStore, clock: FakeClock) -> None:
    soy = put_product(store, 1, pieces=9)
    basket = basket_of((soy, 1))
    quote = quote_basket(store.connection, basket, clock.now())
    with pytest.raises(PriceChanged):
        place(store, basket, seen_total_fen=quote.total_fen - 1)
    store.run_now(lambda unit: apply_product(unit, "s1", 2, product_data(1, price_fen=1380)))
    with pytest.raises(PriceChanged):
        place(store, basket)


def test_a_lot_that_expired_since_the_scan_is_refused_at_checkout(
    store: InlineStore, clock: FakeClock
) -> None:
    soy = put_product(store, 1)
    put_lot(store, "s1", 5, expires_on="2026-11-22")
    basket = basket_of((soy, 1))
    clock.advance(days=1)
    with pytest.raises(LotExpired):
        place(store, basket)


def test_more_than_there_is_cannot_be_placed(store: InlineStore) -> None:
    soy = put_product(store, 1, pieces=2)
    with pytest.raises(OutOfStock):
        place(store, basket_of((soy, 3)))


def test_a_refused_order_leaves_nothing_behind(store: InlineStore) -> None:
    soy, rice = put_product(store, 1, pieces=2), put_product(store, 2)
    before = list(store.connection.iterdump())
    with pytest.raises(OutOfStock):
        place(store, basket_of((soy, 1), (rice, 1)))
    assert list(store.connection.iterdump()) == before


def test_a_sale_that_fails_half_way_leaves_nothing_behind(store: InlineStore) -> None:
    soy = put_product(store, 1, pieces=2)
    order = place(store, basket_of((soy, 1)))
    asked = store.run_now(
        lambda unit: create_attempt(unit, order.order_id, order.payee, order.total_fen, "wechat")
    )
    before = list(store.connection.iterdump())

    class PowerCut(Exception):
        pass

    def settle_then_fail(unit: Unit, attempt: Attempt) -> None:
        settle_sale(unit, attempt)
        raise PowerCut

    paid = Finding(answer=Answer.PAID, amount_fen=order.total_fen)
    with pytest.raises(PowerCut):
        store.run_now(lambda unit: apply_finding(unit, asked.id, paid, {"sale": settle_then_fail}))
    assert list(store.connection.iterdump()) == before


def test_an_order_is_settled_once_and_only_for_its_sum(store: InlineStore) -> None:
    soy = put_product(store, 1, pieces=5)
    order = place(store, basket_of((soy, 1)))
    attempt = pay(store, order)
    with pytest.raises(OrderNotPayable):
        store.run_now(lambda unit: settle_sale(unit, attempt))
    assert on_hand(store, "s1") == 4


def test_a_cancelled_order_stays_cancelled_and_a_paid_one_stays_paid(store: InlineStore) -> None:
    soy = put_product(store, 1, pieces=5)
    given_up, bought = place(store, basket_of((soy, 1))), place(store, basket_of((soy, 1)))
    pay(store, bought)
    for _ in range(2):
        store.run_now(lambda unit: cancel_order(unit, given_up.order_id))
    assert len(events_of(store, "OrderCancelled")) == 1
    with pytest.raises(OrderHasPayment):
        store.run_now(lambda unit: cancel_order(unit, bought.order_id))
    with pytest.raises(OrderUnknown):
        store.run_now(lambda unit: cancel_order(unit, "k1-1-999"))


def test_abandoned_orders_are_given_up_but_not_those_being_paid(store: InlineStore, clock: FakeClock) -> None:
    soy = put_product(store, 1, pieces=5)
    left, paying = place(store, basket_of((soy, 1))), place(store, basket_of((soy, 1)))
    store.run_now(
        lambda unit: create_attempt(unit, paying.order_id, paying.payee, paying.total_fen, "wechat")
    )
    clock.advance(seconds=1)
    fresh = place(store, basket_of((soy, 1)))
    given_up = store.run_now(lambda unit: cancel_abandoned(unit, placed_before_ms=unit.now.at_ms))
    assert given_up == (left.order_id,)
    assert find_order(store.connection, fresh.order_id).state == "placed"


def test_every_refusal_of_trade_has_its_own_code() -> None:
    from edge.homes import errors as homes
    from edge.pay import errors as pay_errors
    from edge.settlement import errors as settlement
    from edge.shop import errors as shop

    kinds = [
        kind
        for module in (homes, pay_errors, settlement, shop)
        for kind in vars(module).values()
        if isinstance(kind, type) and issubclass(kind, Refusal) and kind is not Refusal
    ]
    assert len({kind.code for kind in kinds}) == len(kinds)
