"""What every CellPort keeps: the fake, and the MQTT driver over a real broker and the simulated board."""

from collections.abc import AsyncIterator, Callable
from typing import NamedTuple

import pytest

from edge.access.errors import NotMoved
from edge.access.ports import CellPort
from edge.errors import DeviceOffline
from tests.fakes.cells import FakeCells
from tests.fakes.lockers import running_banks, running_board
from tests.fakes.mosquitto import Mosquitto
from tests.fakes.waiting import until


class Subject(NamedTuple):
    """A port, what opened, and how to make its board silent."""

    cells: CellPort
    asked: Callable[[], list[str]]
    silence: Callable[[], None]


@pytest.fixture(params=["fake", "mqtt"])
async def subject(request: pytest.FixtureRequest, broker: Mosquitto) -> AsyncIterator[Subject]:
    """Each port in turn."""
    if request.param == "fake":
        fake = FakeCells()

        def silence() -> None:
            fake.mode = "silent"

        yield Subject(fake, lambda: [cell for _, _, cell in fake.asked], silence)
        return
    async with running_board(broker) as process, running_banks(broker, lambda *_: None) as banks:
        await until(lambda: banks.online("bank-a"))

        def asked() -> list[str]:
            return [name for name, cell in process.board.cells.items() for _ in range(cell.openings)]

        def stop_answering() -> None:
            process.board.answers = False

        yield Subject(banks, asked, stop_answering)


async def test_a_command_returns_once_the_board_took_it(subject: Subject) -> None:
    await subject.cells.open_cell("k1-1-1", "bank-a", "A01")
    assert subject.asked() == ["A01"]


async def test_an_unknown_cell_or_bank_moves_nothing(subject: Subject) -> None:
    for bank, cell in (("bank-a", "Z99"), ("bank-z", "A01")):
        with pytest.raises(NotMoved):
            await subject.cells.open_cell("k1-1-1", bank, cell)
    assert subject.asked() == []


async def test_a_board_that_does_not_answer_leaves_the_outcome_open(subject: Subject) -> None:
    subject.silence()
    with pytest.raises(DeviceOffline):
        await subject.cells.open_cell("k1-1-1", "bank-a", "A01")
    assert subject.asked() == ["A01"]
