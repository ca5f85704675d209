"""Goods that come back: choose pieces, see the sum, decide."""

from collections.abc import Mapping
from typing import Literal, get_args
from urllib.parse import urlencode

from aiohttp import web

from edge.shop.errors import ReturnRefused
from edge.shop.returns import Reason, preview_return, return_goods
from kiosk.counter.names import payee_names
from kiosk.counter.orders import view_order
from kiosk.counter.roles import SERVERS
from kiosk.counter.server import Route, Visit, go

PIECES = "pieces."
"""What the name of a field with a number of pieces begins with; the product follows."""
REASONS: tuple[Literal["quality", "wrong_item", "changed_mind", "other"], ...] = get_args(Reason)


async def preview(visit: Visit) -> web.Response:
    """What the chosen pieces come to, before anybody decides. Raises OrderUnknown, ReturnRefused."""
    order_id, pieces = visit.request.match_info["order"], read_pieces(visit.request.query)
    order, sums, payees = await visit.deps.store.read(
        lambda c: (view_order(c, order_id), preview_return(c, order_id, pieces), payee_names(c))
    )
    chosen = [(line, pieces[line.sku]) for line in order.lines if line.sku in pieces]
    return visit.show(
        "return.html", order=order, chosen=chosen, sums=sums, payees=payees, reasons=REASONS, prefix=PIECES
    )


async def take_back(visit: Visit) -> web.Response:
    """Take the goods back in the name of who is signed in; the money goes back as it was paid."""
    order_id, form = visit.request.match_info["order"], visit.form
    pieces, reason, staff = read_pieces(form), form.get("reason", ""), visit.person_id
    if reason not in REASONS:
        raise ReturnRefused(reason="no_reason")
    seen_fen, resalable = form.get("refund_fen", ""), form.get("resalable") == "yes"
    sums = await visit.deps.store.read(lambda c: preview_return(c, order_id, pieces))
    if seen_fen != str(sums.refund_fen):
        return go(f"/orders/{order_id}/return?" + urlencode({PIECES + sku: n for sku, n in pieces.items()}))
    await visit.deps.store.run(
        lambda unit: return_goods(unit, order_id, pieces, staff=staff, reason=reason, resalable=resalable)
    )
    return go(f"/orders/{order_id}")


def read_pieces(fields: Mapping[str, str]) -> dict[str, int]:
    """Pieces by product from the fields of a form; empty fields and zeros are left out.

    Raises ReturnRefused for what is no number.
    """
    pieces: dict[str, int] = {}
    for name, text in fields.items():
        if not name.startswith(PIECES) or text.strip() in ("", "0"):
            continue
        if not (text.strip().isascii() and text.strip().isdecimal() and len(text.strip()) <= 6):
            raise ReturnRefused(reason="no_number")
        pieces[name.removeprefix(PIECES)] = int(text)
    return pieces


ROUTES = (
    Route("GET", "/orders/{order}/return", preview, SERVERS),
    Route("POST", "/orders/{order}/return", take_back, SERVERS),
)
