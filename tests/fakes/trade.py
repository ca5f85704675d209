"""A small community for the tests of trade: a store with all its tables, goods on the shelf, a fake clock."""

from typing import Any

from edge.access.schema import MIGRATIONS as ACCESS
from edge.books.schema import MIGRATIONS as BOOKS
from edge.homes.schema import MIGRATIONS as HOMES
from edge.pay.contract import apply_contract
from edge.pay.schema import MIGRATIONS as PAY
from edge.settlement.schema import MIGRATIONS as SETTLEMENT
from edge.shop.basket import Basket
from edge.shop.catalogue import Product, apply_product, find_product
from edge.shop.ean import check_digit
from edge.shop.receiving import apply_delivery, receive_delivery
from edge.shop.schema import MIGRATIONS as SHOP
from edge.store.inline import InlineStore
from edge.store.schema import MIGRATIONS as STORE
from edge.trust.clock import Clock

MIGRATIONS = (*STORE, *BOOKS, *PAY, *ACCESS, *SHOP, *HOMES, *SETTLEMENT)
FAR = "2027-08-30"


def open_store(clock: Clock) -> InlineStore:
    """Return an empty store in memory with the tables of trade."""
    return InlineStore.in_memory(clock=clock, migrations=MIGRATIONS)


def ean_of(number: int) -> str:
    """Return a valid EAN-13 for a product number."""
    digits = f"690{number:09d}"
    return f"{digits}{check_digit(digits)}"


def product_data(number: int, **changes: Any) -> dict[str, Any]:
    """Return a product as the feed sends it."""
    return {
        "sku": f"s{number}",
        "ean": ean_of(number),
        "name_zh": "古法酱油",
        "name_en": "Soy sauce",
        "spec_zh": "500 毫升",
        "spec_en": "500 ml",
        "price_fen": 1280,
        "category": "sauces",
        "picture": "soy",
        "payee": "shop",
        "points_ppm": 5000,
        **changes,
    }


def put_product(store: InlineStore, number: int, *, pieces: int = 0, **changes: Any) -> Product:
    """Put a product into the catalogue, and `pieces` of it on the shelf."""
    data = product_data(number, **changes)
    store.run_now(lambda unit: apply_product(unit, data["sku"], 1, data))
    if pieces:
        put_lot(store, data["sku"], pieces)
    return store.read_now(lambda connection: find_product(connection, data["sku"]))


def put_lot(
    store: InlineStore, sku: str, pieces: int, *, lot: str = "L1", expires_on: str | None = FAR
) -> None:
    """Receive one lot of a product."""
    note = f"d-{sku}-{lot}"
    line = {"sku": sku, "lot": lot, "expires_on": expires_on, "quantity": pieces}
    store.run_now(lambda unit: apply_delivery(unit, note, 1, {"id": note, "lines": [line]}))
    store.run_now(lambda unit: receive_delivery(unit, note, actor="staff-1"))


def put_contract(store: InlineStore, version: int = 3, **terms: Any) -> None:
    """Put a contract version in force."""
    store.run_now(lambda unit: apply_contract(unit, f"c{version}", version, {"version": version, **terms}))


def basket_of(*products: tuple[Product, int]) -> Basket:
    """Return a basket of products with quantities."""
    basket = Basket()
    for product, quantity in products:
        basket = basket.add(product, quantity)
    return basket


def on_hand(store: InlineStore, sku: str) -> int:
    """Return the pieces of a product on the shelf."""
    row = store.connection.execute("SELECT sum(on_hand) FROM lots WHERE sku = ?", (sku,)).fetchone()
    return int(row[0] or 0)


def events_of(store: InlineStore, kind: str) -> list[dict[str, Any]]:
    """Return the bodies of the journal's events of one type, oldest first."""
    import json

    rows = store.connection.execute("SELECT body FROM journal WHERE type = ? ORDER BY seq", (kind,))
    return [json.loads(body) for (body,) in rows]
