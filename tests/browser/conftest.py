"""A kiosk in a real browser over paper desks: every screen can be reached without another process."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest
from aiohttp import web
from playwright.async_api import Browser, Page, async_playwright

from edge.trust.clock import Reading, Trust
from kiosk.screens.table import all_screens
from kiosk.server import Front, build_screen
from kiosk.session import Desks, Place, Session
from kiosk.words import Text
from tests.fakes.kiosk_desks import START_MS, PaperHealth, PaperHome, PaperLockers, PaperShop, PaperTill

FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
).split()
SIZES = {"portrait": (1080, 1920), "land": (1920, 1080), "short": (1280, 800)}


@dataclass
class HandClock:
    """A trusted clock, and the time that only passes, both moved by hand."""

    at_ms: int = START_MS
    trust: Trust = Trust.SYNCED

    def now(self) -> Reading:
        """See the port."""
        return Reading(self.at_ms, self.trust)

    def monotonic_ms(self) -> int:
        """Time that only passes."""
        return self.at_ms


class HandScans:
    """Scans that the test shows."""

    def __init__(self) -> None:
        self.queue: asyncio.Queue[Any] = asyncio.Queue()

    async def get(self) -> Any:
        """See the port."""
        return await self.queue.get()

    def clear(self) -> None:
        """See the port."""


@dataclass(frozen=True)
class Seen:
    """One scan."""

    symbology: str
    text: str


class HandHints:
    """Hints that the test gives; a screen polls every 30 ms without them."""

    async def wait(self, timeout_s: float | None = None) -> str | None:
        """See the port."""
        await asyncio.sleep(min(timeout_s or 0.03, 0.03))
        return None


@dataclass
class Stand:
    """A served kiosk and everything a test may push."""

    url: str
    session: Session
    shop: PaperShop
    till: PaperTill
    lockers: PaperLockers
    home: PaperHome
    health: PaperHealth
    clock: HandClock
    scans: HandScans

    async def scan(self, symbology: str, text: str) -> None:
        """Show a code to the camera."""
        await self.scans.queue.put(Seen(symbology, text))


@contextlib.asynccontextmanager
async def stand() -> AsyncIterator[Stand]:
    """Serve one kiosk on a free port of loopback."""
    shop, till, lockers, home, health = PaperShop(), PaperTill(), PaperLockers(), PaperHome(), PaperHealth()
    clock, scans = HandClock(), HandScans()
    session = Session(
        desks=Desks(shop, till, lockers, home, health),
        screens=all_screens(),
        place=Place(Text("和园里", "Heyuan Court"), 60, "http://127.0.0.1:8090/phone"),
        clock=clock,
        monotonic_ms=clock.monotonic_ms,
    )

    async def well() -> dict[str, object]:
        return {"ready": True}

    app = build_screen(
        Front(
            session, scans, HandHints(), well, lambda: "kiosk_up 1\n", frozenset({"127.0.0.1", "localhost"})
        )
    )
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    try:
        yield Stand(f"http://127.0.0.1:{port}/", session, shop, till, lockers, home, health, clock, scans)
    finally:
        await runner.cleanup()


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    """Chromium of the system."""
    async with async_playwright() as playwright:
        chromium = await playwright.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        yield chromium
        await chromium.close()


@contextlib.asynccontextmanager
async def looking_at(browser: Browser, url: str, size: str = "portrait") -> AsyncIterator[Page]:
    """A page of that size over the kiosk; anything the browser complains of fails the test."""
    width, height = SIZES[size]
    context = await browser.new_context(viewport={"width": width, "height": height}, reduced_motion="reduce")
    page = await context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    await page.goto(url)
    await page.wait_for_function("document.getElementById('gone').hidden")
    yield page
    await context.close()
    assert complaints == []
