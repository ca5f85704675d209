"""The shop as the screens see it: catalogue, lots, prices."""

import sqlite3
from collections.abc import Mapping

from edge.shop import basket as trade
from edge.shop import catalogue
from edge.shop.basket import Quote
from edge.shop.checkout import quote_basket
from edge.shop.lots import check_sellable, lots_of, scan_product
from edge.shop.promotions import active_promotions, next_saving
from edge.store.store import Store
from edge.trust.clock import Clock, Reading
from kiosk.desks.views import Basket, Line, Product, Saving, Shelf
from kiosk.words import Text, same

CATEGORIES: tuple[tuple[str, Text], ...] = (
    ("staples", Text("米面油", "Staples")),
    ("dairy", Text("奶蛋", "Dairy")),
    ("produce", Text("果蔬", "Produce")),
    ("household", Text("日用", "Household")),
    ("drinks", Text("饮料", "Drinks")),
    ("snacks", Text("零食", "Snacks")),
)
"""Categories in shelf order; one that is not named here comes last, under its own name."""


class RoomShopDesk:
    """`kiosk.desks.ports.ShopDesk` over the shop room."""

    def __init__(self, *, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def find(self, code: str) -> Product:
        """The product of a barcode, if it may be sold now."""
        now = self._clock.now()

        def look(connection: sqlite3.Connection) -> Product:
            scanned = scan_product(connection, code, now)
            return _view(connection, scanned.product, now, expires_on=scanned.expires_on)

        return await self._store.read(look)

    async def categories(self) -> tuple[tuple[str, Text], ...]:
        """Categories that have products."""
        found = await self._store.read(catalogue.list_categories)
        known = tuple(entry for entry in CATEGORIES if entry[0] in found)
        named = {name for name, _ in CATEGORIES}
        return known + tuple((name, same(name)) for name in found if name not in named)

    async def shelf(self, category: str, page: int, size: int) -> Shelf:
        """One page of a category."""
        now = self._clock.now()

        def look(connection: sqlite3.Connection) -> Shelf:
            products = catalogue.list_products(connection, category, limit=catalogue.PAGE_LIMIT)
            return _page(connection, products, page, size, now)

        return await self._store.read(look)

    async def search(self, typed: str, page: int, size: int) -> Shelf:
        """One page of what matches."""
        now = self._clock.now()
        return await self._store.read(
            lambda connection: _page(
                connection, catalogue.search_products(connection, typed), page, size, now
            )
        )

    async def price(self, quantities: Mapping[str, int]) -> Basket:
        """The basket, priced. Refuses what may not be sold in that number."""
        now = self._clock.now()

        def look(connection: sqlite3.Connection) -> Basket:
            basket = basket_of(connection, quantities)
            for line in basket.lines:
                check_sellable(connection, line.product, now, wanted=line.quantity)
            return _priced(connection, quote_basket(connection, basket, now), now)

        return await self._store.read(look)


def basket_of(connection: sqlite3.Connection, quantities: Mapping[str, int]) -> trade.Basket:
    """The room's basket of sku → pieces. Raises UnknownProduct, BasketFull."""
    basket = trade.Basket()
    for sku, pieces in quantities.items():
        basket = basket.with_quantity(catalogue.find_product(connection, sku), pieces)
    return basket


def _page(
    connection: sqlite3.Connection,
    products: tuple[catalogue.Product, ...],
    page: int,
    size: int,
    now: Reading,
) -> Shelf:
    pages = max(1, -(-len(products) // size))
    page = min(max(0, page), pages - 1)
    shown = products[page * size : (page + 1) * size]
    return Shelf(tuple(_view(connection, product, now) for product in shown), page, pages)


def _view(
    connection: sqlite3.Connection,
    product: catalogue.Product,
    now: Reading,
    *,
    expires_on: str | None = None,
) -> Product:
    quote = quote_basket(connection, trade.Basket().add(product), now)
    return Product(
        sku=product.sku,
        name=Text(product.name_zh, product.name_en),
        spec=Text(product.spec_zh, product.spec_en),
        price_fen=product.price_fen,
        picture=product.picture,
        points=quote.points,
        expires_on=expires_on or next((lot.expires_on for lot in lots_of(connection, product.sku)), None),
    )


def _priced(connection: sqlite3.Connection, quote: Quote, now: Reading) -> Basket:
    lines = tuple(
        Line(_view(connection, line.product, now), line.quantity, line.gross_fen) for line in quote.lines
    )
    promotion = quote.promotion
    savings = (
        (Saving(Text(promotion.name_zh, promotion.name_en), quote.saving_fen),)
        if promotion is not None
        else ()
    )
    return Basket(lines, savings, quote.total_fen, quote.points, _nudge(connection, quote, now))


def _nudge(connection: sqlite3.Connection, quote: Quote, now: Reading) -> Text | None:
    missing = next_saving(active_promotions(connection, now), quote.gross_fen) if quote.lines else None
    if missing is None:
        return None
    return Text("再买 {missing} 元，减 {saving} 元", "{missing} yuan more saves {saving}").fill(
        missing=f"{missing.missing_fen / 100:g}", saving=f"{missing.saving_fen / 100:g}"
    )
