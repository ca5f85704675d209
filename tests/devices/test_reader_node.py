"""A reader node at a real broker: what it reads now counts, what is late, repeated or babble does not."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import NamedTuple

import pytest

from devices.mqtt.reader_node import MqttReaders, ReaderNode
from devices.readers import ReaderDesk
from devices.settings import ReaderSettings
from devices.simulator.scanner import Behaviour, ReaderNodeProcess, Shown
from edge.links.broker import BrokerMessage
from edge.links.cancelling import end_task
from edge.links.findings import Findings
from edge.links.scans import CARD, PAYMENT_CODE, PIN, Scan
from edge.pay.codes import CodeTable
from tests.fakes.clock import FakeClock
from tests.fakes.mosquitto import Mosquitto
from tests.fakes.waiting import until

NODE = ReaderSettings(id="garage", driver="mqtt", source="node-a", serves="door:garage", card_number="hex")


class Site(NamedTuple):
    """A node, the hub's desk, and what came through."""

    node: ReaderNodeProcess
    desk: ReaderDesk
    scans: list[Scan]
    findings: Findings

    def read(self) -> list[tuple[str, str]]:
        """What came through."""
        return [(scan.symbology, scan.text) for scan in self.scans]


def make_desk(scans: list[Scan], findings: Findings) -> ReaderDesk:
    """A desk that hands on to a list."""
    return ReaderDesk([NODE], clock=FakeClock(), codes=CodeTable(), route=scans.append, findings=findings)


@contextlib.asynccontextmanager
async def running(broker: Mosquitto) -> AsyncIterator[Site]:
    """Both ends."""
    scans: list[Scan] = []
    findings = Findings(now_ms=lambda: 0)
    desk = make_desk(scans, findings)
    place = {"host": broker.host, "port": broker.port, "username": None, "password": None}
    readers = MqttReaders([NODE], desk=desk, client_id="hub-readers", **place)  # type: ignore[arg-type]
    node = ReaderNodeProcess(device=NODE.source, **place)  # type: ignore[arg-type]
    roles = [asyncio.create_task(readers.run()), asyncio.create_task(node.run())]
    try:
        await until(lambda: desk.state_of(NODE.id))
        yield Site(node, desk, scans, findings)
    finally:
        for role in roles:
            await end_task(role)


@pytest.mark.slow
async def test_a_node_reads_cards_pins_and_texts_and_late_or_broken_ones_read_nothing(
    broker: Mosquitto,
) -> None:
    async with running(broker) as site:
        site.node.behaviour = Behaviour(repeats=3)
        for kind, value in (("card", "00bc614e"), ("pin", "1203#4711"), ("text", "CE1:X")):
            site.node.show(Shown(kind, value))
        site.node.show(Shown("text", "134567890123456789"))
        expected = [(CARD, "12345678"), (PIN, "1203#4711"), ("qr", "CE1:X"), (PAYMENT_CODE, "")]
        await until(lambda: site.read() == expected)
        site.node.behaviour = Behaviour(babble=True)
        site.node.show(Shown("card", "77"))
        await until(lambda: site.findings.has("reader:garage", "reader_nonsense"))
        site.node.behaviour = Behaviour(queue=True)
        broker.stop()
        await until(lambda: not site.node.session.ready and site.desk.state_of(NODE.id) is None)
        site.node.show(Shown("card", "0001"))
        broker.start()
        await until(lambda: site.desk.state_of(NODE.id))
        site.node.show(Shown("card", "0002"))
        await until(lambda: site.read()[-1] == (CARD, "2"))
        assert site.read() == [*expected, (CARD, "2")]


def said(leaf: str, payload: bytes, *, retained: bool = False) -> tuple[str, BrokerMessage]:
    return leaf, BrokerMessage(f"d/node-a/{leaf}", payload, retained)


CARD_1 = b'{"kind":"card","value":"01","nonce":"a","n":1}'


@pytest.mark.parametrize(
    ("messages", "read"),
    [
        ([said("evt", CARD_1)], 0),
        ([said("state", b'{"nonce":"a"}'), said("evt", CARD_1)], 1),
        ([said("state", b'{"nonce":"a"}'), said("evt", CARD_1, retained=True)], 0),
        ([said("state", b'{"nonce":"b"}'), said("evt", CARD_1)], 0),
        ([said("state", b'{"nonce":"a"}'), said("evt", CARD_1), said("evt", CARD_1)], 1),
        ([said("state", b'{"nonce":"a"}'), said("up", b"0"), said("evt", CARD_1)], 0),
        ([said("state", b'{"nonce":"a"}'), said("evt", CARD_1.replace(b'"card"', b'"face"'))], 0),
        ([said("state", b'{"nonce":"a"}'), said("evt", CARD_1.replace(b'"01"', b'"xyz"'))], 0),
        ([said("state", b'{"nonce":"a"}'), said("evt", b"\xff\xfe")], 0),
    ],
    ids=["no state yet", "now", "retained", "late", "repeated", "away", "unknown kind", "no card", "no text"],
)
def test_an_event_counts_only_in_its_session_and_once(
    messages: list[tuple[str, BrokerMessage]], read: int
) -> None:
    scans: list[Scan] = []
    node = ReaderNode(NODE, make_desk(scans, Findings(now_ms=lambda: 0)))
    for leaf, message in messages:
        node.take(leaf, message)
    assert len(scans) == read


def test_the_hub_that_comes_back_to_the_same_session_reads_nothing_twice() -> None:
    scans: list[Scan] = []
    node = ReaderNode(NODE, make_desk(scans, Findings(now_ms=lambda: 0)))
    for leaf, message in (said("state", b'{"nonce":"a"}'), said("evt", CARD_1)):
        node.take(leaf, message)
    node.lose()
    for leaf, message in (said("state", b'{"nonce":"a"}', retained=True), said("evt", CARD_1)):
        node.take(leaf, message)
    assert len(scans) == 1
