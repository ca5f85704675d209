"""A small fleet: a day, an outage of every street, a reconnect storm; both sides equal, bugs named."""

import random
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from cloud_sync.fleet.comparison import compare_counted, compare_doors, compare_events
from cloud_sync.fleet.custody_records import Counted, Held
from cloud_sync.fleet.day import plan_day, record_visit
from cloud_sync.fleet.plan import FleetPlan
from cloud_sync.fleet.report import describe
from cloud_sync.fleet.simulate import Course, simulate
from cloud_sync.fleet.site import Rooms
from edge import tables
from edge.store import journal
from edge.store.inline import InlineStore
from edge.store.journal import JournalRow
from tests.fakes import planted_fleet
from tests.fakes.clock import FakeClock
from tests.fakes.postgres import HURRIED, Postgres

ROOMS = Rooms(tables.MIGRATIONS, tables.APPLIERS, tables.REFERENCES)


@pytest.fixture(scope="module")
def database_url() -> Iterator[str]:
    server = Postgres(*HURRIED, home="fleet-office")
    server.start()
    yield server.new_database()
    server.stop()


@pytest.mark.slow
async def test_nothing_is_lost_or_doubled_through_a_storm(tmp_path: Path, database_url: str) -> None:
    plan = FleetPlan(sites=20, sites_a_street=7, day_s=3.0, visits=30, commands_per_s=8.0)
    course = Course(plan=plan, folder=str(tmp_path), store_url=database_url, quiet_s=0.5, patience_s=60.0)
    report = await simulate(course, ROOMS)
    assert report.is_whole, describe(report)
    assert report.events > 20 * 30
    assert report.incidents == {}
    assert report.commands.get("opened", 0) > 0
    (storm,) = report.storms
    assert storm.backlog > 20 * 10
    assert len(storm.first_batch_s) == 20


@pytest.mark.slow
async def test_planted_bugs_are_named(tmp_path: Path) -> None:
    plan = FleetPlan(sites=6, day_s=1.5, visits=20, cut_hour=0)
    host = ("tests.fakes.planted_fleet",)
    course = Course(plan=plan, folder=str(tmp_path), host=host, quiet_s=0.3, patience_s=60.0)
    report = await simulate(course, ROOMS)
    assert not report.is_whole
    words = {
        planted_fleet.LOST: "was lost",
        planted_fleet.DOUBLED: "in custody 2 times",
        planted_fleet.COUNTED: "the platform counts",
        planted_fleet.WRONGED: "is not what was hashed",
    }
    for device, word in words.items():
        assert any(fault.startswith(device) and word in fault for fault in report.faults), describe(report)
    assert {fault.split(":")[0] for fault in report.faults} == set(words), describe(report)


def _lived() -> tuple[list[JournalRow], list[Held]]:
    store = InlineStore.in_memory(clock=FakeClock())
    for visit in plan_day(random.Random(4), 20):
        store.run_now(partial(record_visit, visit=visit, door="gate"))
    rows = store.read_now(lambda connection: list(journal.tail(connection, 0)))
    store.close()
    return rows, [Held(1, row.seq, row.id, row.hash.hex(), journal.line(row)) for row in rows]


def test_comparison_names_what_is_not_equal() -> None:
    rows, held = _lived()
    assert compare_events("k1", rows, held) == []
    assert compare_events("k1", rows, held[:-1]) == [f"k1: entry {rows[-1].seq} was lost"]
    assert compare_events("k1", rows[:-1], held) == [f"k1: entry {rows[-1].seq} in custody was never written"]
    again = held[3]._replace(seq=len(held) + 1)
    assert any("2 times" in fault for fault in compare_events("k1", rows, [*held, again]))
    other = [held[0]._replace(hash="00" * 32), *held[1:]]
    assert compare_events("k1", rows, other) == ["k1: entry 1 is another one in custody"]
    assert compare_counted("k1", rows, Counted(0, 0, 0))
    assert compare_doors("k1", {"c-1": 2}, {"c-2"}) == [
        "k1: command c-1 fired 2 times",
        "k1: command c-2 is called opened, nothing moved",
    ]


def test_a_day_has_its_hours_and_is_the_same_for_one_seed() -> None:
    visits = [visit for seed in range(200) for visit in plan_day(random.Random(seed), 40)]
    by_hour = [sum(1 for visit in visits if int(visit.at * 24) == hour) for hour in range(24)]
    assert by_hour[18] > 4 * by_hour[5] > 0
    assert plan_day(random.Random(7), 40) == plan_day(random.Random(7), 40)
    assert [v.at for v in plan_day(random.Random(7), 40)] == sorted(
        v.at for v in plan_day(random.Random(7), 40)
    )


def test_a_plan_must_make_sense() -> None:
    with pytest.raises(ValueError, match="at least one"):
        FleetPlan(sites=0)
    with pytest.raises(ValueError, match="cut_hour"):
        FleetPlan(cut_hour=25)
