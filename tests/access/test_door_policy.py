"""Schedules, holidays, night lock, interlock, anti-passback: what the property company sets of a door."""

import asyncio
import sqlite3

import pytest

from edge.access import schema as access_schema
from edge.access.doors.errors import (
    DoorInterlocked,
    DoorLockedDown,
    DoorNightLocked,
    HoldTooLong,
    NothingThere,
    PassedBack,
    UnknownReason,
)
from edge.access.doors.feed import apply_holiday, apply_policy
from edge.access.doors.policy import Window, end_of_window, next_turn
from edge.access.doors.records import CalendarDays
from edge.access.doors.schedule import due_schedules, turn_schedules
from edge.access.doors.views import RecordsAsked
from edge.errors import Refusal
from edge.store.migrate import apply_to
from edge.store.schema import MIGRATIONS as STORE_MIGRATIONS
from edge.trust.clock import Trust
from tests.fakes.access_world import AccessWorld
from tests.fakes.clock import START_MS

HOUR_MS = 3_600_000
MIDNIGHT_MS = START_MS - 10 * HOUR_MS
"""START is 10:00 on Sunday, 22 November 2026, in China."""
WEEKDAYS = Window(days=(1, 2, 3, 4, 5), from_min=7 * 60, until_min=9 * 60)
NIGHT = Window(days=(1, 2, 3, 4, 5, 6, 7), on_holidays=True, from_min=22 * 60, until_min=30 * 60)


@pytest.mark.parametrize(
    ("day", "hour", "days", "open_until_hour"),
    [
        (0, 8, (), None),
        (1, 7, (), 9),
        (1, 9, (), None),
        (0, 8, (CalendarDays(from_day="2026-11-22", until_day="2026-11-22", kind="workday"),), 9),
        (1, 8, (CalendarDays(from_day="2026-11-20", until_day="2026-11-23", kind="holiday"),), None),
        (2, 8, (CalendarDays(from_day="2026-11-20", until_day="2026-11-23", kind="holiday"),), 9),
    ],
    ids=["Sunday", "Monday", "Monday at its end", "worked Sunday", "holiday", "day after the holiday"],
)
def test_a_window_follows_weekdays_and_calendar(
    day: int, hour: int, days: tuple[CalendarDays, ...], open_until_hour: int | None
) -> None:
    at_ms = MIDNIGHT_MS + (day * 24 + hour) * HOUR_MS
    expected = None if open_until_hour is None else at_ms + (open_until_hour - hour) * HOUR_MS
    assert end_of_window([WEEKDAYS], days, at_ms) == expected


def test_a_window_over_midnight_lasts_and_the_next_turn_is_its_end() -> None:
    at_ms = MIDNIGHT_MS + 2 * HOUR_MS
    assert end_of_window([NIGHT], (), at_ms) == MIDNIGHT_MS + 6 * HOUR_MS
    assert next_turn([NIGHT], (), at_ms) == MIDNIGHT_MS + 6 * HOUR_MS
    assert next_turn([NIGHT], (), MIDNIGHT_MS + 6 * HOUR_MS) == MIDNIGHT_MS + 22 * HOUR_MS
    assert next_turn([], (), at_ms) == at_ms + 24 * HOUR_MS


def set_policy(world: AccessWorld, door: str = "gate", **data: object) -> None:
    """As the feed does."""
    world.store.run_now(lambda unit: apply_policy(unit, door, 1, data))


def all_day(*days: int, **more: object) -> dict[str, object]:
    """A window in the wire's shape."""
    return {"days": list(days), "from_min": 0, "until_min": 1440, **more}


async def turn(world: AccessWorld) -> None:
    """A look of the timers, and what follows."""
    if due_schedules(world.store.connection, world.clock.now()):
        world.store.run_now(turn_schedules)
    await world.site.holds.apply()


async def test_a_schedule_holds_its_door_also_after_a_restart_and_not_on_holidays(world: AccessWorld) -> None:
    set_policy(world, open_windows=[all_day(7)])
    await turn(world)
    assert world.pulser.held == {"gate": True}
    world.pulser.held.clear()
    await world.restart()
    assert world.pulser.held == {"gate": True}
    holiday = {"from_day": "2026-11-22", "until_day": "2026-11-22", "kind": "holiday"}
    world.store.run_now(lambda unit: apply_holiday(unit, "h1", 1, holiday))
    await turn(world)
    assert world.pulser.held == {"gate": False}
    world.store.run_now(lambda unit: apply_holiday(unit, "h1", 2, None))
    await turn(world)
    assert world.pulser.held == {"gate": True}
    world.store.run_now(lambda unit: apply_policy(unit, "gate", 2, None))
    await turn(world)
    assert world.pulser.held == {"gate": False}


async def test_no_schedule_begins_while_the_clock_is_unknown(world: AccessWorld) -> None:
    world.clock.trust = Trust.UNKNOWN
    set_policy(world, open_windows=[all_day(7)])
    await turn(world)
    assert world.pulser.held == {}


def judge(world: AccessWorld, kind: str, subject: str = "res-1203", door: str = "gate") -> None:
    """As whoever judges a credential does."""
    now = world.clock.now()
    world.site.gate.judge(world.store.connection, world.doors[door], kind, subject, now)


async def test_a_lock_down_keeps_out_everybody_but_staff(world: AccessWorld) -> None:
    lock_down = await world.staff.lock_down(("gate",), "intruder", "guard-1", "somebody climbed over")
    for kind in ("resident", "visitor", "command", "card", "room_pin", "deposit"):
        with pytest.raises(DoorLockedDown):
            judge(world, kind)
    judge(world, "staff")
    judge(world, "guard")
    judge(world, "resident", door="building-3")
    with pytest.raises(Refusal, match="door_locked_down"):
        await world.opener.enter(world.visitor(), "gate", source="gate-reader")
    await world.staff.end_lock_down(lock_down.id, "guard-1")
    judge(world, "visitor")
    with pytest.raises(NothingThere):
        await world.staff.end_lock_down(lock_down.id, "guard-1")


async def test_the_night_lock_keeps_visitors_out(world: AccessWorld) -> None:
    set_policy(world, night_lock=[all_day(7)])
    with pytest.raises(DoorNightLocked):
        judge(world, "visitor")
    judge(world, "resident")


async def test_an_interlock_wants_its_other_doors_certainly_closed(world: AccessWorld) -> None:
    set_policy(world, "gate", interlock="airlock")
    set_policy(world, "building-3", interlock="airlock")
    for state, open_ in (("unknown", False), ("open", False), ("closed", True)):
        await world.contact("door:building-3", state)
        if open_:
            judge(world, "resident")
        else:
            with pytest.raises(DoorInterlocked):
                judge(world, "resident")
    await world.contact("door:gate", "unknown")
    with pytest.raises(DoorInterlocked):
        judge(world, "resident", door="building-3")
    judge(world, "staff", door="building-3")


async def test_whoever_went_in_goes_in_again_only_after_going_out(world: AccessWorld) -> None:
    world.grant()
    passback = {"zone": "yard", "direction": "in", "forget_after_s": 3600}
    set_policy(world, anti_passback=passback)
    await world.contact("door:gate", "closed")
    opening = await world.opener.enter(world.code(), "gate", source="gate-reader")
    judge(world, "resident")  # nobody has gone through yet
    await world.contact("door:gate", "open")
    assert (await world.result(opening))[0] == "opened"
    with pytest.raises(PassedBack):
        judge(world, "resident")
    judge(world, "resident", "res-0101")
    world.clock.advance(seconds=3600)
    judge(world, "resident")


async def test_staff_open_with_a_reason_and_the_note_is_not_in_the_journal(world: AccessWorld) -> None:
    await world.contact("door:gate", "closed")
    opened = world.staff.open_by_staff("gate", "guard-1", "delivery", "a sofa for 1203")
    waiting = asyncio.create_task(opened)
    await world.settle()
    await world.contact("door:gate", "open")
    assert (await waiting).state == "opened"
    assert world.types() == ["DoorOpenExplained", "DoorOpenRequested", "DoorOpened"]
    assert "sofa" not in str(world.events())
    (record,) = (await world.staff.records(RecordsAsked(place="door:gate"))).records
    assert (record.kind, record.source, record.note, record.state) == (
        "guard",
        "guard-1",
        "a sofa for 1203",
        "opened",
    )
    with pytest.raises(UnknownReason):
        await world.staff.open_by_staff("gate", "guard-1", "because")
    with pytest.raises(HoldTooLong):
        await world.staff.hold("gate", "moving", world.clock.at_ms + 25 * HOUR_MS, "guard-1")


def test_openings_of_before_keep_their_rows_and_order() -> None:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    before = [each for each in access_schema.MIGRATIONS if each.name in ("access-001", "access-002")]
    apply_to(connection, (*STORE_MIGRATIONS, *before))
    for number in (3, 1, 2):
        connection.execute(
            "INSERT INTO openings(rowid, id, place, authorisation, kind, state, requested_at_ms) "
            "VALUES (?, ?, 'door:gate', ?, 'visitor', 'opened', 1)",
            (number, f"o{number}", f"pass:{number}:1"),
        )
    apply_to(connection, (*STORE_MIGRATIONS, *access_schema.MIGRATIONS))
    rows = connection.execute("SELECT rowid, id, source FROM openings ORDER BY rowid").fetchall()
    assert rows == [(1, "o1", ""), (2, "o2", ""), (3, "o3", "")]
    with pytest.raises(sqlite3.IntegrityError):
        connection.execute("UPDATE openings SET kind = 'stranger'")
    connection.execute("UPDATE openings SET kind = 'guard'")
