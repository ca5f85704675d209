"""Receipt: what was paid, points, and the code to keep it."""

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from kiosk.layout import page_count
from kiosk.screens.base import Gesture, Screen

if TYPE_CHECKING:
    from kiosk.session import Session


class ReceiptScreen(Screen):
    """The last page of a payment."""

    name = "receipt"
    template = "receipt.html"

    def __init__(self) -> None:
        self.gestures: Mapping[str, Gesture] = {"lines": _turn, "invoice": _ask_invoice}

    def view(self, session: "Session") -> dict[str, object]:
        """One page of the receipt's lines."""
        visit, size = session.visit, session.rows("receipt")
        if visit.receipt is None:
            return {}
        pages = page_count(len(visit.receipt.lines), size)
        visit.receipt_page = min(visit.receipt_page, pages - 1)
        start = visit.receipt_page * size
        return {"receipt": visit.receipt, "lines": visit.receipt.lines[start : start + size], "pages": pages}


async def _turn(session: "Session", value: str) -> None:
    session.visit.receipt_page = max(0, session.visit.receipt_page + (1 if value == "next" else -1))


async def _ask_invoice(session: "Session", value: str) -> None:
    """Ask for the invoice 发票; the platform issues it."""
    del value
    visit, receipt = session.visit, session.visit.receipt
    if receipt is None or receipt.invoice_state:
        return
    state = await session.desks.fees.ask_invoice(receipt.order_id)
    if visit is session.visit and visit.receipt is receipt:
        visit.receipt = replace(receipt, invoice_state=state)
