"""What the owner's app asks about doors: open, what became of it, who is there, visitors."""

import logging
from typing import Any

from aiohttp import web

from cloud_sync.platform import commands, passes
from cloud_sync.platform.context import Platform
from cloud_sync.platform.delivery import BrokerAway, BrokerSilent
from cloud_sync.platform.exchange import SUBJECT, Access, Route, read_body, reply
from cloud_sync.platform.phone_shapes import CommandTicket
from cloud_sync.platform.presence import DevicePresence
from cloud_sync.wire.commands import command_topic

log = logging.getLogger(__name__)


async def post_open(request: web.Request, platform: Platform) -> web.StreamResponse:
    """Put a signed command on its way, by the broker and for the device to fetch.

    Answers when it is on its way, not when it opened. While the site is away nothing leaves: the command
    waits for its few seconds, then it is dead.
    """
    subject, now_ms, settings = request[SUBJECT], platform.clock_ms(), platform.settings
    wanted = request.match_info["door"]
    limits = commands.PersonLimits(settings.commands_per_minute, settings.commands_in_flight)

    def create(connection: Any) -> commands.IssuedCommand:
        door = next((d for d in settings.door if d.id == wanted), None)
        if door is None or wanted not in passes.granted_doors(connection, subject, now_ms=now_ms):
            raise passes.DoorNotAllowed(door=wanted)
        commands.close_unanswered(connection, now_ms=now_ms)
        commands.check_limits(connection, subject, wanted, limits, now_ms=now_ms)
        return commands.create_command(
            connection,
            platform.keys.signing["commands"],
            site=settings.site,
            device=door.device,
            door=wanted,
            subject=subject,
            now_ms=now_ms,
            life_ms=settings.command_life_ms,
        )

    issued = await platform.database.write(create)
    platform.command_bell.ring([issued.device])
    if platform.presence.of(issued.device, now_ms=now_ms).reachable:
        await _carry(platform, issued)
    return reply(CommandTicket(issued.id), 202)


async def _carry(platform: Platform, issued: commands.IssuedCommand) -> None:
    """By the broker; where it is away, the device fetches the command."""
    try:
        await platform.carrier.carry(command_topic(platform.settings.site, issued.device), issued.message)
    except BrokerSilent:
        log.info("command %s: the broker did not acknowledge", issued.id)
    except BrokerAway:
        return
    sent_ms = platform.clock_ms()
    await platform.database.write(lambda c: commands.note_sent(c, issued.id, now_ms=sent_ms))


async def get_presence(request: web.Request, platform: Platform) -> web.StreamResponse:
    """Whether the devices of the person's doors can be reached now, and since when."""
    subject, now_ms, settings = request[SUBJECT], platform.clock_ms(), platform.settings
    allowed = await platform.database.read(lambda c: passes.granted_doors(c, subject, now_ms=now_ms))
    devices = {door.id: door.device for door in settings.door if door.id in allowed}
    return reply({door: platform.presence.of(device, now_ms=now_ms) for door, device in devices.items()})


async def get_command(request: web.Request, platform: Platform) -> web.StreamResponse:
    """What became of a command, step by step."""
    command, subject, now_ms = request.match_info["id"], request[SUBJECT], platform.clock_ms()
    await platform.database.write(lambda c: commands.close_unanswered(c, now_ms=now_ms))
    return reply(await platform.database.read(lambda c: commands.read_status(c, command, subject)))


async def get_visitors(request: web.Request, platform: Platform) -> web.StreamResponse:
    """The person's visitor passes that are not over."""
    subject, now_ms = request[SUBJECT], platform.clock_ms()
    return reply(
        await platform.database.read(lambda c: passes.list_visitor_passes(c, subject, now_ms=now_ms))
    )


async def post_visitor(request: web.Request, platform: Platform) -> web.StreamResponse:
    """Sign a visitor's pass."""
    asked = await read_body(request, passes.VisitorRequest)
    subject, now_ms = request[SUBJECT], platform.clock_ms()
    key, site = platform.keys.signing["passes"], platform.settings.site
    made = await platform.database.write(
        lambda c: passes.create_visitor_pass(c, key, site, subject, asked, now_ms=now_ms)
    )
    return reply(made, 201)


async def post_revoke(request: web.Request, platform: Platform) -> web.StreamResponse:
    """Take a visitor's pass back."""
    subject, now_ms, wanted = request[SUBJECT], platform.clock_ms(), request.match_info["id"]
    key, site = platform.keys.signing["passes"], platform.settings.site
    await platform.database.write(lambda c: passes.revoke_pass(c, key, site, subject, wanted, now_ms=now_ms))
    return web.Response(status=204)


_API = "/phone/api"
ROUTES: tuple[Route, ...] = (
    Route(
        "GET",
        f"{_API}/presence",
        get_presence,
        Access.PHONE,
        "Whether the site can be reached, by door",
        answer=dict[str, DevicePresence],
    ),
    Route(
        "POST",
        _API + "/doors/{door}/open",
        post_open,
        Access.PHONE,
        "Open a door",
        answer=CommandTicket,
        codes=("door_not_allowed", "device_not_ready", "command_in_flight", "too_many_commands"),
    ),
    Route(
        "GET",
        _API + "/commands/{id}",
        get_command,
        Access.PHONE,
        "What became of a command",
        answer=commands.CommandStatus,
        codes=("not_found",),
    ),
    Route(
        "GET",
        f"{_API}/visitors",
        get_visitors,
        Access.PHONE,
        "Own visitor passes",
        answer=list[passes.VisitorPass],
    ),
    Route(
        "POST",
        f"{_API}/visitors",
        post_visitor,
        Access.PHONE,
        "Make a visitor pass",
        body=passes.VisitorRequest,
        answer=passes.VisitorPass,
        codes=("door_not_allowed",),
    ),
    Route(
        "POST",
        _API + "/visitors/{id}/revoke",
        post_revoke,
        Access.PHONE,
        "Take a visitor pass back",
        codes=("not_found",),
    ),
)
