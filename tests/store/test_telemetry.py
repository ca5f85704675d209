"""The telemetry ring: bounded, the first to give way, and nothing is given up uncounted."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager

import pytest

from edge.store import journal, telemetry_records
from edge.store.condition import Condition
from edge.store.inline import InlineStore
from edge.store.telemetry import LEAST_FREE_BYTES, SLICE_SAMPLES, Telemetry
from edge.store.telemetry_records import RingStanding
from tests.fakes.clock import FakeClock
from tests.proofs.planting import replaced

KEEP_ROWS = 30


class Disk:
    """Says how much room there is."""

    def __init__(self) -> None:
        self.free_bytes = LEAST_FREE_BYTES

    def __call__(self) -> int:
        return self.free_bytes


@pytest.fixture
def disk() -> Disk:
    return Disk()


class Gauges:
    """Counts how often it was read: every sample can be told from every other."""

    def __init__(self) -> None:
        self.reads = 0

    def __call__(self) -> Mapping[str, int]:
        self.reads += 1
        return {"uptime_s": 60 * self.reads}


@pytest.fixture
def telemetry(inline: InlineStore, clock: FakeClock, disk: Disk) -> Telemetry:
    return Telemetry(store=inline, clock=clock, read_gauges=Gauges(), free_bytes=disk, keep_rows=KEEP_ROWS)


async def pass_minutes(telemetry: Telemetry, count: int) -> None:
    """What the role does in that many minutes."""
    for number in range(count):
        await telemetry.measure()
        if number % SLICE_SAMPLES == SLICE_SAMPLES - 1:
            await telemetry.write()


async def check_nothing_is_uncounted(inline: InlineStore, telemetry: Telemetry) -> None:
    """Five slices into a ring of three: what was overwritten unsent is counted, no more, no less."""
    await pass_minutes(telemetry, 2 * SLICE_SAMPLES)
    inline.run_now(lambda unit: telemetry_records.note_sent(unit.connection, 15))
    await pass_minutes(telemetry, 3 * SLICE_SAMPLES)
    kept = inline.connection.execute("SELECT number FROM telemetry ORDER BY number").fetchall()
    assert [number for (number,) in kept] == list(range(21, 51))
    assert await telemetry.standing() == RingStanding(kept=KEEP_ROWS, waiting=KEEP_ROWS, dropped=5)


async def test_the_ring_is_bounded_and_what_was_never_sent_is_counted(
    inline: InlineStore, telemetry: Telemetry
) -> None:
    await check_nothing_is_uncounted(inline, telemetry)
    assert telemetry.newest == {"uptime_s": 60 * 50}


def _drop_uncounted() -> AbstractContextManager[None]:
    honest = telemetry_records._give_up_oldest

    def give_up(connection: object, keep_rows: int) -> int:
        return honest(connection, keep_rows) * 0  # type: ignore[arg-type]

    return replaced(telemetry_records, "_give_up_oldest", give_up)


def _count_what_was_sent() -> AbstractContextManager[None]:
    honest = telemetry_records._give_up_oldest

    def give_up(connection: object, keep_rows: int) -> int:
        return honest(connection, keep_rows) * 2  # type: ignore[arg-type]

    return replaced(telemetry_records, "_give_up_oldest", give_up)


def _grow_for_ever() -> AbstractContextManager[None]:
    return replaced(telemetry_records, "_give_up_oldest", lambda connection, keep_rows: 0)


@pytest.mark.parametrize("plant", [_drop_uncounted, _count_what_was_sent, _grow_for_ever])
async def test_a_ring_that_drops_in_silence_or_grows_is_found(
    inline: InlineStore, telemetry: Telemetry, plant: Callable[[], AbstractContextManager[None]]
) -> None:
    with plant(), pytest.raises(AssertionError):
        await check_nothing_is_uncounted(inline, telemetry)


async def test_it_writes_nothing_into_the_journal(inline: InlineStore, telemetry: Telemetry) -> None:
    await pass_minutes(telemetry, SLICE_SAMPLES)
    assert inline.read_now(journal.read_head).seq == 0


@pytest.mark.parametrize("condition", [one for one in Condition if one is not Condition.READY])
async def test_nothing_is_written_while_the_store_is_not_ready(
    inline: InlineStore, telemetry: Telemetry, condition: Condition
) -> None:
    inline._writer.stand(condition, "test")
    before = inline.connection.total_changes
    await pass_minutes(telemetry, 2 * SLICE_SAMPLES)
    assert inline.connection.total_changes == before
    assert (await telemetry.standing()).dropped == 2 * SLICE_SAMPLES
    inline._writer.stand(Condition.READY)
    await pass_minutes(telemetry, SLICE_SAMPLES)
    assert await telemetry.standing() == RingStanding(
        kept=SLICE_SAMPLES, waiting=SLICE_SAMPLES, dropped=2 * SLICE_SAMPLES
    )
    assert telemetry_records.read_standing(inline.connection).dropped == 2 * SLICE_SAMPLES


async def test_a_disk_with_little_room_is_left_to_others(
    inline: InlineStore, telemetry: Telemetry, disk: Disk
) -> None:
    disk.free_bytes = LEAST_FREE_BYTES - 1
    await pass_minutes(telemetry, SLICE_SAMPLES)
    assert await telemetry.standing() == RingStanding(kept=0, waiting=0, dropped=SLICE_SAMPLES)


async def test_a_unit_that_meets_the_full_disk_itself_gives_way(
    inline: InlineStore, telemetry: Telemetry
) -> None:
    honest = InlineStore.run

    async def fill_the_disk_first(store: InlineStore, work: object, **lane: object) -> object:
        store._writer.stand(Condition.RESERVE, "full")
        return await honest(store, work, **lane)  # type: ignore[arg-type]

    with replaced(InlineStore, "run", fill_the_disk_first):
        await pass_minutes(telemetry, SLICE_SAMPLES)
    assert await telemetry.standing() == RingStanding(kept=0, waiting=0, dropped=SLICE_SAMPLES)


async def test_what_waits_in_memory_is_written_at_the_end(inline: InlineStore, telemetry: Telemetry) -> None:
    await telemetry.measure()
    await telemetry.write()
    await telemetry.write()
    assert (await telemetry.standing()).kept == 1
