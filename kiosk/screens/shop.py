"""Shop and basket: what was scanned stands large in the look zone, the shelf pages with keys."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from kiosk.desks.views import Product, Shelf
from kiosk.layout import page_count
from kiosk.screens.base import Gesture, Screen
from kiosk.screens.paying import begin_payment
from kiosk.words import Text

if TYPE_CHECKING:
    from kiosk.session import Session

MOST_PIECES = 99
FRESH_MS = 4000
"""How long the newest basket line lies on lamp wash (design: basket line)."""
NO_SHELF = Shelf((), 0, 1)


class ShopScreen(Screen):
    """Scan or choose, see the sum, pay."""

    name = "shop"
    template = "shop.html"
    timeout_s = 90

    def __init__(self) -> None:
        self._categories: tuple[tuple[str, Text], ...] = ()
        self.gestures: Mapping[str, Gesture] = {
            "add": add,
            "add_scanned": _add_scanned,
            "less": _less,
            "undo": _undo,
            "category": _category,
            "chips": _chips,
            "shelf": _turn_shelf,
            "lines": _turn_lines,
            "search": _search,
            "pay": _pay,
        }

    async def enter(self, session: "Session") -> None:
        """Read categories and the page of the shelf, sized to the screen."""
        self._categories = await session.desks.shop.categories()
        browse = session.visit.browse
        if not browse.category and self._categories:
            browse.category = self._categories[0][0]
        await read_shelf(session)

    def view(self, session: "Session") -> dict[str, object]:
        """The newest product, one page of chips, of the shelf and of the basket."""
        visit, size = session.visit, session.rows("basket")
        lines = tuple(reversed(visit.basket.lines))
        lines_pages = page_count(len(lines), size)
        visit.browse.lines_page = min(visit.browse.lines_page, lines_pages - 1)
        start = visit.browse.lines_page * size
        chips = session.rows("chips")
        chips_pages = page_count(len(self._categories), chips)
        first_chip = (visit.browse.chips_page % chips_pages) * chips
        is_new = session.monotonic_ms() - visit.browse.fresh_at_ms < FRESH_MS
        return {
            "fresh": visit.browse.fresh,
            "fresh_line": visit.browse.fresh.sku if visit.browse.fresh and is_new else "",
            "chips": self._categories[first_chip : first_chip + chips],
            "more_chips": chips_pages > 1,
            "shelf": visit.browse.shelf or NO_SHELF,
            "lines": lines[start : start + size],
            "lines_pages": lines_pages,
        }


async def read_shelf(session: "Session") -> None:
    """Read the shelf page that is to be shown."""
    browse = session.visit.browse
    browse.shelf = await session.desks.shop.shelf(browse.category, browse.page, session.rows("shelf"))
    browse.page = browse.shelf.page


async def add(session: "Session", value: str) -> None:
    """Put one more of a product into the basket and show it large."""
    visit = session.visit
    quantities = dict(visit.quantities)
    pieces = quantities.pop(value, 0) + 1
    if pieces > MOST_PIECES:
        session.say(Text("一次最多 99 件", "99 at most"), icon="unsure")
        return
    quantities[value] = pieces
    if await _price(session, quantities):
        product = _product_in_basket(session, value)
        visit.browse.fresh, visit.browse.fresh_at_ms = product, session.monotonic_ms()
        visit.browse.lines_page = 0
        if visit.screen != "shop" and product is not None:
            session.say(Text("{name}放进篮子了", "{name} is in the basket").fill(name=product.name))


async def _add_scanned(session: "Session", value: str) -> None:
    await add(session, value)
    session.knock("read")


async def _less(session: "Session", value: str) -> None:
    quantities = dict(session.visit.quantities)
    left = quantities.get(value, 0) - 1
    product = _product_in_basket(session, value)
    if left < 0 or product is None:
        return
    if left:
        quantities[value] = left
    else:
        del quantities[value]
    if await _price(session, quantities) and not left:
        if session.visit.browse.fresh and session.visit.browse.fresh.sku == value:
            session.visit.browse.fresh = None
        session.say(Text("拿掉了{name}", "{name} removed").fill(name=product.name), icon="erase", undo=value)


async def _undo(session: "Session", value: str) -> None:
    session.visit.toast = None
    if value not in session.visit.quantities:
        await add(session, value)


async def _price(session: "Session", quantities: dict[str, int]) -> bool:
    """Price the basket; the answer counts only if the visit is still the same."""
    visit = session.visit
    basket = await session.desks.shop.price(quantities)
    if visit is not session.visit:
        return False
    visit.quantities, visit.basket = quantities, basket
    return True


def _product_in_basket(session: "Session", sku: str) -> Product | None:
    return next((line.product for line in session.visit.basket.lines if line.product.sku == sku), None)


async def _category(session: "Session", value: str) -> None:
    session.visit.browse.category, session.visit.browse.page = value, 0
    await read_shelf(session)


async def _chips(session: "Session", value: str) -> None:
    del value
    session.visit.browse.chips_page += 1


async def _turn_shelf(session: "Session", value: str) -> None:
    browse = session.visit.browse
    browse.page = max(0, browse.page + (1 if value == "next" else -1))
    await read_shelf(session)


async def _turn_lines(session: "Session", value: str) -> None:
    browse = session.visit.browse
    browse.lines_page = max(0, browse.lines_page + (1 if value == "next" else -1))


async def _search(session: "Session", value: str) -> None:
    del value
    await session.show("search")


async def _pay(session: "Session", value: str) -> None:
    del value
    visit = session.visit
    if not visit.quantities:
        return
    order = await session.desks.till.place_sale(
        dict(visit.quantities), visit.resident, visit.basket.total_fen
    )
    await begin_payment(session, order, origin="shop")
