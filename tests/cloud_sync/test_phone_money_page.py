"""Wallet and points on the phone page in Chromium: both languages, with network and without."""

from typing import Any

import pytest
from playwright.async_api import Page

from cloud_sync.wire.accounts import hash_token
from edge.pay.events import PaymentRequested, PaymentUnknown
from tests.cloud_sync.conftest import World
from tests.cloud_sync.test_applying import drain, from_golden
from tests.cloud_sync.test_phone_accounts import POINTS, opened, sale
from tests.cloud_sync.test_phone_page import now_world, opened_phone

__all__ = ["now_world"]
pytestmark = pytest.mark.slow
ANSWER = ".sheet [data-outcome]"


async def paste(page: Page, text: str) -> str:
    """Give a code to the page as the camera would; what the sheet says."""
    await page.fill("[data-form=code] [name=text]", text)
    await page.click("[data-form=code] button")
    said = await page.inner_text(ANSWER)
    await page.click(".sheet [data-action=close]")
    return said


async def balance(page: Page, kind: str) -> str:
    return await page.inner_text(f"[data-account={kind}] [data-balance]")


async def turn_english(page: Page) -> None:
    await page.click(".tabs [data-value=more]")
    await page.click("[data-action=language]")
    await page.click(".tabs [data-value=money]")


async def fits(page: Page) -> bool:
    """Nothing is wider than the phone."""
    width: Any = await page.evaluate("document.documentElement.scrollWidth")
    return bool(width <= 390)


async def test_points_are_claimed_by_a_receipt_and_say_when_they_count(now_world: World) -> None:
    await opened(now_world)
    now_world.journal(sale(order_id="k1-1-42", points=12, claim_hash=hash_token("tok")))
    now_world.journal(
        sale(order_id="k1-1-43", points=7, points_account=POINTS, claim_hash=hash_token("mine"))
    )
    await drain(now_world)
    async with opened_phone(now_world) as (page, errors):
        await page.click(".tabs [data-value=money]")
        assert "领到 12 积分" in await paste(page, "CE-R:k1-1-42.tok")
        assert "起可以用" in await page.inner_text("[data-line=claimed]")
        assert "记下了" in await paste(page, "CE-R:k1-1-99.tok")
        assert "不是小票上的码" in await paste(page, "hello")
        assert await fits(page)
        await turn_english(page)
        assert "You have these points already" in await paste(page, "CE-R:k1-1-43.mine")
        assert "Usable from" in await page.inner_text("[data-line=claimed]")
        assert await balance(page, "points") == "0 points"
        assert await fits(page)
        assert errors == []


async def test_a_wallet_is_topped_up_in_the_app(now_world: World) -> None:
    await opened(now_world)
    async with opened_phone(now_world) as (page, errors):
        await page.click(".tabs [data-value=money]")
        await page.click("[data-account=wallet] [data-action=topUp]")
        await page.click("[data-form=topUp] .main")
        await page.click(".sheet [data-action=confirm]")
        assert "到账后" in await page.inner_text(ANSWER)
        await page.click(".sheet [data-action=close]")
        await page.wait_for_selector("[data-account=wallet] [data-balance]:has-text('50.00')")
        assert "充值" in await page.inner_text("[data-account=wallet] .list li")
        assert errors == []


async def test_a_slip_and_the_age_of_what_is_shown_without_network(now_world: World) -> None:
    await opened(now_world, wallet_fen=500)
    now_world.journal(from_golden(PaymentRequested, order_id="k1-1-42"))
    now_world.journal(from_golden(PaymentUnknown, order_id="k1-1-42"))
    await drain(now_world)
    async with opened_phone(now_world) as (page, errors):
        await page.click(".tabs [data-value=money]")
        assert "请不要再付一次" in await paste(page, "CE-S:k1-1-42.token")
        await page.wait_for_selector("[data-account=wallet]")
        await page.context.set_offline(True)
        await page.wait_for_selector("[data-as-of]")
        assert await balance(page, "wallet") == "5.00 元"
        assert "没有发出去" in await paste(page, "CE-S:k1-1-42.token")
        assert errors == []
