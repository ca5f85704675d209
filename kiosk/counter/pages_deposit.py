"""A clerk's deposit (代存): parcels that a courier leaves at the counter go into cells, one after another."""

from collections.abc import Awaitable, Callable

from aiohttp import web

from kiosk.counter.roles import LOCKER_STAFF
from kiosk.counter.server import Route, Visit, go
from kiosk.desks.locker_views import Deposit


async def show_begin(visit: Visit) -> web.Response:
    """What can be taken now, and the key that begins."""
    return visit.show("deposit_begin.html", sizes=await visit.deposits.sizes())


async def begin(visit: Visit) -> web.Response:
    """A deposit in the name of who is signed in; an unfinished one goes on."""
    deposit = await visit.deposits.begin_by_clerk(visit.person)
    return go(f"/lockers/deposit/{deposit.id}")


async def show_deposit(visit: Visit) -> web.Response:
    """The parcels so far, the one whose cell is open, and the form for the next."""
    desk = visit.deposits
    deposit = await desk.look(visit.request.match_info["deposit"])
    return visit.show("deposit.html", deposit=deposit, sizes=await desk.sizes())


async def put(visit: Visit) -> web.Response:
    """Reserve a cell for the next parcel and open it. Raises RecipientUnknown, NoCellFree."""
    form, desk, deposit = visit.form, visit.deposits, visit.request.match_info["deposit"]
    recipient = await desk.recipient(form.get("room", ""))
    await desk.put(deposit, recipient.room, form.get("size", ""), accessible=form.get("accessible") == "yes")
    return go(f"/lockers/deposit/{deposit}")


def _step(step: Callable[[Visit, str], Awaitable[Deposit]]) -> Callable[[Visit], Awaitable[web.Response]]:
    async def take(visit: Visit) -> web.Response:
        deposit = visit.request.match_info["deposit"]
        after = await step(visit, deposit)
        return go("/lockers" if after.ended else f"/lockers/deposit/{deposit}")

    return take


open_next = _step(lambda visit, deposit: visit.deposits.open_next(deposit))
retry = _step(lambda visit, deposit: visit.deposits.retry(deposit))
too_small = _step(lambda visit, deposit: visit.deposits.too_small(deposit, visit.form.get("size", "")))
not_empty = _step(lambda visit, deposit: visit.deposits.not_empty(deposit))
cancel = _step(lambda visit, deposit: visit.deposits.cancel(deposit))
finish = _step(lambda visit, deposit: visit.deposits.finish(deposit))


ROUTES = (
    Route("GET", "/lockers/deposit", show_begin, LOCKER_STAFF),
    Route("POST", "/lockers/deposit", begin, LOCKER_STAFF),
    Route("GET", "/lockers/deposit/{deposit}", show_deposit, LOCKER_STAFF),
    Route("POST", "/lockers/deposit/{deposit}/put", put, LOCKER_STAFF),
    Route("POST", "/lockers/deposit/{deposit}/open", open_next, LOCKER_STAFF),
    Route("POST", "/lockers/deposit/{deposit}/retry", retry, LOCKER_STAFF),
    Route("POST", "/lockers/deposit/{deposit}/too-small", too_small, LOCKER_STAFF),
    Route("POST", "/lockers/deposit/{deposit}/not-empty", not_empty, LOCKER_STAFF),
    Route("POST", "/lockers/deposit/{deposit}/cancel", cancel, LOCKER_STAFF),
    Route("POST", "/lockers/deposit/{deposit}/finish", finish, LOCKER_STAFF),
)
