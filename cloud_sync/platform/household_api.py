"""The phone's routes about the household: people, vehicles, cards, PIN, losses, records, messages."""

import asyncio
from typing import Annotated, Any

import msgspec
from aiohttp import web

from cloud_sync.platform import door_records, household, leaving, parcels, passes
from cloud_sync.platform.context import Platform
from cloud_sync.platform.exchange import SESSION_COOKIE, SUBJECT, Access, Route, read_body, reply

_API = "/phone/api"


class PinRequest(msgspec.Struct, frozen=True):
    """A PIN of six digits, given together with the room at a keypad."""

    pin: Annotated[str, msgspec.Meta(pattern=r"^[0-9]{6}$")]


class PersonRequest(msgspec.Struct, frozen=True):
    """Whom of the household it is about."""

    subject: Annotated[str, msgspec.Meta(min_length=1, max_length=64)]


class RoomTyped(msgspec.Struct, frozen=True):
    """The own room, typed to confirm: `3-1203`."""

    room: Annotated[str, msgspec.Meta(max_length=40)]


class CodesRequest(msgspec.Struct, frozen=True):
    """Ids of the codes that this phone signed, so that it finds the openings by them."""

    codes: Annotated[
        list[Annotated[str, msgspec.Meta(pattern=r"^r-[0-9a-f]{16}$")]], msgspec.Meta(max_length=200)
    ]


class DelegateRequest(msgspec.Struct, frozen=True):
    """Who collects for us; the word stays on the platform."""

    label: Annotated[str, msgspec.Meta(max_length=40)] = ""


class Made(msgspec.Struct, frozen=True):
    """The id of what was made."""

    id: str


async def get_household(request: web.Request, platform: Platform) -> web.StreamResponse:
    """People, cards and vehicles of the own room."""
    subject, now_ms = request[SUBJECT], platform.clock_ms()
    return reply(await platform.database.read(lambda c: household.read_household(c, subject, now_ms=now_ms)))


async def post_member(request: web.Request, platform: Platform) -> web.StreamResponse:
    """Let somebody of the family, or a tenant, in."""
    asked = await read_body(request, household.MemberRequest)
    subject, now_ms, demo = request[SUBJECT], platform.clock_ms(), platform.settings.demo

    def add(connection: Any) -> str:
        made = household.add_member(connection, subject, asked, now_ms=now_ms)
        if demo:
            connection.execute(
                "INSERT INTO personas (position, subject)"
                " SELECT coalesce(max(position), 0) + 1, ? FROM personas",
                (made,),
            )
        return made

    made = await platform.database.write(add)
    return reply(Made(made), 201)


async def post_revoke_member(request: web.Request, platform: Platform) -> web.StreamResponse:
    """Take everything back that somebody of the room was given."""
    subject, whose, now_ms = request[SUBJECT], request.match_info["subject"], platform.clock_ms()
    signer = _signer(platform)
    await platform.database.write(lambda c: leaving.revoke_member(c, signer, subject, whose, now_ms=now_ms))
    return _changed(platform)


async def post_vehicle(request: web.Request, platform: Platform) -> web.StreamResponse:
    """Let a vehicle in."""
    asked = await read_body(request, household.VehicleRequest)
    subject, now_ms = request[SUBJECT], platform.clock_ms()
    made = await platform.database.write(lambda c: household.add_vehicle(c, subject, asked, now_ms=now_ms))
    return reply(Made(made), 201)


async def post_drop_vehicle(request: web.Request, platform: Platform) -> web.StreamResponse:
    """Take a vehicle's right back."""
    subject, wanted = request[SUBJECT], request.match_info["id"]
    await platform.database.write(lambda c: household.drop_vehicle(c, subject, wanted))
    return _changed(platform)


async def post_lost_card(request: web.Request, platform: Platform) -> web.StreamResponse:
    """A card is lost."""
    subject, wanted, now_ms = request[SUBJECT], request.match_info["id"], platform.clock_ms()
    signer = _signer(platform)
    await platform.database.write(lambda c: leaving.lose_card(c, signer, subject, wanted, now_ms=now_ms))
    return _changed(platform)


async def post_lost_phone(request: web.Request, platform: Platform) -> web.StreamResponse:
    """A phone is lost."""
    whose = (await read_body(request, PersonRequest)).subject
    subject, now_ms, session = request[SUBJECT], platform.clock_ms(), request.cookies[SESSION_COOKIE]
    signer = _signer(platform)
    await platform.database.write(
        lambda c: leaving.lose_phone(c, signer, subject, whose, session=session, now_ms=now_ms)
    )
    return _changed(platform)


async def post_move_out(request: web.Request, platform: Platform) -> web.StreamResponse:
    """The owner moves out; everything of the room ends."""
    confirmed = (await read_body(request, RoomTyped)).room
    subject, now_ms, signer = request[SUBJECT], platform.clock_ms(), _signer(platform)
    await platform.database.write(lambda c: leaving.leave_room(c, signer, subject, confirmed, now_ms=now_ms))
    return _changed(platform)


async def post_pin(request: web.Request, platform: Platform) -> web.StreamResponse:
    """Give oneself another PIN."""
    pin = (await read_body(request, PinRequest)).pin
    subject, now_ms = request[SUBJECT], platform.clock_ms()
    hashed = await asyncio.to_thread(household.hash_pin, pin)
    await platform.database.write(lambda c: household.set_pin(c, subject, hashed, now_ms=now_ms))
    return _changed(platform)


async def post_door_records(request: web.Request, platform: Platform) -> web.StreamResponse:
    """What the doors told of the own household; the phone says which codes were its own."""
    codes = (await read_body(request, CodesRequest)).codes
    subject, now_ms = request[SUBJECT], platform.clock_ms()

    def read(connection: Any) -> list[door_records.DoorRecord]:
        door_records.note_codes(connection, subject, codes, now_ms=now_ms)
        return door_records.read_records(connection, subject)

    return reply(await platform.database.write(read))


async def get_messages(request: web.Request, platform: Platform) -> web.StreamResponse:
    """The person's messages."""
    subject = request[SUBJECT]
    return reply(await platform.database.read(lambda c: parcels.read_messages(c, subject)))


async def post_read(request: web.Request, platform: Platform) -> web.StreamResponse:
    """The person has seen the messages."""
    subject, now_ms = request[SUBJECT], platform.clock_ms()
    await platform.database.write(lambda c: parcels.mark_read(c, subject, now_ms=now_ms))
    return web.Response(status=204)


async def post_delegate(request: web.Request, platform: Platform) -> web.StreamResponse:
    """A pass for a friend who collects an order for us."""
    asked, wanted = await read_body(request, DelegateRequest), request.match_info["id"]
    subject, now_ms = request[SUBJECT], platform.clock_ms()
    key, site = platform.keys.signing["passes"], platform.settings.site

    def make(connection: Any) -> passes.VisitorPass:
        mine = [order for order in parcels.orders_of(connection, subject) if order["id"] == wanted]
        if not mine or mine[0]["state"] != "in_cells":
            raise passes.PassNotFound()
        return passes.delegate_order(connection, key, site, wanted, subject, asked.label, now_ms=now_ms)

    return reply(await platform.database.write(make), 201)


def _signer(platform: Platform) -> leaving.Signer:
    return leaving.Signer(platform.keys.signing["passes"], platform.settings.site)


def _changed(platform: Platform) -> web.Response:
    return web.Response(status=204)


_OWNER = ("not_the_owner", "not_found")
ROUTES: tuple[Route, ...] = (
    Route(
        "GET",
        f"{_API}/household",
        get_household,
        Access.PHONE,
        "People, cards and vehicles of the own room",
        answer=household.Household,
        codes=("not_found",),
    ),
    Route(
        "POST",
        f"{_API}/household",
        post_member,
        Access.PHONE,
        "Let family or a tenant in",
        body=household.MemberRequest,
        answer=Made,
        codes=(*_OWNER, "household_full", "door_not_allowed"),
    ),
    Route(
        "POST",
        _API + "/household/{subject}/revoke",
        post_revoke_member,
        Access.PHONE,
        "Take back what a person of the room was given",
        codes=_OWNER,
    ),
    Route(
        "POST",
        f"{_API}/move-out",
        post_move_out,
        Access.PHONE,
        "Move out: everything of the room ends",
        body=RoomTyped,
        codes=(*_OWNER, "room_mismatch"),
    ),
    Route(
        "POST",
        f"{_API}/vehicles",
        post_vehicle,
        Access.PHONE,
        "Let a vehicle in",
        body=household.VehicleRequest,
        answer=Made,
        codes=(*_OWNER, "household_full", "door_not_allowed"),
    ),
    Route(
        "POST",
        _API + "/vehicles/{id}/revoke",
        post_drop_vehicle,
        Access.PHONE,
        "Take a vehicle's right back",
        codes=_OWNER,
    ),
    Route(
        "POST",
        _API + "/cards/{id}/lost",
        post_lost_card,
        Access.PHONE,
        "A card is lost",
        codes=("not_found",),
    ),
    Route(
        "POST",
        f"{_API}/lost-phone",
        post_lost_phone,
        Access.PHONE,
        "A phone is lost",
        body=PersonRequest,
        codes=("not_found",),
    ),
    Route(
        "POST",
        f"{_API}/pin",
        post_pin,
        Access.PHONE,
        "Set the own PIN",
        body=PinRequest,
        codes=("pin_weak", "not_found"),
    ),
    Route(
        "POST",
        f"{_API}/door-records",
        post_door_records,
        Access.PHONE,
        "What the doors told of the own household",
        body=CodesRequest,
        answer=list[door_records.DoorRecord],
        codes=("not_found",),
    ),
    Route(
        "GET", f"{_API}/messages", get_messages, Access.PHONE, "Own messages", answer=list[parcels.Message]
    ),
    Route("POST", f"{_API}/messages/read", post_read, Access.PHONE, "The messages were seen"),
    Route(
        "POST",
        _API + "/orders/{id}/delegate",
        post_delegate,
        Access.PHONE,
        "A pass for a friend who collects an order",
        body=DelegateRequest,
        answer=passes.VisitorPass,
        codes=("not_found",),
    ),
)
