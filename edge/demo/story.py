"""The story, played once without hands: a sale, a pickup, a fee, a gate from the phone, a visitor's pass.

Everything goes the way it goes for people: pictures before cameras, keys on the kiosk's WebSocket, the
phone's API, commands over MQTT. At the end all books are compared.
"""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import aiohttp

from edge.demo.actors import Counter, Hands, KioskScreen, NotSeen, Phone, until
from edge.demo.community import community
from edge.demo.compare import compare_books, kind_of
from edge.demo.layout import Layout
from edge.demo.world import World
from edge.errors import EdgeError

SUBJECT = "res-1203"


@dataclass
class Cast:
    """Who plays, and where."""

    kiosk: KioskScreen
    phone: Phone
    hands: Hands
    hub: Counter
    http: aiohttp.ClientSession
    layout: Layout
    counts: dict[str, int] = field(default_factory=dict)


def play(world: World) -> dict[str, Any]:
    """Play the whole story. Returns `ok`, `steps` with name, ok, ms and detail, and `counts`."""
    return asyncio.run(_play(world))


async def _play(world: World) -> dict[str, Any]:
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as http:
        layout = world.layout
        phone = Phone(http, layout.ports.platform, SUBJECT)
        async with KioskScreen(http, layout.ports.kiosk) as kiosk:
            cast = Cast(kiosk, phone, Hands(http, layout), Counter(layout), http, layout)
            steps = [await _timed(name, step, cast) for name, step in STEPS]
    return {"ok": all(step["ok"] for step in steps), "steps": steps, "counts": cast.counts}


async def _timed(name: str, step: Callable[[Cast], Awaitable[str]], cast: Cast) -> dict[str, Any]:
    began = time.perf_counter()
    try:
        ok, detail = True, await step(cast)
    except (EdgeError, aiohttp.ClientError) as error:
        ok, detail = False, f"{type(error).__name__}: {error}"
    return {"name": name, "ok": ok, "ms": round((time.perf_counter() - began) * 1000), "detail": detail}


async def sign_in(cast: Cast) -> str:
    """The phone makes its key and has it certified."""
    await cast.phone.sign_in()
    return SUBJECT


async def buy(cast: Cast) -> str:
    """A bottle of soy sauce before the camera, paid by phone."""
    soy = next(product for product in community(date.today())["products"] if "酱油" in product["name_zh"])
    await cast.kiosk.wait_for("idle")
    await cast.hands.hold("kiosk", "ean13", soy["ean"])
    await cast.kiosk.wait_for("shop", words=soy["name_zh"])
    await cast.kiosk.wait_for_key("pay")
    await cast.kiosk.press("pay")
    await cast.kiosk.wait_for("pay")
    outcome = await cast.phone.pay()
    await cast.kiosk.wait_for("receipt")
    await cast.kiosk.go_home()
    return f"{soy['name_zh']} {outcome}"


async def collect(cast: Cast) -> str:
    """Yesterday's order from two cells, by the order's pass."""
    waiting = [order for order in await cast.phone.get("/orders") if order["state"] == "in_cells"]
    if not waiting:
        raise NotSeen("no order waits in the lockers")
    order = waiting[0]
    cast.phone.shown.append(order["pass_text"])
    await cast.hands.hold("kiosk", "qr", order["pass_text"])
    await cast.kiosk.wait_for("pickup")
    await until_journal(cast, "OrderCollected", order_id=order["id"])
    await cast.kiosk.go_home()
    return f"{order['id']} from {len(order['cells'])} cells"


async def pay_fee(cast: Cast) -> str:
    """One payment of the room's bills, after showing the phone's own code."""
    await cast.hands.hold("kiosk", "qr", cast.phone.fresh_code())
    await cast.kiosk.wait_for("home")
    await cast.kiosk.press("open", "fees")
    await cast.kiosk.wait_for("fees")
    await cast.kiosk.press("pay")
    await cast.kiosk.wait_for("pay")
    outcome = await cast.phone.pay()
    await cast.kiosk.wait_for("receipt")
    await cast.kiosk.go_home()
    return outcome


async def open_gate(cast: Cast) -> str:
    """The gate from the phone: *opened* is what the contact says."""
    return await _open(cast, "gate")


async def open_north_gate(cast: Cast) -> str:
    """The gate whose lines are a satellite's, over the site's broker."""
    return await _open(cast, "north-gate")


async def _open(cast: Cast, door: str) -> str:
    state = await cast.phone.open_door(door)
    if state != "opened":
        raise NotSeen(f"the phone says {state}, not opened")
    return state


async def let_visitor_in(cast: Cast) -> str:
    """A visitor's pass at the gate's reader, once; the second time it is used up."""
    text = await cast.phone.invite("gate", uses=1)
    cast.phone.shown.append(text)
    await cast.hands.wait_until_shut("gate")
    opened = await _count(cast, "DoorOpened")
    await cast.hands.hold("gate", "qr", text)
    await _until_count(cast, "DoorOpened", opened + 1)
    await cast.hands.take_away("gate")
    refused = await _count(cast, "PassRefused")
    await cast.hands.hold("gate", "qr", text)
    await _until_count(cast, "PassRefused", refused + 1)
    return "in once, refused the second time"


async def compare(cast: Cast) -> str:
    """All books agree."""
    faults, cast.counts = await compare_books(cast.http, cast.layout, shown=cast.phone.shown)
    if faults:
        raise NotSeen("; ".join(faults))
    return "journal, ledger, trace and platform agree"


STEPS: tuple[tuple[str, Callable[[Cast], Awaitable[str]]], ...] = (
    ("sign in on the phone", sign_in),
    ("buy soy sauce", buy),
    ("collect an order", collect),
    ("pay a fee", pay_fee),
    ("open the gate from the phone", open_gate),
    ("open the north gate on the satellite", open_north_gate),
    ("let a visitor in", let_visitor_in),
    ("compare all books", compare),
)


async def _count(cast: Cast, kind: str) -> int:
    return sum(kind_of(entry) == kind for entry in await entries(cast))


async def entries(cast: Cast) -> list[dict[str, Any]]:
    """The hub's journal, decoded."""
    return [json.loads(line) for line in await cast.hub.lines()]


async def _until_count(cast: Cast, kind: str, wanted: int) -> None:
    async def look() -> bool:
        return await _count(cast, kind) >= wanted

    await until(look, f"{wanted} x {kind} in the journal", 30.0)


async def until_journal(cast: Cast, kind: str, **fields: object) -> None:
    """Wait until the journal holds an event of this kind with these fields."""

    async def look() -> bool:
        return any(
            kind_of(entry) == kind and fields.items() <= entry["data"].items()
            for entry in await entries(cast)
        )

    await until(look, f"{kind} {fields} in the journal", 60.0)
