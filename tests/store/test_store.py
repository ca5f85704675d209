import asyncio
import sqlite3
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from edge.errors import StoreError
from edge.ids import Identity
from edge.store import journal
from edge.store.condition import STORE_TOPIC, Condition
from edge.store.errors import (
    DatabaseTooNew,
    ForeignDatabase,
    NotWritable,
    StoreBusy,
    StoreClosed,
    StoreLocked,
)
from edge.store.lanes import BATCH_LIMIT, BULK_LIMIT, FRONT_LIMIT, Lane
from edge.store.migrate import Migration
from edge.store.schema import MIGRATIONS
from edge.store.store import Store, ThreadedStore
from edge.store.unit import Unit
from tests.fakes.clock import FakeClock
from tests.fakes.connections import FailingDisk
from tests.fakes.events import LampLit
from tests.store.conftest import NOTES, Opener


def light(unit: Unit) -> int:
    return unit.record(LampLit(lamp="hall"), actor="test")


def count(connection: sqlite3.Connection) -> int:
    return journal.verify(connection).count


@asynccontextmanager
async def busy_writer(
    store: Store, before: Callable[[Unit], object] = lambda unit: None
) -> AsyncIterator[None]:
    """Hold the writer thread inside a unit of the bulk lane until the block ends."""
    gate, entered = threading.Event(), threading.Event()

    def hold(unit: Unit) -> None:
        before(unit)
        entered.set()
        gate.wait(10)

    held = asyncio.ensure_future(store.run(hold, lane=Lane.BULK))
    await asyncio.to_thread(entered.wait, 10)
    yield
    await asyncio.sleep(0)
    gate.set()
    await held


async def test_unit_is_on_disk_when_it_answers(opener: Opener, tmp_path: Path) -> None:
    store = opener()
    assert await store.run(light) == 1
    other = sqlite3.connect(f"file:{tmp_path}/hub.db?mode=ro", uri=True)
    assert other.execute("SELECT count(*) FROM journal").fetchone() == (1,)
    other.close()


def test_writer_is_durable_and_strict(opener: Opener) -> None:
    store = opener()
    assert isinstance(store, ThreadedStore)
    connection = store.executor.connection
    names = ("journal_mode", "synchronous", "foreign_keys", "recursive_triggers", "temp_store")
    assert [connection.execute(f"PRAGMA {name}").fetchone()[0] for name in names] == ["wal", 2, 1, 1, 2]
    tables = connection.execute(
        "SELECT sql FROM sqlite_master WHERE type = 'table' AND name IN ('journal', 'facts')"
    )
    assert all("STRICT" in sql for (sql,) in tables)


async def test_error_of_a_unit_reaches_its_caller_only(opener: Opener) -> None:
    store = opener()

    def fail(unit: Unit) -> None:
        light(unit)
        raise LookupError("mine")

    answers = await asyncio.gather(
        store.run(light), store.run(fail), store.run(light), return_exceptions=True
    )
    assert [type(answer) for answer in answers] == [int, LookupError, int]
    assert await store.read(count) == 2


async def test_units_that_wait_share_a_commit(opener: Opener) -> None:
    store = opener()
    statements: list[str] = []
    async with busy_writer(store, lambda unit: unit.connection.set_trace_callback(statements.append)):
        waiting = [asyncio.ensure_future(store.run(light)) for _ in range(BATCH_LIMIT)]
    await asyncio.gather(*waiting)
    await store.run(lambda unit: unit.connection.set_trace_callback(None))
    assert statements[: statements.index("BEGIN IMMEDIATE")].count("COMMIT") == 1
    batch = statements[statements.index("BEGIN IMMEDIATE") :]
    assert batch[: batch.index("COMMIT")].count("SAVEPOINT unit") == BATCH_LIMIT


async def test_reader_cannot_write_and_sees_one_snapshot(opener: Opener) -> None:
    store = opener()
    with pytest.raises(StoreError, match="readonly"):
        await store.read(lambda connection: connection.execute("DELETE FROM facts"))
    loop = asyncio.get_running_loop()

    def look_twice(connection: sqlite3.Connection) -> tuple[int, int]:
        before = count(connection)
        asyncio.run_coroutine_threadsafe(store.run(light), loop).result(10)
        return before, count(connection)

    assert await store.read(look_twice) == (0, 0)
    assert await store.read(count) == 1


async def test_full_lane_is_a_clear_refusal(opener: Opener) -> None:
    store = opener()
    async with busy_writer(store):
        waiting = [asyncio.ensure_future(store.run(light)) for _ in range(FRONT_LIMIT)]
        waiting += [asyncio.ensure_future(store.run(light, lane=Lane.BULK)) for _ in range(BULK_LIMIT)]
        await asyncio.sleep(0)
        for lane in Lane:
            with pytest.raises(StoreBusy):
                await store.run(light, lane=lane)
    await asyncio.gather(*waiting)
    assert await store.read(count) == FRONT_LIMIT + BULK_LIMIT


async def test_doors_and_till_go_before_bulk(opener: Opener) -> None:
    store = opener()
    order: list[str] = []
    async with busy_writer(store):
        bulk = [store.run(lambda unit: order.append("bulk"), lane=Lane.BULK) for _ in range(3)]
        front = [store.run(lambda unit: order.append("front")) for _ in range(3)]
        waiting = [asyncio.ensure_future(work) for work in (*bulk, *front)]
    await asyncio.gather(*waiting)
    assert order == ["front"] * 3 + ["bulk"] * 3


async def test_second_process_is_kept_out(opener: Opener, tmp_path: Path) -> None:
    opener()
    program = (
        "import sys; from pathlib import Path; from edge.store.connections import FileLock; "
        "FileLock(Path(sys.argv[1]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "hub.db")], capture_output=True, text=True, check=False
    )
    assert "StoreLocked" in done.stderr
    with pytest.raises(StoreLocked):
        opener()


def test_closed_store_lets_the_next_one_in(opener: Opener) -> None:
    opener().close()
    opener()


@pytest.mark.parametrize("owner", [{"site": "other"}, {"device": "k2"}])
def test_database_of_another_site_is_refused(opener: Opener, owner: dict[str, str]) -> None:
    opener().close()
    with pytest.raises(ForeignDatabase, match="heyuanli/k1"):
        opener(**owner)
    opener()


def test_newer_database_is_refused_by_both_names(opener: Opener) -> None:
    opener(
        migrations=(*MIGRATIONS, NOTES, Migration("notes-002", "CREATE TABLE more (id INTEGER) STRICT;"))
    ).close()
    with pytest.raises(DatabaseTooNew, match=r"notes-002.*notes-001"):
        opener()


async def test_restart_goes_on_with_chain_and_identities(opener: Opener) -> None:
    store = opener()
    await store.run(light)
    before = await store.run(lambda unit: unit.next_id())
    store.close()
    store = opener()
    assert await store.run(light) == 2
    after = await store.run(lambda unit: unit.next_id())
    assert Identity.parse(after).counter > Identity.parse(before).counter
    assert (await store.read(journal.verify)).first_bad_seq is None


async def test_closed_store_takes_no_more(opener: Opener) -> None:
    store = opener()
    store.close()
    with pytest.raises(StoreClosed):
        await store.run(light)


async def test_work_of_a_caller_that_gave_up_before_it_began_is_left_out(opener: Opener) -> None:
    store = opener()
    async with busy_writer(store):
        given_up = asyncio.ensure_future(store.run(light))
        await asyncio.sleep(0)
        given_up.cancel()
    assert await store.run(light) == 1


async def test_disk_error_is_answered_and_the_store_goes_on_after_reopening(
    tmp_path: Path, clock: FakeClock
) -> None:
    disk = FailingDisk()
    store = ThreadedStore(tmp_path / "hub.db", site="heyuanli", device="k1", clock=clock, connect=disk)
    try:
        await store.run(light)
        lost = await store.run(lambda unit: unit.next_id())
        disk.connections[-1].failing = True
        with pytest.raises(StoreError, match="disk I/O"):
            await store.run(light)
        assert await store.run(light) == 2
        assert len(disk.connections) == 2
        fresh = await store.run(lambda unit: unit.next_id())
        assert Identity.parse(fresh).counter > Identity.parse(lost).counter
        assert (await store.read(journal.verify)).count == 2
    finally:
        store.close()


async def test_disk_that_stays_away_refuses_until_it_is_back(tmp_path: Path, clock: FakeClock) -> None:
    disk = FailingDisk()
    store = ThreadedStore(tmp_path / "hub.db", site="heyuanli", device="k1", clock=clock, connect=disk)
    try:
        disk.connections[-1].failing = disk.gone = True
        with pytest.raises(StoreError):
            await store.run(light)
        with pytest.raises(NotWritable):
            await store.run(light)
        assert store.standing.reason == "the disk failed: disk I/O error"
        with store.notifier.subscribe(STORE_TOPIC) as changes:
            disk.gone = False
            while store.condition is not Condition.READY:
                assert await changes.wait(10) == STORE_TOPIC
        assert await store.run(light) == 1
    finally:
        store.close()


async def test_database_that_lost_an_acknowledged_event_is_not_written_again(
    tmp_path: Path, clock: FakeClock
) -> None:
    disk = FailingDisk()
    store = ThreadedStore(tmp_path / "hub.db", site="heyuanli", device="k1", clock=clock, connect=disk)
    try:
        await store.run(light)
        connection = disk.connections[-1]
        await store.run(lambda unit: unit.connection.execute("DROP TRIGGER journal_never_shrinks"))
        await store.run(lambda unit: unit.connection.execute("DELETE FROM journal"))
        connection.failing = True
        with pytest.raises(StoreError):
            await store.run(lambda unit: unit.next_id())
        for _ in range(2):
            with pytest.raises(StoreClosed):
                await store.run(light)
    finally:
        store.close()


def test_file_that_is_no_database_is_a_store_error_and_stays_unlocked(opener: Opener, tmp_path: Path) -> None:
    (tmp_path / "hub.db").write_bytes(b"no database" * 400)
    for _ in range(2):
        with pytest.raises(StoreError, match="not a database"):
            opener()


def test_store_is_abstract_for_the_rooms() -> None:
    with pytest.raises(TypeError):
        Store()  # type: ignore[abstract]
