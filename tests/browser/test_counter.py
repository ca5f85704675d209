"""The counter's pages in Chromium: readable, nothing axe calls serious, usable without a mouse.

EDGE_SCREENS=folder writes every page there, to be looked at.
"""

import asyncio
import os
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from tests.browser.counter_tour import LANGUAGES, SIZES, at_counter, make_day, serve_counter, sign_in, tour
from tests.browser.test_screens import serious
from tests.fakes.counter_stand import PIN
from tests.fakes.trade import events_of

PICTURES = os.environ.get("EDGE_SCREENS", "")

pytestmark = pytest.mark.slow

OVERFLOW = "() => document.documentElement.scrollWidth > document.documentElement.clientWidth"


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("size", SIZES)
async def test_every_page_can_be_used_by_everybody(browser: Browser, size: str, language: str) -> None:
    day, faults, seen = await make_day(), [], []
    async with (
        serve_counter(day.stand) as url,
        at_counter(browser, url, size, language) as page,
    ):
        async for name in tour(page, url, day):
            seen.append(name)
            faults += [f"{name}: {fault}" for fault in await serious(page)]
            assert await page.evaluate("document.documentElement.lang") == (
                "en" if language == "en" else "zh-CN"
            )
            if await page.evaluate(OVERFLOW):
                faults.append(f"{name}: wider than the screen")
            if PICTURES:
                path = Path(PICTURES) / f"counter-{name}-{size}-{language}.png"
                await asyncio.to_thread(path.parent.mkdir, parents=True, exist_ok=True)
                await page.screenshot(path=path, full_page=True)
    assert faults == []
    assert len(seen) == len(set(seen)) > 10


async def test_a_door_is_seen_to_open_without_a_touch_and_a_form_outlives_the_looks(browser: Browser) -> None:
    day = await make_day()
    async with (
        serve_counter(day.stand) as url,
        at_counter(browser, url, "wide", "zh") as page,
    ):
        await sign_in(page, "guard")
        await page.goto(url + "/doors/at/entrance")
        await page.locator("#note").fill("送水的")
        opened = replace(day.stand.doors.view.doors[1], state="open", contact="open")
        doors = (day.stand.doors.view.doors[0], opened, *day.stand.doors.view.doors[2:])
        day.stand.doors.view = replace(day.stand.doors.view, doors=doors)
        await expect(page.locator("#door")).to_contain_text("门磁说：开着", timeout=10_000)
        assert await page.locator("#note").input_value() == "送水的"
        await page.locator("#why").select_option("delivery")
        await page.get_by_role("button", name="以我的名字开门").click()
        await expect(page.locator("h1")).to_have_text("2单元门")
    assert [each[0] for each in day.stand.doors.asked] == ["open"]


async def test_a_release_needs_only_the_keyboard(browser: Browser) -> None:
    day = await make_day()
    async with (
        serve_counter(day.stand) as url,
        at_counter(browser, url, "wide", "zh") as page,
    ):
        await sign_in(page, "clerk")
        await page.locator("#find").fill(f"CE-S:{day.unknown}.token")
        await page.keyboard.press("Enter")
        await page.wait_for_selector("#reason")
        await page.locator("#reason").focus()
        for text in ("顾客等不了", "supervisor", PIN):
            await page.keyboard.type(text)
            await page.keyboard.press("Tab")
        await page.keyboard.press("Enter")
        await page.wait_for_selector(".state.open")
    assert len(events_of(day.stand.store, "PaymentReleased")) == 1
