"""Refusals: five a source and minute singly, the rest as one count, whatever the clock does."""

import pytest

from edge.access.events import PassRefused
from edge.access.refusals import MAX_SOURCES, MINUTE_MS, SINGLY, RefusalLog
from edge.errors import StoreError
from edge.store.inline import InlineStore
from edge.trust.clock import Trust
from tests.fakes.clock import FakeClock
from tests.fakes.trade import events_of, open_store


class Gate:
    """A refusal log over a store in memory."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.clock.at_ms -= self.clock.at_ms % MINUTE_MS
        self.store: InlineStore = open_store(self.clock)
        self.log = RefusalLog(store=self.store, clock=self.clock)

    async def refuse(self, times: int, source: str = "reader-1") -> None:
        for _ in range(times):
            await self.log.refuse(source, PassRefused(source=source, place="door:gate", code="pass_expired"))

    @property
    def single(self) -> int:
        return len(events_of(self.store, "PassRefused"))

    @property
    def counted(self) -> list[int]:
        return [event["count"] for event in events_of(self.store, "RefusalsCounted")]


@pytest.fixture
def gate() -> Gate:
    return Gate()


@pytest.mark.parametrize(("times", "counted"), [(4, []), (5, []), (6, [1]), (500, [495])])
async def test_five_are_written_and_the_rest_is_one_count(gate: Gate, times: int, counted: list[int]) -> None:
    await gate.refuse(times)
    assert (gate.single, gate.counted) == (min(times, SINGLY), [])
    gate.clock.at_ms += MINUTE_MS - 1
    await gate.log.flush()
    assert gate.counted == []
    gate.clock.at_ms += 1
    await gate.log.flush()
    await gate.log.flush()
    assert gate.counted == counted


async def test_each_source_and_each_minute_has_its_own_five(gate: Gate) -> None:
    await gate.refuse(6)
    await gate.refuse(6, "platform")
    gate.clock.at_ms += MINUTE_MS
    await gate.refuse(6)
    assert (gate.single, gate.counted) == (15, [1, 1])


@pytest.mark.parametrize("jump_ms", [-400 * 86_400_000, 400 * 86_400_000, -1])
async def test_a_clock_that_jumps_loses_no_count(gate: Gate, jump_ms: int) -> None:
    await gate.refuse(9)
    gate.clock.at_ms += jump_ms
    await gate.refuse(1)
    await gate.log.close()
    assert (gate.single, gate.counted) == (6, [4])


async def test_with_the_time_unknown_a_flood_is_counted_all_the_same(gate: Gate) -> None:
    gate.clock.trust = Trust.UNKNOWN
    await gate.refuse(50)
    await gate.log.close()
    assert (gate.single, gate.counted) == (5, [45])


async def test_what_was_counted_is_written_when_the_hub_stops(gate: Gate) -> None:
    await gate.refuse(7)
    await gate.log.close()
    assert gate.counted == [2]


async def test_a_count_that_cannot_be_written_is_counted_on(gate: Gate) -> None:
    await gate.refuse(8)
    gate.clock.at_ms += MINUTE_MS
    connection = gate.store.connection
    connection.execute("ALTER TABLE journal RENAME TO away")
    with pytest.raises(StoreError):
        await gate.log.flush()
    connection.execute("ALTER TABLE away RENAME TO journal")
    await gate.log.flush()
    assert gate.counted == [3]


async def test_very_many_sources_are_bounded_and_none_is_lost(gate: Gate) -> None:
    for number in range(MAX_SOURCES + 9):
        await gate.refuse(6, f"s{number}")
    await gate.log.close()
    assert gate.single + sum(gate.counted) == 6 * (MAX_SOURCES + 9)
    assert len(gate.counted) > MAX_SOURCES
