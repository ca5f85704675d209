"""One trial's site for the proof `network`: a platform in its folder, a device, and what happened on both.

Time limits are a twentieth of the real ones.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from random import Random
from typing import Any

from aiohttp import web

from cloud_sync.downlink import Downlink
from cloud_sync.http import ANSWER_BYTES, USUAL, Patience, PlatformHttp
from cloud_sync.platform import commands, feed
from cloud_sync.platform.app import build_platform
from cloud_sync.platform.context import PLATFORM, Platform
from cloud_sync.platform.keys import make_keys
from cloud_sync.platform.settings import DeviceSettings, PlatformSettings
from cloud_sync.uplink import Uplink
from edge.access.events import DoorOpened
from edge.errors import PlatformError
from edge.links.backoff import Backoff
from edge.links.cancelling import end_task
from edge.store import journal, telemetry_records
from edge.store.inline import InlineStore
from edge.store.telemetry_records import Reading
from edge.store.unit import Unit
from edge.tables import MIGRATIONS
from tests.fakes.clock import START_MS, FakeClock

SITE, DEVICE = "heyuanli", "k1"
PATIENCE = Patience(connect_s=0.1, silence_s=0.15, total_s=0.5)
DRAIN_S = 60.0
"""Invariant I13."""
COMMAND_LIFE_MS = 20_000
KEPT_SAMPLES = 10_080


class HurriedHttp(PlatformHttp):
    """The product's client, whose every question has a twentieth of its real time."""

    async def exchange(
        self,
        method: str,
        path: str,
        *,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        query: Mapping[str, str | int] | None = None,
        patience: Patience = USUAL,
        undated: bool = False,
        limit_bytes: int = ANSWER_BYTES,
    ) -> bytes:
        """As there."""
        return await super().exchange(
            method,
            path,
            body=body,
            headers=headers,
            query=query,
            patience=PATIENCE,
            undated=undated,
            limit_bytes=limit_bytes,
        )


class Site:
    """What was recorded on the device, what was authored and commanded on the platform."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.chance = Random(seed)
        self.clock = FakeClock(START_MS)
        self.folder = folder
        self.settings = PlatformSettings(
            site=SITE,
            name_zh="和园里",
            name_en="Heyuan Court",
            device=[DeviceSettings(DEVICE, "keys/k1.token")],
            folder=str(folder),
        )
        make_keys(self.settings)
        self.token = (folder / "keys/k1.token").read_text().strip()
        self.store = InlineStore.in_memory(clock=self.clock, migrations=MIGRATIONS)
        self.applied: list[tuple[str, int]] = []
        self.authored: dict[str, int] = {}
        self.commanded: list[str] = []
        self._runner: web.AppRunner | None = None
        self.platform: Platform

    async def start_platform(self) -> int:
        """Start it on what its folder holds; returns its port."""
        app = build_platform(self.settings, clock_ms=lambda: self.clock.at_ms)
        self.platform = app[PLATFORM]
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.02, auto_decompress=False)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        return int(self._runner.addresses[0][1])

    async def stop_platform(self) -> None:
        """End it in the midst of whatever it does."""
        assert self._runner is not None
        await self._runner.cleanup()

    def record(self, authorisation: str = "pass:p:1") -> None:
        """One opening happens."""
        opening = f"k1-1-{journal.read_head(self.store.connection).seq + 1}"
        event = DoorOpened(opening=opening, place="door:gate", authorisation=authorisation)
        self.store.run_now(lambda unit: unit.record(event, actor="proof"))

    def measure(self) -> None:
        """One sample of telemetry is taken."""
        reading = Reading(self.clock.at_ms, "synced", b'{"uptime_s":1}')
        self.store.run_now(
            lambda unit: telemetry_records.append(
                unit.connection, 1, [reading], keep_rows=KEPT_SAMPLES, lost=0
            )
        )

    async def author(self) -> None:
        """One record changes on the platform."""
        name = f"n{self.chance.randrange(6)}"
        notice = {"id": name, "from_ms": self.chance.randrange(10**9), "until_ms": 10**12}
        notice |= dict.fromkeys(("title_zh", "title_en", "body_zh", "body_en"), "x")
        await self.platform.database.write(lambda c: feed.put_record(c, "notices", name, notice))
        self.authored[name] = self.authored.get(name, 0) + 1

    async def command(self) -> None:
        """Somebody asks for the gate in the app; nothing comes of it before the device has said its nonce."""
        key = self.platform.keys.signing["commands"]
        with contextlib.suppress(commands.DeviceNotReady):
            issued = await self.platform.database.write(
                lambda c: commands.create_command(
                    c,
                    key,
                    site=SITE,
                    device=DEVICE,
                    door="gate",
                    subject="res-1203",
                    now_ms=self.clock.at_ms,
                    life_ms=COMMAND_LIFE_MS,
                )
            )
            self.commanded.append(issued.id)
            self.platform.command_bell.ring([DEVICE])

    def apply(self, unit: Unit, name: str, version: int, data: dict[str, Any] | None) -> None:
        """The room that keeps the copy."""
        self.applied.append((name, version))

    @contextlib.asynccontextmanager
    async def device(self, url: str) -> AsyncIterator[PlatformHttp]:
        """Uplink and downlink of one life of the device."""
        async with HurriedHttp(url=url, site=SITE, device=DEVICE, token=self.token) as http:
            uplink = Uplink(
                store=self.store,
                http=http,
                batch_events=self.chance.choice((10, 25)),
                patience=PATIENCE,
                backoff=Backoff(first_s=0.01, limit_s=0.05),
                sleep=short_sleep,
            )
            downlink = Downlink(
                store=self.store,
                http=http,
                appliers={
                    "notices": self.apply,
                    **dict.fromkeys(("keyset", "revocation_list"), lambda *_: None),
                },
                page_changes=self.chance.choice((1, 3)),
                patience=PATIENCE,
            )
            wait_s = self.chance.choice((0, 1))
            async with running(uplink.run(), _follow(downlink, wait_s)):
                yield http


@contextlib.asynccontextmanager
async def running(*loops: Any) -> AsyncIterator[None]:
    """Coroutines beside what is done inside; a fault of one is raised at the end."""
    tasks = [asyncio.create_task(loop) for loop in loops]
    try:
        yield
        for task in tasks:
            if task.done():
                task.result()
    finally:
        for task in tasks:
            await end_task(task)


async def short_sleep(asked_s: float) -> None:
    """A rest of the product, cut short."""
    await asyncio.sleep(min(asked_s, 0.05))


async def _follow(downlink: Downlink, wait_s: int) -> None:
    """The role's loop, in some lives with its long poll: silence breaks it off before its first beat."""
    while True:
        with contextlib.suppress(PlatformError):
            await downlink.read_next(wait_s=wait_s)
        await asyncio.sleep(0.005)
