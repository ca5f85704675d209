"""The property company's desk: who may open what. Open where the demo is; a real one asks for its people."""

from typing import Any

import msgspec
from aiohttp import web

from cloud_sync.platform import desk
from cloud_sync.platform.context import Platform
from cloud_sync.platform.exchange import Access, Malformed, Route, read_body, reply
from cloud_sync.platform.household_api import Made
from cloud_sync.platform.leaving import Signer
from cloud_sync.platform.passes import VisitorPass

_DESK = "/sim/desk"
_RECORD = _DESK + "/{collection}/{id}"


async def get_desk(request: web.Request, platform: Platform) -> web.StreamResponse:
    """What is authored here."""
    return reply(await platform.database.read(desk.read_desk))


async def put_record(request: web.Request, platform: Platform) -> web.StreamResponse:
    """Write one record in the shape of its collection."""
    return await _author(request, platform, await read_body(request, dict[str, Any]))


async def delete_record(request: web.Request, platform: Platform) -> web.StreamResponse:
    """Delete one record."""
    return await _author(request, platform, None)


async def _author(
    request: web.Request, platform: Platform, data: dict[str, Any] | None
) -> web.StreamResponse:
    collection, record = request.match_info["collection"], request.match_info["id"]
    try:
        await platform.database.write(lambda c: desk.author(c, collection, record, data))
    except msgspec.ValidationError as error:
        raise Malformed(reason=str(error)[:200]) from error
    return web.Response(status=204)


async def post_card(request: web.Request, platform: Platform) -> web.StreamResponse:
    """Hand out a card."""
    asked, now_ms = await read_body(request, desk.CardRequest), platform.clock_ms()
    made = await platform.database.write(lambda c: desk.hand_out_card(c, asked, now_ms=now_ms))
    return reply(Made(made), 201)


async def post_pass(request: web.Request, platform: Platform) -> web.StreamResponse:
    """Sign a pass for staff or a courier."""
    asked, now_ms, signer = (
        await read_body(request, desk.DeskPassRequest),
        platform.clock_ms(),
        _signer(platform),
    )
    return reply(
        await platform.database.write(lambda c: desk.issue_desk_pass(c, signer, asked, now_ms=now_ms)), 201
    )


async def post_move_out(request: web.Request, platform: Platform) -> web.StreamResponse:
    """Somebody moved out."""
    asked, now_ms, signer = (
        await read_body(request, desk.MoveOutRequest),
        platform.clock_ms(),
        _signer(platform),
    )
    gone = await platform.database.write(lambda c: desk.end_rights(c, signer, asked, now_ms=now_ms))
    return reply(gone)


def _signer(platform: Platform) -> Signer:
    return Signer(platform.keys.signing["passes"], platform.settings.site)


ROUTES: tuple[Route, ...] = (
    Route("GET", _DESK, get_desk, Access.DEMO, "What the desk authors", answer=dict[str, Any]),
    Route(
        "PUT",
        _RECORD,
        put_record,
        Access.DEMO,
        "Write a record of groups, doors, holidays, grants, deny list",
        body=dict[str, Any],
        codes=("not_found",),
    ),
    Route("DELETE", _RECORD, delete_record, Access.DEMO, "Delete such a record", codes=("not_found",)),
    Route(
        "POST",
        f"{_DESK}/cards",
        post_card,
        Access.DEMO,
        "Hand out a card",
        body=desk.CardRequest,
        answer=Made,
        codes=("not_found", "not_a_card"),
    ),
    Route(
        "POST",
        f"{_DESK}/passes",
        post_pass,
        Access.DEMO,
        "A pass for staff or a courier",
        body=desk.DeskPassRequest,
        answer=VisitorPass,
        codes=("not_found",),
    ),
    Route(
        "POST",
        f"{_DESK}/move-out",
        post_move_out,
        Access.DEMO,
        "Somebody moved out",
        body=desk.MoveOutRequest,
        answer=list[str],
        codes=("not_found",),
    ),
)
