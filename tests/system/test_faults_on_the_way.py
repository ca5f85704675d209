"""The story in a black-holed network, and while the site's broker dies: real processes throughout."""

import asyncio
from datetime import date
from pathlib import Path

import pytest

from edge.demo.actors import until
from edge.demo.community import community
from edge.demo.compare import compare_books, kind_of
from edge.demo.stage.wires import Fault
from edge.demo.story import Cast, buy, entries, let_visitor_in, open_gate, until_journal
from tests.system.staging import staged, staged_behind_proxies

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("system")]


async def test_what_needs_no_network_goes_on_and_everything_arrives_once(tmp_path: Path) -> None:
    async with staged_behind_proxies(tmp_path) as (_, cast, proxies):
        order = next(o for o in await cast.phone.get("/orders") if o["state"] == "in_cells")
        visitor = await cast.phone.invite("gate", uses=1)
        for proxy in proxies:
            proxy.fault = Fault.BLACK_HOLE

        await cast.hands.hold("kiosk", "qr", order["pass_text"])
        await cast.kiosk.wait_for("pickup")
        await until_journal(cast, "OrderCollected", order_id=order["id"])
        await cast.kiosk.go_home()

        await cast.hands.hold("gate", "qr", visitor)
        await until_journal(cast, "DoorOpened", place="door:gate")

        await _refused_payment(cast)

        for proxy in proxies:
            proxy.fault = Fault.NONE
        faults, counts = await compare_books(cast.http, cast.layout)
        assert faults == []
        assert (counts["collected"], counts["doors_opened"], counts["sales"]) == (1, 1, 0)
        assert await open_gate(cast) == "opened"
        assert "paid" in await buy(cast)


async def _refused_payment(cast: Cast) -> None:
    """A new phone payment is refused with the reason, and the basket stays."""
    soy = next(product for product in community(date.today())["products"] if "酱油" in product["name_zh"])
    await cast.hands.hold("kiosk", "ean13", soy["ean"])
    await cast.kiosk.wait_for("shop", words=soy["name_zh"])
    await cast.kiosk.press("pay")
    await until_journal(cast, "PaymentFailed", reason="offline")
    await cast.kiosk.wait_for("shop", words="钱没有扣")
    assert soy["name_zh"] in cast.kiosk.text
    await cast.kiosk.go_home()


async def test_a_pickup_survives_the_death_of_the_sites_broker(tmp_path: Path) -> None:
    async with staged(tmp_path) as (world, cast):
        order = next(o for o in await cast.phone.get("/orders") if o["state"] == "in_cells")
        await cast.hands.hold("kiosk", "qr", order["pass_text"])
        await until_journal(cast, "CellOpened")

        world.processes.kill("site-broker")
        await asyncio.sleep(1.0)  # the outage itself: long enough for both sides to notice
        await asyncio.to_thread(world.start_broker, "site")

        await _finish_by_gesture(cast)
        await until_journal(cast, "OrderCollected", order_id=order["id"])
        faults, counts = await compare_books(cast.http, cast.layout)
        assert faults == []
        assert counts["collected"] == 1


async def _finish_by_gesture(cast: Cast) -> None:
    """What was not known is asked for again by the holder's own gesture, never by itself."""

    async def collected() -> bool:
        if 'data-do="retry"' in cast.kiosk.html:
            await cast.kiosk.press("retry")
        return any(kind_of(entry) == "OrderCollected" for entry in await entries(cast))

    await until(collected, "the order is collected", 90.0)


async def test_a_platform_that_was_killed_gets_everything_once(tmp_path: Path) -> None:
    async with staged(tmp_path) as (world, cast):
        await let_visitor_in(cast)
        world.processes.kill("platform")
        await cast.kiosk.go_home()
        await asyncio.to_thread(world.start_platform)
        faults, counts = await compare_books(cast.http, cast.layout)
        assert faults == []
        assert counts["doors_opened"] == 1


async def test_a_gate_that_does_not_move_ends_unknown_on_phone_and_platform(tmp_path: Path) -> None:
    async with staged(tmp_path) as (_, cast):
        await cast.hands.door("gate", jammed=True)
        assert await cast.phone.open_door("gate") == "unknown"
        await cast.hands.door("gate", jammed=False)
        assert await cast.phone.open_door("gate") == "opened"
        faults, counts = await compare_books(cast.http, cast.layout)
        assert faults == []
        assert counts["doors_opened"] == 1


async def test_cells_that_do_not_open_end_unknown_on_the_screen_and_nothing_is_collected(
    tmp_path: Path,
) -> None:
    async with staged(tmp_path) as (_, cast):
        await cast.hands.cell("B03", jammed=True)
        order = next(o for o in await cast.phone.get("/orders") if o["state"] == "in_cells")
        await cast.hands.hold("kiosk", "qr", order["pass_text"])
        await until_journal(cast, "CellUnknown")
        await cast.kiosk.wait_for("pickup", words="不知道")
        assert not any(kind_of(entry) == "OrderCollected" for entry in await entries(cast))
        faults, counts = await compare_books(cast.http, cast.layout)
        assert faults == []
        assert counts["collected"] == 0
