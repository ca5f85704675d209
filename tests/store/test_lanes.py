import asyncio

import pytest

from edge.store.errors import StoreBusy, StoreClosed
from edge.store.lanes import BATCH_LIMIT, Job, Lane, Lanes
from edge.store.unit import Unit


def put(lanes: Lanes, lane: Lane, times: int = 1) -> None:
    """Queue jobs whose work does nothing; they know their lane by their function."""
    loop = asyncio.get_running_loop()
    for _ in range(times):
        lanes.put(lane, Job(front if lane is Lane.FRONT else bulk, loop.create_future(), loop))


def front(unit: Unit) -> None:
    """Stand for a door or a sale."""


def bulk(unit: Unit) -> None:
    """Stand for an import."""


def taken(lanes: Lanes) -> list[str]:
    return [job.work.__name__ for job in lanes.batch()]


async def test_batch_is_front_first_and_bounded() -> None:
    lanes = Lanes()
    put(lanes, Lane.BULK)
    put(lanes, Lane.FRONT, BATCH_LIMIT + 1)
    assert taken(lanes) == ["front"] * BATCH_LIMIT
    assert taken(lanes) == ["front"]
    assert taken(lanes) == ["bulk"]
    assert taken(lanes) == []


async def test_bulk_gives_way_as_soon_as_something_waits_in_front() -> None:
    lanes = Lanes()
    put(lanes, Lane.BULK, 3)
    slice_of_bulk = lanes.batch()
    assert next(slice_of_bulk).work is bulk
    put(lanes, Lane.FRONT)
    assert [job.work for job in slice_of_bulk] == []
    assert taken(lanes) == ["front"]
    assert taken(lanes) == ["bulk", "bulk"]


async def test_bulk_is_not_starved_by_a_busy_front() -> None:
    lanes = Lanes()
    put(lanes, Lane.BULK, 2)
    seen: list[str] = []
    for _ in range(40):
        put(lanes, Lane.FRONT)
        seen += taken(lanes)
    assert seen.count("bulk") == 2
    assert seen.index("bulk") >= 8


async def test_full_lane_refuses_and_the_other_goes_on() -> None:
    lanes = Lanes(front_limit=2, bulk_limit=1)
    put(lanes, Lane.FRONT, 2)
    with pytest.raises(StoreBusy) as caught:
        put(lanes, Lane.FRONT)
    assert caught.value.details == {"lane": "front", "waiting": 2}
    put(lanes, Lane.BULK)


async def test_closed_lanes_finish_what_waits() -> None:
    lanes = Lanes()
    put(lanes, Lane.FRONT)
    assert lanes.close()
    assert not lanes.close()
    with pytest.raises(StoreClosed):
        put(lanes, Lane.FRONT)
    assert lanes.wait()
    assert taken(lanes) == ["front"]
    assert not lanes.wait()


async def test_long_work_gives_way_to_the_front_lane_until_its_batch_ends_and_not_for_long() -> None:
    lanes = Lanes()
    put(lanes, Lane.BULK)
    assert lanes.give_way(), "bulk is nobody's hurry"
    put(lanes, Lane.FRONT, 2)
    assert not lanes.give_way(), "it goes on after a while, whatever waits"
    assert taken(lanes) == ["front"] * 2
    assert not lanes.give_way(), "taken is not done"
    waiting = asyncio.create_task(asyncio.to_thread(lanes.give_way))
    await asyncio.sleep(0)
    lanes.end_batch()
    assert await waiting
    assert lanes.give_way()
    put(lanes, Lane.FRONT)
    lanes.end_batch()
    assert not lanes.give_way(), "what came meanwhile is not done yet"
