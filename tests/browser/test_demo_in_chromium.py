"""The demo played by hand: kiosk, phone and shelf in Chromium, real processes behind them, clicks only."""

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field

import aiohttp
import pytest
from playwright.async_api import Browser, Page, WebSocket, expect

from edge.demo.actors import Hands
from edge.demo.layout import Layout, Ports
from edge.demo.story import SUBJECT
from edge.demo.world import World
from tests.browser.album import PORTRAIT, Album

PATIENCE_MS = 20_000
LONG_MS = 60_000
SOY = "古法酱油"

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("system")]


@dataclass
class Lobby:
    """What stands and lies around: a kiosk, a phone, a shelf, and somebody at the platform."""

    kiosk: Page
    socket: WebSocket
    phone: Page
    shelf: Page
    platform: Page
    hands: Hands
    album: Album = field(default_factory=Album)

    async def kiosk_says(self, words: str | re.Pattern[str], *, within_ms: int = PATIENCE_MS) -> None:
        """Wait until this can be read on the kiosk."""
        await expect(self.kiosk.locator("#screen")).to_contain_text(words, timeout=within_ms)

    async def press(self, name: str | re.Pattern[str]) -> None:
        """Press a key of the kiosk by what is written on it."""
        await self.kiosk.get_by_role("button", name=name).first.click()

    async def tab(self, name: str) -> None:
        """Turn the phone to code, doors, orders, pay or more."""
        await self.phone.click(f".tabs [data-value={name}]")

    async def hold_up(self, good: str) -> None:
        """Take a good from the shelf and hold it to the kiosk's camera."""
        await self.shelf.locator("#shelf button", has_text=good).click()
        await expect(self.shelf.locator("#said")).to_contain_text(good)

    async def taken_away(self, page: Page) -> None:
        """Wait until nothing is before the camera."""
        await expect(page.locator("#said")).to_contain_text("拿开了", timeout=PATIENCE_MS)

    async def hold_phone(self, shown_by: str) -> Page:
        """Follow the phone's link to the camera and hold the card up there; gives the camera's page."""
        async with self.phone.context.expect_page() as opening:
            await self.phone.locator(f"{shown_by} a[target=camera]").click()
        camera = await opening.value
        await camera.get_by_role("button", name="印在卡片上").click()
        await expect(camera.locator("#said")).to_contain_text("拿着")
        return camera

    async def pay_by_phone(self, total: str) -> None:
        """Scan what the kiosk asks for and confirm it."""
        await self.tab("pay")
        await self.phone.click("#payable [data-action=offer]")
        await expect(self.phone.locator("#amount")).to_contain_text(total)
        await self.album.take(self.phone, "phone-pay")
        await self.phone.click("[data-action=confirm]")
        await self.phone.wait_for_selector("[data-outcome=paid]")
        await self.album.take(self.phone, "phone-paid")
        await self.phone.click("[data-action=close]")

    async def journal_shows(self, kind: str, times: int) -> None:
        """Wait until the platform's page lists an event so many times."""
        rows = self.platform.locator("table tr td:last-child", has_text=re.compile(f"^{kind}$"))
        await expect(rows).to_have_count(times, timeout=LONG_MS)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """The demo on free ports, its shelves stocked."""
    made = World(Layout(folder=tmp_path_factory.mktemp("demo"), ports=Ports.free()))
    try:
        made.prepare()
        made.start()
        made.stock_shelves()
        yield made
    finally:
        made.stop()


@pytest.fixture
async def lobby(world: World, browser: Browser) -> AsyncIterator[Lobby]:
    """Every page open, a resident signed in on the phone; a page that complains fails the test."""
    ports, complaints = world.layout.ports, list[str]()
    async with contextlib.AsyncExitStack() as stack:
        http = await stack.enter_async_context(aiohttp.ClientSession())

        async def new_page(width: int, height: int, scale: float = 1) -> Page:
            context = await browser.new_context(
                viewport={"width": width, "height": height},
                device_scale_factor=scale,
                reduced_motion="reduce",
                locale="zh-CN",
                timezone_id="Asia/Shanghai",
            )
            stack.push_async_callback(context.close)
            page = await context.new_page()
            page.set_default_timeout(PATIENCE_MS)
            page.on("pageerror", lambda error: complaints.append(str(error)))
            return page

        kiosk, shelf = await new_page(**PORTRAIT), await new_page(1280, 900)
        phone, platform = await new_page(390, 844, scale=2), await new_page(1280, 900)
        async with kiosk.expect_websocket() as opening:
            await kiosk.goto(f"http://127.0.0.1:{ports.kiosk}/")
        socket = await opening.value
        await shelf.goto(f"http://127.0.0.1:{ports.camera}/")
        await phone.goto(f"http://127.0.0.1:{ports.platform}/phone")
        await platform.goto(f"http://127.0.0.1:{ports.platform}/")
        staged = Lobby(kiosk, socket, phone, shelf, platform, Hands(http, world.layout))
        await phone.wait_for_selector("#personas")
        await staged.album.take(phone, "phone-login")
        await phone.click(f'#personas [data-action=login][data-value="{SUBJECT}"]')
        await phone.wait_for_selector(".own .qr svg")
        yield staged
    assert complaints == []


async def test_the_whole_story_by_clicking_only(lobby: Lobby) -> None:
    await buy(lobby)
    await collect(lobby)
    await pay_fees(lobby)
    await open_the_gate(lobby)
    await let_a_visitor_in(lobby)
    await lobby.album.take(lobby.platform, "platform")


async def buy(lobby: Lobby) -> None:
    """Two goods from the shelf and one by touch; the phone pays; the receipt is no invoice."""
    kiosk, album = lobby.kiosk, lobby.album
    await lobby.kiosk_says("碰一下屏幕")
    await expect(kiosk.locator(".board article").first).to_be_visible(timeout=PATIENCE_MS)
    await album.take_both(kiosk, lobby.socket, "idle")
    await lobby.hold_up(SOY)
    await expect(kiosk.locator(".fresh h2")).to_have_text(SOY, timeout=PATIENCE_MS)
    await expect(kiosk.locator(".sums")).to_contain_text("12.80")
    await kiosk.locator(".good").nth(3).click()
    await expect(kiosk.locator(".line")).to_have_count(2)
    await lobby.taken_away(lobby.shelf)
    await lobby.hold_up(SOY)
    await album.take(lobby.shelf, "shelf")
    await expect(kiosk.locator(".line", has_text=SOY).locator("output")).to_have_text(
        "2", timeout=PATIENCE_MS
    )
    await expect(kiosk.locator(".earns")).to_contain_text(re.compile(r"本单得\d+积分，可抵物业费[\d.]+元"))
    await album.take_both(kiosk, lobby.socket, "shop")
    await lobby.press("English")
    await expect(kiosk.locator(".fresh h2")).to_have_text("Traditional soy sauce")
    await album.take_both(kiosk, lobby.socket, "shop", "en")
    await lobby.press("中文")
    total = await kiosk.locator(".sums .total").inner_text()
    await lobby.press("去付款")
    sum_fen = total.split()[0]
    await expect(kiosk.locator(".payqr")).to_contain_text(sum_fen, timeout=PATIENCE_MS)
    await album.take_both(kiosk, lobby.socket, "pay")
    assert "付好了" not in await kiosk.inner_text("#screen")
    await lobby.pay_by_phone(sum_fen)
    await leave_with_receipt(lobby, sum_fen, "receipt")
    assert SOY not in await kiosk.inner_text("#screen")


async def leave_with_receipt(lobby: Lobby, total: str, name: str) -> None:
    """The receipt comes by itself; then the screen is wiped."""
    await expect(lobby.kiosk.locator("h1")).to_have_text("付好了", timeout=PATIENCE_MS)
    await expect(lobby.kiosk.locator(".paper")).to_contain_text(total)
    await expect(lobby.kiosk.locator(".paper")).to_contain_text("非发票")
    await lobby.album.take_both(lobby.kiosk, lobby.socket, name)
    await lobby.press("好了，再见")
    await lobby.kiosk_says("碰一下屏幕")


async def collect(lobby: Lobby) -> None:
    """The phone's order pass before the kiosk's camera; two cells, one after the other."""
    kiosk, album = lobby.kiosk, lobby.album
    await lobby.tab("orders")
    await expect(lobby.phone.locator(".cells")).to_contain_text(["B03"])
    await album.take(lobby.phone, "phone-orders")
    await lobby.phone.click("[data-action=pass]")
    await album.take(lobby.phone, "phone-pass")
    camera = await lobby.hold_phone(".sheet")
    await expect(kiosk.locator(".bank .cell.open")).to_have_text("B03", timeout=PATIENCE_MS)
    await lobby.kiosk_says("等您关上 B03 的门")
    await album.take_both(kiosk, lobby.socket, "pickup-first")
    await expect(kiosk.locator(".bank .cell.open")).to_have_text("C04", timeout=LONG_MS)
    await expect(kiosk.locator(".bank .cell.got")).to_contain_text("B03")
    await album.take_both(kiosk, lobby.socket, "pickup")
    await lobby.kiosk_says("都取好了", within_ms=LONG_MS)
    await expect(kiosk.locator(".bank .cell.open")).to_have_count(0)
    await album.take_both(kiosk, lobby.socket, "collected")
    await lobby.press("好了，再见")
    await lobby.kiosk_says("碰一下屏幕")
    await lobby.phone.click("[data-action=close]")
    await expect(lobby.phone.locator("#screen")).to_contain_text("已取走", timeout=PATIENCE_MS)
    await album.take(camera, "camera-card")
    await camera.close()


async def pay_fees(lobby: Lobby) -> None:
    """The phone's own code tells who is there; bills of the room, one payee, paid by phone."""
    kiosk, album = lobby.kiosk, lobby.album
    await lobby.tab("code")
    await album.take(lobby.phone, "phone-code")
    camera = await lobby.hold_phone("#screen")
    await lobby.kiosk_says("1203")
    await lobby.taken_away(camera)
    await album.take_both(kiosk, lobby.socket, "home")
    await lobby.press("缴费")
    await expect(kiosk.locator("h1")).to_have_text("缴费")
    await expect(kiosk.locator(".look")).to_contain_text("1203")
    await album.take_both(kiosk, lobby.socket, "fees")
    key = kiosk.locator(".act [data-do=pay]")
    found = re.search(r"([\d.]+) 元", await key.inner_text())
    assert found is not None
    await key.click()
    await expect(kiosk.locator(".payqr")).to_contain_text(found[1], timeout=PATIENCE_MS)
    await album.take_both(kiosk, lobby.socket, "fees-pay")
    await lobby.pay_by_phone(found[1])
    await leave_with_receipt(lobby, found[1], "fees-receipt")
    still_due = lobby.phone.locator("#bills li").filter(has_not_text="已缴清").filter(has_not_text="代收")
    await expect(still_due).to_have_count(0, timeout=PATIENCE_MS)
    await album.take(lobby.phone, "phone-bills")
    await camera.close()


async def open_the_gate(lobby: Lobby) -> None:
    """*Opened* on the phone comes after the lock was released and the contact has spoken."""
    await lobby.tab("doors")
    gate = lobby.phone.locator("[data-door=gate]")
    await expect(gate).to_have_attribute("data-state", "resting")
    await lobby.album.take(lobby.phone, "phone-doors")
    await gate.locator("[data-action=open]").click()
    await expect(gate).to_have_attribute("data-state", "opened", timeout=LONG_MS)
    await expect(gate).to_contain_text("门开了")
    await expect(gate).to_contain_text("门磁确认")
    await lobby.album.take(lobby.phone, "phone-gate")
    await lobby.journal_shows("DoorOpened", 1)
    await lobby.hands.wait_until_shut("gate")


async def let_a_visitor_in(lobby: Lobby) -> None:
    """A pass for one entry lets in once."""
    await lobby.tab("more")
    await lobby.album.take(lobby.phone, "phone-more")
    await lobby.phone.click("[data-action=newVisitor]")
    await lobby.phone.fill("[name=label]", "王师傅")
    await lobby.album.take(lobby.phone, "phone-invite")
    await lobby.phone.click("form .main")
    await lobby.phone.wait_for_selector("[data-pass]")
    await lobby.album.take(lobby.phone, "phone-visitor")
    camera = await lobby.hold_phone(".sheet")
    await lobby.journal_shows("DoorOpened", 2)
    await lobby.taken_away(camera)
    await lobby.hands.wait_until_shut("gate")
    await camera.get_by_role("button", name="印在卡片上").click()
    await lobby.journal_shows("PassRefused", 1)
    await lobby.journal_shows("DoorOpened", 2)
    await camera.close()


async def test_a_gate_whose_contact_says_nothing_is_never_called_open(lobby: Lobby) -> None:
    await lobby.hands.door("gate", jammed=True)
    await lobby.tab("doors")
    gate = lobby.phone.locator("[data-door=gate]")
    seen: list[str] = []

    async def watch() -> None:
        while True:
            seen.append(await gate.inner_text())
            await asyncio.sleep(0.05)

    watching = asyncio.create_task(watch())
    await gate.locator("[data-action=open]").click()
    await expect(gate).to_have_attribute("data-state", "unknown", timeout=LONG_MS)
    watching.cancel()
    await expect(gate).to_contain_text("不知道开没开")
    assert not any("门开了" in text or "门磁确认" in text for text in seen)
    await lobby.album.take(lobby.phone, "phone-not-known")
    await lobby.journal_shows("DoorUnknown", 1)
    await lobby.hands.door("gate", jammed=False)
