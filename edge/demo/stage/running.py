"""Start the world with its wires, show the stage, and end all of it."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

import aiohttp
from aiohttp import web

from devices.simulator.hands import Hands
from edge.demo.layout import Layout
from edge.demo.stage.asking import Asker
from edge.demo.stage.checking import Checker
from edge.demo.stage.frames import Frame
from edge.demo.stage.server import StageServer
from edge.demo.stage.state import StateTeller
from edge.demo.stage.switches import build_switches
from edge.demo.stage.switches.overhearing import Ear
from edge.demo.stage.switches.port import Reach
from edge.demo.stage.wires import Wire
from edge.demo.world import World
from edge.errors import EdgeError
from edge.links.cancelling import end_task

HAND = aiohttp.ClientTimeout(total=5.0)
"""How long a hand waits for what it touches."""
END_AGAIN_S = 0.2


@dataclass(frozen=True, kw_only=True)
class Stage:
    """A world that runs, and the stage before it."""

    world: World
    address: str
    roles: tuple[asyncio.Task[None], ...]

    def check(self) -> None:
        """Raises what ended one of the stage's roles, which run for ever."""
        for role in self.roles:
            if role.done():
                role.result()


class Abandoned(EdgeError):
    """It was told to end before everything had started."""


@contextlib.asynccontextmanager
async def staged_world(
    layout: Layout, *, stop: asyncio.Event, say: Callable[[str], None] = lambda _: None
) -> AsyncIterator[Stage]:
    """The whole demo with its stage; everything has ended when this is left.

    `stop` may be set while it still starts, `say` is told what starts. Raises Abandoned, EdgeError.
    """
    ports = layout.ports
    async with contextlib.AsyncExitStack() as stack:
        wires = (
            await stack.enter_async_context(
                Wire(port=ports.wire_platform, target_port=ports.platform_devices)
            ),
            await stack.enter_async_context(
                Wire(port=ports.wire_broker, target_port=ports.platform_broker_tls)
            ),
        )
        world = World(layout, wired=True)
        stack.push_async_callback(asyncio.to_thread, world.stop)
        await _start(world, stop, say)
        yield await _open_stage(stack, world, wires)


async def _start(world: World, stop: asyncio.Event, say: Callable[[str], None]) -> None:
    """Start the world in a thread. When it is stopped meanwhile, what runs already is ended."""

    def say_on(words: str) -> None:
        if stop.is_set():
            raise Abandoned("told to end")
        say(words)

    def start() -> None:
        world.prepare()
        world.start(say=say_on)
        world.stock_shelves()

    stopping = asyncio.create_task(stop.wait())
    starting = asyncio.create_task(asyncio.to_thread(start))
    await asyncio.wait({starting, stopping}, return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    while stop.is_set() and not starting.done():
        await asyncio.to_thread(world.stop)
        await asyncio.wait({starting}, timeout=END_AGAIN_S)
    try:
        await starting
    except EdgeError as error:
        if stop.is_set():
            raise Abandoned("told to end") from error
        raise


async def _open_stage(stack: contextlib.AsyncExitStack, world: World, wires: tuple[Wire, ...]) -> Stage:
    layout, ports = world.layout, world.layout.ports
    http = await stack.enter_async_context(aiohttp.ClientSession(timeout=HAND))
    asker = await stack.enter_async_context(Asker(layout))
    kiosk = Frame(port=ports.stage_kiosk, target_port=ports.kiosk, stage_port=ports.stage)
    phone = Frame(port=ports.stage_phone, target_port=ports.platform, stage_port=ports.stage)
    for frame in (kiosk, phone):
        stack.push_async_callback(frame.close)
        await frame.open()
    hands = Hands([*world.hand_sockets])
    reach = Reach(world=world, http=http, platform_wires=wires, phone=phone)
    ear = Ear(layout)
    stack.push_async_callback(end_task, asyncio.create_task(ear.listen()))
    switches = build_switches(reach, ear)
    checker = Checker(layout)
    teller = StateTeller(layout, asker, hands=hands, switches=switches, line=checker)
    server = StageServer(reach, hands=hands, switches=switches, teller=teller)
    app = server.build()
    app.on_startup.append(hands.open)
    app.on_cleanup.append(hands.close)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
    stack.push_async_callback(runner.cleanup)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", ports.stage, reuse_address=True).start()
    roles = tuple(asyncio.create_task(role) for role in (checker.run(), teller.run()))
    for role in roles:
        stack.push_async_callback(end_task, role)
    return Stage(world=world, address=f"http://{server.address}/", roles=roles)
