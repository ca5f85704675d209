"""Every switch of the stage but the network's: its real effect on a running world, and that undone.

What a switch says is not believed: each effect is looked for by other eyes than the switch's own. A switch
that only claims to have acted turns `prove` red.
"""

import asyncio
import time
from collections import Counter as Tally
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime

import aiohttp
import pytest
import pytest_asyncio

from edge.demo.actors import KioskScreen, NotSeen, until
from edge.demo.compare import compare_books, kind_of
from edge.demo.layout import listens
from edge.demo.stage.frames import Frame
from edge.demo.stage.switches import build_switches
from edge.demo.stage.switches.attack import Replay
from edge.demo.stage.switches.hardware import UnplugTheCamera
from edge.demo.stage.switches.overhearing import Ear
from edge.demo.stage.switches.port import Reach, Switch
from edge.demo.stage.words import CannotNow, Said
from edge.demo.story import Cast, buy, entries, until_journal
from edge.demo.world import World
from edge.links.cancelling import end_task
from edge.proof.collect import read_trace
from edge.proof.doors import HOLD
from kiosk.banners import BANNERS
from tests.system.staging import staged

pytestmark = [
    pytest.mark.slow,
    pytest.mark.xdist_group("system"),
    pytest.mark.asyncio(loop_scope="module"),
]

SEEN_S = 10.0
SOON_S = 1.0
SETTLED_S = 30.0
DAY_S = 86_400.0
SOY_SAUCE = "6910628152903"

Look = Callable[[], Awaitable[bool]]


@dataclass
class Stand:
    """A running world, its people, and its switches by id."""

    world: World
    cast: Cast
    reach: Reach
    ear: Ear
    switches: dict[str, Switch]
    played: Tally[str] = field(default_factory=Tally)
    """What was sold and collected in this world: tests may be shared out over several."""

    def pulses(self) -> int:
        """How often a lock was released for a pulse."""
        trace = read_trace(self.world.layout.site / "guard.trace")
        return sum(edge.level == 1 and edge.id != HOLD for edge in trace)

    async def shows(self, banner: str) -> bool:
        """Whether the kiosk's own page shows this banner."""
        try:
            async with self.cast.http.get(f"http://127.0.0.1:{self.world.layout.ports.kiosk}/") as answer:
                return f"<b>{BANNERS[banner].title.zh}" in await answer.text()
        except aiohttp.ClientError:
            return False

    async def contact(self, door: str) -> str:
        """What the hub says of a door."""
        doors = (await self.cast.hub.get("/devices"))["doors"]
        return str(next(each["contact"] for each in doors if each["id"] == door))

    async def count(self, kind: str, **fields: object) -> int:
        """How many entries of a kind with these fields the journal has."""
        return sum(
            kind_of(entry) == kind and fields.items() <= entry["data"].items()
            for entry in await entries(self.cast)
        )


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stand(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stand]:
    """One world for all of them."""
    async with staged(tmp_path_factory.mktemp("switches")) as (world, cast):
        ports = world.layout.ports
        frame = Frame(port=ports.stage_phone, target_port=ports.platform, stage_port=ports.stage)
        reach = Reach(world=world, http=cast.http, platform_wires=(), phone=frame)
        ear = Ear(world.layout)
        listening = asyncio.create_task(ear.listen())
        switches = {switch.id: switch for switch in build_switches(reach, ear)}
        yield Stand(world, cast, reach, ear, switches)
        await end_task(listening)


async def prove(switch: Switch, *, on: bool, seen: Look, within_s: float = SEEN_S) -> Said:
    """Press it, and see by other eyes that what it is for has happened. Raises NotSeen."""
    said = await switch.press(on)
    assert said.zh and said.en
    await until(seen, f"{switch.id} {on}: {said.en}", within_s)
    assert await switch.observed() == ("on" if on and not switch.one_shot else "off")
    return said


def negated(look: Look) -> Look:
    """The contrary."""

    async def seen() -> bool:
        return not await look()

    return seen


async def test_brokers_in_the_middle_of_a_pickup_and_of_an_opening(stand: Stand) -> None:
    cast, ports = stand.cast, stand.world.layout.ports
    order = next(o for o in await cast.phone.get("/orders") if o["state"] == "in_cells")
    await cast.hands.hold("kiosk", "qr", order["pass_text"])
    await until_journal(cast, "CellOpened")

    async def unknown() -> bool:
        return not listens(ports.site_broker) and await stand.shows("lockers")

    await prove(stand.switches["broker.site"], on=True, seen=unknown)
    await prove(stand.switches["broker.site"], on=False, seen=negated(unknown))

    async def collected() -> bool:
        if 'data-do="retry"' in cast.kiosk.html:
            await cast.kiosk.press("retry")
        return await stand.count("OrderCollected", order_id=order["id"]) == 1

    await until(collected, "the pickup ends by its holder's gesture", 40.0)
    stand.played["collected"] += 1
    await cast.kiosk.go_home()

    async def gone() -> bool:
        return not listens(ports.platform_broker)

    await prove(stand.switches["broker.platform"], on=True, seen=gone)
    assert await cast.phone.open_door("gate") == "opened"  # fetched over HTTPS
    await prove(stand.switches["broker.platform"], on=False, seen=negated(gone))


async def test_attacks_open_nothing(stand: Stand) -> None:
    stand.ear.last = None
    for name in ("attack.retained", "attack.replay"):
        with pytest.raises(CannotNow, match="No command has passed by"):
            await stand.switches[name].press(True)
    await stand.cast.hands.wait_until_shut("gate")
    assert await stand.cast.phone.open_door("gate") == "opened"
    await stand.cast.hands.wait_until_shut("gate")
    fired = stand.pulses()

    async def replay_refused() -> bool:
        return await stand.count("CommandRefused", code="command_replayed") == 1

    async def forgery_refused() -> bool:
        return await stand.count("PassRefused", code="bad_signature", place="door:gate") == 1

    said = await prove(stand.switches["attack.retained"], on=True, seen=negated(replay_refused))
    assert "The broker hung up" in said.en and await stand.ear.kept() == 0
    said = await prove(stand.switches["attack.replay"], on=True, seen=replay_refused)
    assert "command_replayed" in said.zh and "command_replayed" in said.en
    said = await prove(stand.switches["attack.forge"], on=True, seen=forgery_refused)
    assert "bad_signature" in said.zh and "bad_signature" in said.en
    assert stand.pulses() == fired


async def test_doors_and_the_guard(stand: Stand) -> None:
    cast = stand.cast

    async def reads_open() -> bool:
        leaf = (await cast.hands.door("building-3"))["open"]
        return not leaf and await stand.contact("building-3") == "open"

    await prove(stand.switches["door.contact"], on=True, seen=reads_open)
    assert await stand.count("DoorForced", place="door:building-3") == 1
    await prove(stand.switches["door.contact"], on=False, seen=negated(reads_open))

    guard = stand.world.processes.running["guard"].pid

    async def another_guard() -> bool:
        return stand.world.processes.running["guard"].pid != guard

    await prove(stand.switches["power.guard"], on=True, seen=another_guard)

    async def jammed() -> bool:
        return bool((await cast.hands.door("gate"))["jammed"])

    await prove(stand.switches["door.jam"], on=True, seen=jammed)
    assert await cast.phone.open_door("gate") == "unknown"
    await prove(stand.switches["door.jam"], on=False, seen=negated(jammed))
    assert await cast.phone.open_door("gate") == "opened"


async def camera_away(stand: Stand) -> bool:
    """Whether nobody answers at the camera's address, and the kiosk's page says so."""
    try:
        async with stand.cast.http.get(f"http://127.0.0.1:{stand.world.layout.ports.camera}/kiosk.mjpg"):
            return False
    except aiohttp.ClientError:
        return await stand.shows("camera")


async def test_the_camera_and_the_disk(stand: Stand) -> None:
    async def away() -> bool:
        return await camera_away(stand)

    await prove(stand.switches["hardware.camera"], on=True, seen=away)
    await prove(stand.switches["hardware.camera"], on=False, seen=negated(away))

    cast, fired = stand.cast, stand.pulses()
    single = await cast.phone.invite("gate", uses=1)
    cast.phone.shown.append(single)

    async def stopped() -> bool:
        return await stand.shows("journal")

    await prove(stand.switches["hardware.disk"], on=True, seen=stopped)
    await cast.hands.hold("kiosk", "ean13", SOY_SAUCE)
    await cast.kiosk.wait_for_key("pay")
    await cast.kiosk.press("pay")
    await cast.kiosk.wait_for("shop", words="钱没有扣")
    assert await cast.phone.open_door("gate") == "refused"
    with pytest.raises(CannotNow, match="comes up only when"):
        await stand.switches["power.hub"].press(True)
    await cast.hands.hold("gate", "qr", single)
    await cast.hands.take_away("gate")
    assert stand.pulses() == fired, "counted and remote openings have to be written down first"
    await cast.hands.hold("gate", "qr", cast.phone.fresh_code())

    async def let_in() -> bool:
        return stand.pulses() == fired + 1

    await until(let_in, "a resident's own code opens", SEEN_S)
    await prove(stand.switches["hardware.disk"], on=False, seen=negated(stopped))
    await cast.kiosk.go_home()
    assert "paid" in await buy(cast)
    stand.played["sales"] += 1


async def test_two_taps_are_one_payment_and_pulling_the_plug_loses_nothing(stand: Stand) -> None:
    cast, before = stand.cast, await stand.count("PaymentRequested")
    sales = await stand.count("SaleSettled")

    async def asked_once() -> bool:
        return await stand.count("PaymentRequested") == before + 1

    await prove(stand.switches["other.double_tap"], on=True, seen=asked_once)
    hub, lines = stand.world.processes.running["hub"].pid, await cast.hub.lines()

    async def another_hub() -> bool:
        return stand.world.processes.running["hub"].pid != hub

    await prove(stand.switches["power.hub"], on=True, seen=another_hub)
    assert (await cast.hub.lines())[: len(lines)] == lines
    assert "paid" in await cast.phone.pay()

    async def settled_once() -> bool:
        return await stand.count("SaleSettled") == sales + 1

    await until(settled_once, "the hub that came back settles what was paid", SETTLED_S)
    assert await stand.count("PaymentRequested") == before + 1
    stand.played["sales"] += 1


async def test_a_clock_a_year_back_is_believed_by_nobody(stand: Stand) -> None:
    async def a_year_back() -> bool:
        url = f"http://127.0.0.1:{stand.world.layout.ports.kiosk}/health"
        async with stand.cast.http.get(url) as answer:
            said_s = parsedate_to_datetime(answer.headers["Date"]).timestamp()
        return time.time() - said_s > 300 * DAY_S

    await prove(stand.switches["other.clock"], on=True, seen=a_year_back)
    status = await stand.cast.hub.get("/status")
    assert abs(status["at_ms"] / 1000 - time.time()) < SEEN_S and status["time_trust"] == "synced"
    async with KioskScreen(stand.cast.http, stand.world.layout.ports.kiosk) as stand.cast.kiosk:
        await stand.cast.kiosk.go_home()
        assert "paid" in await buy(stand.cast)
    stand.played["sales"] += 1
    await prove(stand.switches["other.clock"], on=False, seen=negated(a_year_back))


class Painted(UnplugTheCamera):
    """A switch that says what it should, and does nothing."""

    async def act(self, on: bool) -> Said:
        """Lie."""
        return Said("拔了。", "Unplugged.")


class Mute(Replay):
    """An attack that never leaves."""

    async def act(self, on: bool) -> Said:
        """Lie."""
        return Said("拒绝了：command_replayed。", "Refused: command_replayed.")


async def test_a_switch_that_does_nothing_is_found_out(stand: Stand) -> None:
    async def away() -> bool:
        return await camera_away(stand)

    with pytest.raises(NotSeen):
        await prove(Painted(stand.reach), on=True, seen=away, within_s=SOON_S)
    before = await stand.count("CommandRefused")

    async def refused() -> bool:
        return await stand.count("CommandRefused") == before + 1

    with pytest.raises(NotSeen):
        await prove(Mute(stand.reach, stand.ear), on=True, seen=refused, within_s=SOON_S)


async def test_afterwards_all_books_agree(stand: Stand) -> None:
    faults, counts = await compare_books(stand.cast.http, stand.cast.layout, shown=stand.cast.phone.shown)
    assert faults == []
    assert {name: counts[name] for name in ("collected", "sales")} == {
        name: stand.played[name] for name in ("collected", "sales")
    }
