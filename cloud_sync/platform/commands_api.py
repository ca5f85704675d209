"""Commands over HTTPS: the device fetches what waits for it, and answers; the same commands as over MQTT."""

import asyncio

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
    write_beats,
    write_end,
)
from cloud_sync.wire.commands import CommandAnswer, PulledCommands
from cloud_sync.wire.feed import BEAT_S, MAX_WAIT_S


async def get_commands(request: web.Request, platform: Platform) -> web.StreamResponse:
    """What waits for the device; held back until something does. A row is handed out until it is answered."""
    device, wait_s = request[DEVICE], read_number(request, "wait_s", 0, low=0, high=MAX_WAIT_S)
    rung = platform.command_bell.event_of(device)
    if wait_s == 0 or await _has_waiting(platform, device):
        return reply(await _take(platform, device))
    response = web.StreamResponse(headers={"Content-Type": "application/json", "Cache-Control": "no-store"})
    await response.prepare(request)
    until = asyncio.get_running_loop().time() + wait_s
    while not rung.is_set() and (left_s := until - asyncio.get_running_loop().time()) > 0:
        try:
            async with asyncio.timeout(min(BEAT_S, left_s)):
                await rung.wait()
        except TimeoutError:
            await write_beats(response)
    # What another process queued meanwhile is found as the next poll begins.
    await write_end(response, await _take(platform, device) if rung.is_set() else PulledCommands([]))
    return response


async def _has_waiting(platform: Platform, device: str) -> bool:
    now_ms = platform.clock_ms()
    return await platform.database.read(lambda c: commands.has_waiting(c, device, now_ms=now_ms))


async def _take(platform: Platform, device: str) -> PulledCommands:
    """Read first: a pull that finds nothing writes nothing."""
    if not await _has_waiting(platform, device):
        return PulledCommands([])
    now_ms = platform.clock_ms()
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
