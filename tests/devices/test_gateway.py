"""From a command or a scan through a real guard to a simulated door and back: what its contact says."""

import asyncio
import contextlib
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import aiohttp
import pytest

from devices.gateway import ContactReports, Gateway, HoldRole, ScanRouter
from devices.gpio.client import GuardClient
from devices.settings import ReaderSettings
from edge.access.contacts import ContactState
from edge.access.entry import DoorOpener
from edge.access.holds import HoldKeeper
from edge.links.cancelling import end_task
from edge.links.scans import Scan, ScanQueue
from edge.links.supervisor import Role
from edge.pay.codes import CodeTable
from tests.fakes.access_world import AccessWorld
from tests.fakes.guard import DOORS, GuardProcess
from tests.fakes.waiting import until

pytestmark = pytest.mark.slow

READERS = (
    ReaderSettings(id="gate-reader", source="x", serves="door:gate"),
    ReaderSettings(id="kiosk-camera", source="x", serves="kiosk:k1"),
    ReaderSettings(id="other", source="x", serves="kiosk:k9"),
)


class Doors:
    """The door simulator's process and the hand that plays with it."""

    def __init__(self, guard: GuardProcess) -> None:
        self.control = guard.socket.parent / "doors.sock"
        arguments = ["--panel", guard.panel, "--control", self.control, "--config", guard.wiring]
        timing = ["--pull-ms", "40", "--shut-ms", "200"]
        self.process = subprocess.Popen(
            [sys.executable, "-m", "devices.simulator.doors", *map(str, arguments), *timing]
        )

    async def change(self, door: str, **wanted: object) -> dict[str, object]:
        """Play."""
        connector = aiohttp.UnixConnector(str(self.control))
        async with (
            aiohttp.ClientSession(connector=connector) as session,
            session.post(f"http://doors/doors/{door}", json=wanted) as answer,
        ):
            assert answer.status == 200
            return dict(await answer.json())


@pytest.fixture
def doors(guard: GuardProcess) -> Iterator[Doors]:
    """Simulated doors before the guard's pins."""
    doors = Doors(guard)
    yield doors
    doors.process.terminate()
    doors.process.wait(10)


class Hub:
    """The `devices` role with a guard, over the in-line store."""

    def __init__(self, guard: GuardProcess, *broken: Role) -> None:
        self.world = AccessWorld()
        self.kiosk = ScanQueue()
        self.reports = ContactReports(self.world.contacts)
        self.guard = GuardClient(
            socket=guard.socket, doors=DOORS, on_contact=self.reports.door, on_connected=self.connected
        )
        self.opener = DoorOpener(
            store=self.world.store,
            clock=self.world.clock,
            reader=self.world.reader,
            doors={door.id: door.to_door() for door in DOORS},
            pulser=self.guard,
            contacts=self.world.contacts,
            refusals=self.world.refusals,
        )
        self.holds = HoldRole(HoldKeeper(wishes=self.world.site, holder=self.guard), every_s=0.05)
        self.router = ScanRouter(READERS, kiosks={"k1": self.kiosk}, opener=self.opener, codes=CodeTable())
        self.gateway = Gateway(
            (
                *broken,
                Role("guard", self.guard.run),
                Role("contacts", self.reports.run),
                Role("holds", self.holds.run),
                *(Role("reader", reader.run) for reader in self.router.door_readers),
            )
        )

    async def connected(self) -> None:
        """The guard said hello."""
        await self.holds.connected([door.id for door in DOORS])

    def scan(self, text: str, reader: str = "gate-reader", symbology: str = "qr") -> None:
        """A reader read."""
        self.router.put(Scan(reader=reader, symbology=symbology, text=text, at_ms=0))


@contextlib.asynccontextmanager
async def running(hub: Hub, *, closed: bool = True) -> AsyncIterator[Hub]:
    """A hub whose doors were read."""
    role = asyncio.create_task(hub.gateway.run())
    try:
        state = ContactState.CLOSED if closed else ContactState.OPEN
        await until(lambda: hub.world.contacts.state_of("door:gate") is state)
        yield hub
    finally:
        await end_task(role)
        await hub.opener.close()


async def test_a_command_ends_opened_when_the_door_moves(guard: GuardProcess, doors: Doors) -> None:
    async with running(Hub(guard)) as hub:
        opening = await hub.opener.open_by_command(hub.world.command())
        assert opening.state == "opened"
        assert [cause for _, level, cause in guard.edges() if level] == [opening.id]


async def test_a_command_ends_unknown_when_the_door_is_jammed(guard: GuardProcess, doors: Doors) -> None:
    async with running(Hub(guard)) as hub:
        await doors.change("gate", jammed=True)
        task = asyncio.create_task(hub.opener.open_by_command(hub.world.command(id="c-j")))
        await until(lambda: guard.on_times_ms(17))
        await until(lambda: hub.world.events("DoorUnknown"), within_s=15)
        assert ((await task).state, (await task).reason) == ("unknown", "contact_silent")


async def test_a_scan_at_the_gate_opens_it_and_one_at_the_kiosk_goes_to_the_screen(
    guard: GuardProcess, doors: Doors
) -> None:
    async with running(Hub(guard)) as hub:
        hub.scan("6901234567892", reader="kiosk-camera", symbology="ean13")
        hub.scan("lost", reader="other")
        hub.scan(hub.world.visitor())
        await until(lambda: hub.world.events("DoorOpened"))
        assert (await hub.kiosk.get()).text == "6901234567892"
        assert hub.router.unrouted == 1


async def test_a_scan_that_is_no_pass_is_refused_and_the_reader_goes_on(
    guard: GuardProcess, doors: Doors
) -> None:
    async with running(Hub(guard)) as hub:
        hub.scan("https://example.com")
        await until(lambda: hub.world.events("PassRefused"))
        hub.scan(hub.world.visitor())
        await until(lambda: hub.world.events("DoorOpened"))


async def test_a_dead_peripheral_holds_up_no_other(guard: GuardProcess, doors: Doors) -> None:
    async def fail() -> None:
        raise RuntimeError("this driver is broken")

    async def hang() -> None:
        await asyncio.Event().wait()

    async with running(Hub(guard, Role("broken", fail), Role("stuck", hang))) as hub:
        opening = await hub.opener.open_by_command(hub.world.command())
        assert opening.state == "opened"
        await until(lambda: hub.gateway.supervisor.restarts["broken"] >= 1)


async def test_a_hold_is_applied_again_after_the_guard_came_back(guard: GuardProcess, doors: Doors) -> None:
    from functools import partial

    from edge.access.holds import begin_hold

    async with running(Hub(guard)) as hub:
        until_ms = hub.world.clock.at_ms + 60_000
        hold = partial(begin_hold, door="gate", reason="moving", until_ms=until_ms, actor="chen")
        hub.world.store.run_now(hold)
        await until(lambda: (17, 1, "hold") in guard.edges())
        guard.stop()
        guard.start()
        await until(lambda: guard.edges().count((17, 1, "hold")) == 2)


def test_a_flood_of_reports_leaves_a_contact_unknown_rather_than_wrong() -> None:
    world = AccessWorld()
    reports = ContactReports(world.contacts)
    for number in range(1002):
        reports.door("gate", ContactState.OPEN if number % 2 else ContactState.CLOSED)
    assert reports.dropped == 2
    assert world.contacts.state_of("door:gate") is ContactState.UNKNOWN


async def test_the_simulator_says_what_it_does_not_understand(guard: GuardProcess, doors: Doors) -> None:
    await until(doors.control.exists)
    connector = aiohttp.UnixConnector(str(doors.control))
    async with aiohttp.ClientSession(connector=connector) as session:
        for path, body, status in (
            ("/doors/cellar", {}, 404),
            ("/doors/gate", {"jammed": 1}, 400),
            ("/doors/gate", [], 400),
        ):
            async with session.post(f"http://doors{path}", json=body) as answer:
                assert answer.status == status, path


def test_settings_reject_what_no_door_has(tmp_path: Path) -> None:
    import msgspec

    from devices.settings import DoorSettings

    for wrong in (
        {"line": 99},
        {"pulse_ms": 60_000},
        {"kind": "anybody"},
        {"colour": "red"},
        {"id": "Gate!"},
    ):
        body = {"id": "gate", "name_zh": "门", "name_en": "Gate", "line": 17} | wrong
        with pytest.raises(msgspec.ValidationError):
            msgspec.convert(body, DoorSettings)
