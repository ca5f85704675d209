"""Remote doors without a broker: who is fit for duty, what is quarantined, what moves nothing."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from devices.dead_contacts import PULSES, DeadContacts
from devices.modbus.settings import ModbusSettings, modbus_faults
from devices.mqtt.discovery import Announcer
from devices.mqtt.door import MqttDoors
from devices.mqtt.door_messages import DoorCommand, DoorState
from devices.mqtt.door_node import BEAT_LIMIT_MS, DoorNode
from devices.mqtt.site_watch import SiteWatch
from devices.mqtt.tasmota import TasmotaDoors
from devices.registry import DOOR_DRIVERS
from devices.settings import DoorSettings
from edge.access.contacts import ContactState
from edge.access.errors import NotMoved
from edge.config import Config
from edge.errors import ConfigError
from edge.links.finding_words import WORDS
from edge.links.findings import Findings
from edge.satellite import make_satellite
from edge.site import load_site
from tests.fakes.site_link import FakeLink

OPEN, CLOSED, UNKNOWN = ContactState.OPEN, ContactState.CLOSED, ContactState.UNKNOWN


def door(driver: str = "mqtt", **more: Any) -> DoorSettings:
    """The door `side` on device `relay-2`."""
    return DoorSettings(id="side", name_zh="侧门", name_en="Side", driver=driver, device="relay-2", **more)


class Hub:
    """A driver, and what it reported."""

    def __init__(self, settings: DoorSettings) -> None:
        self.link = FakeLink()
        self.findings = Findings(now_ms=lambda: 0)
        self.contacts: list[ContactState] = []
        self.inputs: list[str] = []
        self.back = 0
        if settings.driver == "tasmota":
            self.driver: TasmotaDoors | MqttDoors = TasmotaDoors(
                [settings],
                link=self.link,
                findings=self.findings,
                on_contact=lambda _, state: self.contacts.append(state),
                on_connected=self.connected,
            )
        else:
            self.driver = MqttDoors(
                [settings],
                link=self.link,
                findings=self.findings,
                on_contact=lambda _, state: self.contacts.append(state),
                on_connected=self.connected,
                on_input=lambda _, state: self.inputs.append(state.value),
                inputs=[("relay-2", "side-exit")],
            )

    async def connected(self, doors: Iterable[str]) -> None:
        """A device is back."""
        self.back += 1

    def codes(self) -> set[str]:
        """What is wrong now."""
        return {found.code for found in self.findings.all()}


def state(nonce: str = "n1", pulse_ms: int = 3000, contact: str = "closed") -> bytes:
    """A device's state."""
    return msgspec.json.encode(
        DoorState(
            nonce=nonce, doors={"side": contact}, pulses_ms={"side": pulse_ms}, inputs={"side-exit": "idle"}
        )
    )


async def test_a_device_is_online_once_it_is_up_and_was_read_and_each_session_is_a_new_one() -> None:
    hub = Hub(door())
    await hub.link.says("d/relay-2/state", state(), retained=True)
    assert hub.driver.online("side") is False
    await hub.link.says("d/relay-2/up", b"1", retained=True)
    assert hub.driver.online("side") is True and hub.contacts == [CLOSED] and hub.back == 1
    assert [(said.topic, said.payload) for said in hub.link.said] == [("d/relay-2/beat", b"n1")]
    await hub.link.says("d/relay-2/state", state("n2", contact="open"))
    assert hub.back == 2 and hub.contacts[-1] is OPEN
    await hub.link.says("d/relay-2/up", b"0")
    assert hub.contacts[-1] is UNKNOWN and hub.inputs[-1] == "unknown" and "offline" in hub.codes()


async def test_a_pulse_of_another_length_is_refused_for_door_duty() -> None:
    hub = Hub(door())
    await hub.link.says("d/relay-2/up", b"1")
    await hub.link.says("d/relay-2/state", state(pulse_ms=30_000))
    assert hub.driver.online("side") is False and hub.codes() == {"duty_refused"}
    with pytest.raises(NotMoved, match="duty_refused"):
        await hub.driver.pulse("k1-1-1", "side")
    await hub.link.says("d/relay-2/state", state())
    assert hub.driver.online("side") is True and not hub.codes()


@pytest.mark.parametrize(
    ("leaf", "payload"),
    [
        ("state", b"POWER=ON"),
        ("state", b'{"nonce":"","doors":{},"pulses_ms":{}}'),
        ("state", b'{"doors":{"side":"closed"}}'),
        ("evt", b"[1,2]"),
        ("res", b"\xff\xfe"),
    ],
)
async def test_firmware_that_answers_in_another_format_is_quarantined(leaf: str, payload: bytes) -> None:
    hub = Hub(door())
    await hub.link.says("d/relay-2/up", b"1")
    await hub.link.says("d/relay-2/state", state())
    await hub.link.says(f"d/relay-2/{leaf}", payload)
    assert hub.driver.online("side") is False and hub.contacts[-1] is UNKNOWN
    assert hub.codes() == {"bad_format"}
    with pytest.raises(NotMoved):
        await hub.driver.pulse("k1-1-1", "side")
    await hub.link.says("d/relay-2/state", state())
    assert hub.driver.online("side") is True and not hub.codes()


async def test_a_retained_event_or_answer_is_no_news() -> None:
    hub = Hub(door())
    await hub.link.says("d/relay-2/up", b"1")
    await hub.link.says("d/relay-2/state", state())
    event = b'{"kind":"contact","name":"side","state":"open"}'
    await hub.link.says("d/relay-2/evt", event, retained=True)
    assert hub.contacts[-1] is CLOSED
    await hub.link.says("d/relay-2/evt", event)
    assert hub.contacts[-1] is OPEN


async def test_nothing_is_known_while_the_broker_is_away() -> None:
    hub = Hub(door())
    await hub.link.says("d/relay-2/up", b"1")
    await hub.link.says("d/relay-2/state", state())
    hub.link.up = False
    hub.link.part().lose()
    assert hub.driver.online("side") is None and hub.contacts[-1] is UNKNOWN
    with pytest.raises(NotMoved):
        await hub.driver.hold("side", True)


async def prove(hub: Hub, **changed: Any) -> None:
    """A Tasmota device comes and proves what is asked, but for what is changed."""
    await hub.link.says("tele/relay-2/LWT", b"Online", retained=True)
    answers: dict[str, Any] = {
        "PulseTime1": {"Set": 30, "Remaining": 0},
        "PowerOnState": 0,
        "SetOption114": "ON",
        "StatusSNS": {"Time": "", "Switch1": "OFF"},
    }
    for key, value in (answers | changed).items():
        leaf = "STATUS10" if key == "StatusSNS" else "RESULT"
        await hub.link.says(f"stat/relay-2/{leaf}", json.dumps({key: value}).encode())


async def test_a_tasmota_relay_is_fit_once_it_proved_everything() -> None:
    hub = Hub(door("tasmota"))
    await hub.link.says("tele/relay-2/LWT", b"Online", retained=True)
    assert hub.driver.online("side") is False
    asked = {said.topic.removeprefix("cmnd/relay-2/") for said in hub.link.said}
    assert asked == {"PulseTime1", "PowerOnState", "SetOption114", "Status"}
    await prove(hub)
    assert hub.driver.online("side") is True and hub.contacts[-1] is CLOSED and hub.back == 1
    await hub.link.says("stat/relay-2/RESULT", b'{"Switch1":{"Action":"ON"}}')
    assert hub.contacts[-1] is OPEN


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"PulseTime1": {"Set": 0, "Remaining": 0}}, "pulse_time_wrong"),
        ({"PulseTime1": {"Set": 130, "Remaining": 0}}, "pulse_time_wrong"),
        ({"PowerOnState": 1}, "starts_released"),
        ({"PowerOnState": 3}, "starts_released"),
        ({"SetOption114": "OFF"}, "duty_refused"),
        ({"PulseTime1": "30 (Active 0)"}, "bad_format"),
        ({"StatusSNS": "no"}, "bad_format"),
    ],
)
async def test_a_tasmota_relay_that_does_not_time_its_pulse_gets_no_door(
    changed: dict[str, Any], code: str
) -> None:
    hub = Hub(door("tasmota"))
    await prove(hub, **changed)
    assert hub.driver.online("side") is False and code in hub.codes()
    with pytest.raises(NotMoved, match="duty_refused"):
        await hub.driver.pulse("k1-1-1", "side")
    assert not [said for said in hub.link.said if "POWER1" in said.topic]


async def test_retained_power_is_neither_state_nor_command_and_is_removed() -> None:
    hub = Hub(door("tasmota"))
    await prove(hub)
    before = list(hub.contacts)
    await hub.link.says("stat/relay-2/RESULT", b'{"Switch1":{"Action":"ON"}}', retained=True)
    assert hub.contacts == before
    await hub.link.says("cmnd/relay-2/POWER1", b"ON", retained=True)
    assert hub.link.said[-1] == ("cmnd/relay-2/POWER1", b"", True)
    assert hub.codes() == {"retained_command"}


async def test_a_device_that_the_site_file_does_not_name_is_found_until_it_is_gone() -> None:
    link, findings = FakeLink(), Findings(now_ms=lambda: 0)
    link.add(SiteWatch(["relay-2"], findings))
    for topic in ("d/relay-2/up", "d/stranger/up", "tele/plug-7/LWT"):
        await link.says(topic, b"1", retained=True)
    assert {(found.device, found.code) for found in findings.all()} == {
        ("stranger", "unknown_device"),
        ("plug-7", "unknown_device"),
    }
    await link.says("d/stranger/up", b"0")
    assert {found.device for found in findings.all()} == {"plug-7"}


def test_a_contact_that_never_moves_is_found_and_one_that_moves_again_is_not() -> None:
    findings = Findings(now_ms=lambda: 0)
    dead = DeadContacts(["side"], findings)
    for _ in range(PULSES):
        dead.fired("side")
        dead.fired("no-contact")
    assert not findings.all(), "an unknown contact is not dead"
    dead.note("side", CLOSED)
    for _ in range(PULSES - 1):
        dead.fired("side")
    assert not findings.all()
    dead.fired("side")
    assert [(found.device, found.code) for found in findings.all()] == [("door:side", "dead_contact")]
    dead.note("side", OPEN)
    assert not findings.all()


def test_every_word_of_the_list_and_every_driver_is_in_the_document() -> None:
    document = (Path(__file__).parents[2] / "docs" / "devices.md").read_text("utf-8")
    assert [code for code, (_, en) in WORDS.items() if f"| `{code}` | {en} |" not in document] == [], (
        "each code of edge/links/finding_words.py is a row of docs/devices.md, with its English words"
    )
    assert [driver for driver in DOOR_DRIVERS if f"| `{driver}` |" not in document] == []


class Relays:
    """What a node did."""

    def __init__(self) -> None:
        self.did: list[str] = []

    async def pulse(self, command_id: str, door: str) -> None:
        """Fire."""
        self.did.append(f"pulse {door}")

    async def hold(self, door: str, on: bool) -> None:
        """Hold."""
        self.did.append(f"hold {door} {on}")

    def let_go(self) -> None:
        """All off."""
        self.did.append("off")

    def signal(self, name: str, pattern_ms: tuple[int, ...]) -> None:
        """Play."""
        self.did.append(f"signal {name}")


class Node:
    """A node, its relays and a clock by hand."""

    def __init__(self) -> None:
        self.now_ms = 0
        self.relays = Relays()
        self.said: list[tuple[str, dict[str, Any]]] = []
        self.node = DoorNode(
            {"side": 3000},
            relays=self.relays,
            say=lambda leaf, payload, _: self.said.append((leaf, json.loads(payload))),
            now_ms=lambda: self.now_ms,
        )
        self.node.begin_session()

    async def ask(self, command_id: str, *, retained: bool = False, **changed: Any) -> str:
        """Send a command; returns why it was refused."""
        values = {"nonce": self.node.nonce, "action": "pulse", "door": "side"} | changed
        self.said.clear()
        await self.node.obey(msgspec.json.encode(DoorCommand(id=command_id, **values)), retained=retained)
        return next((str(body["why"]) for leaf, body in self.said if leaf == "res"), "silence")


async def test_a_node_obeys_only_a_hub_that_beats_and_each_id_once() -> None:
    node = Node()
    assert await node.ask("c1") == "no_beat"
    node.node.hear_beat(node.node.nonce.encode(), retained=True)
    node.node.hear_beat(b"another session", retained=False)
    assert await node.ask("c2") == "no_beat"
    node.node.hear_beat(node.node.nonce.encode(), retained=False)
    assert await node.ask("c3", nonce="old") == "wrong_nonce"
    assert await node.ask("c4", door="cellar") == "unknown_door"
    assert await node.ask("c5", action="melt") == "unknown_action"
    assert await node.ask("c6", retained=True) == "silence"
    assert node.relays.did == []
    assert await node.ask("c7") == ""
    assert await node.ask("c7") == "repeated"
    assert node.relays.did == ["pulse side"]


async def test_a_node_lets_go_when_the_hub_falls_silent_and_obeys_nothing_of_before() -> None:
    node = Node()
    node.node.hear_beat(node.node.nonce.encode(), retained=False)
    assert await node.ask("c1", action="hold") == ""
    node.now_ms = BEAT_LIMIT_MS
    node.node.watch()
    assert node.relays.did == ["hold side True"]
    before = node.node.nonce
    node.now_ms += 1
    node.node.watch()
    assert node.relays.did == ["hold side True", "off"]
    assert node.said[-1][0] == "state" and node.said[-1][1]["held"] == []
    node.node.hear_beat(before.encode(), retained=False)
    assert await node.ask("c2", nonce=before) == "wrong_nonce"


async def test_home_assistant_is_told_of_sensors_and_of_nothing_that_moves() -> None:
    link = FakeLink()
    announcer = Announcer("k1", "Heyuanli", [door(), door(contact=False)], link)
    await announcer.begin()
    configs = [said for said in link.said if said.topic.startswith("homeassistant/")]
    assert [said.topic for said in configs] == ["homeassistant/binary_sensor/k1-side/config"]
    assert all(said.retained for said in configs)
    assert not any("command_topic" in said.payload.decode() for said in link.said)


def test_modbus_doors_ask_nothing_that_their_board_has_not(tmp_path: Any) -> None:
    board = ModbusSettings(id="board-1", timing="delay_register", host="10.0.0.9", relays=4, inputs=2)
    doors = [
        DoorSettings(
            id=name,
            name_zh="门",
            name_en="door",
            driver="modbus",
            device=device,
            channel=channel,
            pulse_ms=pulse_ms,
        )
        for name, device, channel, pulse_ms in (
            ("well", "board-1", "1", 3000),
            ("twice", "board-1", "1", 3000),
            ("no-relay", "board-1", "9", 3000),
            ("no-input", "board-1", "3", 3000),
            ("odd-pulse", "board-1", "2", 2500),
            ("no-board", "board-7", "1", 3000),
        )
    ]
    found = modbus_faults(Config(tmp_path, {"modbus": (board,), "door": tuple(doors)}))
    assert {(fault.id, fault.key) for fault in found} == {
        ("twice", "channel"),
        ("no-relay", "channel"),
        ("no-input", "contact"),
        ("odd-pulse", "pulse_ms"),
        ("no-board", "device"),
    }


@pytest.mark.parametrize("driver", sorted(set(DOOR_DRIVERS) - {"gpio"}))
def test_a_remote_door_without_its_device_or_with_a_line_is_refused(driver: str) -> None:
    with pytest.raises(ValueError, match=r"device: is missing.*line, contact_line"):
        DoorSettings(id="side", name_zh="门", name_en="door", driver=driver, line=4)


SATELLITE_FILE = """\
[satellite]
device = "sat-1"
[broker]
host = "10.0.0.2"
username = "sat-1"
password_file = "secret"
[[door]]
id = "side"
name_zh = "侧门"
name_en = "Side"
line = 17
"""


def test_a_satellite_needs_nothing_of_a_hub_and_takes_nothing_of_it(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("x")
    file = tmp_path / "satellite.toml"
    file.write_text(SATELLITE_FILE)
    satellite = make_satellite(load_site(file))
    assert satellite.guard.online("side") is False
    file.write_text(SATELLITE_FILE + '[kiosk]\nhost = "127.0.0.1"\n')
    with pytest.raises(ConfigError, match="kiosk: unknown section"):
        load_site(file)
