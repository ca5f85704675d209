"""The whole demo on free ports, with the people of the story, for tests that use real processes."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp

from edge.demo.actors import Counter, Hands, KioskScreen, Phone
from edge.demo.layout import Layout, Ports
from edge.demo.stage.wires import Wire
from edge.demo.story import SUBJECT, Cast
from edge.demo.world import World


@contextlib.asynccontextmanager
async def staged(folder: Path) -> AsyncIterator[tuple[World, Cast]]:
    """A running world, its shelves stocked, and a signed-in resident."""
    async with running(World(Layout(folder=folder, ports=Ports.free()))) as staged_world:
        yield staged_world


@contextlib.asynccontextmanager
async def staged_behind_proxies(folder: Path) -> AsyncIterator[tuple[World, Cast, tuple[Wire, ...]]]:
    """The same, with a faulty network between the hub and the platform: HTTP and broker."""
    ports = Ports.free()
    async with (
        Wire(target_port=ports.platform) as web,
        Wire(target_port=ports.platform_broker) as broker,
    ):
        world = World(
            Layout(folder=folder, ports=ports), platform_url=web.url, platform_broker_port=broker.port
        )
        async with running(world) as (_, cast):
            yield world, cast, (web, broker)


@contextlib.asynccontextmanager
async def running(world: World) -> AsyncIterator[tuple[World, Cast]]:
    """Start a world, end it afterwards."""
    layout = world.layout
    try:
        await asyncio.to_thread(world.prepare)
        await asyncio.to_thread(world.start, whole=False)
        await asyncio.to_thread(world.stock_shelves)
        async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as http:
            phone = Phone(http, layout.ports.platform, SUBJECT)
            await phone.sign_in()
            async with KioskScreen(http, layout.ports.kiosk) as kiosk:
                yield world, Cast(kiosk, phone, Hands(http, layout), Counter(layout), http, layout)
    finally:
        await asyncio.to_thread(world.stop)
