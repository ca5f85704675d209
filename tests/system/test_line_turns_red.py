"""The live line of the stage over a real world: 0 · 0 · 0 while all is well, red for each bug of a hub.

The bugs are planted one after another into the running hub and taken out again; each must tell a reason that
no other has told. The same acts without a bug come first, and leave the line at 0 · 0 · 0.
"""

import asyncio
import contextlib
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from pathlib import Path
from typing import NamedTuple

import pytest

from edge.demo.actors import NotSeen, until
from edge.demo.compare import kind_of
from edge.demo.layout import Layout, Ports
from edge.demo.stage.checking import Checker
from edge.demo.stage.frames import Frame
from edge.demo.stage.line import Line
from edge.demo.stage.switches import build_switches
from edge.demo.stage.switches.overhearing import Ear
from edge.demo.stage.switches.port import Reach, Switch
from edge.demo.story import Cast, buy, entries
from edge.links.cancelling import end_task
from tests.faults.hub_bugs import BUGS
from tests.faults.killing import KilledWorld
from tests.faults.planted_hub import NO_BUG, PLANT_FILE
from tests.system.staging import running

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("system")]

SEEN_S = 12.0


ANSWERS = ("DoorOpened", "DoorUnknown", "PassRefused")


class PlantedWorld(KilledWorld):
    """A world whose hub takes bugs while it runs."""

    def start_hub(self, *, wait: bool = True, env: Mapping[str, str] | None = None) -> None:
        """The hub, ready to be told what it does wrong."""
        super().start_hub(wait=wait, env={PLANT_FILE: str(self._seed), **(env or {})})

    def plant(self, bug: str) -> None:
        """Take out the bug that is planted, and plant this one."""
        self._seed.write_text(bug)
        self.processes.running["hub"].send_signal(signal.SIGUSR2)
        self.processes.wait("hub", lambda: not self._seed.exists())

    @property
    def _seed(self) -> Path:
        return self.layout.folder / "plant"


class People:
    """Who presses the stage's switches, and does at the site what the bugs are about."""

    def __init__(self, cast: Cast, ear: Ear, switches: Mapping[str, Switch]) -> None:
        self.cast = cast
        self._ear = ear
        self._switches = switches

    async def buy(self) -> None:
        """A sale, paid by phone, up to the receipt."""
        await self.cast.kiosk.go_home()
        await buy(self.cast)

    async def open(self, door: str) -> None:
        """Press *open* on the phone; whoever presses does not wait."""
        await self.cast.phone.post(f"/doors/{door}/open", {})

    async def open_jammed(self) -> None:
        """The same while the south gate does not move."""
        await self.cast.hands.wait_until_shut("gate")
        await self.press("door.jam")
        await self.open("gate")

    async def collect(self) -> None:
        """Show the order's pass until a cell was asked for."""
        orders = await self.cast.phone.get("/orders")
        order = next(each for each in orders if each["state"] == "in_cells")
        await self.cast.kiosk.go_home()
        await self.cast.hands.hold("kiosk", "qr", order["pass_text"], seconds=1.0)
        await self.cast.kiosk.wait_for("pickup")

    async def visit(self) -> None:
        """A visitor's pass for one use, shown once."""
        await self.show(await self.cast.phone.invite("gate", uses=1))

    async def visit_twice(self) -> None:
        """The same pass, in and in again."""
        text = await self.cast.phone.invite("gate", uses=1)
        await self.show(text)
        await self.cast.hands.take_away("gate")
        await self.show(text)

    async def show(self, text: str) -> None:
        """Hold a pass before the gate's reader until the gate has opened, or stayed shut; shut it behind."""
        before = await self._answers()
        await self.cast.hands.hold("gate", "qr", text)
        await until(lambda: self._answered(before), "the gate's answer")
        await self.cast.hands.door("gate", push="closed")

    async def _answered(self, before: int) -> bool:
        return await self._answers() > before

    async def _answers(self) -> int:
        return sum(kind_of(entry) in ANSWERS for entry in await entries(self.cast))

    async def tap_twice(self) -> None:
        """Two taps on the pay key of a kiosk that nobody is at; whatever is asked for then is paid."""
        cast = self.cast
        await cast.kiosk.go_home()
        await self.press("other.double_tap")
        await cast.kiosk.wait_for("pay")
        for _ in range(2):
            await cast.phone.pay()
        await cast.kiosk.wait_for("receipt")

    async def press(self, switch: str) -> None:
        """Press a switch of the stage, and let it see what became of it."""
        await self._switches[switch].press(True)

    async def forge(self) -> None:
        """A pass that says everything right, under a stranger's signature."""
        before = await self._answers()
        await self.press("attack.forge")
        await until(lambda: self._answered(before), "the gate's answer")
        await self.cast.hands.door("gate", push="closed")

    async def replay(self) -> None:
        """A door opened from the phone, and the command stolen and sent again."""
        await self.open("building-3")
        await until(self._overheard, "a command that passes by")
        await self.press("attack.replay")

    async def _overheard(self) -> bool:
        return self._ear.last is not None


class Case(NamedTuple):
    """What people do while a bug is planted, and what the line then says, in words and in which column."""

    act: Callable[[People], Awaitable[None]]
    column: str
    words: str


CASES: Mapping[str, Case] = {
    "every lock fired twice": Case(
        lambda people: people.open("gate"),
        "extra",
        "a lock was fired and nobody's authorisation is on record",
    ),
    "nonce ignored, a replay opens": Case(People.replay, "extra", "a command opened more than once"),
    "stock not taken": Case(People.buy, "other", "stock is not what came in less what was sold"),
    "a fen more booked than paid": Case(People.buy, "other", "the books do not balance"),
    "points given twice": Case(People.buy, "other", "points or wallet were spent wrongly"),
    "sale not journalled": Case(People.buy, "lost", "a sale that was confirmed is not in the journal"),
    "sale journalled twice": Case(People.buy, "doubled", "a sale was recorded twice"),
    "signature not looked at": Case(People.forge, "extra", "opened by what nobody issued"),
    "a pass quoted in the log": Case(People.visit, "other", "personal data or a secret got out"),
    "uses of a pass not counted": Case(
        People.visit_twice, "extra", "a pass was used more often than it allows"
    ),
    "charged again when the answer is late": Case(People.tap_twice, "doubled", "an order was charged twice"),
    "the cell beside opened": Case(People.collect, "extra", "a cell was opened for somebody else"),
    "opened said without the contact": Case(
        People.open_jammed, "other", "said to be open, and the contact did not move"
    ),
    "phone told opened too early": Case(
        People.open_jammed, "lost", "a phone was told *opened*, not on record"
    ),
    "entries acknowledged that were not sent": Case(
        lambda people: people.open("gate"), "lost", "taken for delivered, the platform has it not"
    ),
}


@contextlib.asynccontextmanager
async def judged(folder: Path) -> AsyncIterator[tuple[PlantedWorld, People, Checker]]:
    """A world that takes bugs, its people, and the checker of the stage with its witness before the kiosk."""
    world = PlantedWorld(Layout(folder=folder, ports=Ports.free()))
    async with running(world) as (_, cast):
        checker = Checker(world.layout)
        ear, ports = Ear(world.layout), world.layout.ports
        phone = Frame(port=ports.stage_phone, target_port=ports.platform, stage_port=ports.stage)
        reach = Reach(world=world, http=cast.http, platform_wires=(), phone=phone)
        switches = {switch.id: switch for switch in build_switches(reach, ear)}
        tasks = [asyncio.create_task(task) for task in (checker.receipts.watch(), ear.listen())]
        try:
            yield world, People(cast, ear, switches), checker
        finally:
            for task in tasks:
                await end_task(task)


async def line_when(checker: Checker, wanted: Callable[[Line], bool], what: str) -> Line:
    """Look until the line is as wanted; the looks themselves are the product's."""

    async def look() -> bool:
        await asyncio.to_thread(checker.look)
        return wanted(checker.line)

    try:
        await until(look, what, SEEN_S)
    except NotSeen as error:
        raise NotSeen(f"{error}; the line: {checker.line.describe()}") from error
    return checker.line


def reasons(line: Line) -> set[str]:
    """What the line says is wrong."""
    return {reason.words.en for reason in line.reasons}


async def test_every_planted_bug_turns_the_line_red_with_a_reason_of_its_own(tmp_path: Path) -> None:
    assert CASES.keys() == BUGS.keys()
    assert len({case.words for case in CASES.values()}) == len(CASES) >= 10
    async with judged(tmp_path) as (world, people, checker):
        for act in (People.buy, People.visit_twice, People.forge, People.replay):
            await act(people)
        line = await line_when(checker, lambda line: line.openings == 2 and line.state == "ok", "all is well")
        assert line.sales == 1
        assert set(line.describe()[column] for column in ("lost", "doubled", "extra", "other")) == {0}
        for bug, case in CASES.items():
            before = reasons(checker.line)
            assert case.words not in before, bug
            world.plant(bug)
            await case.act(people)
            line = await line_when(checker, lambda line, case=case: case.words in reasons(line), bug)  # type: ignore[misc]
            told = [each for each in line.reasons if each.words.en == case.words]
            assert {each.column for each in told} == {case.column}, bug
            assert line.state == "bad"
            world.plant(NO_BUG)
