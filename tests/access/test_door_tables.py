"""What a door does, told as stories: what matters to a person in the tables has its sentence here."""

from collections.abc import Mapping
from typing import ClassVar

import pytest

from edge.access.contacts import ContactState
from edge.access.doors.door import Door, DoorKind, Lock
from edge.access.doors.live import ALARM_MS, WARNING_MS
from edge.access.doors.machine import step
from edge.access.doors.states import Boom, Happening, Leaf, Loop, Mode, Status
from edge.access.doors.tables import CONDITIONS, TABLES
from edge.access.holds import begin_hold
from edge.access.inputs import Input, InputKind, InputState
from tests.fakes.access_world import AccessWorld

GATE = "door:gate"


class Site(AccessWorld):
    """A gate with an exit button and an intercom, a fail-safe hall, a barrier with a loop; a fire input."""

    doors: ClassVar[Mapping[str, Door]] = {
        "gate": Door(id="gate", kind=DoorKind.VISITOR),
        "hall": Door(id="hall", kind=DoorKind.RESIDENTS, fail_safe=True),
        "barrier": Door(id="barrier", kind=DoorKind.VISITOR, lock=Lock.BARRIER, fail_safe=True),
    }
    inputs: ClassVar[tuple[Input, ...]] = (
        Input(id="button", kind=InputKind.EXIT_BUTTON, doors=("gate",)),
        Input(id="intercom", kind=InputKind.PARALLEL, doors=("gate",)),
        Input(id="loop", kind=InputKind.LOOP, doors=("barrier",)),
        Input(id="fire", kind=InputKind.FIRE),
    )

    def leaf(self, door: str = "gate") -> Leaf:
        return self.site.live.status_of(door)[0].leaf

    def pass_time(self, seconds: int) -> None:
        self.clock.advance(seconds=seconds)
        self.site.live.tick()

    async def alarms(self) -> list[str]:
        await self.site.owed.write()
        return [kind for kind in self.types() if kind.startswith("Door") and "Open" not in kind[4:8]]


@pytest.fixture
async def site() -> Site:
    """All contacts read as closed, the loop as clear."""
    world = Site()
    for door in world.doors:
        await world.contact(f"door:{door}", "closed")
    world.site.hear("loop", InputState.IDLE)
    world.site.hear("fire", InputState.IDLE)
    return world


def test_every_row_says_something_and_only_one_applies() -> None:
    for field, table in TABLES.items():
        for row in table:
            assert row.next is not row.state or row.effects, f"{field}: {row} does nothing"
            assert row.condition in CONDITIONS


async def test_a_door_that_nobody_released_is_forced_until_it_is_closed(site: Site) -> None:
    await site.contact(GATE, "open")
    assert site.leaf() is Leaf.FORCED
    assert site.buzzers.playing["gate"] == ALARM_MS
    await site.contact(GATE, "closed")
    assert site.leaf() is Leaf.CLOSED
    assert not site.buzzers.playing["gate"]
    assert await site.alarms() == ["DoorForced"]
    site.pass_time(11)
    assert await site.alarms() == ["DoorForced", "DoorAlarmEnded"]


async def test_the_buzzer_goes_on_until_somebody_takes_note(site: Site) -> None:
    await site.contact(GATE, "open")
    await site.alarms()
    await site.site.holds.apply()
    (alarm,) = site.staff.doors()[0].alarms
    site.buzzers.playing.clear()
    site.pass_time(6)
    assert site.buzzers.playing == {"gate": ALARM_MS}
    await site.staff.acknowledge(alarm.id, "guard-1")
    site.pass_time(6)
    assert site.buzzers.playing == {"gate": ()}
    assert site.leaf() is Leaf.FORCED


async def test_a_contact_that_rattles_is_one_alarm(site: Site) -> None:
    for _ in range(50):
        await site.contact(GATE, "open")
        await site.contact(GATE, "closed")
        site.pass_time(1)
    site.pass_time(11)
    assert await site.alarms() == ["DoorForced", "DoorAlarmEnded"]


@pytest.mark.parametrize("input_id", ["button", "intercom"])
async def test_an_opening_after_exit_button_or_parallel_controller_is_not_forced(
    site: Site, input_id: str
) -> None:
    site.site.hear(input_id, InputState.ACTIVE)
    site.pass_time(30)  # still pressed
    site.site.hear(input_id, InputState.IDLE)
    await site.contact(GATE, "open")
    assert site.leaf() is Leaf.OPEN
    await site.contact(GATE, "closed")
    site.pass_time(9)
    await site.contact(GATE, "open")
    assert site.leaf() is Leaf.FORCED


async def test_an_opening_of_ours_is_not_forced_and_one_that_was_refused_opens_nothing(site: Site) -> None:
    await site.opener.enter(site.visitor(), "gate", source="gate-reader")
    await site.contact(GATE, "open")
    assert site.leaf() is Leaf.OPEN
    await site.contact(GATE, "closed")
    site.pass_time(9)
    site.pulser.mode = "refuses"
    await site.opener.enter(site.visitor(), "gate", source="gate-reader")
    await site.contact(GATE, "open")
    assert site.leaf() is Leaf.FORCED
    await site.close()


async def test_a_door_held_open_is_warned_of_then_alarmed(site: Site) -> None:
    site.site.hear("button", InputState.ACTIVE)
    await site.contact(GATE, "open")
    site.site.hear("button", InputState.IDLE)
    site.pass_time(46)
    assert site.leaf() is Leaf.PRE_ALARM
    assert site.buzzers.playing["gate"] == WARNING_MS
    assert await site.alarms() == []
    site.pass_time(15)
    assert site.leaf() is Leaf.HELD_OPEN
    assert await site.alarms() == ["DoorHeldOpen"]


async def test_a_door_found_open_is_not_forced_and_one_that_is_not_read_is_not_closed(site: Site) -> None:
    await site.contact(GATE, "unknown")
    assert site.leaf() is Leaf.UNKNOWN
    site.pass_time(9)
    assert await site.alarms() == []
    site.pass_time(2)
    assert await site.alarms() == ["DoorContactLost"]
    await site.contact(GATE, "open")
    assert site.leaf() is Leaf.OPEN


async def test_fire_beats_lock_down_and_nothing_locks_until_a_person_resets(site: Site) -> None:
    until_ms = site.clock.at_ms + 60_000
    site.store.run_now(lambda unit: begin_hold(unit, door="gate", reason="m", until_ms=until_ms, actor="c"))
    await site.site.holds.apply()
    await site.staff.lock_down((), "drill", "guard-1")
    assert site.pulser.held == {"gate": False}
    site.site.hear("fire", InputState.ACTIVE)
    await site.settle()
    assert {door for door, on in site.pulser.held.items() if on} == {"hall", "barrier"}
    site.site.hear("fire", InputState.IDLE)
    site.pass_time(86_400)
    await site.restart()
    assert site.site.wanted() == {"hall", "barrier"}
    (release,) = site.site.fire.live
    site.site.hear("fire", InputState.IDLE)
    site.site.hear("loop", InputState.IDLE)
    await site.staff.reset_fire(release.id, "guard-1")
    assert not any(site.pulser.held.values())
    assert [event["release"] for event in site.events("FireReleased", "FireReset")] == [release.id] * 2


async def test_a_barrier_comes_down_only_while_its_loop_says_clear(site: Site) -> None:
    await site.opener.enter(site.visitor(doors=("barrier",)), "barrier", source="reader")
    await site.settle()
    assert site.pulser.held["barrier"]
    site.site.hear("loop", InputState.ACTIVE)
    site.pass_time(600)
    site.site.hear("loop", InputState.UNKNOWN)
    site.pass_time(600)
    await site.settle()
    assert site.pulser.held["barrier"]
    site.site.hear("loop", InputState.IDLE)
    await site.settle()
    assert not site.pulser.held["barrier"]
    await site.close()


def test_a_barrier_that_was_held_waits_for_its_loop_too() -> None:
    held = Status(mode=Mode.HELD, holds=True, is_barrier=True, loop=Loop.UNKNOWN)
    after = step(held, Happening.HOLD_OFF).status
    assert (after.mode, after.boom, after.is_released) == (Mode.NORMAL, Boom.PASSING, True)
    locked = Status(is_barrier=True, loop=Loop.UNKNOWN)
    assert not step(locked, Happening.LOCK_DOWN).status.is_released


async def test_contacts_of_doors_that_are_not_ours_are_let_be(site: Site) -> None:
    site.site.live.contact("nowhere", ContactState.OPEN, authorised=False)
    site.site.hear("nothing", InputState.ACTIVE)
    assert await site.alarms() == []
