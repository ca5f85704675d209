"""The stage's page in Chromium: over a made-up state in every look, and once over the real thing."""

import asyncio
import contextlib
import json
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from edge.demo.layout import Layout, Ports
from edge.demo.stage.running import staged_world
from tests.browser.conftest import chromium
from tests.browser.stage_looks import LONG, LOOKS, hub_away, line_red
from tests.browser.stage_stand import StageStand, both, made_up_state
from tests.browser.test_screens import serious

LAYOUT = Path(__file__).with_name("stage_layout.js").read_text("utf-8")
DRAWN = """async (entries) => {
  const wire = await import("/page/wire.js");
  while (wire.state()?.line.entries !== entries) await new Promise(requestAnimationFrame);
}"""
SIZES = {"wall": (1920, 1080), "laptop": (1366, 768)}
PATIENCE_MS = 20_000

pytestmark = [
    pytest.mark.slow,
    pytest.mark.xdist_group("stage"),
    pytest.mark.asyncio(loop_scope="module"),
]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    """One browser for all of them."""
    async with chromium() as launched:
        yield launched


@contextlib.asynccontextmanager
async def shown(browser: Browser, address: str, *, size: str = "laptop") -> AsyncIterator[Page]:
    """The page in Chinese, light, of a size; whatever it complains of fails the test."""
    width, height = SIZES[size]
    context = await browser.new_context(
        viewport={"width": width, "height": height},
        reduced_motion="reduce",
        locale="zh-CN",
        color_scheme="light",
    )
    page = await context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda said: complaints.append(said.text) if "Security Policy" in said.text else None)
    await page.goto(address, wait_until="domcontentloaded")
    await page.wait_for_selector("#shelf .good")
    await page.wait_for_selector("[data-door]")
    yield page
    await context.close()
    assert complaints == []


async def look_like(page: Page, stand: StageStand, look: str) -> None:
    """Turn the stage to a look, and wait until the page has drawn it."""
    state = made_up_state()
    LOOKS[look](state)
    state["line"]["entries"] = stand.state["line"]["entries"] + 1
    stand.tell(**state)
    async with asyncio.timeout(PATIENCE_MS / 1000):
        await page.evaluate(DRAWN, state["line"]["entries"])


async def faults_of(page: Page) -> list[str]:
    """What is cut off, covered, too small or outside."""
    found: list[str] = await page.evaluate(LAYOUT)
    return found


@pytest.mark.parametrize("size", SIZES)
async def test_every_look_fits_in_both_languages(browser: Browser, size: str) -> None:
    stand = StageStand()
    stand.answers["/switches/attack.replay"] = (200, {"state": "off", "said": LONG})
    found: dict[str, list[str]] = {}
    async with stand.serve() as address, shown(browser, address, size=size) as page:
        await page.click("[data-switch='attack.replay']")
        for language in ("zh", "en"):
            for look in LOOKS:
                await look_like(page, stand, look)
                if faults := await faults_of(page):
                    found[f"{look} {language}"] = faults
            await page.click("#language")
    assert found == {}, json.dumps(found, ensure_ascii=False, indent=1)


async def test_the_layout_check_sees_a_key_that_grew_too_long(browser: Browser) -> None:
    stand = StageStand()
    async with stand.serve() as address, shown(browser, address) as page:
        stand.state["switches"][0]["zh"] = "断开" * 60
        stand.tell()
        await expect(page.locator("[data-switch='network.cut']")).to_contain_text("断开断开")
        assert any("network" in fault or "断开" in fault for fault in await faults_of(page))


async def test_nothing_that_axe_calls_serious_in_both_languages_light_and_dark(browser: Browser) -> None:
    stand = StageStand()
    found: list[str] = []
    async with stand.serve() as address, shown(browser, address) as page:
        for look in ("everything_broken", "hub_away"):
            await look_like(page, stand, look)
            found += await serious(page)
            await page.click("#language")
            await page.click("#theme")
    assert found == []


async def test_every_key_is_reached_by_tab_and_has_a_name(browser: Browser) -> None:
    stand = StageStand()
    async with stand.serve() as address, shown(browser, address) as page:
        skipped = page.locator("main button[tabindex='-1'], main button:disabled")
        await expect(skipped).to_have_count(0)
        await page.focus("#play")
        await page.keyboard.press("Tab")
        await expect(page.locator("#theme")).to_be_focused()
        await page.focus("[data-switch='network.slow']")
        await expect(page.locator("#fault-help")).to_contain_text("每秒只过几千字节")
        await page.keyboard.press("Enter")
        await page.focus("[data-door='gate']")
        await page.keyboard.press("Space")
        await page.focus("[data-cell='C04']")
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("button", name="推开北门, 门是关的, 小区设备说：关着")).to_be_visible()
    assert stand.posted == [
        ("/switches/network.slow", {"on": True}),
        ("/hands/doors/gate", {"push": "closed"}),
        ("/hands/cells/C04", {"open": False}),
    ]


async def test_the_line_is_green_only_while_it_was_checked(browser: Browser) -> None:
    stand = StageStand()
    async with stand.serve() as address, shown(browser, address) as page:
        line = page.locator("#line")
        await expect(line).to_have_attribute("data-state", "ok")
        await expect(line).to_contain_text("0 丢失 · 0 重复 · 0 多开")
        await expect(line).to_contain_text("0 lost · 0 doubled · 0 extra openings")
        line_red(stand.state)
        stand.tell()
        await expect(line).to_have_attribute("data-state", "bad")
        await expect(page.locator("#line-note")).to_have_text("同一条开门命令开了两次门 · 还有 1 条")
        await line.click()
        await expect(page.locator("#reasons")).to_contain_text("A paid sale is not in the journal")
        hub_away(stand.state)
        stand.tell()
        await expect(line).to_have_attribute("data-state", "unknown")
        await expect(page.locator("#line-note")).to_contain_text("主机不在")


async def test_nothing_is_shown_as_known_when_the_stage_itself_is_gone(browser: Browser) -> None:
    stand = StageStand()
    async with contextlib.AsyncExitStack() as stack:
        serving = await stack.enter_async_context(contextlib.AsyncExitStack())
        address = await serving.enter_async_context(stand.serve())
        page = await stack.enter_async_context(shown(browser, address))
        await expect(page.locator("[data-door='north-gate'] .word")).to_have_text("关着")
        await serving.aclose()
        await expect(page.locator("#line")).to_have_attribute("data-state", "unknown")
        await expect(page.locator("#line-note")).to_contain_text("舞台没有回答")
        await expect(page.locator("[data-door='north-gate'] .word")).to_have_text("不知道")
        await page.click("[data-switch='network.slow']")
        await expect(page.locator("#fault-said")).to_contain_text("舞台没有回答")


async def test_a_doors_picture_follows_its_leaf_and_its_word_the_hub(browser: Browser) -> None:
    stand = StageStand()
    async with stand.serve() as address, shown(browser, address) as page:
        north = page.locator("[data-door='north-gate']")
        stand.state["doors"][1]["world"]["open"] = True
        stand.tell()
        await expect(north.locator(".leafbox")).to_have_attribute("data-open", "true")
        await expect(north.locator(".word")).to_have_text("关着")
        stand.answers["/hands/doors/building-3"] = (200, {"moved": False})
        await page.click("[data-door='building-3']")
        await expect(page.locator("#doors-said")).to_have_text("3号楼单元门推不动：锁着")


async def test_what_the_phone_shows_is_held_before_the_camera(browser: Browser) -> None:
    stand = StageStand()
    async with stand.serve() as address, shown(browser, address) as page:
        await page.frame_locator("#phone").locator("a[target=camera]").wait_for()
        await page.click("#show-phone")
        await expect(page.locator("#phone-said")).to_contain_text("摄像头前")
        await page.frame_locator("#phone").locator("a").evaluate("(link) => link.remove()")
        await page.click("#show-phone")
        await expect(page.locator("#phone-said")).to_contain_text("没有码")
        stand.answers["/hold"] = (409, {"said": both("摄像头不在。", "The camera is not there.")})
        await page.click(".good >> nth=0")
        await expect(page.locator("#camera-said")).to_have_text("摄像头不在。")
    card, good = stand.posted
    assert card == ("/hold", {"camera": "kiosk", "symbology": "qr", "text": "CE1:card"})
    assert good[1].keys() == {"camera", "good"}


async def test_a_kiosk_that_was_away_at_first_is_fetched_when_the_hub_is_back(browser: Browser) -> None:
    stand = StageStand(kiosk_away=True)
    stand.state["health"]["hub"] = "away"
    async with stand.serve() as address, shown(browser, address) as page:
        heading = page.frame_locator("#kiosk").locator("h1")
        await expect(page.locator("#hub-said")).to_have_text("主机不在")
        await expect(heading).to_have_count(0)
        stand.kiosk_away = False
        stand.tell(health={"hub": "ok"})
        await expect(heading).to_have_text("kiosk", timeout=PATIENCE_MS)


async def test_the_stage_over_the_real_thing(browser: Browser, tmp_path: Path) -> None:
    layout = Layout(folder=tmp_path, ports=Ports.free())
    async with contextlib.AsyncExitStack() as stack:
        stage = await stack.enter_async_context(staged_world(layout, stop=asyncio.Event()))
        page = await stack.enter_async_context(shown(browser, stage.address, size="wall"))
        page.set_default_timeout(PATIENCE_MS)
        kiosk, phone = page.frame_locator("#kiosk"), page.frame_locator("#phone")
        await page.get_by_role("button", name="拿着古法酱油对着摄像头").click()
        await expect(kiosk.locator(".fresh h2")).to_have_text("古法酱油", timeout=PATIENCE_MS)
        await page.click("[data-door='gate']")
        await expect(page.locator("#doors-said")).to_have_text("南门推不动：锁着")
        await expect(page.locator("[data-door='gate'] .word")).to_have_text("关着", timeout=PATIENCE_MS)
        await phone.locator("#personas [data-action=login]").first.click()
        await phone.locator(".own .qr svg").wait_for()
        await page.click("#phone-network")
        await expect(page.locator("#phone-network")).to_have_attribute("aria-pressed", "true")
        await page.click("[data-switch='network.cut']")
        await expect(page.locator("#fault-said")).not_to_be_empty(timeout=PATIENCE_MS)
        await expect(kiosk.locator(".status.banner")).to_contain_text("网络断了", timeout=PATIENCE_MS)
        await expect(page.locator("#entries")).to_contain_text(re.compile("StockReceived"))
        await expect(page.locator("#camera")).to_have_js_property("naturalWidth", 640)
        assert await faults_of(page) == []
