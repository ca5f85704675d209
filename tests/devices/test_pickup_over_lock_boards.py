"""A pickup through the 8A driver and its simulated boards: collected when the contacts say so."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest

from devices.gateway import BankRouter, ContactReports
from edge.access.pickup import PickupDesk
from edge.links.cancelling import end_task
from tests.fakes.access_world import AccessWorld
from tests.fakes.lock_wire import LockStand
from tests.fakes.waiting import until


class Lobby:
    """A desk, two boards and the journal behind them."""

    def __init__(self, world: AccessWorld, desk: PickupDesk, stand: LockStand) -> None:
        self.world = world
        self.desk = desk
        self.stand = stand

    def told(self, kind: str) -> int:
        """How many events of a type the journal has."""
        return len(self.world.events(kind))

    async def pick_up(self) -> str:
        """Start the pickup of two parcels and open the first cell; the session's id."""
        session = await self.desk.start(self.world.order_pass())
        await self.desk.open_next(session.id)
        return session.id


@contextlib.asynccontextmanager
async def lobby() -> AsyncIterator[Lobby]:
    """Everything runs, and the boards were read."""
    world, stand = AccessWorld(), LockStand()
    reports = ContactReports(world.contacts)
    for bank in stand.banks.banks.values():
        bank._on_cell = reports.cell
    async with stand.running():
        stand.banks.prove("bank-a", "00")
        desk = PickupDesk(
            store=world.store,
            clock=world.clock,
            keys=lambda: world.keys,
            cells=BankRouter({"bank-a": stand.banks}),
            orders=world.orders,
            contacts=world.contacts,
            refusals=world.refusals,
            contact_timeout_ms=400,
        )
        reporting = asyncio.create_task(reports.run())
        await until(lambda: world.contacts.state_of("cell:bank-a/A02") == "closed")
        yield Lobby(world, desk, stand)
        await desk.close()
        await end_task(reporting)
    await world.close()


async def test_two_parcels_are_collected_one_after_another() -> None:
    async with lobby() as hall:
        session = await hall.pick_up()
        await until(lambda: hall.told("CellOpened") == 1)
        await hall.desk.open_next(session)
        assert hall.stand.openings() == {"A01": 1, "A02": 0, "B01": 0}
        hall.stand.wire.move(hall.stand.board, 1, False)
        await until(lambda: hall.told("CellClosed") == 1)
        await hall.desk.open_next(session)
        await until(lambda: hall.told("CellOpened") == 2)
        hall.stand.wire.move(hall.stand.board, 2, False)
        await until(lambda: hall.told("OrderCollected") == 1)
        assert hall.stand.openings() == {"A01": 1, "A02": 1, "B01": 0}


@pytest.mark.slow
async def test_a_board_that_says_yes_and_opens_nothing_ends_unknown() -> None:
    async with lobby() as hall:
        hall.stand.board.faults.set({"lying": True})
        await hall.pick_up()
        await until(lambda: hall.told("CellUnknown") == 1)
        assert hall.told("CellOpened") == 0


@pytest.mark.slow
async def test_a_bus_unplugged_while_a_cell_stands_open_loses_nothing() -> None:
    async with lobby() as hall:
        await hall.pick_up()
        await until(lambda: hall.told("CellOpened") == 1)
        hall.stand.unplug()
        await until(lambda: hall.world.contacts.state_of("cell:bank-a/A01") == "unknown")
        hall.stand.wire.move(hall.stand.board, 1, False)
        assert hall.told("CellClosed") == 0
        hall.stand.plugged = True
        await until(lambda: hall.told("CellClosed") == 1)
        assert hall.stand.openings()["A01"] == 1
