"""One kiosk put together: the session over the rooms, and the server before it."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from functools import partial

from aiohttp import web

from edge.access.contacts import ContactDesk
from edge.access.credentials.answers import ANSWERS_TOPIC
from edge.access.credentials.identity import IdentityDesk
from edge.access.late import cannot_write
from edge.access.lockers.depositing import DepositDesk
from edge.access.lockers.layout import BankLayout
from edge.access.pickup import PickupDesk
from edge.config import SiteSettings
from edge.homes.ports import BillPlatform
from edge.links.findings import Findings
from edge.links.health import HealthRegistry, overall
from edge.links.metrics import Metrics
from edge.links.scans import ScanQueue
from edge.pay.codes import CodeTable
from edge.pay.engine import Limits, PaymentEngine
from edge.pay.leases import LeaseDesk
from edge.store.notifier import Subscription
from edge.store.parts import Part
from edge.store.store import Store
from edge.trust.clock import Clock
from edge.trust.keys import KeySet
from kiosk.desks.account_desk import RoomAccountDesk
from kiosk.desks.deposit_desk import RoomDepositDesk
from kiosk.desks.fee_desk import RoomFeeDesk
from kiosk.desks.gate_views import GateDesk
from kiosk.desks.health_desk import RoomHealthDesk
from kiosk.desks.home_desk import RoomHomeDesk
from kiosk.desks.locker_desk import BankViews, RoomLockerDesk
from kiosk.desks.shop_desk import RoomShopDesk
from kiosk.desks.till_desk import RoomTillDesk
from kiosk.gate import GateScreen
from kiosk.screens.table import all_screens
from kiosk.server import Front, build_screen
from kiosk.session import Desks, Place, Session
from kiosk.settings import KioskSettings
from kiosk.words import Text

TOPICS = ("payments", "lockers", "feed", "notices", "doors", "store", ANSWERS_TOPIC)
"""Hints after which the screen looks again."""

WATCHING: web.AppKey["asyncio.Task[None]"] = web.AppKey("watching", asyncio.Task)


@dataclass(frozen=True, kw_only=True)
class KioskDeps:
    """What a kiosk stands on. pay_screen tells the cameras that an amount is shown; readers: its cameras.

    limits: what accounts may pay of an order, by purpose, as the engine has it. parts_off: what the site does
    not have.
    """

    store: Store
    engine: PaymentEngine
    pickup: PickupDesk
    deposits: DepositDesk
    contacts: ContactDesk
    identity: IdentityDesk
    gates: GateDesk
    keys: Callable[[], KeySet]
    clock: Clock
    scans: ScanQueue
    banks: tuple[BankLayout, ...]
    site: SiteSettings
    settings: KioskSettings
    health: HealthRegistry
    findings: Findings
    metrics: Metrics
    readers: frozenset[str]
    pay_screen: Callable[[bool], None]
    codes: CodeTable
    leases: LeaseDesk
    limits: Mapping[str, Limits]
    bills: BillPlatform
    parts_off: frozenset[Part] = frozenset()


def build_kiosk(deps: KioskDeps) -> web.Application:
    """The web application of one kiosk."""
    watch = RoomHealthDesk(
        health=deps.health,
        clock=deps.clock,
        readers=deps.readers,
        cannot_write=partial(cannot_write, deps.store),
    )
    session = Session(
        desks=_desks(deps, watch),
        screens=all_screens(),
        place=Place(
            Text(deps.site.name_zh, deps.site.name_en),
            deps.settings.session_s,
            deps.settings.app_url,
            deps.parts_off,
        ),
        clock=deps.clock,
        monotonic_ms=lambda: time.monotonic_ns() // 1_000_000,
    )

    async def health() -> dict[str, object]:
        parts = await deps.health.check()
        return {
            "state": overall(parts).value,
            "parts": {
                name: {"state": part.state.value, "detail": part.detail} for name, part in parts.items()
            },
            "findings": deps.findings.describe(),
        }

    async def pay_screen(on: bool) -> None:
        deps.pay_screen(on)

    def at_door(door: str) -> Session:
        return Session(
            desks=session.desks,
            screens={"idle": GateScreen(door, deps.gates)},
            place=session.place,
            clock=deps.clock,
            monotonic_ms=session.monotonic_ms,
            everywhere={},
        )

    hints = deps.store.notifier.subscribe(*TOPICS)
    app = build_screen(
        Front(
            session=session,
            scans=deps.scans,
            hints=hints,
            health=health,
            metrics=deps.metrics.render,
            hosts=frozenset({deps.settings.host, "localhost"}),
            pay_screen=pay_screen,
            gates={door: at_door(door) for door in deps.gates.doors()},
        )
    )
    app.cleanup_ctx.append(_watching(watch, hints))
    return app


def _desks(deps: KioskDeps, watch: RoomHealthDesk) -> Desks:
    return Desks(
        shop=RoomShopDesk(store=deps.store, clock=deps.clock),
        till=RoomTillDesk(
            store=deps.store,
            engine=deps.engine,
            kiosk=deps.site.device,
            codes=deps.codes,
            leases=deps.leases,
            limits=deps.limits,
            bills=deps.bills,
        ),
        lockers=RoomLockerDesk(
            store=deps.store,
            pickup=deps.pickup,
            views=BankViews(store=deps.store, contacts=deps.contacts, banks=deps.banks),
        ),
        home=RoomHomeDesk(
            store=deps.store,
            clock=deps.clock,
            keys=deps.keys,
            identity=deps.identity,
            kiosk=deps.site.device,
        ),
        health=watch,
        accounts=RoomAccountDesk(store=deps.store, kiosk=deps.site.device),
        fees=RoomFeeDesk(store=deps.store, clock=deps.clock),
        deposits=RoomDepositDesk(store=deps.store, clock=deps.clock, keys=deps.keys, deposits=deps.deposits),
    )


def _watching(watch: RoomHealthDesk, hints: Subscription) -> Callable[[web.Application], AsyncIterator[None]]:
    async def context(app: web.Application) -> AsyncIterator[None]:
        app[WATCHING] = asyncio.create_task(watch.run())
        yield
        app[WATCHING].cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await app[WATCHING]
        hints.close()

    return context
