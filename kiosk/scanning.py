"""Where a scan goes that the shown screen did not take: goods, passes, receipts, bills, or an explanation."""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from edge.homes.bill_codes import PREFIX as BILL_PREFIX
from edge.links.scans import CARD, PIN
from edge.pay.receipts import CODE_PREFIX as RECEIPT_PREFIX
from edge.store.parts import Part
from edge.trust.passes import is_pass_text
from kiosk.desks.views import Resident
from kiosk.explain import explain_scan
from kiosk.screens.accounts import show_receipt_code
from kiosk.screens.deposit import begin_deposit
from kiosk.screens.pickup import begin_pickup
from kiosk.screens.printed_bill import show_printed_bill
from kiosk.screens.welcome import welcome

if TYPE_CHECKING:
    from kiosk.session import Session

PRODUCT_SYMBOLOGIES = frozenset({"ean13", "ean8", "upca", "upce"})


async def route_scan(session: "Session", symbology: str, text: str) -> None:
    """Give a scan, which is no payment code, to the shown screen first."""
    if await session.screen.scanned(session, symbology, text):
        return
    if symbology in PRODUCT_SYMBOLOGIES:
        await _take_product(session, text)
    elif symbology == CARD:
        await _take_person(session, lambda: session.desks.home.identify_by_card(text))
    elif symbology == PIN:
        room, _, pin = text.partition("#")
        await _take_person(session, lambda: session.desks.home.identify_by_pin(room, pin))
    elif is_pass_text(text):
        await _take_pass(session, text)
    elif text.startswith(RECEIPT_PREFIX):
        await show_receipt_code(session, text)
    elif text.startswith(BILL_PREFIX):
        session.place.require(Part.FEES)
        await show_printed_bill(session, text)
    else:
        session.refuse(explain_scan(symbology))


async def _take_product(session: "Session", text: str) -> None:
    if session.screen.holds(session):
        return
    session.place.require(Part.SHOP)
    product = await session.desks.shop.find(text)
    if session.visit.screen != "shop":
        await session.show("shop")
    if session.visit.screen == "shop":
        await session.screen.gestures["add_scanned"](session, product.sku)


async def _take_person(session: "Session", identify: Callable[[], Awaitable[Resident]]) -> None:
    if session.screen.holds(session):
        return
    await welcome(session, await identify())


async def _take_pass(session: "Session", text: str) -> None:
    if session.screen.holds(session):
        return
    kind = await session.desks.home.kind_of(text)
    if kind == "order":
        await begin_pickup(session, await session.desks.lockers.begin(text))
    elif kind == "deposit":
        await begin_deposit(session, await session.desks.deposits.begin(text))
    elif kind == "resident":
        await welcome(session, await session.desks.home.identify(text))
    else:
        session.ask(explain_scan(kind))
