import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.shop.basket import MAX_LINES, MAX_QUANTITY, Basket, allocate, points_line
from edge.shop.catalogue import Product
from edge.shop.errors import BasketFull
from edge.shop.promotions import Promotion
from tests.fakes.trade import basket_of


def product(sku: str = "s1", price_fen: int = 1280, points_ppm: int | None = 5000) -> Product:
    return Product(
        sku=sku, ean="", name_zh="", name_en="", price_fen=price_fen, payee="shop", points_ppm=points_ppm
    )


def promotion(threshold_fen: int, saving_fen: int) -> Promotion:
    return Promotion(
        id=f"p{threshold_fen}",
        kind="spend_and_save",
        threshold_fen=threshold_fen,
        saving_fen=saving_fen,
        name_zh="满减",
        name_en="Spend and save",
    )


def test_the_same_product_stands_once() -> None:
    basket = Basket().add(product()).add(product("s2")).add(product(), 2)
    assert [(line.product.sku, line.quantity) for line in basket.lines] == [("s1", 3), ("s2", 1)]
    assert basket.pieces == 4


def test_nothing_of_a_product_removes_its_line() -> None:
    assert Basket().add(product()).with_quantity(product(), 0) == Basket()


def test_a_full_basket_says_so() -> None:
    with pytest.raises(BasketFull):
        Basket().add(product(), MAX_QUANTITY + 1)
    basket = basket_of(*((product(f"s{number}"), 1) for number in range(MAX_LINES)))
    with pytest.raises(BasketFull):
        basket.add(product("one-more"))


def test_sixty_yuan_at_half_a_percent_earn_thirty_points() -> None:
    quote = basket_of((product(price_fen=6000), 1)).price(())
    assert quote.points == 30
    assert points_line(quote.points) == "本单得30积分，可抵物业费0.30元"
    assert points_line(30, "en") == "This order earns 30 points, worth 0.30 yuan off the property fee"


def test_points_come_from_what_is_paid_after_the_saving() -> None:
    quote = basket_of((product(price_fen=6000), 1)).price((promotion(5000, 1000),))
    assert (quote.total_fen, quote.points) == (5000, 25)


def test_a_product_without_a_rate_takes_the_contract_s() -> None:
    basket = basket_of((product(price_fen=6000, points_ppm=None), 1))
    assert basket.price((), points_ppm=10_000).points == 60
    assert basket.price(()).points == 0


def test_the_best_reached_promotion_applies_alone() -> None:
    offers = (promotion(1000, 100), promotion(2000, 300), promotion(9000, 900))
    quote = basket_of((product(price_fen=2500), 1)).price(offers)
    assert quote.saving_fen == 300
    assert quote.promotion is not None
    assert quote.promotion.id == "p2000"


amounts = st.integers(1, 100_000)


@given(st.lists(amounts, min_size=1, max_size=20), st.data())
def test_parts_of_a_saving_add_up_and_fit_their_lines(weights: list[int], data: st.DataObject) -> None:
    total = data.draw(st.integers(0, sum(weights)))
    parts = allocate(total, tuple(weights))
    assert sum(parts) == total
    assert all(0 <= part <= weight for part, weight in zip(parts, weights, strict=True))


def test_parts_of_nothing_are_nothing() -> None:
    assert allocate(0, (0, 0)) == (0, 0)


@given(
    st.lists(
        st.tuples(amounts, st.integers(1, MAX_QUANTITY), st.integers(0, 50_000)), min_size=1, max_size=12
    ),
    st.lists(st.tuples(st.integers(2, 500_000), st.integers(1, 500_000)), max_size=4),
)
def test_sums_of_a_quote_agree(lines: list[tuple[int, int, int]], offers: list[tuple[int, int]]) -> None:
    basket = basket_of(
        *((product(f"s{n}", price, ppm), quantity) for n, (price, quantity, ppm) in enumerate(lines))
    )
    promotions = tuple(promotion(threshold, min(saving, threshold - 1)) for threshold, saving in offers)
    quote = basket.price(promotions)
    assert quote.total_fen == quote.gross_fen - quote.saving_fen == sum(line.net_fen for line in quote.lines)
    assert quote.total_fen > 0
    exact = sum(line.net_fen * (line.product.points_ppm or 0) for line in quote.lines)
    assert abs(quote.points * 1_000_000 - exact) <= 500_000
