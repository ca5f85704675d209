"""kill -9 of the real hub at ten named points of checkout, pickup and gate.

The hub kills itself with SIGKILL where `EDGE_CRASH_AT` says (see `edge.store.crashpoints`) and is started
again as systemd would. Once everything open has come to its end, all books are compared: nothing lost,
nothing doubled, nothing fired twice.
"""

import asyncio
import contextlib
import signal
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import aiohttp
import pytest

from edge.demo.actors import Counter, Hands, KioskScreen, NotSeen, Phone, until
from edge.demo.compare import compare_books, kind_of
from edge.demo.layout import SITE, Layout, Ports
from edge.demo.story import SUBJECT, Cast, buy, collect, entries
from edge.demo.world import World

pytestmark = [pytest.mark.slow, pytest.mark.proof, pytest.mark.xdist_group("faults")]

OPEN_PAYMENT_S = 45.0
"""A restart asks about open payments at once, then every 20 s."""


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Everything but the hub, which each test starts for itself."""
    world = World(Layout(folder=tmp_path_factory.mktemp("kill"), ports=Ports.free()))
    try:
        world.prepare()
        world.start()
        world.stock_shelves()
        world.processes.end("hub")
        yield world
    finally:
        world.stop()


async def press_open(cast: Cast) -> str:
    """The gate from the phone."""
    return await cast.phone.open_door("gate")


Act = Callable[[Cast], Awaitable[object]]
POINTS: dict[str, tuple[Act, str]] = {
    "checkout.after_place": (buy, SUBJECT),
    "checkout.after_attempt": (buy, SUBJECT),
    "checkout.after_sent": (buy, SUBJECT),
    "checkout.before_settle": (buy, SUBJECT),
    "checkout.after_settle": (buy, SUBJECT),
    "pickup.after_intent": (collect, SUBJECT),
    "pickup.after_send": (collect, "res-1-0502"),
    "pickup.after_opened": (collect, "res-2-0801"),
    "gate.after_intent": (press_open, SUBJECT),
    "gate.after_fire": (press_open, SUBJECT),
}
"""The point, what somebody does when it strikes, and who."""


@pytest.mark.parametrize("point", POINTS)
def test_a_killed_hub_loses_and_doubles_nothing(world: World, point: str) -> None:
    act, subject = POINTS[point]
    world.start_hub(env={"EDGE_CRASH_AT": point})
    asyncio.run(_act_until_dead(world, act, subject))
    process = world.processes.running.pop("hub")
    assert process.wait(10) == -signal.SIGKILL, f"{point} was not reached"
    world.start_hub()
    try:
        asyncio.run(_check(world))
    finally:
        world.processes.end("hub")


async def _act_until_dead(world: World, act: Act, subject: str) -> None:
    hub = world.processes.running["hub"]

    async def dead() -> bool:
        return hub.poll() is not None

    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as http:
        async with KioskScreen(http, world.layout.ports.kiosk) as kiosk:
            cast = await _cast(world, http, kiosk, subject)
            acting = asyncio.create_task(_act(act, cast))
            await until(dead, "the hub is dead", 60.0)
            acting.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await acting
        for camera in ("kiosk", "gate"):
            await cast.hands.take_away(camera)


async def _act(act: Act, cast: Cast) -> None:
    with contextlib.suppress(NotSeen, aiohttp.ClientError, OSError):
        await act(cast)


async def _cast(world: World, http: aiohttp.ClientSession, kiosk: KioskScreen, subject: str) -> Cast:
    layout = world.layout
    phone = Phone(http, layout.ports.platform, subject)
    await phone.sign_in()
    return Cast(kiosk, phone, Hands(http, layout), Counter(layout), http, layout)


async def _check(world: World) -> None:
    async with aiohttp.ClientSession() as http, KioskScreen(http, world.layout.ports.kiosk) as kiosk:
        cast = Cast(
            kiosk,
            Phone(http, 0, ""),
            Hands(http, world.layout),
            Counter(world.layout),
            http,
            world.layout,
        )
        await until(lambda: _payments_have_ended(cast), "every payment has ended", OPEN_PAYMENT_S)
        faults, _ = await compare_books(http, world.layout)
        assert faults == []
        assert await _payment_faults(cast) == []
        assert _opening_faults(await entries(cast)) == []


async def _payments_have_ended(cast: Cast) -> bool:
    states = _payment_states(await entries(cast))
    return all(state in ("PaymentPaid", "PaymentFailed", "PaymentReversed") for state in states.values())


def _payment_states(journal: list[dict[str, Any]]) -> dict[str, str]:
    kinds = ("PaymentRequested", "PaymentUnknown", "PaymentPaid", "PaymentFailed", "PaymentReversed")
    return {e["data"]["attempt_id"]: kind_of(e) for e in journal if kind_of(e) in kinds}


async def _payment_faults(cast: Cast) -> list[str]:
    """Every attempt that the channel says was paid is paid here, its order settled once, and none else."""
    journal = await entries(cast)
    token = (cast.layout.site / "secrets" / "device.token").read_text().strip()
    settled = [e["data"]["order_id"] for e in journal if kind_of(e) == "SaleSettled"]
    paid_orders = [e["data"]["order_id"] for e in journal if kind_of(e) == "PaymentPaid"]
    faults = [] if sorted(settled) == sorted(paid_orders) else [f"paid {paid_orders}, settled {settled}"]
    for attempt, state in _payment_states(journal).items():
        url = f"http://127.0.0.1:{cast.layout.ports.platform}/v1/sites/{SITE}/payments/{attempt}"
        async with cast.http.get(url, headers={"Authorization": f"Bearer {token}"}) as answer:
            theirs = (await answer.json())["state"] if answer.status == 200 else "never asked"
        if (theirs == "paid") != (state == "PaymentPaid"):
            faults.append(f"{attempt}: channel {theirs}, here {state}")
    return faults


def _opening_faults(journal: list[dict[str, Any]]) -> list[str]:
    """Every intent has exactly one result; one that a kill cut off is unknown, or what the contact said."""
    results: dict[str, list[str]] = {}
    for entry in journal:
        kind = kind_of(entry)
        if kind in ("DoorOpenRequested", "CellOpenRequested"):
            results.setdefault(entry["data"]["opening"], [])
        elif kind in (
            "DoorOpened",
            "DoorUnknown",
            "DoorNotFired",
            "CellOpened",
            "CellUnknown",
            "CellNotFired",
        ):
            results.setdefault(entry["data"]["opening"], []).append(kind)
    return [
        f"{opening}: {found}"
        for opening, found in results.items()
        if len(found) != 1 and found != ["CellUnknown", "CellOpened"]
    ]
