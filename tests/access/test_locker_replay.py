"""Lockers that are read back after a restore: parcels lie where they were put, nothing is given out twice."""

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from edge.access.errors import PassUsedUp
from edge.access.lockers.orders import LockerOrders
from edge.access.lockers.replay import REPLAYS as LOCKER_REPLAYS
from edge.access.lockers.replay_pickups import RESTORED, pickup_replays
from edge.access.replay import REPLAYS as ACCESS_REPLAYS
from edge.store.inline import InlineStore
from tests.fakes.locker_world import BANK, CLERK, MAILBOX, SUPERVISOR, LockerWorld
from tests.fakes.read_back import copy_of, left_out, read_back, tables_of

PERSON = "res-1203"
TABLES = (
    "SELECT bank, cell, state, reason FROM locker_cells WHERE state != 'reserved'",
    "SELECT * FROM parcels",
    "SELECT opening, bank, cell, by_first, by_second, reason, state FROM staff_cells",
    "SELECT bank, asked, moved, halted_at_ms, cleared_at_ms, cleared_by FROM bank_halts",
    "SELECT * FROM locker_cases",
    "SELECT id, order_id, by, pass_id, state FROM pickup_sessions",
    "SELECT session, position, bank, cell, parcel, state, attempts, opening, problem FROM pickup_cells",
    "SELECT kind, subject, due_at_ms FROM locker_due WHERE kind IN ('remind', 'overdue')",
    "SELECT id, place, authorisation, kind, state, reason FROM openings",
)


@pytest.fixture
async def lockers() -> AsyncIterator[LockerWorld]:
    world = LockerWorld()
    await world.begin()
    yield world
    await world.close()


def bring_back(world: LockerWorld, copy: InlineStore, entries: int | None = None) -> None:
    """A backup with what custody has of the time since."""
    replays = {**ACCESS_REPLAYS, **LOCKER_REPLAYS, **pickup_replays(LockerOrders(world.in_app))}
    read_back(world.store, copy, entries, replays)
    assert left_out(copy) == 0


async def restart_on(world: LockerWorld, copy: InlineStore) -> None:
    """The hub starts on it."""
    copy.run_now(lambda unit: unit.begin_epoch("restored"))
    world.store = copy
    await world.restart()
    await world.begin()


async def collect(world: LockerWorld, order: str) -> None:
    session = await world.desk.start_for(PERSON, order)
    while (await world.desk.find(session.id)).state == "open":
        await world.desk.open_next(session.id)
        await world.use(world.asked_cells()[-1])


async def deposited(world: LockerWorld) -> None:
    """Two parcels lie there, one of another room."""
    await world.deposit("s")
    await world.deposit("l", mailbox="mb-1101")


async def collected(world: LockerWorld) -> None:
    order, _ = await world.deposit()
    await collect(world, order)


async def said_to_be_empty(world: LockerWorld) -> None:
    order, cell = await world.deposit()
    session = await world.desk.start_for(PERSON, order)
    await world.desk.open_next(session.id)
    await world.move(cell, "open")
    await world.desk.report(session.id, cell, "empty")
    await world.move(cell, "closed")


async def given_up(world: LockerWorld) -> None:
    """The cell does not open; staff looks into it and takes the parcel to the counter."""
    order, cell = await world.deposit()
    session = await world.desk.start_for(PERSON, order)
    await world.desk.open_next(session.id)
    await world.run_out()
    await world.desk.give_up(session.id)
    opened = await world.keeper.open_cell(BANK, cell, reason="jam", first=CLERK, second=SUPERVISOR)
    await world.use(cell)
    await world.keeper.settle(opened.opening, "to_counter", CLERK)


async def left_in(world: LockerWorld) -> None:
    """Staff looks at an overdue parcel and leaves it there."""
    _, cell = await world.deposit()
    world.clock.advance(seconds=49 * 3600)
    await world.keeper.run_due()
    opened = await world.keeper.open_cell(BANK, cell, reason="overdue", first=CLERK, second=SUPERVISOR)
    await world.use(cell)
    await world.keeper.settle(opened.opening, "parcel_left", CLERK)


async def staff_at_it(world: LockerWorld) -> None:
    """Staff has closed a cell and not said yet what was in it; another is out of use."""
    await world.keeper.open_cell(BANK, "C02", reason="inspection", first=CLERK)
    await world.use("C02")
    await world.keeper.block(BANK, "C01", True, CLERK)


async def wrong_cell(world: LockerWorld) -> None:
    """The bank opened another cell than it was asked to, and stands still."""
    order, _ = await world.deposit()
    session = await world.desk.start_for(PERSON, order)
    await world.desk.open_next(session.id)
    await world.move("C01", "open")


@pytest.mark.parametrize(
    "happened", [deposited, collected, said_to_be_empty, given_up, left_in, staff_at_it, wrong_cell]
)
async def test_lockers_are_as_they_were(
    lockers: LockerWorld, happened: Callable[[LockerWorld], Awaitable[None]]
) -> None:
    copy = copy_of(lockers.store, lockers.clock)
    await happened(lockers)
    bring_back(lockers, copy)
    for name, found in tables_of(lockers.store, *TABLES).items():
        assert tables_of(copy, name)[name] == found, name


async def test_a_parcel_of_the_gap_is_collected_once_from_a_cell_that_nobody_else_gets(
    lockers: LockerWorld,
) -> None:
    copy = copy_of(lockers.store, lockers.clock)
    order, cell = await lockers.deposit()
    taken, _ = await lockers.deposit("m")
    await collect(lockers, taken)
    bring_back(lockers, copy)
    await restart_on(lockers, copy)
    assert lockers.state_of(cell) == "occupied"
    with pytest.raises(PassUsedUp):
        await lockers.desk.start_for(PERSON, taken)
    _, other = await lockers.deposit("s")
    assert other != cell
    await collect(lockers, order)
    assert (lockers.state_of(cell), lockers.parcel_states(order)) == ("free", ["taken"])


async def test_a_pickup_under_way_goes_on_with_the_cells_that_are_left(lockers: LockerWorld) -> None:
    deposit = await lockers.deposits.start(lockers.courier_pass())
    for size in ("s", "m"):
        deposit = await lockers.deposits.put(deposit.id, mailbox=MAILBOX, room="3-1203", size=size)
        await lockers.use(deposit.parcels[-1].cell)
    await lockers.deposits.finish(deposit.id)
    order = deposit.parcels[0].order_id
    copy = copy_of(lockers.store, lockers.clock)
    session = await lockers.desk.start_for(PERSON, order)
    await lockers.desk.open_next(session.id)
    first = lockers.asked_cells()[-1]
    await lockers.use(first)
    bring_back(lockers, copy)
    await restart_on(lockers, copy)
    lockers.clock.advance(seconds=300)
    asked = len(lockers.asked_cells())
    await collect(lockers, order)
    assert lockers.asked_cells()[asked:] == [cell for cell in ("A01", "A03") if cell != first]
    assert lockers.parcel_states(order) == ["taken", "taken"]


async def test_a_cell_that_a_deposit_asked_for_and_no_more_is_known_of_is_held(lockers: LockerWorld) -> None:
    copy = copy_of(lockers.store, lockers.clock)
    _, cell = await lockers.deposit()
    bring_back(lockers, copy, entries=2)
    await restart_on(lockers, copy)
    found = tables_of(lockers.store, "SELECT cell, reason FROM locker_cells WHERE state = 'held'")
    assert [tuple(row) for row in next(iter(found.values()))] == [(cell, RESTORED)]
    _, other = await lockers.deposit()
    assert other != cell


async def test_a_halted_bank_stays_so_until_a_person_clears_it(lockers: LockerWorld) -> None:
    copy = copy_of(lockers.store, lockers.clock)
    await wrong_cell(lockers)
    cleared = copy_of(copy, lockers.clock)
    bring_back(lockers, copy)
    query = "SELECT bank, asked, moved FROM bank_halts WHERE cleared_at_ms IS NULL"
    assert tables_of(copy, query) == tables_of(lockers.store, query)
    await lockers.keeper.clear_halt(BANK, CLERK)
    bring_back(lockers, cleared)
    assert tables_of(cleared, query) == {query: []}
