"""A payment code in the real hub: paid with where the sum is shown, thrown away anywhere else, found nowhere.

The payer holds codes before the cameras of the whole demo: at home, at the gate, on the pay screen. After
that every file of site, platform, brokers and logs is searched, what went over both brokers, and what a crash
of the hub leaves behind. A code that is planted in each of these places is found by the same search.
"""

import contextlib
import os
import resource
import signal
import sqlite3
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from edge.access.entry import PAYMENT_CODE_DISCARDED
from edge.demo.actors import until
from edge.demo.community import community
from edge.demo.layout import Layout, Ports
from edge.demo.story import Cast, entries
from edge.demo.world import World
from tests.fakes.mqtt_client import MqttClient
from tests.proofs.brokers import AUDITOR, add_auditor
from tests.system.staging import running

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("system")]

BROKERS = ("site", "platform")


class HeardWorld(World):
    """The demo, with an account at both brokers that hears everything."""

    def prepare(self) -> None:
        """The same, and the account."""
        super().prepare()
        for broker in BROKERS:
            add_auditor(self.layout.broker(broker))


class Listeners:
    """Everything that went over both brokers."""

    def __init__(self, layout: Layout) -> None:
        ports = {"site": layout.ports.site_broker, "platform": layout.ports.platform_broker}
        self.clients = {
            name: MqttClient(port, "listener", account=(AUDITOR, "auditor")) for name, port in ports.items()
        }
        self._heard: dict[str, bytes] = dict.fromkeys(BROKERS, b"")
        for client in self.clients.values():
            client.subscribe("#")

    def heard(self) -> dict[str, bytes]:
        """Topics and payloads so far, by broker."""
        for name, client in self.clients.items():
            for message in client.hear():
                self._heard[name] += message.topic.encode() + b" " + message.payload + b"\n"
        return self._heard


def forms_of(code: str) -> tuple[bytes, ...]:
    """How the digits may lie in a file."""
    grouped = " ".join(code[place : place + 4] for place in range(0, len(code), 4))
    number = int(code)
    packed = number.to_bytes((number.bit_length() + 7) // 8, "big")
    return (code.encode(), code.encode("utf-16-le"), grouped.encode(), packed, packed[::-1])


def places_with(codes: list[str], folder: Path, traffic: dict[str, bytes]) -> list[str]:
    """Every file below the folder, and every broker, that holds one of the codes in any form."""
    wanted = [form for code in codes for form in forms_of(code)]
    found = [f"broker {name}" for name, bytes_ in traffic.items() if any(form in bytes_ for form in wanted)]
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return found + [path.name for path in files if any(form in path.read_bytes() for form in wanted)]


@contextlib.contextmanager
def core_files_allowed(folder: Path) -> Iterator[None]:
    """Whoever is started now and crashes leaves its memory in `folder`, unless it forbids that itself."""
    soft, hard = resource.getrlimit(resource.RLIMIT_CORE)
    before = Path.cwd()
    resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)
        resource.setrlimit(resource.RLIMIT_CORE, (soft, hard))


async def fresh_code(cast: Cast, channel: str = "wechat") -> str:
    """A payment code of the resident's phone."""
    issued = await cast.phone.post("/payment-code", {"channel": channel, "password": False})
    return str(issued["code"])


async def refused_at_gate(cast: Cast) -> bool:
    """Whether the journal says that the gate was shown a payment code."""
    return any(entry["data"].get("code") == PAYMENT_CODE_DISCARDED for entry in await entries(cast))


async def show_codes(cast: Cast) -> list[str]:
    """At home, at the gate, and at last where the sum is shown: only there it pays."""
    codes = [await fresh_code(cast, channel) for channel in ("wechat", "alipay")]
    kiosk = cast.kiosk
    await kiosk.go_home()
    await cast.hands.hold("kiosk", "qr", codes[0])
    await until(lambda: _says(cast, "付款码"), "the screen explains the payment code")
    await cast.hands.hold("gate", "qr", codes[1])
    await until(lambda: refused_at_gate(cast), "the gate threw the code away")
    await cast.hands.take_away("kiosk")
    await kiosk.go_home()
    product = community_product()
    await cast.hands.hold("kiosk", "ean13", product["ean"])
    await kiosk.wait_for("shop", words=product["name_zh"])
    await kiosk.press("pay")
    await kiosk.wait_for("pay")
    await cast.hands.take_away("kiosk")
    codes.append(await fresh_code(cast))
    await cast.hands.hold("kiosk", "qr", codes[-1])
    await kiosk.wait_for("receipt")
    await cast.hands.take_away("kiosk")
    return codes


def community_product() -> dict[str, str]:
    """Goods that need no licence."""
    goods = community(date.today())["products"]
    return next(each for each in goods if not each.get("restricted") and each["picture"] != "yogurt-berry")


async def _says(cast: Cast, words: str) -> bool:
    return words in cast.kiosk.text


async def test_a_payment_code_is_found_nowhere(tmp_path: Path) -> None:
    crashes = tmp_path / "crashes"
    crashes.mkdir()
    world = HeardWorld(Layout(folder=tmp_path / "demo", ports=Ports.free()))
    with core_files_allowed(crashes):
        async with running(world) as (_, cast):
            listeners = Listeners(world.layout)
            codes = await show_codes(cast)
            (settled,) = [e for e in await entries(cast) if e["type"].split(".")[-2] == "SaleSettled"]
            assert settled["data"]["total_fen"] > 0
            assert places_with(codes, tmp_path, listeners.heard()) == []
            hub = world.processes.running["hub"]
            hub.send_signal(signal.SIGABRT)
            assert hub.wait(30) == -signal.SIGABRT
            assert list(crashes.iterdir()) == []
            assert places_with(codes, tmp_path, listeners.heard()) == []
            plant(codes[-1], world.layout, listeners)
            found = places_with(codes, tmp_path, listeners.heard())
    assert {"hub.log", "planted.db-wal", "core", "broker site", "broker platform"} <= set(found)


def plant(code: str, layout: Layout, listeners: Listeners) -> None:
    """Leave the code in a log, in a write-ahead log, in a core file and on both brokers."""
    with (layout.logs / "hub.log").open("a") as log:
        log.write(f"charged {code}\n")
    connection = sqlite3.connect(layout.site / "planted.db")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("CREATE TABLE t (x TEXT)")
    connection.execute("INSERT INTO t VALUES (?)", (code,))
    connection.commit()
    (layout.folder / "core").write_bytes(b"\x7fELF" + code.encode())
    for client in listeners.clients.values():
        client.publish("d/x/evt", code.encode())
    # The write-ahead log is emptied when the last connection closes: this one stays open for the search.
    _OPEN.append(connection)


_OPEN: list[sqlite3.Connection] = []
