"""The uplink through a faulty network: everything arrives, once, and soon after the network returns."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from urllib.parse import urlsplit

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from cloud_sync import records
from cloud_sync.http import PlatformBusy, PlatformHttp
from cloud_sync.uplink import Uplink
from edge.demo.stage.wires import Fault, Wire
from edge.errors import PlatformUnreachable
from edge.links.backoff import Backoff
from edge.store import journal
from tests.cloud_sync.conftest import DEVICE, SITE, World


@pytest.fixture
async def proxy(world: World) -> AsyncIterator[Wire]:
    port = urlsplit(world.url).port
    assert port is not None
    async with Wire(target_port=port) as faulty:
        yield faulty


@pytest.fixture
async def uplink(world: World, proxy: Wire) -> AsyncIterator[Uplink]:
    async with PlatformHttp(url=proxy.url, site=SITE, device=DEVICE, token=world.token) as http:
        yield Uplink(store=world.store, http=http, batch_events=20)


@contextlib.asynccontextmanager
async def running(role: Callable[[], Awaitable[None]]) -> AsyncIterator[None]:
    task = asyncio.ensure_future(role())
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def until(condition: Callable[[], bool], *, within_s: float) -> None:
    async with asyncio.timeout(within_s):
        while not condition():
            await asyncio.sleep(0.01)


def acknowledged(world: World) -> int:
    return world.store.read_now(records.read_acknowledged)


async def assert_in_step(world: World) -> None:
    head = world.store.read_now(journal.read_head)
    device = (await world.figures())["devices"][0]
    assert (device["head_seq"], device["head_hash"]) == (head.seq, head.hash.hex())
    assert device["events"] == head.seq


async def test_a_backlog_drains_and_new_events_follow(world: World, uplink: Uplink) -> None:
    world.record(55)
    async with running(uplink.run):
        await until(lambda: acknowledged(world) == 55, within_s=5)
        world.record(1)
        await until(lambda: acknowledged(world) == 56, within_s=2)
    assert uplink.online
    await assert_in_step(world)


@pytest.mark.one_store
@pytest.mark.slow
async def test_a_lost_acknowledgement_doubles_nothing(world: World, uplink: Uplink, proxy: Wire) -> None:
    world.record(1)
    await uplink.send_next()
    world.record(30)
    proxy.fault = Fault.LOSE_ANSWERS
    with pytest.raises(PlatformUnreachable):
        await uplink.send_next()
    assert acknowledged(world) == 1
    assert (await world.figures())["devices"][0]["events"] == 21
    proxy.fault = Fault.NONE
    while await uplink.send_next():
        pass
    await assert_in_step(world)


@pytest.mark.one_store
@pytest.mark.slow
async def test_a_black_hole_is_noticed_and_left_within_five_seconds(
    world: World, uplink: Uplink, proxy: Wire
) -> None:
    world.record(5)
    async with running(uplink.run):
        await until(lambda: acknowledged(world) == 5, within_s=5)
        proxy.fault = Fault.BLACK_HOLE
        world.record(40)
        started = time.monotonic()
        await until(lambda: uplink.online is False, within_s=5)
        assert time.monotonic() - started <= 5
        proxy.fault = Fault.NONE
        returned = time.monotonic()
        await until(lambda: acknowledged(world) > 5, within_s=5)
        assert time.monotonic() - returned <= 5
        await until(lambda: acknowledged(world) == 45, within_s=5)
    await assert_in_step(world)


async def test_resets_are_survived(world: World, uplink: Uplink, proxy: Wire) -> None:
    world.record(45)
    async with running(uplink.run):
        await until(lambda: acknowledged(world) >= 20, within_s=5)
        proxy.fault = Fault.RESET
        world.record(20)
        await until(lambda: uplink.online is False, within_s=5)
        proxy.fault = Fault.NONE
        await until(lambda: acknowledged(world) == 65, within_s=5)
    await assert_in_step(world)


async def test_a_gap_makes_the_uplink_go_back(world: World, uplink: Uplink) -> None:
    world.record(10)
    world.store.run_now(lambda unit: records.write_acknowledged(unit.connection, 7))
    async with running(uplink.run):
        await until(lambda: acknowledged(world) == 10, within_s=5)
    await assert_in_step(world)


@pytest.mark.parametrize(("header", "expected_s"), [("7", 7.0), ("86400", 300.0), ("soon", None), ("", None)])
async def test_retry_after_is_obeyed_up_to_five_minutes(header: str, expected_s: float | None) -> None:
    async def refuse(request: web.Request) -> web.Response:
        return web.Response(status=503, headers={"Retry-After": header})

    app = web.Application()
    app.router.add_route("*", "/{rest:.*}", refuse)
    async with TestServer(app) as server:
        url = str(server.make_url("/"))
        async with PlatformHttp(url=url, site=SITE, device=DEVICE, token="t") as http:
            with pytest.raises(PlatformBusy) as caught:
                await http.exchange("GET", "/x")
    assert caught.value.retry_after_s == expected_s
    rests = [caught.value.rest_s(Backoff(chance=chance)) for chance in (lambda: 0.0, lambda: 1.0)]
    if expected_s is None:
        assert rests == [0.1, 0.2], "our own back-off"
    else:
        assert rests == [expected_s, min(300.0, expected_s * 1.25)]


async def test_a_batch_holds_one_epoch(world: World) -> None:
    world.record(3)
    world.store.run_now(lambda unit: unit.begin_epoch("test"))
    world.record(2)
    first = world.store.read_now(lambda c: records.read_outgoing(c, after_seq=0, limit=100))
    assert first is not None
    assert (first.header.epoch, first.header.count) == (1, 3)
