"""Every kind of door driver with its device beside it, for the contract that all of them keep."""

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

from devices.gpio.client import GuardClient
from devices.lines import InputSettings
from devices.modbus.door import ModbusDoors
from devices.modbus.settings import ModbusSettings
from devices.mqtt.door import MqttDoors
from devices.mqtt.site_link import SiteLink
from devices.mqtt.tasmota import TasmotaDoors
from devices.settings import DoorSettings
from devices.site_broker import SiteBroker
from edge.access.inputs import InputKind, InputState
from tests.fakes.door_rig import PULSE_MS, Late, Rig, find, traced
from tests.fakes.guard import DOORS, GuardProcess, Panel
from tests.fakes.mosquitto import Mosquitto
from tests.fakes.relay_process import RelayProcess

NODE, SATELLITE, TASMOTA, MODBUS = "relay-2", "sat-1", "tasmota-3", "modbus-4"


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
        moves=traced(guard.trace, lambda entry: entry.get("line") == 17),
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
        moves=traced(node.trace, lambda entry: entry.get("channel") == "gate"),
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
        moves=traced(relay.trace, lambda entry: entry.get("channel") == "1"),
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
        moves=traced(relay.trace, lambda entry: entry.get("channel") == "1"),
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
        moves=traced(guard.trace, lambda entry: entry.get("line") == 17),
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
