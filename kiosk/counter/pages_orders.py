"""Payments without outcome, and one order: ask again, release, refunds that failed."""

from urllib.parse import quote

from aiohttp import web

from edge.pay.attempts import open_attempts
from edge.pay.refunds import ask_again
from edge.pay.release import unpaid_releases
from edge.settlement.cases import open_cases
from kiosk.counter.names import payee_names, staff_names
from kiosk.counter.orders import failed_parts, find_order_id, view_order
from kiosk.counter.pages_returns import PIECES
from kiosk.counter.roles import JUDGES, READERS, SERVERS
from kiosk.counter.server import Route, Visit, go


async def show_open(visit: Visit) -> web.Response:
    """What waits for somebody: payments without outcome, releases unpaid, refunds refused, cases."""
    attempts, unpaid, parts, cases, payees = await visit.deps.store.read(
        lambda c: (open_attempts(c), unpaid_releases(c), failed_parts(c), open_cases(c), payee_names(c))
    )
    return visit.show(
        "open.html", attempts=attempts, unpaid=unpaid, parts=parts, cases=len(cases), payees=payees
    )


async def find(visit: Visit) -> web.Response:
    """The order of a typed or scanned text. Raises OrderUnknown."""
    text = visit.query("q")
    order_id = await visit.deps.store.read(lambda c: find_order_id(c, text))
    return go(f"/orders/{quote(order_id, safe='')}")


async def show_order(visit: Visit) -> web.Response:
    """One order."""
    order_id = visit.request.match_info["order"]
    order, payees, people = await visit.deps.store.read(
        lambda c: (view_order(c, order_id), payee_names(c), staff_names(c))
    )
    return visit.show(
        "order.html",
        order=order,
        payees=payees,
        people=people,
        serves=visit.may(SERVERS),
        judges=JUDGES,
        prefix=PIECES,
    )


async def ask(visit: Visit) -> web.Response:
    """Ask the platform what became of an attempt. Raises AttemptUnknown, PlatformUnreachable."""
    attempt = await visit.deps.engine.ask(visit.form.get("attempt", ""))
    return go(f"/orders/{attempt.order_id}")


async def release(visit: Visit) -> web.Response:
    """Let the goods of an unknown payment go, in the name of the supervisor whose PIN is given here."""
    attempt_id, form = visit.form.get("attempt", ""), visit.form
    async with visit.deps.signing_in:
        supervisor = await visit.deps.staff.check(form.get("login", ""), form.get("pin", ""), roles=JUDGES)
    reason = form.get("reason", "")[:200]
    attempt = await visit.deps.release(attempt_id, supervisor=supervisor.id, reason=reason)
    return go(f"/orders/{attempt.order_id}")


async def refund_again(visit: Visit) -> web.Response:
    """Ask the channel once more for a part that it refused; the part stays the same."""
    part_id = visit.form.get("part", "")
    part = await visit.deps.store.run(lambda unit: ask_again(unit, part_id))
    return go(f"/orders/{part.order_id}")


ROUTES = (
    Route("GET", "/", show_open, READERS),
    Route("GET", "/find", find, READERS),
    Route("GET", "/orders/{order}", show_order, READERS),
    Route("POST", "/payments/ask", ask, SERVERS),
    Route("POST", "/payments/release", release, SERVERS),
    Route("POST", "/refunds/again", refund_again, JUDGES),
)
