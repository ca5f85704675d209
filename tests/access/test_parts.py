"""Parts of the site that are switched off: nothing new of them begins, what has begun is finished."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from edge.store.errors import PartOff
from edge.store.parts import Part, put_parts_off
from tests.fakes.access_world import AccessWorld
from tests.fakes.locker_world import BANK, MAILBOX, LockerWorld


def switch_off(world: AccessWorld, *parts: Part) -> None:
    """From now on."""
    world.store.run_now(lambda unit: put_parts_off(unit, parts))


@pytest.fixture
async def lockers() -> AsyncIterator[LockerWorld]:
    world = LockerWorld()
    await world.begin()
    yield world
    await world.close()


async def test_readers_and_commands_open_nothing_while_a_guard_does(world: AccessWorld) -> None:
    world.grant()
    switch_off(world, Part.DOORS)
    for shown in (world.visitor(), world.code()):
        with pytest.raises(PartOff):
            await world.opener.enter(shown, "gate", source="gate-reader")
    with pytest.raises(PartOff):
        async with asyncio.timeout(2):
            await world.opener.open_by_command(world.command())
    assert (world.pulser.fired, set(world.types())) == ([], {"PassRefused", "CommandRefused"})
    by_hand = asyncio.create_task(world.staff.open_by_staff("gate", "guard-1", "delivery"))
    await world.settle()
    assert len(world.pulser.fired) == 1
    await world.contact("door:gate", "open")
    assert (await by_hand).state == "opened"
    switch_off(world, Part.SHOP, Part.FEES, Part.PICKUP)
    await world.opener.enter(world.visitor(), "gate", source="gate-reader")
    assert len(world.pulser.fired) == 2


async def test_a_pickup_under_way_is_finished_and_no_other_begins(world: AccessWorld) -> None:
    for cell in ("A01", "A02", "B01"):
        await world.contact(f"cell:{BANK}/{cell}", "closed")
    shown = world.order_pass()
    session = (await world.desk.start(shown)).id
    switch_off(world, Part.PICKUP)
    with pytest.raises(PartOff):
        await world.desk.start(world.order_pass("o2"))
    assert (await world.desk.start(shown)).id == session
    await world.desk.open_next(session)
    assert [cell for _, _, cell in world.cells.asked] == ["A01"]


async def test_a_deposit_under_way_is_finished_and_no_other_begins(lockers: LockerWorld) -> None:
    shown = lockers.courier_pass()
    deposit = await lockers.deposits.start(shown)
    switch_off(lockers, Part.PICKUP)
    with pytest.raises(PartOff):
        await lockers.deposits.start(lockers.courier_pass())
    deposit = await lockers.deposits.put(deposit.id, mailbox=MAILBOX, room="3-1203", size="s")
    assert lockers.asked_cells() == [deposit.parcels[0].cell]
