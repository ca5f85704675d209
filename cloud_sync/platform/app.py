"""Wires the platform: routes, the applier, delivery of commands."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from pathlib import Path

from aiohttp import web

from cloud_sync.platform import (
    accounts_api,
    applying,
    backups_api,
    bills_api,
    commands,
    commands_api,
    desk_api,
    device_api,
    enrolment_api,
    household_api,
    integrator_api,
    leaving,
    payment_api,
    phone_accounts_api,
    phone_api,
    phone_doors_api,
    phone_pay_api,
    register,
    revoking,
    sim_api,
)
from cloud_sync.platform.bells import Bell
from cloud_sync.platform.channels.opening import open_channels, simulated_ones
from cloud_sync.platform.configuration import keep_configurations
from cloud_sync.platform.context import PLATFORM, ROLES, CommandCarrier, Platform, wall_clock_ms
from cloud_sync.platform.database import Database
from cloud_sync.platform.delivery import MqttDelivery, NoBroker
from cloud_sync.platform.exchange import Access, Route, answer_refusals, guard, reply, tell_protocol
from cloud_sync.platform.keys import load_keys
from cloud_sync.platform.notices import NoticeDesk
from cloud_sync.platform.openapi import build_openapi
from cloud_sync.platform.operators import api as operator_api
from cloud_sync.platform.operators import devices as operator_devices
from cloud_sync.platform.operators import keys as operator_keys
from cloud_sync.platform.operators import parts as operator_parts
from cloud_sync.platform.pages import add_pages
from cloud_sync.platform.payments import PaymentDesk
from cloud_sync.platform.refunds import RefundDesk
from cloud_sync.platform.settings import PlatformSettings
from cloud_sync.platform.store.opening import open_database
from cloud_sync.platform.store.port import Connection, StoreAway
from cloud_sync.platform.watching import Watcher, newest_cursor
from cloud_sync.platform.webhooks import api as webhooks_api
from cloud_sync.platform.webhooks.sender import Sender
from cloud_sync.platform.webhooks.signing import load_master
from cloud_sync.wire.batches import MAX_BATCH_BYTES
from cloud_sync.wire.commands import CommandAnswer

ASYNCAPI = Path(__file__).parents[1] / "wire" / "asyncapi.json"
RETRY_PAUSE_S = 1.0
PAYMENTS_PAUSE_S = 0.5
TRUST_PAUSE_S = 60.0
STOP_AGAIN_S = 1.0

log = logging.getLogger(__name__)


async def get_openapi(request: web.Request, platform: Platform) -> web.StreamResponse:
    """This description."""
    return reply(build_openapi(ROUTES))


async def get_asyncapi(request: web.Request, platform: Platform) -> web.StreamResponse:
    """Commands, answers and events, as `edge reference --asyncapi` wrote them with this version."""
    return web.Response(body=ASYNCAPI.read_bytes(), content_type="application/json")


ROUTES: tuple[Route, ...] = (
    *device_api.ROUTES,
    *backups_api.ROUTES,
    *enrolment_api.ROUTES,
    *commands_api.ROUTES,
    *payment_api.ROUTES,
    *accounts_api.ROUTES,
    *phone_api.ROUTES,
    *phone_doors_api.ROUTES,
    *household_api.ROUTES,
    *phone_pay_api.ROUTES,
    *phone_accounts_api.ROUTES,
    *bills_api.ROUTES,
    *desk_api.ROUTES,
    *sim_api.ROUTES,
    *integrator_api.ROUTES,
    *operator_api.ROUTES,
    *operator_devices.ROUTES,
    *operator_keys.ROUTES,
    *operator_parts.ROUTES,
    *webhooks_api.ROUTES,
    Route("GET", "/openapi.json", get_openapi, Access.OPEN, "This description", answer=dict),
    Route("GET", "/asyncapi.json", get_asyncapi, Access.OPEN, "Commands and journal events", answer=dict),
)


def build_platform(
    settings: PlatformSettings,
    *,
    clock_ms: Callable[[], int] = wall_clock_ms,
    pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> web.Application:
    """The whole platform as an aiohttp application; closes its database at clean-up.

    `pause` is how a simulated channel lets a request hang.
    """
    bell, command_bell = Bell(), Bell()
    database = open_database(settings, heard=bell.ring)
    keys = load_keys(settings)

    def keep(connection: Connection) -> int:
        register.keep_settings(connection, settings, now_ms=clock_ms())
        keep_configurations(connection, settings, keys)
        return newest_cursor(connection)

    cursor = database.write_now(keep)
    desk, refunds, notices = _open_desks(settings, database, clock_ms=clock_ms, pause=pause)

    async def take_answer(device: str, answer: CommandAnswer) -> None:
        platform.presence.hear(device, now_ms=clock_ms())
        await database.write(lambda c: commands.note_answer(c, answer, device=device))

    delivery = _make_delivery(settings, take_answer)
    carrier: CommandCarrier = delivery or NoBroker()
    platform = Platform(
        settings=settings,
        keys=keys,
        database=database,
        carrier=carrier,
        payments=desk,
        refunds=refunds,
        notices=notices,
        webhooks=_open_sender(settings, database, clock_ms=clock_ms),
        clock_ms=clock_ms,
        bell=bell,
        command_bell=command_bell,
        watcher=Watcher(database, feed=bell, commands=command_bell, cursor=cursor, clock_ms=clock_ms),
    )
    app = web.Application(
        middlewares=[answer_refusals, operator_api.show_refusals], client_max_size=MAX_BATCH_BYTES + 1024
    )
    app[PLATFORM], app[ROLES] = platform, []
    for route in ROUTES:
        app.router.add_route(route.method, route.path, guard(route))
    add_pages(app)
    app.on_response_prepare.append(tell_protocol)

    async def run_roles(_: web.Application) -> AsyncIterator[None]:
        roles: list[Callable[[], Awaitable[None]]]
        roles = [partial(role, platform) for role in (apply_events, look_after_payments, look_after_trust)]
        roles += [platform.holder.run, platform.watcher.run, platform.webhooks.run]
        roles += [delivery.run] if delivery else []
        app[ROLES].extend(asyncio.create_task(keep_up(role)) for role in roles)
        yield
        await end_roles(app[ROLES])
        database.close()

    async def let_go(_: web.Application) -> None:
        platform.holder.close()

    app.on_shutdown.append(let_go)
    app.cleanup_ctx.append(run_roles)
    return app


def make_runner(app: web.Application) -> web.AppRunner:
    """A runner that leaves bodies as they came: custody decompresses them itself, within limits."""
    return web.AppRunner(app, access_log=None, shutdown_timeout=1.0, auto_decompress=False)


async def keep_up(role: Callable[[], Awaitable[None]]) -> None:
    """Run a role for ever: it begins anew once the database answers again, and after a fault of its own."""
    while True:
        try:
            await role()
        except StoreAway:
            pass
        except Exception:  # the supervisor of the platform's roles: a fault ends neither this one nor another
            log.exception("a role of the platform failed")
        await asyncio.sleep(RETRY_PAUSE_S)


async def end_roles(roles: list[asyncio.Task[None]]) -> None:
    """Cancel roles until they have ended: a time limit that fires at the same moment swallows a request."""
    while running := [role for role in roles if not role.done()]:
        for role in running:
            role.cancel()
        await asyncio.wait(running, timeout=STOP_AGAIN_S)


async def apply_events(platform: Platform) -> None:
    """Apply what custody has, a slice at a time, and try parked events again."""
    after = ""
    while True:
        platform.ingested.clear()
        progress = await _apply_some(platform, after)
        after = progress.after
        if not progress.more:
            await platform.database.write(lambda c: applying.retry_parked(c, now_ms=platform.clock_ms()))
            await platform.database.write(lambda c: applying.settle_due(c, now_ms=platform.clock_ms()))
        if not progress.more:
            # Not wait_for: in Python 3.11 it may swallow a cancellation that comes with the event.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(RETRY_PAUSE_S):
                    await platform.ingested.wait()


async def _apply_some(platform: Platform, after: str) -> applying.Progress:
    return await platform.database.write(
        lambda c: applying.apply_next(c, now_ms=platform.clock_ms(), after=after)
    )


async def look_after_payments(platform: Platform) -> None:
    """Let notices arrive, and ask about attempts that nobody asks about any more."""
    while True:
        await deliver_notices(platform)
        await platform.payments.settle_open()
        await asyncio.sleep(PAYMENTS_PAUSE_S)


async def look_after_trust(platform: Platform) -> None:
    """Sign the revocation list before it grows old, and forget who left long ago."""
    key, site = platform.keys.signing["passes"], platform.settings.site

    def look(connection: Connection) -> None:
        now_ms = platform.clock_ms()
        revoking.keep_fresh(connection, key, site, now_ms=now_ms)
        leaving.forget_left(connection, now_ms=now_ms)

    while True:
        await platform.database.write(look)
        await asyncio.sleep(TRUST_PAUSE_S)


async def deliver_notices(platform: Platform) -> None:
    """Have the simulated channels send the notices that are due."""
    for channel in simulated_ones(platform.payments.channels):
        await channel.deliver()


def _open_desks(
    settings: PlatformSettings,
    database: Database,
    *,
    clock_ms: Callable[[], int],
    pause: Callable[[float], Awaitable[None]],
) -> tuple[PaymentDesk, RefundDesk, NoticeDesk]:
    channels = open_channels(settings, database, clock_ms=clock_ms, pause=pause)
    desk = PaymentDesk(database, channels, clock_ms=clock_ms, life_s=settings.payment_life_s)
    refunds = RefundDesk(desk)
    notices = NoticeDesk(desk, refunds)
    for channel in simulated_ones(channels):
        channel.ear = partial(notices.hear, channel.name)
    return desk, refunds, notices


def _open_sender(settings: PlatformSettings, database: Database, *, clock_ms: Callable[[], int]) -> Sender:
    master = load_master(settings.keys)
    return Sender(database, master, settings.webhooks.networks(), clock_ms=clock_ms)


def _make_delivery(
    settings: PlatformSettings, take_answer: Callable[[str, CommandAnswer], Awaitable[None]]
) -> MqttDelivery | None:
    if settings.broker is None:
        return None
    password_file = settings.broker.password_file
    password = Path(settings.path(password_file)).read_text().strip() if password_file else ""
    return MqttDelivery(
        settings=settings.broker,
        password=password,
        site=settings.site,
        on_answer=take_answer,
    )
