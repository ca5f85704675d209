"""A real platform with its device listener in this process, and devices that enrol with it."""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from cloud_sync.certificates import note_trust
from cloud_sync.enrolment import enrol
from cloud_sync.enrolment_files import CA, IDENTITY
from cloud_sync.http import PlatformHttp
from cloud_sync.platform import enrolment
from cloud_sync.platform.app import build_platform, make_runner
from cloud_sync.platform.context import PLATFORM, Platform
from cloud_sync.platform.keys import make_keys
from cloud_sync.platform.listeners import Listeners
from cloud_sync.platform.settings import DeviceListener, PlatformSettings
from cloud_sync.wire.enrolment import Enrolment, fingerprint, mark_hardware
from cloud_sync.wire.enrolment_code import OneTimeCode
from edge.store.inline import InlineStore
from tests.fakes.clock import START_MS, FakeClock
from tests.fakes.ports import free_port

SITE, DEVICE = "heyuanli", "k1"


@dataclass
class Fleet:
    """The platform, its clock, and what enrols with it."""

    folder: Path
    clock: FakeClock
    platform: Platform
    listeners: Listeners
    url: str
    page_url: str
    https: list[PlatformHttp] = field(default_factory=list)

    async def code(self, device: str = DEVICE) -> OneTimeCode:
        """A new one-time code."""
        root = fingerprint(self.platform.keys.root.public)
        return await self.platform.database.write(
            lambda c: enrolment.issue_code(c, device, root, now_ms=self.clock.at_ms)
        )

    def place(self, machine: str = "pi-1") -> Path:
        """The folder `enrolment` of a machine."""
        return self.folder / machine / "enrolment"

    async def enrol(self, code: OneTimeCode, machine: str = "pi-1") -> Enrolment:
        """Enrol a machine, whose name is its serial number."""
        return await enrol(code, url=self.url, folder=self.place(machine), hardware=machine)

    def http(
        self,
        machine: str = "pi-1",
        *,
        hardware: str | None = None,
        device: str = DEVICE,
        store: InlineStore | None = None,
    ) -> PlatformHttp:
        """The line of an enrolled machine; `hardware`: the machine that it says it is."""
        place = self.place(machine)
        http = PlatformHttp(
            url=self.url,
            site=SITE,
            device=device,
            identity_file=place / IDENTITY,
            hardware=mark_hardware(hardware or machine),
            ca_file=place / CA,
            clock=self.clock,
            note_trust=None if store is None else partial(note_trust, store, "https"),
        )
        self.https.append(http)
        return http

    async def incidents(self) -> list[str]:
        """What the people of the fleet see."""
        rows = await self.platform.database.read(
            lambda c: c.execute("SELECT device, code FROM incidents ORDER BY id").fetchall()
        )
        return [f"{row['device']} {row['code']}" for row in rows]


@contextlib.asynccontextmanager
async def open_fleet(folder: Path, clock: FakeClock | None = None, **changes: Any) -> AsyncIterator[Fleet]:
    """A platform that listens for devices with certificates."""
    clock = clock or FakeClock(START_MS)
    pages, devices = free_port(), free_port()
    settings = PlatformSettings(
        site=SITE,
        name_zh="和园里",
        name_en="Heyuan Court",
        port=pages,
        device_listener=DeviceListener(port=devices),
        folder=str(folder / "platform"),
    )
    settings = msgspec.structs.replace(settings, **changes)
    make_keys(settings)
    app = build_platform(settings, clock_ms=lambda: clock.at_ms)
    runner = make_runner(app)
    await runner.setup()
    listeners = Listeners(settings, app[PLATFORM].keys, clock_ms=lambda: clock.at_ms)
    page_url, url = await listeners.start(runner)
    fleet = Fleet(folder, clock, app[PLATFORM], listeners, url.rstrip("/"), page_url)
    try:
        yield fleet
    finally:
        for http in fleet.https:
            await http.close()
        await runner.cleanup()
