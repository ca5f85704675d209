"""What every CellPort keeps: the fake, MQTT at a real broker, lock boards at a pseudo-terminal."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from devices.serial.banks import SerialBanks
from edge.access.errors import NotMoved
from edge.access.ports import CellPort
from edge.errors import DeviceOffline
from edge.links.cancelling import end_task
from edge.links.findings import Findings
from tests.fakes.cells import FakeCells
from tests.fakes.lock_bus import LockBusSimulator
from tests.fakes.lockers import running_banks, running_board
from tests.fakes.mosquitto import Mosquitto
from tests.fakes.waiting import until


class Subject(NamedTuple):
    """A port, what opened, and how to make its board silent."""

    cells: CellPort
    asked: Callable[[], list[str]]
    silence: Callable[[], None]


@contextlib.asynccontextmanager
async def fake_cells(_: Path) -> AsyncIterator[Subject]:
    """The fake."""
    fake = FakeCells()

    def silence() -> None:
        fake.mode = "silent"

    yield Subject(fake, lambda: [cell for _, _, cell in fake.asked], silence)


@contextlib.asynccontextmanager
async def mqtt_cells(folder: Path) -> AsyncIterator[Subject]:
    """The driver and the simulated board at a mosquitto."""
    broker = Mosquitto(folder)
    broker.start()
    try:
        async with running_board(broker) as process, running_banks(broker, lambda *_: None) as banks:
            await until(lambda: banks.online("bank-a"))

            def asked() -> list[str]:
                return [name for name, cell in process.board.cells.items() for _ in range(cell.openings)]

            def stop_answering() -> None:
                process.board.answers = False

            yield Subject(banks, asked, stop_answering)
    finally:
        broker.stop()


@contextlib.asynccontextmanager
async def serial_cells(folder: Path) -> AsyncIterator[Subject]:
    """The driver at a pseudo-terminal, behind which boards play in a process of their own."""
    with running_simulator(folder) as simulator:
        banks = SerialBanks([simulator.bank], on_cell=lambda *_: None, findings=Findings(now_ms=lambda: 0))
        role = asyncio.create_task(banks.run())
        try:
            await until(lambda: banks.online("bank-a"))
            banks.prove("bank-a", "00")

            def asked() -> list[str]:
                return [
                    cell for cell, said in simulator.ask("/cells").items() for _ in range(said["openings"])
                ]

            yield Subject(banks, asked, lambda: simulator.ask("/boards/bank-a", {"half_frames": True}))
        finally:
            await end_task(role)


@contextlib.contextmanager
def running_simulator(folder: Path) -> Iterator[LockBusSimulator]:
    """The simulator's process."""
    simulator = LockBusSimulator(folder)
    simulator.start()
    try:
        yield simulator
    finally:
        simulator.stop()


SUBJECTS = {"fake": fake_cells, "mqtt": mqtt_cells, "8a": serial_cells}


@pytest.fixture(params=["fake", "mqtt", pytest.param("8a", marks=pytest.mark.slow)])
async def subject(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Subject]:
    """Each port in turn."""
    async with SUBJECTS[request.param](tmp_path) as subject:
        yield subject


async def test_a_command_returns_once_the_board_took_it(subject: Subject) -> None:
    await subject.cells.open_cell("k1-1-1", "bank-a", "A01")
    assert subject.asked() == ["A01"]


async def test_an_unknown_cell_or_bank_moves_nothing(subject: Subject) -> None:
    for bank, cell in (("bank-a", "Z99"), ("bank-z", "A01")):
        with pytest.raises(NotMoved):
            await subject.cells.open_cell("k1-1-1", bank, cell)
    assert subject.asked() == []


async def test_the_same_command_again_moves_nothing(subject: Subject) -> None:
    await subject.cells.open_cell("k1-1-1", "bank-a", "A02")
    with contextlib.suppress(NotMoved):
        await subject.cells.open_cell("k1-1-1", "bank-a", "A02")
    assert subject.asked() == ["A02"]


async def test_a_board_that_does_not_answer_leaves_the_outcome_open(subject: Subject) -> None:
    subject.silence()
    with pytest.raises(DeviceOffline):
        await subject.cells.open_cell("k1-1-1", "bank-a", "A01")
    assert subject.asked() == ["A01"]
