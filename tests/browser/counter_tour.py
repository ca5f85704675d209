"""Every page of the counter in a browser, over a day with a payment of each kind."""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass

from aiohttp import web
from playwright.async_api import Browser, Page

from edge.settlement.cases import close_case, open_cases
from tests.fakes.accounts import put_account, put_lease
from tests.fakes.counter_stand import PIN, TODAY, CounterStand

SIZES = {"wide": (1366, 768), "narrow": (800, 1100)}
LANGUAGES = ("zh", "en")


@dataclass(frozen=True)
class Day:
    """A day at the counter, with the numbers of what happened."""

    stand: CounterStand
    paid: str
    unknown: str
    case: str
    closed: str


async def make_day() -> Day:
    """Sales that agree and differ, one payment without outcome, one case closed by a person."""
    stand = CounterStand()
    stand.doors.burn()
    await stand.hire()
    put_lease(stand.store, put_account(stand.store, "wallet", 9_000), 4_200)
    stand.bill(await stand.sell(), "12.80")
    paid = await stand.sell(2)
    stand.bill(paid, "25.61")
    await stand.sell(3)
    unknown = await stand.order()
    await stand.matcher.match(TODAY)
    differing, absent, _ = open_cases(stand.store.connection)
    manager = await stand.staff.check("manager", PIN)
    words = "渠道已更正 corrected by the channel"
    stand.store.run_now(
        lambda unit: close_case(unit, absent.id, staff=manager.id, reason="channel_mistake", note=words)
    )
    return Day(stand, paid.order_id, unknown.order_id, differing.id, absent.id)


@contextlib.asynccontextmanager
async def serve_counter(stand: CounterStand) -> AsyncIterator[str]:
    """Serve the pages on a port of loopback; gives their address."""
    runner = web.AppRunner(stand.app())
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


@contextlib.asynccontextmanager
async def at_counter(browser: Browser, url: str, size: str, language: str) -> AsyncIterator[Page]:
    """A page before signing in; what the browser complains of is an AssertionError at the end."""
    width, height = SIZES[size]
    context = await browser.new_context(viewport={"width": width, "height": height}, reduced_motion="reduce")
    page = await context.new_page()
    complaints: list[str] = []
    page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    await page.goto(url + "/login")
    if language == "en":
        await page.get_by_role("button", name="English").click()
    yield page
    await context.close()
    expected = ("status of 401", "status of 403", "status of 409")
    assert [each for each in complaints if not any(words in each for words in expected)] == []


async def sign_in(page: Page, login: str) -> None:
    """Type account and PIN as a person does."""
    await page.locator("#login").fill(login)
    await page.locator("#pin").fill(PIN)
    await page.locator("#pin").press("Enter")
    await page.wait_for_selector("nav")


async def tour(page: Page, url: str, day: Day) -> AsyncIterator[str]:
    """Open every page, one after the other; gives its name."""
    yield "sign-in"
    await page.locator("#login").fill("clerk")
    await page.locator("#pin").fill("000000")
    await page.locator("#pin").press("Enter")
    await page.wait_for_selector("[role=alert]")
    yield "refused"
    await sign_in(page, "supervisor")
    pages = {
        "open": "/",
        "order-unknown": f"/orders/{day.unknown}",
        "order-paid": f"/orders/{day.paid}",
        "not-found": "/find?q=999",
        "return": f"/orders/{day.paid}/return?pieces.s1=1",
        "receipts": "/receipts",
        "receipt": "/receipts/1",
        "holds": "/holds",
        "cases": "/cases",
        "case": f"/cases/{day.case}",
        "case-closed": f"/cases/{day.closed}",
        "match": f"/match?date={TODAY}",
        "match-none": "/match?date=2026-11-01",
        "doors": "/doors",
        "door": "/doors/at/entrance",
        "lock-down": "/doors/lock-down",
        "fire": "/doors/fire",
        "records": "/records",
        "lockers": "/lockers",
        "cell": "/lockers/cell/bank-a/A04",
        "deposit-begin": "/lockers/deposit",
        "deposit": "/lockers/deposit/d1",
        "devices": "/devices",
    }
    for name, path in pages.items():
        await page.goto(url + path)
        yield name
    await page.goto(url + "/receipts/1")
    await page.locator("main form button").click()
    await page.wait_for_selector(".again")
    yield "copy"
