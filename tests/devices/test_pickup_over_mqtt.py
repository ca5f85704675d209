"""A pickup through a real broker and the simulated board: collected when contacts say so, and its twins."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest

from devices.gateway import BankRouter, ContactReports
from devices.simulator.lockers import LockerProcess
from edge.access.pickup import PickupDesk
from edge.links.cancelling import end_task
from tests.fakes.access_world import AccessWorld
from tests.fakes.lockers import running_banks, running_board
from tests.fakes.mosquitto import Mosquitto
from tests.fakes.waiting import until

pytestmark = pytest.mark.slow


class Lobby:
    """A desk, a board and the journal behind them."""

    def __init__(self, world: AccessWorld, desk: PickupDesk, process: LockerProcess) -> None:
        self.world = world
        self.desk = desk
        self.process = process

    def told(self, kind: str) -> int:
        """How many events of a type the journal has."""
        return len(self.world.events(kind))

    async def pick_up(self) -> str:
        """Start the pickup of two parcels and open the first cell; the session's id."""
        session = await self.desk.start(self.world.order_pass())
        await self.desk.open_next(session.id)
        return session.id


@contextlib.asynccontextmanager
async def lobby(broker: Mosquitto) -> AsyncIterator[Lobby]:
    """Everything runs, and the board was read."""
    world = AccessWorld()
    reports = ContactReports(world.contacts)
    async with running_board(broker) as process, running_banks(broker, reports.cell) as banks:
        desk = PickupDesk(
            store=world.store,
            clock=world.clock,
            keys=lambda: world.keys,
            cells=BankRouter({"bank-a": banks}),
            orders=world.orders,
            contacts=world.contacts,
            refusals=world.refusals,
            contact_timeout_ms=300,
        )
        reporting = asyncio.create_task(reports.run())
        await until(lambda: world.contacts.state_of("cell:bank-a/A02") == "closed")
        yield Lobby(world, desk, process)
        await desk.close()
        await end_task(reporting)


async def test_two_parcels_are_collected_one_after_another(broker: Mosquitto) -> None:
    async with lobby(broker) as hall:
        session = await hall.pick_up()
        await until(lambda: hall.told("CellOpened") == 1)
        await hall.desk.open_next(session)
        assert hall.process.board.cells["A02"].openings == 0
        hall.process.board.set_open("A01", False)
        await until(lambda: hall.told("CellClosed") == 1)
        await hall.desk.open_next(session)
        await until(lambda: hall.told("CellOpened") == 2)
        hall.process.board.set_open("A02", False)
        await until(lambda: hall.told("OrderCollected") == 1)
        openings = {name: cell.openings for name, cell in hall.process.board.cells.items()}
        assert openings == {"A01": 1, "A02": 1, "B01": 0}


async def test_a_board_that_says_yes_and_opens_nothing_ends_unknown(broker: Mosquitto) -> None:
    async with lobby(broker) as hall:
        hall.process.board.lying = True
        session = await hall.pick_up()
        await until(lambda: hall.told("CellUnknown") == 1)
        found = await hall.desk.find(session)
        assert [cell.state for cell in found.cells] == ["unknown", "waiting"]
        assert hall.told("CellOpened") == 0


async def test_a_board_that_does_not_answer_but_opens_is_opened(broker: Mosquitto) -> None:
    async with lobby(broker) as hall:
        hall.process.board.answers = False
        await hall.pick_up()
        await until(lambda: hall.told("CellOpened") == 1)


async def test_a_broker_killed_while_a_cell_stands_open_loses_nothing(broker: Mosquitto) -> None:
    async with lobby(broker) as hall:
        session = await hall.pick_up()
        await until(lambda: hall.told("CellOpened") == 1)
        broker.stop()
        await until(lambda: hall.world.contacts.state_of("cell:bank-a/A01") == "unknown")
        hall.process.board.set_open("A01", False)
        assert hall.told("CellClosed") == 0
        broker.start()
        await until(lambda: hall.told("CellClosed") == 1)
        found = await hall.desk.find(session)
        assert [cell.state for cell in found.cells] == ["closed", "waiting"]
        assert hall.process.board.cells["A01"].openings == 1
