"""Every kind of door driver with its device beside it, for the contract that all of them keep."""

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from devices.gpio.client import GuardClient
from devices.lines import InputSettings
from devices.modbus.door import ModbusDoors
from devices.modbus.settings import ModbusSettings
from devices.mqtt.door import MqttDoors
from devices.mqtt.site_link import SiteLink
from devices.mqtt.tasmota import TasmotaDoors
from devices.registry import DoorDriver
from devices.settings import DoorSettings
from devices.site_broker import SiteBroker
from edge.access.contacts import ContactState
from edge.access.inputs import InputKind, InputState
from edge.links.cancelling import end_task
from edge.links.findings import Findings
from tests.fakes.guard import DOORS, GuardProcess, Panel
from tests.fakes.mosquitto import Mosquitto
from tests.fakes.relay_process import RelayProcess

PULSE_MS = 500
NODE, SATELLITE, TASMOTA, MODBUS = "relay-2", "sat-1", "tasmota-3", "modbus-4"


@dataclass
class Rig:
    """One driver and its device. `edges` are the relay's since the rig was made: (level, boot ns, cause).

    `silence_s` is how long a held door stays so without the hub.
    """

    driver: DoorDriver
    runs: list[Callable[[], object]]
    trace: Path
    is_ours: Callable[[dict[str, object]], bool]
    lose: Callable[[], None]
    restore: Callable[[], None]
    silence: Callable[[bool], None]
    set_open: Callable[[bool], None]
    findings: Findings
    contacts: list[ContactState] = field(default_factory=list)
    resets: int = 0
    pulse_ms: int = PULSE_MS
    silence_s: float = 2.0
    began_ns: int = field(default_factory=lambda: time.clock_gettime_ns(time.CLOCK_BOOTTIME))
    tasks: list[asyncio.Task[object]] = field(default_factory=list)

    def edges(self) -> list[tuple[int, int, str]]:
        """What the relay did, by its own trace."""
        entries = (json.loads(line) for line in self.trace.read_text("utf-8").splitlines())
        return [
            (entry["level"], entry["at_boot_ns"], str(entry["id"]))
            for entry in entries
            if "level" in entry and self.is_ours(entry) and entry["at_boot_ns"] >= self.began_ns
        ]

    def is_on(self) -> bool:
        """Whether the relay is on now."""
        edges = self.edges()
        return bool(edges and edges[-1][0])

    def times_on(self) -> int:
        """How often it went on."""
        return sum(level for level, _, _ in self.edges())

    def online(self) -> bool:
        """Whether the door's device is fit for duty."""
        return self.driver.online("gate") is True

    def note(self, door: str, state: ContactState) -> None:
        """Take a report of the driver."""
        if door == "gate":
            self.contacts.append(state)

    async def connected(self, doors: Iterable[str]) -> None:
        """The device came back with everything off."""
        self.resets += "gate" in doors

    def begin(self) -> None:
        """The hub lives."""
        self.tasks = [asyncio.ensure_future(run()) for run in self.runs]  # type: ignore[call-overload]

    async def end(self) -> None:
        """The hub is gone."""
        for task in self.tasks:
            await end_task(task)
        self.tasks = []


def find() -> Findings:
    """An empty list."""
    return Findings(now_ms=lambda: time.time_ns() // 1_000_000)


def remote_door(driver: str, device: str, **more: object) -> DoorSettings:
    """The door `gate` on a remote relay."""
    return DoorSettings(
        id="gate",
        name_zh="侧门",
        name_en="gate",
        driver=driver,
        device=device,
        **{"pulse_ms": PULSE_MS, **more},  # type: ignore[arg-type]
    )


def link_to(broker: Mosquitto, device: str) -> SiteLink:
    """A hub's session with a broker; several hubs are there at once, each with one device."""
    return SiteLink(SiteBroker(broker.host, broker.port, None, None, f"hub-{device}"))


class Late:
    """Callbacks that a driver is made with before its rig is there."""

    rig: Rig

    def note(self, door: str, state: ContactState) -> None:
        """A contact says."""
        self.rig.note(door, state)

    async def connected(self, doors: Iterable[str]) -> None:
        """A device is back."""
        await self.rig.connected(doors)


@contextlib.asynccontextmanager
async def guard_rig(guard: GuardProcess) -> AsyncIterator[Rig]:
    """The relay guard with mock pins."""
    late, panel = Late(), Panel(guard.panel)
    client = GuardClient(
        socket=guard.socket,
        doors=DOORS,
        on_contact=late.note,
        on_connected=lambda: late.connected(["gate"]),
    )
    panel.drive(27, 0)

    def restore() -> None:
        guard.start()

    def still(on: bool) -> None:
        assert guard.process is not None
        guard.process.send_signal(19 if on else 18)

    late.rig = rig = Rig(
        driver=client,
        runs=[client.run],
        trace=guard.trace,
        is_ours=lambda entry: entry.get("line") == 17,
        lose=lambda: _ignore(guard.stop(9)),  # type: ignore[arg-type]
        restore=restore,
        silence=still,
        set_open=lambda is_open: panel.drive(27, int(is_open)),
        findings=find(),
        pulse_ms=300,
        silence_s=1.0,
    )
    rig.begin()
    try:
        yield rig
    finally:
        await rig.end()
        panel.close()


@contextlib.asynccontextmanager
async def node_rig(broker: Mosquitto, node: RelayProcess) -> AsyncIterator[Rig]:
    """A board of the project's convention."""
    late, findings, link = Late(), find(), link_to(broker, NODE)
    driver = MqttDoors(
        [remote_door("mqtt", NODE)],
        link=link,
        findings=findings,
        on_contact=late.note,
        on_connected=late.connected,
    )
    late.rig = rig = Rig(
        driver=driver,
        runs=[link.run, driver.run],
        trace=node.trace,
        is_ours=lambda entry: entry.get("channel") == "gate",
        lose=node.kill,
        restore=node.start,
        silence=lambda on: node.switch("/board", answers=not on),
        set_open=lambda is_open: node.switch("/doors/gate", cut=is_open),
        findings=findings,
    )
    rig.begin()
    try:
        yield rig
    finally:
        await rig.end()


@contextlib.asynccontextmanager
async def tasmota_rig(broker: Mosquitto, relay: RelayProcess) -> AsyncIterator[Rig]:
    """A relay with Tasmota firmware."""
    late, findings, link = Late(), find(), link_to(broker, TASMOTA)
    driver = TasmotaDoors(
        [remote_door("tasmota", TASMOTA)],
        link=link,
        findings=findings,
        on_contact=late.note,
        on_connected=late.connected,
    )
    late.rig = rig = Rig(
        driver=driver,
        runs=[link.run, driver.run],
        trace=relay.trace,
        is_ours=lambda entry: entry.get("channel") == "1",
        lose=relay.kill,
        restore=relay.start,
        silence=lambda on: relay.switch("/board", answers=not on),
        set_open=lambda is_open: relay.switch("/doors/1", cut=is_open),
        findings=findings,
        silence_s=PULSE_MS / 1000,
    )
    rig.begin()
    try:
        yield rig
    finally:
        await rig.end()


@contextlib.asynccontextmanager
async def modbus_rig(relay: RelayProcess, where: dict[str, object]) -> AsyncIterator[Rig]:
    """A relay board on Modbus TCP or a serial line."""
    late, findings = Late(), find()
    board = ModbusSettings(id=MODBUS, timing="flash_coil", **where)  # type: ignore[arg-type]
    driver = ModbusDoors(
        [remote_door("modbus", MODBUS)],
        [board],
        findings=findings,
        on_contact=late.note,
        on_connected=late.connected,
    )
    late.rig = rig = Rig(
        driver=driver,
        runs=[driver.run],
        trace=relay.trace,
        is_ours=lambda entry: entry.get("channel") == "1",
        lose=relay.kill,
        restore=relay.start,
        silence=lambda on: relay.switch("/board", answers=not on),
        set_open=lambda is_open: relay.switch("/doors/1", cut=is_open),
        findings=findings,
    )
    rig.begin()
    try:
        yield rig
    finally:
        await rig.end()


@contextlib.asynccontextmanager
async def satellite_rig(
    broker: Mosquitto, guard: GuardProcess, satellite: RelayProcess, inputs: dict[str, str] | None = None
) -> AsyncIterator[Rig]:
    """`edge run` with `[satellite]`, its own relay guard, and the hub's driver."""
    late, findings, link, panel = Late(), find(), link_to(broker, SATELLITE), Panel(guard.panel)

    def hear(name: str, state: InputState) -> None:
        if inputs is not None:
            inputs[name] = state.value

    exit_button = InputSettings(id="side-exit", kind=InputKind.EXIT_BUTTON, device=SATELLITE, doors=("gate",))
    driver = MqttDoors(
        [remote_door("mqtt", SATELLITE, pulse_ms=300)],
        link=link,
        findings=findings,
        on_contact=late.note,
        on_connected=late.connected,
        on_input=hear,
        inputs=[(SATELLITE, exit_button.id)],
    )
    panel.drive(27, 0)
    late.rig = rig = Rig(
        driver=driver,
        runs=[link.run, driver.run],
        trace=guard.trace,
        is_ours=lambda entry: entry.get("line") == 17,
        lose=satellite.kill,
        restore=satellite.start,
        silence=satellite.stand_still,
        set_open=lambda is_open: panel.drive(27, int(is_open)),
        findings=findings,
        pulse_ms=300,
    )
    rig.begin()
    try:
        yield rig
    finally:
        await rig.end()
        panel.close()


def satellite_file(folder: Path, broker: Mosquitto, guard: GuardProcess) -> Path:
    """A satellite's site file."""
    (folder / "password").write_text("unused")
    file = folder / "satellite.toml"
    doors = "".join(
        f'[[door]]\nid = "{door.id}"\nname_zh = "门"\nname_en = "door"\nline = {door.line}\n'
        f"contact_line = {door.contact_line}\npulse_ms = {door.pulse_ms}\n"
        for door in DOORS
    )
    file.write_text(
        f'[satellite]\ndevice = "{SATELLITE}"\n'
        f'[broker]\nhost = "{broker.host}"\nport = {broker.port}\nusername = "{SATELLITE}"\n'
        f'password_file = "password"\n[guard]\nsocket = "{guard.socket}"\n{doors}'
    )
    return file


def _ignore(_: object) -> None:
    return None
