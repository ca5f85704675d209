"""Commands over HTTPS: the device fetches what waits for it, and answers; the same commands as over MQTT."""

from aiohttp import web

from cloud_sync.platform import commands
from cloud_sync.platform.context import Platform
from cloud_sync.platform.exchange import (
    DEVICE,
    Access,
    Route,
    read_body,
    read_number,
    reply,
)
from cloud_sync.wire.commands import CommandAnswer, PulledCommands
from cloud_sync.wire.feed import MAX_WAIT_S

_NOTHING = 0
"""What is remembered of a device for which nothing waits."""


async def get_commands(request: web.Request, platform: Platform) -> web.StreamResponse:
    """What waits for the device; held back until something does. A row is handed out until it is answered."""
    device, wait_s = request[DEVICE], read_number(request, "wait_s", 0, low=0, high=MAX_WAIT_S)
    bell = platform.command_bell
    rings = bell.rings(device)
    is_quiet = wait_s > 0 and bell.knows(device) == _NOTHING
    found = PulledCommands([]) if is_quiet else await _take(platform, device)
    if found.commands or wait_s == 0:
        return reply(found)
    held = await platform.holder.begin(request, wait_s=wait_s)
    while not found.commands and await held.wait(bell, device, rings=rings):
        rings = bell.rings(device)
        found = await _take(platform, device)
    return await held.end(found)


async def _take(platform: Platform, device: str) -> PulledCommands:
    """Read first: a pull that finds nothing writes nothing, and is remembered until the next ring."""
    now_ms, bell = platform.clock_ms(), platform.command_bell
    rings = bell.rings(device)
    if not await platform.database.read(lambda c: commands.has_waiting(c, device, now_ms=now_ms)):
        bell.learn(device, _NOTHING, rings=rings)
        return PulledCommands([])
    return await platform.database.write(lambda c: commands.take_waiting(c, device, now_ms=now_ms))


async def post_answer(request: web.Request, platform: Platform) -> web.StreamResponse:
    """What became of a command, where the broker does not carry it."""
    answer, device = await read_body(request, CommandAnswer), request[DEVICE]
    await platform.database.write(lambda c: commands.note_answer(c, answer, device=device))
    return web.Response(status=204)


_DEVICE = "/v1/sites/{site}/devices/{device}"
ROUTES: tuple[Route, ...] = (
    Route(
        "GET",
        f"{_DEVICE}/commands",
        get_commands,
        Access.DEVICE,
        "Commands that wait for the device, long poll",
        answer=PulledCommands,
    ),
    Route(
        "POST",
        f"{_DEVICE}/answers",
        post_answer,
        Access.DEVICE,
        "What became of a command",
        body=CommandAnswer,
    ),
)
