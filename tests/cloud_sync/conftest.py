"""A real reference platform in this process, a device's store, and the client between them."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import pytest
from aiohttp import web

from cloud_sync.events import FeedRecordParked
from cloud_sync.http import PlatformHttp
from cloud_sync.payments import HttpPaymentPlatform
from cloud_sync.platform.app import build_platform, make_runner
from cloud_sync.platform.context import PLATFORM, Platform
from cloud_sync.platform.keys import make_keys
from cloud_sync.platform.seed import seed
from cloud_sync.platform.settings import DeviceSettings, DoorSettings, PlatformSettings, StoreSettings
from edge.store.events import Event
from edge.store.inline import InlineStore
from edge.tables import MIGRATIONS
from tests.fakes.clock import START_MS, FakeClock
from tests.fakes.postgres import HURRIED, Postgres

Phone = Callable[..., Coroutine[Any, Any, tuple[int, Any]]]
SITE, DEVICE, RESIDENT = "heyuanli", "k1", "res-1203"

COMMUNITY: dict[str, Any] = {
    "personas": [RESIDENT],
    "rooms": [{"id": "r-3-1203", "building": "3", "number": "1203", "managed": True}],
    "residents": [{"subject": RESIDENT, "room": "r-3-1203", "name_masked": "王*", "nickname": "王女士"}],
    "payees": [{"id": "property", "name_zh": "和园物业", "name_en": "Heyuan Property"}],
    "bills": [
        {
            "id": "b1",
            "room": "r-3-1203",
            "item": "property_fee",
            "payee": "property",
            "period": "2026-11",
            "due_on": "2026-11-30",
            "amount_fen": 26_880,
        }
    ],
    "orders": [
        {
            "id": "o1",
            "subject": RESIDENT,
            "state": "in_cells",
            "cells": [{"bank": "bank-a", "cell": "B03", "parcel": "p1"}],
        }
    ],
    "grants": [{"subject": RESIDENT, "doors": ["gate"], "from_ms": 0, "until_ms": 4_000_000_000_000}],
    "contract": {"version": 1, "points_ppm": 5000},
}


@dataclass
class World:
    """The platform, its HTTP client as a device, and the device's own store."""

    platform: Platform
    client: aiohttp.ClientSession
    http: PlatformHttp
    store: InlineStore
    token: str
    url: str
    clock: FakeClock

    async def figures(self) -> dict[str, Any]:
        """What the platform counts."""
        answer: dict[str, Any] = msgspec.json.decode(
            await self.http.exchange("GET", self.http.site_path + "/figures")
        )
        return answer

    def record(self, count: int) -> None:
        """Write events into the device's journal."""
        for number in range(count):
            self.journal(FeedRecordParked(collection="c", record=f"r{number}", version=1, reason="test"))

    def journal(self, event: Event) -> int:
        """Write one event into the device's journal and return its seq."""
        return self.store.run_now(lambda unit: unit.record(event, actor="test"))


def http_port(world: World) -> HttpPaymentPlatform:
    """The payment port of a device whose identity is confirmed."""
    confirmed = asyncio.Event()
    confirmed.set()
    return HttpPaymentPlatform(world.http, confirmed=confirmed)


def platform_settings(folder: Path, **changes: Any) -> PlatformSettings:
    """Settings of a platform in a temporary folder."""
    settings = PlatformSettings(
        site=SITE,
        name_zh="和园里",
        name_en="Heyuan Court",
        demo=True,
        device=[DeviceSettings(DEVICE, "keys/k1.token")],
        door=[DoorSettings("gate", DEVICE, "南门", "South gate")],
        folder=str(folder),
    )
    return msgspec.structs.replace(settings, **changes)


@pytest.fixture
def clock() -> FakeClock:
    """The time of platform and device."""
    return FakeClock(START_MS)


@contextlib.asynccontextmanager
async def open_world(folder: Path, clock: FakeClock, **changes: Any) -> AsyncIterator[World]:
    """A seeded platform that listens on a free port, and an empty device."""
    settings = platform_settings(folder, **changes)
    make_keys(settings)
    app = build_platform(settings, clock_ms=lambda: clock.at_ms)
    platform = app[PLATFORM]
    await platform.database.write(lambda c: seed(c, platform.keys, COMMUNITY))
    token = (folder / "keys/k1.token").read_text().strip()
    store = InlineStore.in_memory(clock=clock, migrations=MIGRATIONS)
    runner = make_runner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    # Behind what the platform's own roles do at their start: a test begins with a feed at rest.
    await platform.database.write(lambda _: None)
    url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    jar = aiohttp.CookieJar(unsafe=True)
    async with (
        aiohttp.ClientSession(base_url=url, cookie_jar=jar) as client,
        PlatformHttp(url=url, site=SITE, device=DEVICE, token=token) as http,
    ):
        yield World(platform, client, http, store, token, url, clock)
    await runner.cleanup()
    store.close()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A test of `one_store` is not repeated over the other one."""
    items[:] = [
        item
        for item in items
        if item.get_closest_marker("one_store") is None
        or not isinstance(item, pytest.Function)
        or item.callspec.params.get("store") != "postgres"
    ]


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A server of PostgreSQL for all tests of this process that want one."""
    server = Postgres(*HURRIED)
    server.start()
    yield server
    server.stop()


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.slow)])
def store(request: pytest.FixtureRequest) -> StoreSettings | None:
    """Both stores that a platform may have; an empty database each time."""
    if request.param == "sqlite":
        return None
    server: Postgres = request.getfixturevalue("postgres")
    return StoreSettings(server.emptied_database())


@pytest.fixture
async def world(tmp_path: Path, clock: FakeClock, store: StoreSettings | None) -> AsyncIterator[World]:
    """A platform without a broker, over either store."""
    async with open_world(tmp_path, clock, store=store) as opened:
        yield opened


async def log_in(world: World) -> Phone:
    """The resident's phone, logged in: `await phone("GET", "/bills")` → (status, body)."""
    headers = {"Content-Type": "application/json"}
    login = await world.client.post("/phone/api/login", json={"subject": RESIDENT})
    assert login.status == 200, await login.text()

    async def ask(method: str, path: str, content: object = None) -> tuple[int, Any]:
        body = None if content is None else msgspec.json.encode(content)
        answer = await world.client.request(method, "/phone/api" + path, data=body, headers=headers)
        raw = await answer.read()
        return answer.status, msgspec.json.decode(raw) if raw else None

    return ask


@pytest.fixture
async def phone(world: World) -> Phone:
    """A phone of the resident."""
    return await log_in(world)
