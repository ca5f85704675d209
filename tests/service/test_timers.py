"""Due things are done once, in time, and one that fails holds up no other."""

import pytest

from edge.errors import Refusal
from edge.pay.business_day import date_of
from edge.service import records
from edge.service.alarms import clear_alarm, raise_alarm
from edge.service.schema import MIGRATIONS
from edge.service.timers import (
    KEEP_DONE_MS,
    MAX_ATTEMPTS,
    Recurring,
    TimerRunner,
    clean_done,
    daily_at,
    drop_timer,
    every,
    set_timer,
)
from edge.store.facts import get_int, put_fact
from edge.store.inline import InlineStore
from edge.store.schema import MIGRATIONS as STORE_MIGRATIONS
from edge.store.unit import Unit
from edge.trust.clock import Trust
from tests.fakes.clock import START_MS, FakeClock


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


class Daily(Desk):
    """A desk with one recurring kind, every day at 03:10 of the site."""

    def make_runner(self) -> TimerRunner:
        """A runner as after a start."""
        recurring = {
            "daily": Recurring(self.count, daily_at(3, 10)),
            "broken": Recurring(self.fail, every(5)),
        }
        if not self.broken:
            recurring.pop("broken")
        return TimerRunner(store=self.store, clock=self.clock, acts={}, recurring=recurring)

    broken = False

    def count(self, unit: Unit, subject: str) -> None:
        """An act that notes the day, in the same unit."""
        put_fact(unit.connection, "count", get_int(unit.connection, "count") + 1)
        self.done.append(date_of(unit.now.at_ms))

    async def start(self) -> None:
        """As after a start of the hub."""
        self.runner = self.make_runner()
        await self.runner.prepare()


@pytest.fixture
def daily() -> Daily:
    """A fresh desk with a daily kind."""
    return Daily()


async def test_a_daily_thing_is_done_once_a_day_at_its_hour(daily: Daily) -> None:
    await daily.start()
    for _ in range(3 * 24 * 6):
        await daily.runner.run_due()
        daily.clock.advance(seconds=600)
    assert daily.done == ["2026-11-23", "2026-11-24", "2026-11-25"]


async def test_after_days_without_power_a_daily_thing_is_caught_up_on_once(daily: Daily) -> None:
    await daily.start()
    daily.clock.advance(days=40)
    await daily.start()
    for _ in range(3):
        await daily.runner.run_due()
    assert len(daily.done) == 1


async def test_a_clock_that_becomes_known_years_later_runs_each_once(daily: Daily) -> None:
    daily.clock.at_ms, daily.clock.trust = 0, Trust.UNKNOWN
    await daily.start()
    daily.clock.advance(seconds=60)
    await daily.runner.run_due()
    assert daily.done == [], "with the clock unknown only what is due at its floor is due"
    daily.clock.at_ms, daily.clock.trust = START_MS, Trust.SYNCED
    for _ in range(5):
        await daily.runner.run_due()
    assert daily.done == ["2026-11-22"]


async def test_a_row_that_a_wrong_clock_put_years_ahead_comes_back_at_the_next_start(daily: Daily) -> None:
    daily.clock.advance(days=3650)
    await daily.start()
    daily.clock.at_ms = START_MS
    await daily.start()
    daily.clock.advance(days=1)
    await daily.runner.run_due()
    assert len(daily.done) == 1


async def test_act_and_next_moment_commit_together(daily: Daily) -> None:
    await daily.start()
    daily.clock.advance(days=1)

    def break_after(unit: Unit, subject: str) -> None:
        daily.count(unit, subject)
        raise Refusal

    broken = TimerRunner(
        store=daily.store,
        clock=daily.clock,
        acts={},
        recurring={"daily": Recurring(break_after, daily_at(3, 10))},
    )
    await broken.run_due()
    assert get_int(daily.store.connection, "count") == 0
    daily.clock.advance(seconds=60)
    await daily.runner.run_due()
    assert get_int(daily.store.connection, "count") == 1


async def test_a_recurring_thing_that_always_fails_is_an_alarm_and_tried_again(daily: Daily) -> None:
    daily.broken = True
    await daily.start()
    for _ in range(MAX_ATTEMPTS + 1):
        daily.clock.advance(days=1)
        await daily.runner.run_due()
    kinds = [(alarm.kind, alarm.source) for alarm in records.live_alarms(daily.store.connection)]
    assert kinds == [("timer_failing", "broken")]
    assert len(daily.done) == MAX_ATTEMPTS + 1, "the other goes on"
    rows = daily.store.connection.execute("SELECT state FROM timers WHERE kind = 'broken'").fetchall()
    assert rows == [("due",)]


async def test_what_was_done_long_ago_is_cleaned_away_and_what_is_due_stays(desk: Desk) -> None:
    desk.set("note", "old", 0)
    await desk.runner.run_due()
    desk.clock.advance(ms=KEEP_DONE_MS + 3_600_000)
    desk.set("note", "young", 0)
    await desk.runner.run_due()
    desk.set("note", "due", 60)
    desk.set("other", "parked", 0)
    await desk.runner.run_due()
    desk.store.run_now(lambda unit: clean_done(unit, ""))
    left = {row[0] for row in desk.store.connection.execute("SELECT subject FROM timers")}
    assert left == {"young", "due", "parked"}
