"""The MQTT driver on a real broker: state is reported, never assumed; nothing retained is a command."""

import aiomqtt
import msgspec
import pytest

from devices.mqtt.messages import OpenCell
from edge.access.contacts import ContactState
from edge.access.errors import NotMoved
from edge.links.findings import Findings
from tests.fakes.lockers import running_banks, running_board
from tests.fakes.mosquitto import Mosquitto
from tests.fakes.waiting import until


class Reports(list[tuple[str, str]]):
    """What the driver said of cells."""

    def __call__(self, bank: str, cell: str, state: ContactState) -> None:
        self.append((cell, state.value))

    def last(self, cell: str) -> str | None:
        """The last word on a cell."""
        return next((state for name, state in reversed(self) if name == cell), None)


async def test_a_cell_is_reported_open_and_closed_as_it_moves(broker: Mosquitto) -> None:
    reports = Reports()
    async with running_board(broker) as process, running_banks(broker, reports) as banks:
        await until(lambda: reports.last("A01") == "closed")
        await banks.open_cell("k1-1-1", "bank-a", "A01")
        await until(lambda: reports.last("A01") == "open")
        process.board.set_open("A01", False)
        await until(lambda: reports.last("A01") == "closed")


async def test_a_jammed_cell_is_taken_and_never_reported_open(broker: Mosquitto) -> None:
    reports = Reports()
    async with running_board(broker) as process, running_banks(broker, reports) as banks:
        await until(lambda: banks.online("bank-a"))
        process.board.cells["A01"].jammed = True
        await banks.open_cell("k1-1-1", "bank-a", "A01")
        await banks.open_cell("k1-1-2", "bank-a", "A02")
        await until(lambda: reports.last("A02") == "open")
        assert reports.last("A01") == "closed"


async def test_a_killed_broker_makes_every_cell_unknown_until_state_is_read_again(broker: Mosquitto) -> None:
    reports = Reports()
    async with running_board(broker) as process, running_banks(broker, reports) as banks:
        await until(lambda: reports.last("A01") == "closed")
        broker.stop()
        await until(lambda: reports.last("A01") == "unknown")
        with pytest.raises(NotMoved):
            await banks.open_cell("k1-1-1", "bank-a", "A01")
        process.board.set_open("A02", True)
        broker.start()
        await until(lambda: (reports.last("A01"), reports.last("A02")) == ("closed", "open"))
        await banks.open_cell("k1-1-2", "bank-a", "A01")
        assert process.board.cells["A01"].openings == 1


async def test_a_board_that_died_makes_its_cells_unknown(broker: Mosquitto) -> None:
    reports = Reports()
    async with running_banks(broker, reports) as banks:
        async with running_board(broker):
            await until(lambda: reports.last("A01") == "closed")
        async with aiomqtt.Client(broker.host, broker.port) as other:
            await other.publish("d/lockers-a/up", b"0", qos=1, retain=True)
        await until(lambda: reports.last("A01") == "unknown")
        assert banks.online("bank-a") is False


async def test_nonsense_from_a_board_is_a_finding_and_changes_nothing(broker: Mosquitto) -> None:
    reports, findings = Reports(), Findings(now_ms=lambda: 0)
    async with running_board(broker), running_banks(broker, reports, findings):
        await until(lambda: reports.last("A01") == "closed")
        async with aiomqtt.Client(broker.host, broker.port) as liar:
            for leaf in ("state", "evt", "res"):
                await liar.publish(f"d/lockers-a/{leaf}", b'{"cells": 5}', qos=1)
            await liar.publish("d/lockers-a/evt", b'{"cell":"Z99","state":"open"}', qos=1)
            await liar.publish("d/lockers-a/evt", b'{"cell":"A02","state":"ajar"}', qos=1)
        await until(lambda: reports.last("A02") == "unknown")
        (found,) = findings.all()
        assert (found.device, found.code, found.count) == ("lockers-a", "bad_format", 3)
        assert reports.last("A01") == "closed"


async def test_a_retained_event_is_no_news(broker: Mosquitto) -> None:
    async with aiomqtt.Client(broker.host, broker.port) as liar:
        await liar.publish("d/lockers-a/evt", b'{"cell":"A01","state":"open"}', qos=1, retain=True)
    reports = Reports()
    async with running_board(broker), running_banks(broker, reports):
        await until(lambda: reports.last("A01") is not None)
        assert ("A01", "open") not in reports


async def test_a_board_opens_for_no_retained_repeated_foreign_or_broken_command(broker: Mosquitto) -> None:
    async with running_board(broker) as process, aiomqtt.Client(broker.host, broker.port) as hub:
        await until(lambda: process.session.ready and process.board.nonce)
        nonce = process.board.nonce

        async def send(payload: bytes, *, retain: bool = False) -> None:
            await hub.publish("d/lockers-a/cmd", payload, qos=1, retain=retain)

        good = msgspec.json.encode(OpenCell(id="c1", nonce=nonce, cell="A01"))
        await send(b"open sesame")
        await send(msgspec.json.encode(OpenCell(id="c2", nonce="old", cell="A02")))
        await send(msgspec.json.encode(OpenCell(id="c3", nonce=nonce, cell="A02", action="melt")))
        await send(good)
        await send(good)
        await until(lambda: process.board.cells["A01"].openings == 1)
        process.board.set_open("A01", False)
        await send(good, retain=True)
        broker.stop()
        broker.start()
        await until(lambda: process.session.ready and process.board.nonce != nonce)
        openings = {name: cell.openings for name, cell in process.board.cells.items()}
        assert openings == {"A01": 1, "A02": 0, "B01": 0}


async def test_a_retained_command_waiting_at_the_broker_opens_nothing(broker: Mosquitto) -> None:
    async with aiomqtt.Client(broker.host, broker.port) as liar:
        waiting = msgspec.json.encode(OpenCell(id="c1", nonce="any", cell="A01"))
        await liar.publish("d/lockers-a/cmd", waiting, qos=1, retain=True)
    async with running_board(broker) as process:
        await until(lambda: process.session.ready)
        process.board.nonce = "any"
        async with aiomqtt.Client(broker.host, broker.port) as hub:
            fresh = msgspec.json.encode(OpenCell(id="c2", nonce="any", cell="A02"))
            await hub.publish("d/lockers-a/cmd", fresh, qos=1)
        await until(lambda: process.board.cells["A02"].openings == 1)
        assert process.board.cells["A01"].openings == 0
