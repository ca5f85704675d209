"""The reference platform as a process of its own, with every site of a fleet registered.

What it measures of itself is its own processor time, and its database server's.
"""

import asyncio
import itertools
import os
import random
import resource
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import msgspec
from aiohttp import web

from cloud_sync.fleet import custody_records
from cloud_sync.fleet.plan import (
    DOOR,
    FleetPlan,
    HostOrder,
    HostReady,
    HostRequest,
    HostState,
    Member,
    token_of,
)
from cloud_sync.fleet.street import LOOPBACK, write_out
from cloud_sync.platform import commands, register
from cloud_sync.platform.app import build_platform, make_runner
from cloud_sync.platform.collecting import spare_collections
from cloud_sync.platform.context import PLATFORM, Platform
from cloud_sync.platform.feed import put_record
from cloud_sync.platform.keys import hash_token, make_keys
from cloud_sync.platform.seed import put_keyset
from cloud_sync.platform.settings import load_settings
from cloud_sync.platform.store.port import Connection
from edge.trust.certificates import Holder

COMMAND_LIFE_MS = 15_000
_SITES_A_UNIT = 20


async def serve(read_line: Callable[[], bytes], write_line: Callable[[bytes], None]) -> None:
    """Serve until the input ends."""
    order = msgspec.json.decode(await asyncio.to_thread(read_line), type=HostOrder)
    settings = load_settings(Path(order.config))
    make_keys(settings)
    app = build_platform(settings)
    platform, members = app[PLATFORM], order.plan.members()
    for member in members:
        holder = Holder(member.site, member.device)
        platform.keys.devices[hash_token(token_of(order.secret, member.device))] = holder
    for start in range(0, len(members), _SITES_A_UNIT):
        await platform.database.write(
            partial(_register, platform=platform, members=members[start : start + _SITES_A_UNIT], order=order)
        )
    runner = make_runner(app)
    await runner.setup()
    try:
        await web.TCPSite(runner, LOOPBACK, 0, backlog=4096).start()
        port = runner.addresses[0][1]
        spare_collections()
        write_line(msgspec.json.encode(HostReady(port=port, root=platform.keys.root.public.hex())))
        await _answer(platform, order.plan, members, read_line, write_line)
    finally:
        await runner.cleanup()


def _register(connection: Connection, *, platform: Platform, members: list[Member], order: HostOrder) -> None:
    now_ms = platform.clock_ms()
    for member in members:
        register.put_site(connection, member.site, member.site, member.site, now_ms=now_ms)
        register.put_device(connection, member.site, member.device, now_ms=now_ms)
        own = connection.of(member.site)
        put_keyset(own, platform.keys)
        put_record(own, "payees", "shop", {"id": "shop", "name_zh": "便利店", "name_en": "Shop"})
        for number in range(order.plan.products):
            _put_product(own, number, price_fen=500)


def _put_product(connection: Connection, number: int, *, price_fen: int) -> None:
    product = {
        "sku": f"sku-{number}",
        "ean": f"69{number:011d}",
        "name_zh": "古法酱油",
        "name_en": "Soy sauce",
        "price_fen": price_fen,
        "category": "food",
        "payee": "shop",
    }
    put_record(connection, "products", f"sku-{number}", product)


async def _answer(
    platform: Platform,
    plan: FleetPlan,
    members: list[Member],
    read_line: Callable[[], bytes],
    write_line: Callable[[bytes], None],
) -> None:
    prices = itertools.count(501)
    opening: asyncio.Task[None] | None = None
    while line := await asyncio.to_thread(read_line):
        request = msgspec.json.decode(line, type=HostRequest)
        if request.do == "author":
            price_fen = next(prices)
            for member in members:
                await platform.database.of(member.site).write(
                    partial(_put_product, number=0, price_fen=price_fen)
                )
        elif request.do == "open":
            if opening is not None:
                opening.cancel()
            opening = asyncio.create_task(_open_doors(platform, plan, members)) if request.on else None
        write_line(msgspec.json.encode(await _state(platform, feeds=request.do == "feeds")))


async def _open_doors(platform: Platform, plan: FleetPlan, members: list[Member]) -> None:
    """Have doors of the fleet opened from afar, one after another, as residents' phones do."""
    chance = random.Random(plan.seed)  # noqa: S311 - whom to open for, no secret
    while True:
        await asyncio.sleep(chance.expovariate(plan.commands_per_s))
        member = chance.choice(members)
        try:
            await platform.database.of(member.site).write(partial(_command, platform=platform, member=member))
        except commands.DeviceNotReady:
            continue
        platform.command_bell.ring([member.device])


def _command(connection: Connection, *, platform: Platform, member: Member) -> None:
    commands.create_command(
        connection,
        platform.keys.signing["commands"],
        site=member.site,
        device=member.device,
        door=DOOR,
        subject="resident",
        now_ms=platform.clock_ms(),
        life_ms=COMMAND_LIFE_MS,
    )


async def _state(platform: Platform, *, feeds: bool) -> HostState:
    standing = await platform.database.read(custody_records.read_standing)
    pids: list[int] = []
    cursors = 0
    if feeds:
        home = platform.settings.site
        cursors = await platform.database.read(partial(custody_records.sum_cursors, home=home))
    if platform.settings.store is not None:
        pids = await platform.database.read(custody_records.server_processes)
    return HostState(
        cpu_s=time.process_time(),
        database_cpu_s=sum(_cpu_s(pid) for pid in pids),
        memory_mb=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        events=standing.events,
        unapplied=standing.unapplied,
        parked=standing.parked,
        commands=standing.commands,
        cursors=cursors,
    )


def _cpu_s(pid: int) -> float:
    """Processor seconds of a process, 0 when it has gone; fields 14 and 15 of proc_pid_stat(5)."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    asyncio.run(serve(sys.stdin.buffer.readline, write_out))
