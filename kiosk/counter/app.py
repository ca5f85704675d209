"""The counter put together: its pages over the rooms, and where they are served."""

import ssl
import time
from collections.abc import Callable
from pathlib import Path

from aiohttp import web

from edge.config import SiteSettings
from edge.pay.engine import PaymentEngine
from edge.settlement.matching import Matcher
from edge.staff.accounts import StaffDesk
from edge.store.store import Store
from edge.trust.clock import Clock
from kiosk.counter import (
    pages_cases,
    pages_deposit,
    pages_devices,
    pages_doors,
    pages_holds,
    pages_lockers,
    pages_orders,
    pages_receipts,
    pages_records,
    pages_returns,
    pages_sign_in,
)
from kiosk.counter.device_views import DeviceDesk
from kiosk.counter.door_views import DoorDesk
from kiosk.counter.server import CounterDeps, LockerDesks, Release, Route, build_app
from kiosk.counter.sessions import Sessions
from kiosk.counter.settings import CounterSettings
from kiosk.words import Text

ROUTES: tuple[Route, ...] = (
    *pages_sign_in.ROUTES,
    *pages_orders.ROUTES,
    *pages_returns.ROUTES,
    *pages_receipts.ROUTES,
    *pages_cases.ROUTES,
    *pages_holds.ROUTES,
    *pages_doors.ROUTES,
    *pages_records.ROUTES,
    *pages_lockers.ROUTES,
    *pages_deposit.ROUTES,
    *pages_devices.ROUTES,
)
"""Every page of the counter."""


def _passing_ms() -> int:
    return time.monotonic_ns() // 1_000_000


def build_counter(
    settings: CounterSettings,
    site: SiteSettings,
    *,
    store: Store,
    engine: PaymentEngine,
    release: Release,
    staff: StaffDesk,
    clock: Clock,
    matcher: Matcher,
    doors: DoorDesk,
    devices: DeviceDesk,
    lockers: LockerDesks | None = None,
    monotonic_ms: Callable[[], int] = _passing_ms,
) -> web.Application:
    """The web application of the counter."""
    deps = CounterDeps(
        store=store,
        engine=engine,
        release=release,
        staff=staff,
        clock=clock,
        matcher=matcher,
        doors=doors,
        devices=devices,
        lockers=lockers,
        sessions=Sessions(monotonic_ms=monotonic_ms, idle_ms=settings.idle_minutes * 60_000),
        place=Text(site.name_zh, site.name_en),
        hosts=frozenset({settings.host, "localhost", *settings.names}),
        secure=bool(settings.certificate_file),
    )
    return build_app(deps, ROUTES)


def make_context(settings: CounterSettings, resolve: Callable[[str], Path]) -> ssl.SSLContext | None:
    """TLS with the certificate of the settings; None on loopback without one."""
    if not settings.certificate_file:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(resolve(settings.certificate_file), resolve(settings.key_file))
    return context
