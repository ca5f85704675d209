"""Uses of passes that are read back after a restore: what was used is used, who is in is in."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from edge.access.doors.events import FireReleased, FireReset
from edge.access.doors.records import FireRelease, insert_fire, live_fires
from edge.access.errors import CodeReplayed, PassUsedUp
from edge.store.inline import InlineStore
from edge.store.unit import Unit
from tests.fakes.access_world import AccessWorld
from tests.fakes.read_back import copy_of, left_out, read_back, tables_of

TABLES = (
    "SELECT id, place, authorisation, kind, pass_id, person, state, reason, requested_at_ms FROM openings",
    "holds",
    "SELECT id, doors, reason, began_at_ms, ended_at_ms FROM lock_downs",
    "passages",
)


async def restore(world: AccessWorld, copy: InlineStore, entries: int | None = None) -> None:
    """The hub starts on a backup with what custody has of the time since."""
    read_back(world.store, copy, entries)
    assert left_out(copy) == 0
    copy.run_now(lambda unit: unit.begin_epoch("restored"))
    world.store = copy
    await world.restart()
    await world.contact("door:gate", "closed")


async def opened(world: AccessWorld, text: str) -> None:
    opening = await world.opener.enter(text, "gate", source="gate-reader")
    await world.contact("door:gate", "open")
    async with asyncio.timeout(2):
        assert (await world.result(opening))[0] == "opened"
    await world.contact("door:gate", "closed")
    world.clock.advance(seconds=10)


async def test_a_pass_that_was_used_up_in_the_gap_stays_so(world: AccessWorld) -> None:
    copy, shown = copy_of(world.store, world.clock), world.visitor(uses=2)
    await opened(world, shown)
    await opened(world, shown)
    await restore(world, copy)
    with pytest.raises(PassUsedUp):
        await world.opener.enter(shown, "gate", source="gate-reader")


async def test_the_uses_that_are_left_are_left(world: AccessWorld) -> None:
    copy, shown = copy_of(world.store, world.clock), world.visitor(uses=2)
    await opened(world, shown)
    await restore(world, copy)
    await opened(world, shown)
    with pytest.raises(PassUsedUp):
        await world.opener.enter(shown, "gate", source="gate-reader")


async def test_a_code_and_a_command_that_were_taken_open_nothing_again(world: AccessWorld) -> None:
    world.grant()
    copy, code, command = copy_of(world.store, world.clock), world.code(), world.command()
    await opened(world, code)
    waiting = asyncio.ensure_future(world.opener.open_by_command(command))
    await world.run_out()
    await waiting
    fired = len(world.pulser.fired)
    await restore(world, copy)
    with pytest.raises(CodeReplayed):
        await world.opener.enter(code, "gate", source="gate-reader")
    async with asyncio.timeout(2):
        assert (await world.opener.open_by_command(command)).state == "unknown"
    assert len(world.pulser.fired) == fired


async def nothing_more(world: AccessWorld) -> None:
    """All that is done is done."""


async def end_all(world: AccessWorld) -> None:
    (hold,) = world.store.connection.execute("SELECT id FROM holds WHERE state = 'live'").fetchone()
    await world.staff.end_hold(hold, "guard-1")
    (lock_down,) = world.store.connection.execute("SELECT id FROM lock_downs").fetchone()
    await world.staff.end_lock_down(lock_down, "guard-1")


@pytest.mark.parametrize("then", [nothing_more, end_all])
async def test_openings_and_what_doors_were_wanted_to_do_are_as_they_were(
    world: AccessWorld, then: Callable[[AccessWorld], Awaitable[None]]
) -> None:
    copy = copy_of(world.store, world.clock)
    await opened(world, world.visitor())
    waiting = await world.opener.enter(world.visitor(), "gate", source="gate-reader")
    await world.run_out()
    assert (await world.result(waiting))[0] == "unknown"
    world.pulser.mode = "refuses"
    await world.opener.enter(world.visitor(), "gate", source="gate-reader")
    await world.staff.hold("gate", "delivery", world.clock.at_ms + 60_000, "guard-1")
    await world.staff.lock_down(("gate",), "intruder", "guard-1", "somebody climbed over")
    await then(world)
    read_back(world.store, copy)
    assert left_out(copy) == 0
    assert tables_of(copy, *TABLES) == tables_of(world.store, *TABLES)


async def test_an_opening_whose_result_is_not_in_custody_is_unknown_and_counts(world: AccessWorld) -> None:
    copy, shown = copy_of(world.store, world.clock), world.visitor()
    await opened(world, shown)
    fired = list(world.pulser.fired)
    await restore(world, copy, entries=1)
    assert [event["reason"] for event in world.events("DoorUnknown")] == ["restart"]
    assert world.pulser.fired == fired
    world.clock.advance(seconds=300)
    with pytest.raises(PassUsedUp):
        await world.opener.enter(shown, "gate", source="gate-reader")


async def test_what_fire_released_stays_released_until_it_was_reset(world: AccessWorld) -> None:
    copy = copy_of(world.store, world.clock)
    release = FireRelease(id="f-1", input="panel", doors=("gate",), began_at_ms=world.clock.at_ms)
    told = FireReleased(release="f-1", input="panel", doors=("gate",))

    def began(unit: Unit) -> None:
        insert_fire(unit.connection, release)
        unit.record(told, actor="fire")

    world.store.run_now(began)
    read_back(world.store, copy)
    assert live_fires(copy.connection) == [release]
    world.store.run_now(lambda unit: unit.record(FireReset(release="f-1", input="panel"), actor="guard-1"))
    read_back(world.store, copy)
    assert (left_out(copy), live_fires(copy.connection)) == (0, [])
