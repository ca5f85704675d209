"""Every screen in Chromium: nothing clipped or too small; where parts are away, nothing axe calls serious.

What axe says of every screen while all is well is a proof of its own (`tests/proofs/axe.py`).

EDGE_SCREENS=folder writes the main screens there, to be looked at.
"""

import asyncio
import os
from pathlib import Path

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page

from tests.browser.conftest import LookAt
from tests.browser.tour import STEPS, tour
from tests.fakes.kiosk_stand import Stand

LAYOUT = (Path(__file__).parent / "layout.js").read_text()
PICTURES = os.environ.get("EDGE_SCREENS", "")
PICTURED = ("idle", "home", "shop", "pay", "pay-unknown", "receipt", "pickup", "fees", "pay-split", "points")
PLAIN = ("portrait-zh", "landscape-zh")
BESIDE = (("home", "portrait-zh-degraded"), ("shop", "landscape-en-degraded"))
MODES = [
    # size, language, large, contrast, what is away
    ("portrait", "zh", False, False, ()),
    ("portrait", "en", True, False, ()),
    ("portrait", "zh", False, True, ("platform",)),
    ("landscape", "zh", False, False, ()),
    ("landscape", "en", False, False, ("lockers", "clock")),
    ("landscape", "zh", True, False, ()),
    ("short", "zh", False, False, ()),
    ("short", "en", False, False, ()),
]

pytestmark = pytest.mark.slow


async def set_mode(stand: Stand, language: str, large: bool, contrast: bool) -> None:
    """Language, type size and contrast belong to the visit."""
    stand.session.visit.language = "en" if language == "en" else "zh"
    stand.session.visit.large, stand.session.visit.contrast = large, contrast


async def shown(page: Page, stand: Stand) -> None:
    """Wait until the browser shows the state that the session is in."""
    want = [stand.screen, "en" if stand.session.visit.language == "en" else "zh-CN"]
    want.append("large" if stand.session.visit.large else "normal")
    await page.wait_for_function(
        """([screen, lang, size]) => {
          const main = document.getElementById("screen"), root = document.documentElement;
          return main.dataset.screen === screen && root.lang === lang && root.dataset.size === size;
        }""",
        arg=want,
    )
    stand.session.visit.knocks = ("", stand.session.visit.knocks[1] + 1)
    await page.wait_for_function(
        "(n) => document.getElementById('screen').dataset.sound.endsWith(n)",
        arg=f":{stand.session.visit.knocks[1]}",
    )


@pytest.mark.parametrize(("size", "language", "large", "contrast", "away"), MODES)
async def test_every_screen_fits_and_can_be_used_by_everybody(
    look_at: LookAt, size: str, language: str, large: bool, contrast: bool, away: tuple[str, ...]
) -> None:
    stand, faults, seen = Stand(), [], []
    stand.health.away = away
    async with look_at(stand, size) as page:
        await set_mode(stand, language, large, contrast)
        async for name in tour(stand):
            await shown(page, stand)
            seen.append(name)
            faults += [f"{name}: {fault}" for fault in await page.evaluate(LAYOUT)]
            if away:
                faults += [f"{name}: {fault}" for fault in await serious(page)]
            mode = f"{size}-{language}{'-degraded' if away else ''}"
            plain = name in PICTURED and mode in PLAIN and not large
            if PICTURES and (plain or (name, mode) in BESIDE):
                await take_picture(page, f"{name}-{mode}")
    assert faults == []
    assert seen == [name for name, _ in STEPS]


async def take_picture(page: Page, name: str) -> None:
    """Write the picture of a screen; the browser draws at half size, so that pictures stay small."""
    path = Path(PICTURES) / f"{name}.png"
    await asyncio.to_thread(path.parent.mkdir, parents=True, exist_ok=True)
    await page.screenshot(path=path)


async def serious(page: Page) -> list[str]:
    """What axe calls serious or critical; its half megabyte goes into a page once."""
    if await page.evaluate("typeof axe === 'undefined'"):
        await page.evaluate(Axe().axe_script)
    found = await page.evaluate("() => axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{violation['id']} {node['target']} {node.get('failureSummary', '')[:160]}"
        for violation in found["violations"]
        if violation["impact"] in ("serious", "critical")
        for node in violation["nodes"]
    ]


async def test_the_layout_check_sees_what_is_clipped(look_at: LookAt) -> None:
    stand = Stand()
    async with look_at(stand, "portrait") as page:
        await stand.do("touch")
        await shown(page, stand)
        await page.evaluate("document.querySelector('.box span').textContent = '很长'.repeat(40)")
        assert await page.evaluate(LAYOUT)


async def test_axe_sees_a_key_without_a_name(look_at: LookAt) -> None:
    stand = Stand()
    async with look_at(stand, "portrait") as page:
        await page.evaluate("document.querySelector('.foot .key').replaceChildren()")
        assert any("button-name" in fault for fault in await serious(page))
