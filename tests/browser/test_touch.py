"""The browser's side: keys answer under the finger, a lost hub is said, a reload loses nothing."""

import pytest
from playwright.async_api import Browser, expect

from tests.browser.conftest import LookAt, serve
from tests.fakes.kiosk_desks import ORDER_CODE
from tests.fakes.kiosk_stand import Seen, Stand

pytestmark = pytest.mark.slow


async def test_a_sale_by_finger_and_camera(look_at: LookAt) -> None:
    stand = Stand()
    async with look_at(stand, "portrait") as page:
        await page.get_by_text("碰一下屏幕").click()
        await page.get_by_role("button", name="买东西").click()
        await stand.scans.queue.put(Seen("ean13", "6901234567892"))
        await expect(page.locator(".look")).to_contain_text("古法酱油")
        await page.get_by_role("button", name="鲜牛奶").click()
        await page.get_by_role("button", name="去付款").click()
        await expect(page.locator(".payqr")).to_contain_text("28.60 元")
        box = await page.locator(".qr svg").bounding_box()
        assert box is not None and box["width"] >= 440
        stand.till.state = "paid"
        stand.clock.advance(3)
        await expect(page.locator("h1")).to_have_text("付好了")
        await expect(page.locator(".paper")).to_contain_text("非发票")
        await page.get_by_role("button", name="好了，再见").click()
        await expect(page.get_by_text("碰一下屏幕")).to_be_visible()
        assert "古法酱油" not in await page.locator("main").inner_text()


async def test_the_door_picture_follows_the_contact(look_at: LookAt) -> None:
    stand = Stand()
    async with look_at(stand, "landscape") as page:
        await stand.scans.queue.put(Seen("qr", ORDER_CODE))
        await expect(page.get_by_text("正在开 B03")).to_be_visible()
        await expect(page.locator(".bank .cell.open")).to_have_count(0)
        stand.lockers.move("B03", "open")
        await expect(page.locator(".bank .cell.open")).to_have_text("B03")
        stand.lockers.move("B03", "unknown")
        await expect(page.get_by_text("不知道 B03 开没开")).to_be_visible()
        await expect(page.locator(".bank .cell.open")).to_have_count(0)


async def test_a_key_goes_down_at_touch_down_and_acts_at_touch_up(look_at: LookAt) -> None:
    stand = Stand()
    async with look_at(stand, "portrait") as page:
        await page.get_by_text("碰一下屏幕").click()
        door = page.get_by_role("button", name="通知活动")
        await door.hover()
        await page.mouse.down()
        assert await door.get_attribute("data-pressed") == ""
        assert stand.screen == "home"
        await page.mouse.up()
        await expect(page.locator("h1")).to_have_text("通知活动")


async def test_a_second_tap_before_the_answer_does_nothing(look_at: LookAt) -> None:
    stand = Stand()
    async with look_at(stand, "portrait") as page:
        await stand.do("touch", "open=shop")
        await expect(page.locator("h1")).to_have_text("买东西")
        await page.locator(".good").first.evaluate("(good) => { good.click(); good.click(); good.click(); }")
        await expect(page.locator(".line output")).to_have_text("1")


async def test_english_is_one_touch_away_and_forgotten_at_the_end(look_at: LookAt) -> None:
    stand = Stand()
    async with look_at(stand, "portrait") as page:
        await page.get_by_role("button", name="English").click()
        await expect(page.get_by_text("Touch the screen")).to_be_visible()
        assert await page.evaluate("document.documentElement.lang") == "en"
        await stand.do("end")
        await expect(page.get_by_text("碰一下屏幕")).to_be_visible()


async def test_a_lost_hub_is_said_and_found_again(browser: Browser) -> None:
    stand = Stand()
    page = await browser.new_page(viewport={"width": 1080, "height": 1920})
    async with serve(stand) as port:
        await page.goto(f"http://127.0.0.1:{port}/")
        await stand.do("touch", "open=shop", "add=soy")
        await expect(page.locator(".line")).to_have_count(1)
    await expect(page.locator("#gone")).to_be_visible()
    async with serve(stand, port):
        await expect(page.locator("#gone")).to_be_hidden(timeout=10_000)
        await expect(page.locator(".line")).to_have_count(1)
        await page.reload()
        await expect(page.locator(".line")).to_have_count(1)
    await page.close()


async def test_the_page_runs_nothing_from_elsewhere(look_at: LookAt) -> None:
    stand = Stand()
    async with look_at(stand, "portrait") as page:
        asked = await page.evaluate("performance.getEntriesByType('resource').map((entry) => entry.name)")
        assert asked
        assert all(url.startswith("http://127.0.0.1:") for url in asked)
