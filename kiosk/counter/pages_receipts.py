"""Receipts: of a date, one of them, and a copy 补打 that is counted and on record."""

from aiohttp import web

from edge.pay.business_day import date_of
from edge.pay.errors import ReceiptUnknown
from edge.pay.invoices import invoice_of
from edge.pay.order_records import receipt_numbers
from edge.pay.receipts import find_receipt, reprint_receipt
from edge.settlement.errors import DayNotOver
from edge.settlement.matching import is_date
from kiosk.counter.names import payee_names
from kiosk.counter.roles import READERS, SERVERS
from kiosk.counter.server import Route, Visit

ROWS_LIMIT = 200
DIGITS_LIMIT = 18


async def list_receipts(visit: Visit) -> web.Response:
    """Receipts of a business date, today's unless one is named, the newest first."""
    date = visit.query("date") or date_of(visit.deps.clock.now().at_ms)
    if not is_date(date):
        raise DayNotOver(date=date)
    receipts, payees = await visit.deps.store.read(
        lambda c: ([find_receipt(c, n) for n in receipt_numbers(c, date, ROWS_LIMIT)], payee_names(c))
    )
    return visit.show("receipts.html", date_shown=date, receipts=receipts, payees=payees, limit=ROWS_LIMIT)


async def show_receipt(visit: Visit) -> web.Response:
    """A receipt to look at; without its code, so that it is no copy. Raises ReceiptUnknown."""
    number = _number(visit)
    receipt, payees = await visit.deps.store.read(lambda c: (find_receipt(c, number), payee_names(c)))
    invoice = await visit.deps.store.read(lambda c: invoice_of(c, receipt.order_id))
    return visit.show(
        "receipt.html", receipt=receipt, payees=payees, invoice=invoice, copy=False, serves=visit.may(SERVERS)
    )


async def reprint(visit: Visit) -> web.Response:
    """One more copy, counted, in the name of who is signed in. Raises ReceiptUnknown."""
    number, staff = _number(visit), visit.person_id
    receipt = await visit.deps.store.run(lambda unit: reprint_receipt(unit, number, actor=staff))
    payees, invoice = await visit.deps.store.read(lambda c: (payee_names(c), invoice_of(c, receipt.order_id)))
    return visit.show(
        "receipt.html", receipt=receipt, payees=payees, invoice=invoice, copy=True, serves=False
    )


def _number(visit: Visit) -> int:
    text = visit.request.match_info["number"]
    if not (text.isascii() and text.isdecimal() and len(text) <= DIGITS_LIMIT):
        raise ReceiptUnknown
    return int(text)


ROUTES = (
    Route("GET", "/receipts", list_receipts, READERS),
    Route("GET", "/receipts/{number}", show_receipt, READERS),
    Route("POST", "/receipts/{number}/reprint", reprint, SERVERS),
)
