"""A small shop over the product's own store, and one sale in the product's own steps, for `checkout`."""

import time
from collections.abc import Callable
from pathlib import Path

from edge.pay.attempts import Attempt, Finding, apply_finding, create_attempt
from edge.pay.contract import apply_contract
from edge.pay.states import Answer
from edge.shop.basket import Basket
from edge.shop.catalogue import Product, apply_product, find_product
from edge.shop.checkout import PlacedOrder, place_order, settle_sale
from edge.shop.ean import check_digit
from edge.shop.promotions import apply_promotion
from edge.shop.receiving import apply_delivery, receive_delivery
from edge.store.store import Store
from edge.store.unit import Unit
from edge.tables import MIGRATIONS
from edge.trust.clock import Reading, Trust

PRODUCTS = 200
LINES = 4
DELIVERY_LINES = 50
PIECES = 90_000
THRESHOLD_FEN, SAVING_FEN = 3000, 500
POINTS_PPM = 5000
SITE, DEVICE = "heyuanli", "k1"
RESIDENT = "res-1203"
QR = "weixin://wxpay/bizpayurl?pr=bench0000000000"
CHANNEL_ID = "4200002026112200000000001"
_SETTLE = {"sale": settle_sale}


class WallClock:
    """The machine's time, trusted."""

    def now(self) -> Reading:
        """Read it."""
        return Reading(time.time_ns() // 1_000_000, Trust.SYNCED)


def sku_of(number: int) -> str:
    """The number of a product of the bench's shop."""
    return f"s{number}"


def price_fen_of(number: int) -> int:
    """Its price."""
    return 1280 + number


def choose(sale: int) -> list[tuple[int, int]]:
    """Product and quantity of the four lines of the nth sale; sales wander over the whole shelf."""
    step = PRODUCTS // LINES
    return [((sale * 7 + line * step) % PRODUCTS, 1 + line % 2) for line in range(LINES)]


def open_till(path: Path) -> Store:
    """The store of a running hub, with every room's tables."""
    return Store.open(path, site=SITE, device=DEVICE, clock=WallClock(), migrations=MIGRATIONS)


def fill_shop(unit: Unit) -> None:
    """Put goods on the shelf, one promotion and a contract with points."""
    for number in range(PRODUCTS):
        apply_product(unit, sku_of(number), 1, _product(number))
    promotion = {"kind": "spend_and_save", "threshold_fen": THRESHOLD_FEN, "saving_fen": SAVING_FEN}
    apply_promotion(unit, "p1", 1, {**promotion, "name_zh": "满30减5", "name_en": "5 off 30"})
    apply_contract(unit, "c1", 1, {"version": 1, "points_ppm": POINTS_PPM})
    for first in range(0, PRODUCTS, DELIVERY_LINES):
        lines = [
            {"sku": sku_of(number), "lot": "L1", "expires_on": "2099-08-30", "quantity": PIECES}
            for number in range(first, first + DELIVERY_LINES)
        ]
        apply_delivery(unit, f"d{first}", 1, {"id": f"d{first}", "lines": lines})
        receive_delivery(unit, f"d{first}", actor="staff-1")


def _product(number: int) -> dict[str, object]:
    digits = f"690{number:09d}"
    return {
        "ean": f"{digits}{check_digit(digits)}",
        "name_zh": "古法酱油",
        "name_en": "Soy sauce",
        "spec_zh": "500 毫升",
        "spec_en": "500 ml",
        "price_fen": price_fen_of(number),
        "category": "sauces",
        "picture": "soy",
        "payee": "shop",
    }


async def load_products(store: Store) -> list[Product]:
    """The products as the kiosk holds them after a scan, by number."""
    return await store.read(
        lambda connection: [find_product(connection, sku_of(number)) for number in range(PRODUCTS)]
    )


def basket_of(products: list[Product], sale: int) -> Basket:
    """The basket of the nth sale."""
    basket = Basket()
    for number, quantity in choose(sale):
        basket = basket.add(products[number], quantity)
    return basket


def place(unit: Unit, basket: Basket) -> PlacedOrder:
    """The kiosk's unit: the order is placed."""
    return place_order(unit, basket, resident=RESIDENT, kiosk=DEVICE)


def request(unit: Unit, placed: PlacedOrder) -> Attempt:
    """The engine's first unit: an attempt, on disk before anything leaves."""
    return create_attempt(unit, placed.order_id, placed.payee, placed.total_fen, "wechat")


def show(unit: Unit, attempt: Attempt) -> Attempt:
    """The engine's second unit: the QR to show."""
    finding = Finding(answer=Answer.OFFERED, qr=QR, expires_at_ms=unit.now.at_ms + 60_000)
    return apply_finding(unit, attempt.id, finding, _SETTLE)


def settle(unit: Unit, attempt: Attempt) -> Attempt:
    """The engine's last unit: paid, and the sale settled with it."""
    finding = Finding(answer=Answer.PAID, amount_fen=attempt.amount_fen, channel_id=CHANNEL_ID)
    return apply_finding(unit, attempt.id, finding, _SETTLE)


def sell(unit: Unit, basket: Basket) -> Attempt:
    """A whole sale in one unit."""
    return settle(unit, show(unit, request(unit, place(unit, basket))))


async def sell_in_steps(store: Store, basket: Basket, timed: Callable[[str], None]) -> None:
    """A whole sale in the four commits of the product; `timed` is told each step as it is on disk."""
    placed = await store.run(lambda unit: place(unit, basket))
    timed("place")
    attempt = await store.run(lambda unit: request(unit, placed))
    timed("request")
    attempt = await store.run(lambda unit: show(unit, attempt))
    timed("show")
    await store.run(lambda unit: settle(unit, attempt))
    timed("settle")
