"""The phone page in Chromium: what it shows is what another program reads and believes."""

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import cv2
import numpy as np
import pytest
import zxingcpp
from playwright.async_api import Page, async_playwright

from cloud_sync.platform.context import wall_clock_ms
from cloud_sync.wire.payments import ChargeRequest, PaymentState
from edge.trust.keyset import open_keyset
from edge.trust.passes import open_pass, open_resident_code
from tests.cloud_sync.conftest import DEVICE, RESIDENT, World, http_port, open_world
from tests.cloud_sync.test_payment_contract import attempt_of
from tests.fakes.clock import FakeClock

pytestmark = pytest.mark.slow
CHROMIUM = "/usr/bin/chromium"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
]
SIZE = {"width": 390, "height": 844}


@contextlib.asynccontextmanager
async def opened_phone(world: World) -> AsyncIterator[tuple[Page, list[str]]]:
    """A logged-in phone, and what went wrong in its page."""
    errors: list[str] = []
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        context = await browser.new_context(viewport={"width": 390, "height": 844}, device_scale_factor=2)
        page = await context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        await page.goto(f"{world.url}/phone")
        await page.click(f'[data-action=login][data-value="{RESIDENT}"]')
        await page.wait_for_selector(".own .qr svg")
        yield page, errors
        await browser.close()


@pytest.fixture
async def now_world(tmp_path: Path) -> AsyncIterator[World]:
    """A platform at the browser's own time."""
    async with open_world(tmp_path, FakeClock(wall_clock_ms())) as world:
        yield world


async def read_code(page: Page) -> str:
    """The QR code on the screen, as a camera would read it."""
    picture = cv2.imdecode(np.frombuffer(await page.screenshot(), np.uint8), cv2.IMREAD_GRAYSCALE)
    (found,) = zxingcpp.read_barcodes(picture)
    return str(found.text)


async def test_the_phone_signs_its_own_code_also_without_network(now_world: World) -> None:
    keys = open_keyset(now_world.platform.keys.keyset, now_world.platform.keys.root.public)
    async with opened_phone(now_world) as (page, errors):
        first = open_resident_code(await read_code(page), keys, wall_clock_ms())
        assert (first.kind, first.subject) == ("resident", RESIDENT)
        drawn = await page.inner_html(".own .qr")
        await page.context.set_offline(True)
        await page.evaluate("Date.now = ((now) => () => now() + 31000)(Date.now)")
        await page.wait_for_function(
            "(old) => document.querySelector('.own .qr').innerHTML !== old", arg=drawn
        )
        again = open_resident_code(await read_code(page), keys, wall_clock_ms() + 31_000)
        assert again.id != first.id
        assert errors == []


async def test_a_visitor_pass_on_the_screen_verifies(now_world: World) -> None:
    keys = open_keyset(now_world.platform.keys.keyset, now_world.platform.keys.root.public)
    async with opened_phone(now_world) as (page, errors):
        await page.click(".tabs [data-value=more]")
        await page.click("[data-action=newVisitor]")
        await page.fill("[name=label]", "王师傅")
        await page.click("form .main")
        await page.wait_for_selector("[data-pass]")
        visitor = open_pass(await read_code(page), keys, wall_clock_ms())
        assert (visitor.kind, visitor.doors) == ("visitor", ("gate",))
        assert errors == []


@pytest.mark.parametrize(
    ("action", "outcome", "state"),
    [("confirm", "paid", "paid"), ("fail", "failed", "failed"), ("silent", "unknown", "unknown")],
)
async def test_the_phone_pays_and_says_what_happened(
    now_world: World, action: str, outcome: str, state: str
) -> None:
    port = http_port(now_world)
    await port.request(attempt_of())
    async with opened_phone(now_world) as (page, errors):
        await page.click(".tabs [data-value=pay]")
        await page.click("[data-action=offer]")
        assert "60.00" in await page.inner_text("#amount")
        await page.click(f"[data-action={action}]")
        await page.wait_for_selector(f"[data-outcome={outcome}]")
        assert errors == []
    assert (await port.query("k1-1-7")).state == state


async def test_a_door_that_cannot_be_asked_says_so_and_never_opened(now_world: World) -> None:
    async with opened_phone(now_world) as (page, errors):
        await page.click(".tabs [data-value=doors]")
        await page.click("[data-action=open]")
        await page.wait_for_selector('[data-door=gate][data-state="refused"]')
        text = await page.inner_text("[data-door=gate]")
        assert "没有连上" in text
        assert "门开了" not in text
        assert errors == []


async def test_the_page_speaks_english_at_a_touch(now_world: World) -> None:
    async with opened_phone(now_world) as (page, errors):
        await page.click(".tabs [data-value=more]")
        await page.click("[data-action=language]")
        for tab in ("code", "doors", "orders", "pay", "more"):
            await page.click(f".tabs [data-value={tab}]")
            await page.wait_for_selector(f".tabs [data-value={tab}][aria-current=page]")
            chrome = await page.inner_text("h1")
            assert chrome.isascii(), (tab, chrome)
        assert errors == []


async def read_paycode(page: Page) -> str:
    """The payment code on the phone's screen, as the kiosk's camera would read it."""
    await page.wait_for_selector("#paycode svg")
    return await read_code(page)


async def charge(world: World, code: str, amount_fen: int = 6_000) -> PaymentState:
    """What the kiosk does with a code that it read."""
    asked = ChargeRequest("k1-1-8", "k1-1-6", "property", amount_fen, "wechat", "酱油", code=code)
    return await world.platform.payments.charge(DEVICE, asked)


@pytest.mark.parametrize(
    ("key", "shown", "state"),
    [("enterPassword", "paid", "paid"), ("cancelCharge", "closed", "failed")],
)
async def test_a_payment_code_asks_for_the_password_on_the_phone(
    now_world: World, key: str, shown: str, state: str
) -> None:
    async with opened_phone(now_world) as (page, errors):
        await page.click(".tabs [data-value=pay]")
        await page.click("[data-action=payCode][data-value=wechat]")
        waiting = await charge(now_world, await read_paycode(page), 120_000)
        assert (waiting.state, waiting.reason) == ("waiting", "password")
        await page.wait_for_selector("[data-charge=paying]")
        assert "1200.00" in await page.inner_text("#amount")
        await page.click(f"[data-action={key}]")
        await page.wait_for_selector(f"[data-charge={shown}]")
        assert errors == []
    assert (await now_world.platform.payments.query(DEVICE, "k1-1-8")).state == state


async def test_a_payment_code_pays_at_once_and_is_nowhere_in_the_phones_storage(now_world: World) -> None:
    async with opened_phone(now_world) as (page, errors):
        await page.click(".tabs [data-value=pay]")
        await page.click("[data-action=payCode][data-value=wechat]")
        code = await read_paycode(page)
        assert (await charge(now_world, code)).state == "paid"
        await page.wait_for_selector("[data-charge=paid]")
        kept = await page.evaluate("JSON.stringify([{ ...localStorage }, { ...sessionStorage }])")
        assert code not in kept
        assert errors == []


async def test_a_password_left_alone_is_found_again_and_a_reversal_is_said(now_world: World) -> None:
    async with opened_phone(now_world) as (page, errors):
        await page.click(".tabs [data-value=pay]")
        await page.click("[data-action=payCode][data-value=wechat]")
        first, drawn = await read_paycode(page), await page.inner_html("#paycode")
        await page.click("[data-action=askPassword]")
        await page.wait_for_selector("[data-action=askPassword][aria-pressed=true]")
        await page.wait_for_function(
            "(old) => ![undefined, old].includes(document.querySelector('#paycode')?.innerHTML)",
            arg=drawn,
        )
        code = await read_paycode(page)
        assert code != first
        assert (await charge(now_world, code)).state == "waiting"
        await page.wait_for_selector("[data-charge=paying]")
        await page.click(".sheet [data-action=close]")
        await page.click("#charges [data-action=answerCharge]")
        await now_world.platform.payments.reverse(DEVICE, "k1-1-8")
        await page.wait_for_selector("[data-charge=reversed]")
        assert errors == []


async def test_the_platforms_page_switches_faults_and_shows_what_came_of_them(now_world: World) -> None:
    async with opened_phone(now_world) as (page, errors):
        await page.goto(f"{now_world.url}/")
        await page.fill("[data-figure=user_paying]", "7")
        await page.click("[data-fault=user_paying][data-scope=next]")
        await page.wait_for_selector("[data-fault=user_paying][aria-pressed=true]")
        await page.click("[data-fault=declined][data-scope=always]")
        await page.wait_for_selector("[data-fault=declined][aria-pressed=true]")
        overview = await page.evaluate("fetch('/sim/overview').then((answer) => answer.json())")
        switches = next(one["switches"] for one in overview["channels"] if one["channel"] == "wechat")
        assert {(one["fault"], one["scope"], one["value"]) for one in switches} == {
            ("declined", "always", 0),
            ("user_paying", "next", 7),
        }
        drawn = await page.inner_html(".fault-groups")
        assert [one["fault"] for one in overview["faults"] if f'data-row="{one["fault"]}"' not in drawn] == []
        await page.click("[data-clear]")
        await page.wait_for_selector(".fault-groups:not(:has([aria-pressed=true]))")
        await http_port(now_world).request(attempt_of())
        await page.wait_for_selector("#payments tr")
        assert errors == []
