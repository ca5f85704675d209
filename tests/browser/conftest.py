"""A kiosk in a real browser over paper desks: every screen can be reached without another process."""

import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager

import pytest
from aiohttp import web
from playwright.async_api import Browser, Page, async_playwright

from kiosk.server import build_screen
from tests.fakes.kiosk_stand import Stand

FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
SIZES = {"portrait": (1080, 1920), "landscape": (1920, 1080), "short": (1280, 800)}
LookAt = Callable[[Stand, str], AbstractAsyncContextManager[Page]]


@contextlib.asynccontextmanager
async def serve(stand: Stand, port: int = 0) -> AsyncIterator[int]:
    """Serve a kiosk on a port of loopback; gives the port."""
    runner = web.AppRunner(build_screen(stand.front()))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port, reuse_address=True).start()
    try:
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


@contextlib.asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """Chromium of the system."""
    async with async_playwright() as playwright:
        launched = await playwright.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        yield launched
        await launched.close()


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    """A browser for one test."""
    async with chromium() as launched:
        yield launched


@contextlib.asynccontextmanager
async def looking(browser: Browser, stand: Stand, size: str) -> AsyncIterator[Page]:
    """A page over a stand; anything that the browser complains of is an AssertionError at the end."""
    width, height = SIZES[size]
    async with serve(stand) as port:
        context = await browser.new_context(
            viewport={"width": width, "height": height},
            reduced_motion="reduce",
            device_scale_factor=0.5,
        )
        page = await context.new_page()
        complaints: list[str] = []
        page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        await page.goto(f"http://127.0.0.1:{port}/")
        await page.wait_for_selector("main[data-screen]")
        yield page
        await context.close()
        assert complaints == []


@pytest.fixture
def look_at(browser: Browser) -> LookAt:
    """Opens a page over a stand in the test's browser."""
    return lambda stand, size: looking(browser, stand, size)
