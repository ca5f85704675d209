"""Orders from the command line, beside a platform that runs.

A SQLite file has one process that writes (two are what SQLite's WAL-reset bug needs), so a platform that runs
on one carries the orders out itself: it listens for them on a Unix socket beside the file, which only its own
account and root can open. On PostgreSQL the command line opens the store itself.
"""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Callable
from http import HTTPStatus
from pathlib import Path
from typing import TypeVar

import aiohttp
import msgspec
from aiohttp import web

from cloud_sync.platform import api_key_command, device_desk, erase_command, recovery_command
from cloud_sync.platform.context import Platform
from cloud_sync.platform.database import Database
from cloud_sync.platform.operators import command as operator_command
from cloud_sync.platform.orders import Desk, Order, Units, Work
from cloud_sync.platform.settings import PlatformSettings
from cloud_sync.platform.store.opening import hold_store, open_database
from cloud_sync.platform.store.port import Connection
from edge.errors import EdgeError

T = TypeVar("T")

SOCKET = "control.sock"
ANSWER_LIMIT = aiohttp.ClientTimeout(total=60.0)
ORDERS: dict[str, Work] = {
    **device_desk.ORDERS,
    **api_key_command.ORDERS,
    **operator_command.ORDERS,
    **recovery_command.ORDERS,
    **erase_command.ORDERS,
}
"""Everything that may be ordered beside a running platform."""


class OrderRefused(EdgeError):
    """The running platform did not carry an order out; the text says why."""


def carry_out(settings: PlatformSettings, order: Order) -> str:
    """Have the running platform do it, or do it here where none runs. Raises EdgeError."""
    path = socket_of(settings)
    if settings.store is None and path.exists():
        with contextlib.suppress(aiohttp.ClientConnectorError):
            return asyncio.run(_ask(path, order))
    with hold_store(settings), contextlib.closing(open_database(settings)) as database:
        return ORDERS[order.command](Desk(settings, database), order)


@contextlib.asynccontextmanager
async def listen_for_orders(platform: Platform) -> AsyncIterator[None]:
    """Take orders until this is left; on PostgreSQL nobody needs to. Raises OSError."""
    if platform.settings.store is not None:
        yield
        return
    path = socket_of(platform.settings)
    app = web.Application()
    app.router.add_post("/orders", _Clerk(platform).take)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    path.unlink(missing_ok=True)
    old_mask = os.umask(0o177)
    try:
        await web.UnixSite(runner, str(path)).start()
    finally:
        os.umask(old_mask)
    try:
        yield
    finally:
        await runner.cleanup()
        path.unlink(missing_ok=True)


def socket_of(settings: PlatformSettings) -> Path:
    """Where a platform with these settings listens for orders."""
    return settings.data / SOCKET


class LiveUnits:
    """The store of a platform that runs, for the thread of an order."""

    def __init__(self, database: Database, loop: asyncio.AbstractEventLoop) -> None:
        self._database = database
        self._loop = loop

    @property
    def site(self) -> str:
        """The site that they are of."""
        return self._database.site

    def of(self, site: str) -> Units:
        """Units of work of another site."""
        return LiveUnits(self._database.of(site), self._loop)

    def write_now(self, work: Callable[[Connection], T]) -> T:
        """Run `work` in its turn among the platform's own, and wait for its COMMIT."""
        return asyncio.run_coroutine_threadsafe(self._database.write(work), self._loop).result()


class _Clerk:
    def __init__(self, platform: Platform) -> None:
        self._platform = platform

    async def take(self, request: web.Request) -> web.Response:
        """POST /orders: what is to be printed, or why not."""
        units = LiveUnits(self._platform.database, asyncio.get_running_loop())
        try:
            order = msgspec.json.decode(await request.read(), type=Order)
            work = ORDERS[order.command]
        except (msgspec.MsgspecError, KeyError):
            return web.Response(status=400, text="another version of the platform runs: start it anew")
        try:
            text = await asyncio.to_thread(work, Desk(self._platform.settings, units), order)
        except (EdgeError, OSError) as error:
            return web.Response(status=409, text=str(error))
        self._platform.known.forget(order.name)
        return web.Response(text=text)


async def _ask(path: Path, order: Order) -> str:
    connector = aiohttp.UnixConnector(str(path))
    async with (
        aiohttp.ClientSession(connector=connector, timeout=ANSWER_LIMIT) as session,
        session.post("http://platform/orders", data=msgspec.json.encode(order)) as answer,
    ):
        text = await answer.text()
        if answer.status != HTTPStatus.OK:
            raise OrderRefused(text)
        return text
