"""The screen at a door: every saying readable from afar, live, and deaf to touches."""

import pytest
from playwright.async_api import Browser, expect

from kiosk.desks.gate_views import GateSaying
from tests.browser.conftest import serve
from tests.browser.test_screens import serious
from tests.fakes.kiosk_desks import START_MS
from tests.fakes.kiosk_gates import GATE_NAME
from tests.fakes.kiosk_stand import Stand

pytestmark = pytest.mark.slow

SAYINGS = (
    GateSaying(GATE_NAME, "ask"),
    GateSaying(GATE_NAME, "granted", at_ms=START_MS, uses=2, wait_s=4),
    GateSaying(GATE_NAME, "opened", at_ms=START_MS, uses=2),
    GateSaying(GATE_NAME, "refused", code="pass_expired", at_ms=START_MS),
    GateSaying(GATE_NAME, "refused", code="revocation_list_old", at_ms=START_MS),
    GateSaying(GATE_NAME, "unknown", code="contact_silent", at_ms=START_MS),
    GateSaying(GATE_NAME, "free"),
    GateSaying(GATE_NAME, "fire"),
    GateSaying(GATE_NAME, "locked_down"),
)
SIZES = ({"width": 480, "height": 800}, {"width": 1280, "height": 800})
OVERFLOW = """() => [...document.querySelectorAll("#screen *")].filter((e) => {
  const r = e.getBoundingClientRect(), m = document.documentElement;
  return r.width && (r.right > m.clientWidth + 1 || r.bottom > m.clientHeight + 1) && !e.closest("svg");
}).map((e) => e.className)"""


async def test_every_saying_is_shown_at_once_and_fits(browser: Browser) -> None:
    stand, faults = Stand(), []
    async with serve(stand) as port:
        page = await browser.new_page(reduced_motion="reduce")
        await page.goto(f"http://127.0.0.1:{port}/gate/gate/")
        for said in SAYINGS:
            stand.gates.said = said
            await expect(page.locator("h1")).to_have_text(TITLES[said.saying])
            for size in SIZES:
                await page.set_viewport_size({"width": size["width"], "height": size["height"]})
                faults += [f"{said.saying}: {fault}" for fault in await page.evaluate(OVERFLOW)]
            faults += [f"{said.saying}: {fault}" for fault in await serious(page)]
        await page.close()
    assert faults == []


TITLES = {
    "ask": "请出示通行码",
    "granted": "请拉门",
    "opened": "门开了",
    "refused": "不能开",
    "unknown": "不知道开没开",
    "free": "门没有锁",
    "fire": "消防释放，门没有锁",
    "locked_down": "现在锁闭",
}
