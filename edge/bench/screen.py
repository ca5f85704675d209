"""`screen`: from a tap to changed DOM in Chromium, beside a bare WebSocket echo in the same browser."""

import asyncio
import tempfile
from pathlib import Path
from typing import Any

from aiohttp import web
from playwright.async_api import Page, async_playwright

from edge.bench.figures import Case, case, middle
from edge.demo.layout import Layout, Ports
from edge.demo.world import World, fetch_status
from kiosk.assets import Assets

TAPS = 300
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]
STATIC_LIMIT_KB = 60
TAP = """async (taps) => {
  const main = () => document.getElementById("screen"), times = [];
  for (let tap = 0; tap < taps; tap++) {
    const key = document.querySelector('[data-do="language"]');
    const changed = new Promise((done) => {
      const watch = new MutationObserver(() => { watch.disconnect(); done(performance.now()); });
      watch.observe(document.body, { subtree: true, childList: true, characterData: true });
    });
    await new Promise((done) => setTimeout(done, 5));
    const began = performance.now(), before = main().dataset.lang;
    key.click();
    const at = await changed;
    while (main().dataset.lang === before) await new Promise((done) => setTimeout(done, 1));
    times.push(at - began);
  }
  return times;
}"""
ECHO = """async ([url, turns]) => {
  const socket = new WebSocket(url), times = [];
  await new Promise((done) => { socket.onopen = done; });
  for (let turn = 0; turn < turns; turn++) {
    await new Promise((done) => setTimeout(done, 5));
    const answered = new Promise((done) => { socket.onmessage = () => done(performance.now()); });
    const began = performance.now();
    socket.send(JSON.stringify({ gesture: "language", value: "", n: turn }));
    times.push(await answered - began);
  }
  socket.close();
  return times;
}"""
FIRST_PAINT = "() => performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 0"


def run() -> list[Case]:
    """Start the hub of a fresh demo site, tap the language key, weigh the static files."""
    with tempfile.TemporaryDirectory(prefix="edge-bench-") as folder:
        world = World(Layout(folder=Path(folder), ports=Ports.free()))
        world.prepare()
        world.start_hub(wait=False)
        try:
            return asyncio.run(_measure(world.layout.ports.kiosk))
        finally:
            world.processes.end("hub")


async def _measure(port: int) -> list[Case]:
    async with asyncio.timeout(30):
        while await asyncio.to_thread(fetch_status, port, "/health") is None:
            await asyncio.sleep(0.05)
    async with async_playwright() as playwright:
        chromium = await playwright.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        page = await chromium.new_page(viewport={"width": 1080, "height": 1920})
        await page.goto(f"http://127.0.0.1:{port}/")
        await page.wait_for_selector('[data-do="touch"]')
        paints = [await _first_paint(page) for _ in range(5)]
        await page.locator(".invite").click()
        await page.wait_for_selector('[data-screen="home"]')
        taps = sorted(await page.evaluate(TAP, TAPS))
        echoes = sorted(await _echo(await chromium.new_page()))
        await chromium.close()
    return _cases(taps, echoes, paints)


async def _first_paint(page: Page) -> float:
    await page.reload()
    async with asyncio.timeout(10):
        while not (painted_ms := float(await page.evaluate(FIRST_PAINT))):
            await asyncio.sleep(0.02)
    return painted_ms


async def _echo(page: Page) -> list[float]:
    """The floor: a message to a server that sends it back, from the same browser."""

    async def echo(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        async for message in socket:
            await socket.send_str(message.data)
        return socket

    async def blank(request: web.Request) -> web.Response:
        del request
        return web.Response(text="<!doctype html>", content_type="text/html")

    app = web.Application()
    app.router.add_get("/", blank)
    app.router.add_get("/echo", echo)
    runner = web.AppRunner(app, shutdown_timeout=1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    port = runner.addresses[0][1]
    await page.goto(f"http://127.0.0.1:{port}/")
    times: Any = await page.evaluate(ECHO, [f"ws://127.0.0.1:{port}/echo", TAPS])
    await runner.cleanup()
    return [float(taken) for taken in times]


def _cases(taps: list[float], echoes: list[float], paints: list[float]) -> list[Case]:
    p50, p99 = middle(taps), taps[int(len(taps) * 0.99)]
    paint, size_kb = middle(paints), Assets().compressed_bytes / 1024
    return [
        case("screen-tap-p50", p50, "ms", floor=middle(echoes), target="<= 10 ms", ok=p50 <= 10, n=len(taps)),
        case(
            "screen-tap-p99",
            p99,
            "ms",
            floor=echoes[int(len(echoes) * 0.99)],
            target="<= 30 ms",
            ok=p99 <= 30,
            n=len(taps),
        ),
        case("screen-first-paint", paint, "ms", target="<= 300 ms", ok=paint <= 300, n=len(paints)),
        case("screen-static", size_kb, "KiB", target="<= 60 KiB", ok=size_kb <= STATIC_LIMIT_KB, n=1),
    ]
