"""Due things are done once, in time, and one that fails holds up no other."""

import pytest

from edge.errors import Refusal
from edge.service import records
from edge.service.alarms import clear_alarm, raise_alarm
from edge.service.schema import MIGRATIONS
from edge.service.timers import MAX_ATTEMPTS, TimerRunner, drop_timer, set_timer
from edge.store.inline import InlineStore
from edge.store.schema import MIGRATIONS as STORE_MIGRATIONS
from edge.store.unit import Unit
from tests.fakes.clock import FakeClock


class Desk:
    """A store, a clock, and acts that note what they did."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.store = InlineStore.in_memory(clock=self.clock, migrations=(*STORE_MIGRATIONS, *MIGRATIONS))
        self.done: list[str] = []
        self.runner = self.make_runner()

    def make_runner(self) -> TimerRunner:
        """A runner as after a start."""
        acts = {"note": lambda unit, subject: self.done.append(subject), "fail": self.fail}
        return TimerRunner(store=self.store, clock=self.clock, acts=acts)

    def fail(self, unit: Unit, subject: str) -> None:
        """An act that writes and then cannot go on."""
        raise_alarm(unit, kind="half", source=subject, detail="")
        raise Refusal

    def set(self, kind: str, subject: str, in_s: int) -> None:
        """Let something be due some seconds from now."""
        due_at_ms = self.clock.at_ms + in_s * 1000
        self.store.run_now(lambda unit: set_timer(unit, kind=kind, subject=subject, due_at_ms=due_at_ms))


@pytest.fixture
def desk() -> Desk:
    """A fresh desk."""
    return Desk()


async def test_a_thing_is_done_when_it_is_due_and_only_once(desk: Desk) -> None:
    desk.set("note", "a", 10)
    assert await desk.runner.run_due() == 0
    desk.clock.advance(seconds=10)
    assert await desk.runner.run_due() == 1
    assert await desk.make_runner().run_due() == 0
    desk.set("note", "a", 0)
    assert await desk.runner.run_due() == 0
    assert desk.done == ["a"]


async def test_what_was_due_while_the_power_was_out_is_done_at_the_start(desk: Desk) -> None:
    desk.set("note", "late", 10)
    desk.set("note", "first", 5)
    desk.clock.advance(days=3)
    await desk.make_runner().run_due()
    assert desk.done == ["first", "late"]


async def test_a_dropped_thing_is_not_done(desk: Desk) -> None:
    desk.set("note", "a", 0)
    desk.store.run_now(lambda unit: drop_timer(unit, kind="note", subject="a"))
    assert await desk.runner.run_due() == 0


async def test_one_that_fails_leaves_nothing_behind_and_holds_up_no_other(desk: Desk) -> None:
    desk.set("fail", "bad", 0)
    desk.set("note", "good", 0)
    assert await desk.runner.run_due() == 1
    assert desk.done == ["good"]
    assert records.live_alarms(desk.store.connection) == []


async def test_one_that_always_fails_is_parked_with_an_alarm(desk: Desk) -> None:
    desk.set("fail", "bad", 0)
    for _ in range(MAX_ATTEMPTS + 1):
        await desk.runner.run_due()
        desk.clock.advance(days=1)
    assert [alarm.kind for alarm in records.live_alarms(desk.store.connection)] == ["timer_parked"]


async def test_a_kind_that_nobody_knows_is_parked_with_an_alarm(desk: Desk) -> None:
    desk.set("other", "x", 0)
    await desk.runner.run_due()
    assert [alarm.detail for alarm in records.live_alarms(desk.store.connection)] == ["other: unknown_kind"]


async def test_an_alarm_is_raised_once_while_it_lasts(desk: Desk) -> None:
    def ring(unit: Unit) -> bool:
        return raise_alarm(unit, kind="door_open", source="gate", detail="5 min")

    def calm(unit: Unit) -> bool:
        return clear_alarm(unit, kind="door_open", source="gate")

    assert [desk.store.run_now(step) for step in (ring, ring, calm, calm, ring)] == [
        True,
        False,
        True,
        False,
        True,
    ]
