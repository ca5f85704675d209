"""What is taken off residents' accounts for the time being: holds of open payments, leases of this device."""

from collections import defaultdict

from aiohttp import web

from edge.pay.leases import find_lease
from edge.pay.order_records import live_leases, open_holds
from kiosk.counter.names import payee_names
from kiosk.counter.roles import READERS
from kiosk.counter.server import Route, Visit

ROWS_LIMIT = 500


async def show_holds(visit: Visit) -> web.Response:
    """Open holds by order, leases by their number: no name, no room, no balance stands here."""
    holds, rows, payees = await visit.deps.store.read(
        lambda c: (open_holds(c, ROWS_LIMIT), live_leases(c, ROWS_LIMIT), payee_names(c))
    )
    leases = await visit.deps.store.read(
        lambda c: [(row, lease) for row in rows if (lease := find_lease(c, row["id"])) is not None]
    )
    totals: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    for row, lease in leases:
        parts = (lease.granted_fen, lease.spent_fen, lease.held_fen, lease.left_fen)
        totals[row["kind"]] = [sum(pair) for pair in zip(totals[row["kind"]], parts, strict=True)]
    return visit.show("holds.html", holds=holds, leases=leases, totals=sorted(totals.items()), payees=payees)


ROUTES = (Route("GET", "/holds", show_holds, READERS),)
