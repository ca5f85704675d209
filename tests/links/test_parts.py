"""Supervisor, health, metrics, back-off and the scan queue."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.links.backoff import Backoff
from edge.links.health import HealthRegistry, PartHealth, State, overall
from edge.links.metrics import Metrics
from edge.links.scans import Scan, ScanQueue
from edge.links.supervisor import Role, Supervisor


async def no_sleep(_: float) -> None:
    await asyncio.sleep(0)


async def test_a_role_that_fails_is_started_again_and_takes_no_other_down() -> None:
    ran = {"good": 0, "bad": 0}
    enough = asyncio.Event()

    async def bad() -> None:
        ran["bad"] += 1
        if ran["bad"] == 4:
            enough.set()
            await asyncio.Event().wait()
        raise KeyError("a programmer's mistake")

    async def good() -> None:
        ran["good"] += 1
        await asyncio.Event().wait()

    supervisor = Supervisor((Role("bad", bad), Role("good", good)), sleep=no_sleep)
    running = asyncio.create_task(supervisor.run())
    async with asyncio.timeout(5):
        await enough.wait()
    assert (ran, supervisor.restarts) == ({"good": 1, "bad": 4}, {"bad": 3, "good": 0})
    assert supervisor.running == {"bad", "good"}
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running


async def test_a_role_that_has_done_its_work_is_not_started_again() -> None:
    ran: list[str] = []

    async def once() -> None:
        ran.append("once")

    await Supervisor((Role("once", once),), sleep=no_sleep).run()
    assert ran == ["once"]


async def test_restarts_wait_longer_each_time() -> None:
    waited: list[float] = []

    async def sleep(seconds: float) -> None:
        waited.append(seconds)

    async def bad() -> None:
        if len(waited) < 4:
            raise ValueError

    def backoff() -> Backoff:
        return Backoff(first_s=1, limit_s=5, chance=lambda: 1.0)

    await Supervisor((Role("bad", bad),), sleep=sleep, backoff=backoff).run()
    assert waited == [1, 2, 4, 5]


async def test_a_role_that_swallows_the_request_to_end_is_asked_again() -> None:
    asked = 0

    async def deaf() -> None:
        nonlocal asked
        while asked < 2:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                asked += 1

    running = asyncio.create_task(Supervisor((Role("deaf", deaf),), sleep=no_sleep).run())
    await asyncio.sleep(0.01)
    running.cancel()
    async with asyncio.timeout(5):
        with pytest.raises(asyncio.CancelledError):
            await running
    assert asked == 2


async def test_a_role_with_a_failed_task_group_is_started_again() -> None:
    ran = 0

    async def fail() -> None:
        raise ValueError

    async def grouped() -> None:
        nonlocal ran
        ran += 1
        if ran < 3:
            async with asyncio.TaskGroup() as group:
                group.create_task(fail())

    async with asyncio.timeout(5):
        await Supervisor((Role("grouped", grouped),), sleep=no_sleep).run()
    assert ran == 3


@given(st.lists(st.booleans(), max_size=60))
def test_a_delay_stays_within_its_bounds(worked: list[bool]) -> None:
    backoff = Backoff(first_s=0.5, limit_s=8)
    for ok in worked:
        if ok:
            backoff.reset()
        assert 0.25 <= backoff.next_s() <= 8
    backoff.reset()
    assert backoff.next_s() <= 0.5


async def test_a_part_that_does_not_answer_is_unknown() -> None:
    registry = HealthRegistry(limit_s=0.01)

    async def silent() -> PartHealth:
        await asyncio.Event().wait()
        return PartHealth(State.OK)

    registry.register("silent", silent)
    registry.register_flag("well", lambda: True)
    registry.register_flag("ill", lambda: False)
    registry.register_flag("new", lambda: None)
    parts = await registry.check()
    states = {name: part.state.value for name, part in parts.items()}
    assert states == {"silent": "unknown", "well": "ok", "ill": "down", "new": "unknown"}
    assert overall(parts) is State.DOWN
    del parts["ill"]
    assert overall(parts) is State.UNKNOWN
    assert overall({"well": PartHealth(State.OK)}) is State.OK
    with pytest.raises(ValueError, match="registered already"):
        registry.register_flag("well", lambda: True)


def test_metrics_render_as_text() -> None:
    metrics = Metrics()
    metrics.describe("edge_pulses_total", "Pulses fired.")
    metrics.add("edge_pulses_total", door="gate")
    metrics.add("edge_pulses_total", 2, door='a"b')
    metrics.gauge("edge_journal_head", lambda: 41)
    assert metrics.render() == (
        "# HELP edge_pulses_total Pulses fired.\n"
        "# TYPE edge_pulses_total counter\n"
        'edge_pulses_total{door="a\\"b"} 2\n'
        'edge_pulses_total{door="gate"} 1\n'
        "# TYPE edge_journal_head gauge\n"
        "edge_journal_head 41\n"
    )


async def test_the_newest_scans_stay_when_nobody_takes_them() -> None:
    queue = ScanQueue(limit=2)
    for text in "abc":
        queue.put(Scan(reader="r", symbology="qr", text=text, at_ms=0))
    assert [(await queue.get()).text for _ in range(2)] == ["b", "c"]
    assert queue.dropped == 1
    queue.put(Scan(reader="r", symbology="qr", text="d", at_ms=0))
    queue.clear()
    queue.put(Scan(reader="r", symbology="qr", text="e", at_ms=0))
    assert (await queue.get()).text == "e"
