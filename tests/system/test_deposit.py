"""A courier at the kiosk, a resident with eight digits: hub, boards and platform as processes."""

import time
from pathlib import Path
from typing import Any

import pytest

from edge.demo.actors import until
from edge.demo.story import Cast, until_journal
from tests.system.staging import staged

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("system")]


async def _courier_pass(cast: Cast) -> str:
    now_ms = int(time.time() * 1000)
    asked = {"kind": "deposit", "doors": [], "from_ms": now_ms - 60_000, "until_ms": now_ms + 3_600_000}
    url = f"http://127.0.0.1:{cast.layout.ports.platform}/sim/desk/passes"
    async with cast.http.post(url, json={**asked, "label": "courier"}) as answer:
        answer.raise_for_status()
        return str((await answer.json())["text"])


async def test_a_courier_deposits_and_the_code_on_the_phone_collects(tmp_path: Path) -> None:
    async with staged(tmp_path) as (_, cast):
        kiosk = cast.kiosk
        await cast.hands.hold("kiosk", "qr", await _courier_pass(cast))
        await kiosk.wait_for("deposit")
        for key in "3-1203":
            await kiosk.press("type", key)
        await until(lambda: _has_key(cast, "recipient"), "the room can be looked up")
        await kiosk.press("recipient")
        await kiosk.wait_for("deposit", words="1203")
        await until(lambda: _has_key(cast, "size"), "the sizes")
        await kiosk.press("size", "s")
        await until_journal(cast, "ParcelDeposited", by="courier")
        await until(lambda: _has_key(cast, "finish"), "the next parcel is asked for")
        await kiosk.press("finish")
        await until_journal(cast, "DepositEnded", stored=1)
        await kiosk.go_home()

        parcel: dict[str, Any] = {}

        async def told() -> bool:
            orders = await cast.phone.get("/orders")
            parcel.update(next((o for o in orders if o["kind"] == "parcel" and o["code"]), {}))
            return bool(parcel)

        await until(told, "the phone has the parcel and its code")
        assert await cast.phone.get("/messages")
        await _collect_by_code(cast, parcel["code"])
        await until_journal(cast, "OrderCollected", order_id=parcel["id"])


async def _collect_by_code(cast: Cast, code: str) -> None:
    """From the idle screen, as somebody does whose phone shows no picture."""
    kiosk = cast.kiosk
    await kiosk.press("touch")
    for screen in ("pickup", "pickup_code"):
        await until(lambda: _has_key(cast, "open"), "the way on")
        await kiosk.press("open", screen)
        await kiosk.wait_for(screen)
    for digit in code:
        await kiosk.press("type", digit)
    await until(lambda: _has_key(cast, "send"), "eight digits")
    await kiosk.press("send")


async def _has_key(cast: Cast, gesture: str) -> bool:
    return f'data-do="{gesture}"' in cast.kiosk.html
