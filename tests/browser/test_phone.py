"""The owner's phone by touch, 390 by 844: every function with the platform there, and with it away."""

import contextlib
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
import pytest
import zxingcpp
from playwright.async_api import Browser, Page, Route, expect

from cloud_sync.platform.context import wall_clock_ms
from cloud_sync.wire.payments import ChargeRequest
from edge.demo.stage.wires import Fault, Wire
from edge.trust.keys import KeySet
from edge.trust.keyset import open_keyset
from edge.trust.passes import open_pass, open_resident_code
from tests.cloud_sync.conftest import DEVICE, RESIDENT, http_port
from tests.cloud_sync.test_commands import Scene, open_scene
from tests.cloud_sync.test_parcels import Site
from tests.cloud_sync.test_payment_contract import attempt_of
from tests.cloud_sync.test_phone_accounts import opened
from tests.fakes.clock import FakeClock

pytestmark = pytest.mark.slow
PATIENCE_MS = 15_000
NOTHING = ("没有要取的订单", "没有要缴的账单", "都缴清了", "还没有钱包", "没有有效的访客码")
"""What an empty list says: nothing of it may be read where the platform did not say so."""


@dataclass
class Hand:
    """A phone in a hand, its wire to the platform, and what the page complained of."""

    page: Page
    scene: Scene
    wire: Wire
    complaints: list[str] = field(default_factory=list)

    @property
    def keys(self) -> KeySet:
        """What a reader at a door believes."""
        platform = self.scene.world.platform
        return open_keyset(platform.keys.keyset, platform.keys.root.public)

    async def tab(self, name: str) -> None:
        """Turn to code, doors, orders, pay, money or more."""
        await self.page.tap(f".tabs [data-value={name}]")

    async def tap(self, action: str) -> None:
        """Tap the first key of an action: in the sheet where one is open."""
        inside = ".sheet " if await self.page.locator(".sheet").count() else "#screen "
        await self.page.locator(f"{inside}[data-action={action}]").first.tap()

    async def says(self, words: str | re.Pattern[str], where: str = "body") -> None:
        """Wait until this can be read."""
        await expect(self.page.locator(where)).to_contain_text(words)

    async def close(self) -> None:
        """Put the sheet away."""
        await self.tap("close")
        await expect(self.page.locator(".sheet")).to_have_count(0)

    async def read(self, where: str) -> str:
        """The only QR code on the screen, as a camera would read it, once it is there."""
        await self.page.wait_for_selector(f"{where} svg")
        shot = await self.page.screenshot()
        picture = cv2.imdecode(np.frombuffer(shot, np.uint8), cv2.IMREAD_GRAYSCALE)
        (found,) = zxingcpp.read_barcodes(picture)
        return str(found.text)

    async def away(self) -> None:
        """Cut the line and wait until the page has noticed."""
        await self.wire.cut()
        await self.page.wait_for_selector("[data-as-of]")

    async def back(self) -> None:
        """Mend the line and wait until the page has noticed."""
        await self.wire.mend()
        await expect(self.page.locator("[data-as-of]")).to_have_count(0)

    async def fits(self) -> None:
        """Nothing is wider than the phone, and no key is smaller than a finger."""
        assert await self.page.evaluate("document.documentElement.scrollWidth") <= 390
        sizes = await self.page.evaluate(
            "[...document.querySelectorAll('.key, .tabs button')].map((key) => key.getBoundingClientRect())"
            ".filter((box) => box.width).map((box) => Math.min(box.width, box.height))"
        )
        assert min(sizes) >= 43.5, sizes


@contextlib.asynccontextmanager
async def in_hand(browser: Browser, folder: Path, *, login: bool = True) -> AsyncIterator[Hand]:
    """A phone whose owner is signed in; a page that complains fails the test."""
    async with (
        open_scene(folder, FakeClock(wall_clock_ms())) as scene,
        Wire(target_port=int(scene.world.url.rsplit(":", 1)[1])) as wire,
    ):
        await opened(scene.world, wallet_fen=500)
        context = await browser.new_context(
            viewport={"width": 390, "height": 844},
            has_touch=True,
            is_mobile=True,
            device_scale_factor=2,
            reduced_motion="reduce",
            locale="zh-CN",
            timezone_id="Asia/Shanghai",
        )
        page = await context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        hand = Hand(page, scene, wire)
        page.on("pageerror", lambda error: hand.complaints.append(str(error)))
        await page.goto(f"{wire.url}/phone")
        await page.wait_for_selector("#personas")
        if login:
            await page.tap(f'[data-action=login][data-value="{RESIDENT}"]')
            await page.wait_for_selector(".own .qr svg")
        yield hand
        await context.close()
        assert hand.complaints == []


@pytest.fixture
async def hand(browser: Browser, tmp_path: Path) -> AsyncIterator[Hand]:
    """The resident's phone."""
    expect.set_options(timeout=PATIENCE_MS)
    async with in_hand(browser, tmp_path) as held:
        yield held


async def test_every_function_by_touch(hand: Hand) -> None:
    await show_the_own_code(hand)
    await collect_and_let_collect(hand)
    await pay_in_every_way(hand)
    await open_the_gate(hand)
    await let_a_visitor_in_and_out(hand)
    await keep_the_household(hand)
    await read_what_happened(hand)


async def show_the_own_code(hand: Hand) -> None:
    """Signed on the phone; what waits today stands under it."""
    code = open_resident_code(await hand.read(".own .qr"), hand.keys, wall_clock_ms())
    assert (code.kind, code.subject) == ("resident", RESIDENT)
    await hand.says("1 个订单可取")
    await hand.says("待缴 268.80 元")
    await hand.says("0 积分", "[data-points]")
    await hand.fits()


async def collect_and_let_collect(hand: Hand) -> None:
    """The order's pass and number, and a pass for a friend."""
    await hand.tab("orders")
    await hand.says(re.compile(r"取件数字码 \d{4} \d{4}"))
    await hand.tap("pass")
    mine = open_pass(await hand.read(".sheet .qr"), hand.keys, wall_clock_ms())
    assert mine.order == "o1"
    await hand.close()
    await hand.tap("delegate")
    await hand.page.fill("[name=label]", "老李")
    await hand.page.tap("form .main")
    await hand.says("老李", ".sheet")
    friend = open_pass(await hand.read(".sheet .qr"), hand.keys, wall_clock_ms())
    assert (friend.order, friend.id != mine.id) == ("o1", True)
    await hand.close()
    await hand.fits()


async def ask_for_money(hand: Hand, number: int) -> None:
    """The kiosk shows a collection QR; the payer opens it."""
    await http_port(hand.scene.world).request(attempt_of(id=f"k1-1-{number}"))
    await hand.page.tap(f"#payable [data-action=offer][data-value='k1-1-{number}']")
    await hand.says("60.00", "#amount")


async def pay_in_every_way(hand: Hand) -> None:
    """The kiosk's QR: with a password, cancelled, without an answer; a payment code; a bill and its code."""
    payments = hand.scene.world.platform.payments
    await hand.tab("pay")
    await ask_for_money(hand, 7)
    await hand.tap("askPin")
    await hand.fits()
    for digit in "314159"[:5]:
        await hand.page.tap(f".pad [data-value='{digit}']")
    assert (await payments.query(DEVICE, "k1-1-7")).state == "waiting"
    await hand.page.tap(".pad [data-value='9']")
    await hand.page.wait_for_selector("[data-outcome=paid]")
    assert (await payments.query(DEVICE, "k1-1-7")).state == "paid"
    await hand.close()
    await ask_for_money(hand, 8)
    await hand.tap("fail")
    await hand.says("钱没有扣", "[data-outcome=failed]")
    assert (await payments.query(DEVICE, "k1-1-8")).state == "failed"
    await hand.close()
    await ask_for_money(hand, 9)
    await hand.tap("silent")
    await hand.says("请不要再付一次", "[data-outcome=unknown]")
    await hand.close()
    await hand.page.tap("[data-action=payCode][data-value=wechat]")
    await hand.page.wait_for_selector("#paycode svg")
    code = await hand.read("#paycode")
    charge = ChargeRequest("k1-1-12", "k1-1-6", "property", 120_000, "wechat", "酱油", code=code)
    assert (await payments.charge(DEVICE, charge)).reason == "password"
    await hand.page.wait_for_selector("[data-charge=paying]")
    await hand.tap("cancelCharge")
    await hand.says("没有付成", "[data-charge=closed]")
    await hand.close()
    await hand.tap("bill")
    await hand.tap("billCode")
    assert (await hand.read(".sheet .qr")).startswith("CE-B:")
    await hand.tap("payBill")
    await hand.says("缴清了", "[data-outcome=done]")
    await hand.close()
    await hand.says("都缴清了")


async def open_the_gate(hand: Hand) -> None:
    """*Opened* is the contact's word; without it nobody knows."""
    scene = hand.scene
    await hand.tab("doors")
    gate = hand.page.locator("[data-door=gate]")
    await hand.tap("open")
    await expect(gate).to_have_attribute("data-state", "fired")
    assert "门开了" not in await gate.inner_text()
    await scene.access.contact("door:gate", "open")
    await expect(gate).to_have_attribute("data-state", "opened")
    await expect(gate).to_contain_text("门磁确认")
    await scene.access.contact("door:gate", "closed")
    await hand.tap("open")
    await expect(gate).to_have_attribute("data-state", "fired")
    await scene.access.run_out()
    await expect(gate).to_have_attribute("data-state", "unknown")
    await expect(gate).to_contain_text("不知道开没开")


async def let_a_visitor_in_and_out(hand: Hand) -> None:
    """Doors, window, uses; taken back after asking once more."""
    await hand.tab("more")
    await hand.tap("newVisitor")
    await hand.page.fill("[name=label]", "王师傅")
    await hand.page.select_option("[name=hours]", "12")
    await hand.page.select_option("[name=uses]", "2")
    await hand.page.tap("form .main")
    await hand.page.wait_for_selector("[data-pass]")
    given = open_pass(await hand.read(".sheet .qr"), hand.keys, wall_clock_ms())
    assert (given.doors, given.uses) == (("gate",), 2)
    await hand.says("用过 0 / 2 次", "#visitors")
    await hand.tap("revoke")
    await hand.says("真的收回", ".sheet")
    await hand.tap("revoke")
    await hand.says("已收回", "#visitors")
    await hand.says("断网的小区连上就知道", "#toast")


async def keep_the_household(hand: Hand) -> None:
    """Family, a vehicle, a PIN; a refusal keeps what was typed; all of it is taken back."""
    page = hand.page
    await hand.tap("home")
    await page.tap("[data-value=personForm]")
    await page.fill("[name=name]", "小雨")
    await page.tap("form .main")
    await hand.says("小雨", "#people")
    await page.tap("[data-value=carForm]")
    await page.fill("[name=plate]", "不是车牌")
    await page.tap("form .main")
    await hand.says("填的内容不对", ".sheet [role=alert]")
    assert await page.input_value("[name=plate]") == "不是车牌"
    await page.fill("[name=plate]", "京A12345")
    await page.tap("form .main")
    await hand.says("京A12345", "#cars")
    await page.tap("[data-value=pinForm]")
    await page.fill("[name=pin]", "123456")
    await page.tap("form .main")
    await hand.says("谁都会先试", ".sheet [role=alert]")
    await page.fill("[name=pin]", "394175")
    await page.tap("form .main")
    await hand.says("有房间密码", "#people")
    for action in ("dropPerson", "dropCar"):
        for _ in range(2):
            await page.locator(f"[data-action={action}]").tap()
    await expect(page.locator("#screen")).not_to_contain_text("小雨")
    await hand.says("还没有登记车辆")
    await hand.fits()


async def read_what_happened(hand: Hand) -> None:
    """A parcel's message, the door's records and the notices."""
    site = Site(hand.scene.world)
    await site.deposit("p9", "C04")
    await hand.tab("more")
    await hand.tap("messages")
    await hand.says("快递到了", "#messages")
    visitor = (await hand.scene.phone("GET", "/visitors"))[1][0]["id"]
    await site.open(1, f"pass:{visitor}:1", contact=False)
    await hand.tab("more")
    await hand.tap("records")
    await hand.says("不知道开没开", "#records")
    await hand.fits()


async def test_every_function_while_the_platform_is_away(hand: Hand) -> None:
    page = hand.page
    await hand.tab("more")
    await hand.tap("newVisitor")
    await page.fill("[name=label]", "王师傅")
    await page.tap("form .main")
    await page.wait_for_selector("[data-pass]")
    await hand.close()
    await page.evaluate("navigator.serviceWorker.ready")
    await hand.away()
    await what_is_kept_is_shown(hand)
    await what_cannot_be_done_says_so(hand)
    await page.reload()
    await page.wait_for_selector(".own .qr svg")
    await page.wait_for_selector("[data-as-of]")
    await what_is_kept_is_shown(hand)
    await hand.back()
    await hand.tab("pay")
    await hand.tap("bill")
    await hand.tap("payBill")
    await page.wait_for_selector("[data-outcome=done]")


async def what_is_kept_is_shown(hand: Hand) -> None:
    """The own code, passes and sums as of a time; nothing is called empty that was only not read."""
    await hand.tab("code")
    assert open_resident_code(await hand.read(".own .qr"), hand.keys, wall_clock_ms()).subject == RESIDENT
    await hand.says("都不用网", "[data-as-of]")
    await hand.tab("orders")
    await hand.tap("pass")
    assert open_pass(await hand.read(".sheet .qr"), hand.keys, wall_clock_ms()).order == "o1"
    await hand.close()
    await hand.tab("money")
    await hand.says("5.00 元", "[data-account=wallet] [data-balance]")
    await hand.tab("more")
    await hand.tap("visitor")
    assert open_pass(await hand.read(".sheet .qr"), hand.keys, wall_clock_ms()).doors == ("gate",)
    await hand.close()
    for tab in ("code", "orders", "pay", "money", "more"):
        await hand.tab(tab)
        text = await hand.page.inner_text("#screen")
        assert [words for words in NOTHING if words in text] == []
        await hand.fits()


async def what_cannot_be_done_says_so(hand: Hand) -> None:
    """A grant keeps what was typed; a door and a payment whose fate nobody knows are not known."""
    page = hand.page
    await hand.tab("doors")
    await hand.says("请用“我的码”在门口开", "[data-as-of]")
    await hand.tap("open")
    gate = page.locator("[data-door=gate]")
    await expect(gate).to_have_attribute("data-state", "unknown")
    await expect(gate).to_contain_text("不知道命令送到没有")
    await hand.tab("more")
    await hand.tap("newVisitor")
    await page.fill("[name=label]", "送水的")
    await page.tap("form .main")
    await hand.says("不知道送到没有", ".sheet [role=alert]")
    assert await page.input_value("[name=label]") == "送水的"
    await hand.close()
    await hand.tap("home")
    await expect(page.locator("#screen")).not_to_contain_text("还没有登记车辆")
    await hand.tab("pay")
    await hand.tap("bill")
    await hand.tap("payBill")
    await hand.says("请不要再付一次", "[data-outcome=unknown]")
    await hand.close()
    await page.tap("[data-action=payCode][data-value=wechat]")
    await hand.says("网络断了", "#toast")


async def test_a_payment_whose_answer_was_lost_is_not_known_and_counted_once(hand: Hand) -> None:
    await hand.tab("pay")
    await ask_for_money(hand, 7)
    hand.wire.fault = Fault.LOSE_ANSWERS
    await hand.page.locator("[data-action=confirm]").evaluate("(key) => { key.click(); key.click(); }")
    await hand.says("请不要再付一次", "[data-outcome=unknown]")
    assert (await hand.scene.world.platform.payments.query(DEVICE, "k1-1-7")).state == "paid"
    await hand.close()
    await hand.back()
    await hand.says("现在没有等着付的收款码")


async def test_what_was_never_read_is_not_called_empty(browser: Browser, tmp_path: Path) -> None:
    async with in_hand(browser, tmp_path, login=False) as hand:
        page = hand.page

        async def fault_page(route: Route) -> None:
            await route.fulfill(status=502, content_type="text/html", body="<h1>Bad gateway</h1>")

        for name in ("orders", "bills", "accounts", "visitors", "messages", "notices", "payments"):
            await page.route(f"**/phone/api/{name}", fault_page)
        await page.tap(f'[data-action=login][data-value="{RESIDENT}"]')
        await page.wait_for_selector(".own .qr svg")
        for tab in ("code", "orders", "pay", "money", "more"):
            await hand.tab(tab)
            await hand.says("还没有取到", "#screen")
            text = await page.inner_text("#screen")
            assert [words for words in NOTHING if words in text] == [], tab


async def test_every_screen_in_english_and_nothing_left_on_a_lost_phone(hand: Hand) -> None:
    page = hand.page
    await hand.tab("more")
    await hand.tap("language")
    await hand.away()
    for tab in ("code", "doors", "orders", "pay", "money", "more"):
        await hand.tab(tab)
        await hand.says("The platform cannot be reached", "[data-as-of]")
        assert (await page.inner_text("[data-as-of]")).isascii()
        await hand.fits()
    await hand.back()
    assert (await hand.scene.phone("POST", "/lost-phone", {"subject": RESIDENT}))[0] == 204
    await hand.says("This phone was logged out", "[data-ended]")
    stored = await page.evaluate("JSON.stringify({ ...localStorage })")
    assert "kept." not in stored
    assert '"me"' not in stored
