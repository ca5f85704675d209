"""The real hub with a wall clock that lies, or without any time: as the policy table says.

A year back, ten years ahead, unknown at boot, and TLS dates wrong by one clock and right by the other.
Whether a door was *let open* is read from its intent: on a busy machine a pulse may be cut short, which is
not the clock's doing.
"""

import asyncio
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from cloud_sync.platform.keys import load_keys
from cloud_sync.platform.settings import load_settings
from edge.demo.actors import KioskScreen, until
from edge.demo.community import community
from edge.demo.compare import compare_books, kind_of
from edge.demo.layout import SITE, Layout, Ports
from edge.demo.story import Cast, buy, entries, pay_fee, until_journal
from edge.homes.penalty import late_penalty
from edge.pay.contract import ContractTerms
from edge.trust.clock import SYNCED_ERROR_MS, Trust
from edge.trust.passes import Pass, issue_pass
from tests.fakes.certificates import DAY_MS, Authority
from tests.system.lying_clocks import LyingWorld, TimelessGate, forget_the_boot
from tests.system.staging import running

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("system")]

TEN_YEARS = "+3652d"
TEN_YEARS_MS = 3652 * DAY_MS


def layout_in(folder: Path) -> Layout:
    return Layout(folder=folder, ports=Ports.free())


def now_ms() -> int:
    return time.time_ns() // 1_000_000


def business_today() -> str:
    return (datetime.now(UTC) + timedelta(hours=8)).date().isoformat()


def visitors_pass(layout: Layout, *, ends_in_ms: int, doors: tuple[str, ...] = ("gate",)) -> str:
    """A visitor's pass by the platform's own key."""
    key = load_keys(load_settings(layout.platform / "platform.toml")).signing["passes"]
    ends_ms = now_ms() + ends_in_ms
    return issue_pass(
        key,
        Pass(
            id=f"{ends_ms:032x}",
            kind="visitor",
            site=SITE,
            subject="visitor",
            doors=doors,
            not_before_ms=ends_ms - 2 * 3_600_000,
            expires_ms=ends_ms,
            uses=1,
        ),
    )


async def show(cast: Cast, text: str, kind: str, **fields: object) -> None:
    """Hold a code before the camera of gate and building, and wait for what the journal says."""
    await cast.hands.hold("gate", "qr", text)
    await until_journal(cast, kind, **fields)
    await cast.hands.take_away("gate")


async def of_kind(cast: Cast, kind: str) -> list[dict[str, Any]]:
    return [entry for entry in await entries(cast) if kind_of(entry) == kind]


async def let_open(cast: Cast) -> list[str]:
    """The doors that were let open, in order."""
    return [entry["data"]["place"] for entry in await of_kind(cast, "DoorOpenRequested")]


async def status(cast: Cast) -> dict[str, Any]:
    found: dict[str, Any] = await cast.hub.get("/status")
    return found


async def until_trust(cast: Cast, trust: Trust) -> None:
    async def look() -> bool:
        return str((await status(cast))["time_trust"]) == trust

    await until(look, f"the clock is {trust}", 30.0)


async def check_penalties(cast: Cast) -> None:
    """Every payment bears the penalty of the true date."""
    seed = community(date.today())
    terms = msgspec.convert(seed["contract"], ContractTerms, strict=False)
    bills = {bill["id"]: bill for bill in seed["bills"]}
    paid = await of_kind(cast, "BillPaid")
    assert paid
    for entry in paid:
        data = entry["data"]
        bill = bills[data["bill_id"]]
        expected = late_penalty(
            data["amount_fen"],
            bill["due_on"],
            business_today(),
            terms,
            collected_for_others=bill.get("collected_for_others", False),
        )
        assert data["penalty_fen"] == expected.fen, (data, expected)
        assert data["business_date"] == business_today()


@pytest.mark.parametrize("offset", ["-365d", TEN_YEARS])
async def test_a_wall_clock_that_lies_changes_nothing(tmp_path: Path, offset: str) -> None:
    began_ms = now_ms()
    async with running(LyingWorld(layout_in(tmp_path), offset)) as (_, cast):
        found = await status(cast)
        assert found["time_trust"] == Trust.SYNCED
        assert abs(found["at_ms"] - now_ms()) < SYNCED_ERROR_MS
        assert "paid" in await buy(cast)
        assert "paid" in await pay_fee(cast)
        await check_penalties(cast)
        assert await cast.phone.open_door("building-3") in ("opened", "unknown")
        await cast.hands.wait_until_shut("building-3")

        over = visitors_pass(cast.layout, ends_in_ms=-60_000)
        await show(cast, over, "PassRefused", place="door:gate", code="pass_expired")
        good = visitors_pass(cast.layout, ends_in_ms=3_600_000)
        await show(cast, good, "DoorOpenRequested", place="door:gate")

        (sale,) = await of_kind(cast, "SaleSettled")
        assert sale["data"]["business_date"] == business_today()
        stamps = [entry["timems"] for entry in await entries(cast) if entry["timetrust"] == Trust.SYNCED]
        assert stamps and all(began_ms - SYNCED_ERROR_MS < at < now_ms() + SYNCED_ERROR_MS for at in stamps)
        assert sale["timetrust"] == Trust.SYNCED
        faults, counts = await compare_books(cast.http, cast.layout)
        assert faults == []
        assert counts["sales"] == 1


async def test_a_clock_that_is_unknown_at_boot_keeps_visitors_out_and_residents_and_trade_going(
    tmp_path: Path,
) -> None:
    layout = layout_in(tmp_path)
    async with TimelessGate(layout.ports.platform) as gate:
        world = LyingWorld(layout, TEN_YEARS, platform_url=gate.url, building_reader=True)
        async with running(world) as (_, cast):
            good = visitors_pass(layout, ends_in_ms=3_600_000)
            floor_ms = await _boot_without_time(world, cast, gate)
            found = await status(cast)
            assert found["time_trust"] == Trust.UNKNOWN
            assert floor_ms <= found["at_ms"] < now_ms() + SYNCED_ERROR_MS

            await show(cast, good, "PassRefused", place="door:gate", code="clock_unknown")
            over = visitors_pass(layout, ends_in_ms=-3_600_000, doors=("gate", "building-3"))
            await show(cast, over, "PassRefused", place="door:building-3", code="clock_unknown")
            await show(cast, cast.phone.fresh_code(), "DoorOpenRequested", place="door:building-3")
            assert await cast.phone.open_door("gate") == "refused"
            assert await let_open(cast) == ["door:building-3"]

            async with KioskScreen(cast.http, layout.ports.kiosk) as cast.kiosk:
                assert "paid" in await buy(cast)
            (sale,) = await of_kind(cast, "SaleSettled")
            assert sale["timetrust"] == Trust.UNKNOWN
            assert sale["data"]["business_date"] == business_today()

            gate.shut = False
            await until_trust(cast, Trust.SYNCED)
            await show(cast, good, "DoorOpenRequested", place="door:gate")
            faults, counts = await compare_books(cast.http, layout)
            assert faults == []
            assert counts["sales"] == 1
            assert await let_open(cast) == ["door:building-3", "door:gate"]


async def _boot_without_time(world: LyingWorld, cast: Cast, gate: TimelessGate) -> int:
    """Stop the hub, forget the boot, start it while nobody tells the time; returns the floor."""
    gate.shut = True
    await asyncio.to_thread(world.processes.end, "hub")
    floor_ms = forget_the_boot(cast.layout)
    await asyncio.to_thread(lambda: world.start_hub(wait=False))

    async def well() -> bool:
        try:
            parts = (await status(cast))["parts"]
        except OSError:
            return False
        return {name for name, state in parts.items() if state["state"] != "ok"} <= {"clock"}

    await until(well, "everything but the clock is well", 40.0)
    return floor_ms


async def test_tls_dates_are_judged_by_the_trusted_clock(tmp_path: Path) -> None:
    layout = layout_in(tmp_path)
    authority = Authority(tmp_path)
    good = authority.issue("good", from_ms=now_ms() - DAY_MS, until_ms=now_ms() + DAY_MS)
    lying = now_ms() + TEN_YEARS_MS
    over = authority.issue("over", from_ms=lying - DAY_MS, until_ms=lying + DAY_MS)
    files = dict(zip(("certificate_file", "key_file"), good, strict=True))
    world = LyingWorld(layout, TEN_YEARS, listener={**files, "ca_file": authority.ca_file})

    async def serve_with(pair: tuple[Path, Path]) -> None:
        for source, target in zip(pair, good, strict=True):
            target.write_bytes(source.read_bytes())
        await asyncio.to_thread(world.processes.end, "platform")
        await asyncio.to_thread(world.start_platform)

    kept = [(tmp_path / f"kept.{number}") for number in range(2)]
    for path, copy in zip(good, kept, strict=True):
        copy.write_bytes(path.read_bytes())
    async with running(world) as (_, cast):
        assert "paid" in await buy(cast)
        faults, _ = await compare_books(cast.http, layout)
        assert faults == []

        await asyncio.to_thread(world.processes.end, "hub")
        await serve_with(over)  # good by the lying wall clock, not begun by the trusted one
        await asyncio.to_thread(lambda: world.start_hub(wait=False))

        async def refused() -> bool:
            return "certificate_not_yet_valid" in world.processes.log_tail("hub", lines=400)

        await until(refused, "the log names the certificate", 30.0)
        await until_trust(cast, Trust.SYNCED)
        acknowledged = (await status(cast))["acknowledged_seq"]
        await show(cast, visitors_pass(layout, ends_in_ms=3_600_000), "DoorOpenRequested", place="door:gate")
        assert (await status(cast))["acknowledged_seq"] == acknowledged

        await serve_with((kept[0], kept[1]))
        faults, _ = await compare_books(cast.http, layout)
        assert faults == []
        assert await let_open(cast) == ["door:gate"]
