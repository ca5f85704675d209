"""The reserve is given back at the first full error; trade stops, everything else commits."""

import asyncio
import os
import sqlite3
import subprocess
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from edge.errors import StoreError
from edge.store import journal
from edge.store.condition import STORE_TOPIC, Condition
from edge.store.errors import StoreFull, TradeStopped
from edge.store.reserve import RESERVE_BYTES, Reserve
from edge.store.store import Store, ThreadedStore
from edge.store.unit import Unit
from tests.fakes.clock import FakeClock
from tests.fakes.connections import FailingDisk
from tests.fakes.events import LampLit
from tests.fakes.small_disk import small_disk

SMALL_BYTES = 2 * 1024 * 1024

pytestmark = pytest.mark.slow


def light(unit: Unit) -> int:
    return unit.record(LampLit(lamp="hall"), actor="test")


def trade(unit: Unit) -> int:
    unit.require_trade()
    return light(unit)


@asynccontextmanager
async def opened(
    path: Path, clock: FakeClock, connect: Callable[[Path], sqlite3.Connection] | None = None
) -> AsyncIterator[Store]:
    more = {} if connect is None else {"connect": connect}
    store = ThreadedStore(
        path,
        site="heyuanli",
        device="k1",
        clock=clock,
        reserve_bytes=SMALL_BYTES,
        **more,  # type: ignore[arg-type]
    )
    try:
        yield store
    finally:
        store.close()


def fill(folder: Path) -> Path:
    """Take every byte that is free."""
    ballast = folder / "ballast"
    with ballast.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(65536))
        except OSError:
            pass
    return ballast


async def condition_becomes(store: Store, wanted: Condition) -> None:
    with store.notifier.subscribe(STORE_TOPIC) as changes:
        while store.condition is not wanted:
            assert await changes.wait(15) == STORE_TOPIC


def test_reserve_is_really_allocated_and_given_back(tmp_path: Path) -> None:
    reserve = Reserve(tmp_path / "hub.db")
    assert reserve.take()
    assert (tmp_path / "hub.db.reserve").stat().st_blocks * 512 >= RESERVE_BYTES
    assert reserve.take()
    assert reserve.give_back()
    assert not reserve.held
    assert not reserve.give_back()


def test_sparse_file_is_no_reserve(tmp_path: Path) -> None:
    with (tmp_path / "hub.db.reserve").open("wb") as file:
        file.truncate(RESERVE_BYTES)
    reserve = Reserve(tmp_path / "hub.db")
    assert not reserve.held
    assert reserve.take()
    assert reserve.held


async def test_unit_that_meets_a_full_disk_commits_out_of_the_reserve(
    tmp_path: Path, clock: FakeClock
) -> None:
    disk = FailingDisk()
    async with opened(tmp_path / "hub.db", clock, disk) as store:
        runs = 0

        def light_once_full(unit: Unit) -> int:
            nonlocal runs
            runs += 1
            disk.connections[-1].failing = runs == 1
            disk.connections[-1].code = sqlite3.SQLITE_FULL
            return light(unit)

        assert store.condition is Condition.READY
        assert await store.run(light_once_full) == 1
        assert (runs, store.condition) == (2, Condition.RESERVE)
        assert not (tmp_path / "hub.db.reserve").exists()
        with pytest.raises(TradeStopped):
            await store.run(trade)
        assert await store.run(light) == 2
        await condition_becomes(store, Condition.READY)
        assert await store.run(trade) == 3
        assert (await store.read(journal.verify)).first_bad_seq is None


async def test_sale_that_meets_a_full_disk_is_refused_and_leaves_nothing(
    tmp_path: Path, clock: FakeClock
) -> None:
    disk = FailingDisk()
    async with opened(tmp_path / "hub.db", clock, disk) as store:
        connection = disk.connections[-1]
        connection.failing, connection.code = True, sqlite3.SQLITE_FULL
        with pytest.raises((TradeStopped, StoreFull)):
            await store.run(trade)
        connection.failing = False
        assert await store.run(light) == 1


async def test_full_even_so_is_not_writable_and_a_unit_that_fits_brings_it_back(
    tmp_path: Path, clock: FakeClock
) -> None:
    disk = FailingDisk()
    async with opened(tmp_path / "hub.db", clock, disk) as store:
        connection = disk.connections[-1]
        connection.failing, connection.code = True, sqlite3.SQLITE_FULL
        with pytest.raises(StoreFull):
            await store.run(light)
        assert store.condition is Condition.NOT_WRITABLE
        connection.failing = False
        assert await store.run(light) == 1
        assert store.condition in (Condition.RESERVE, Condition.READY)


async def test_truly_full_disk(tmp_path: Path, clock: FakeClock) -> None:
    with small_disk(tmp_path / "disk", "24m") as disk:
        async with opened(disk / "hub.db", clock) as store:
            assert await store.run(trade) == 1
            ballast = fill(disk)
            sold = 1
            with pytest.raises(TradeStopped):
                while True:
                    sold = await store.run(trade)
            assert store.condition is Condition.RESERVE
            for number in range(50):
                assert await store.run(light) == sold + number + 1
            ballast.unlink()
            await condition_becomes(store, Condition.READY)
            assert await store.run(trade) == sold + 51
            assert (await store.read(journal.verify)).first_bad_seq is None


@pytest.mark.parametrize("clean", [True, False], ids=["clean stop", "reserve gone"])
async def test_full_card_at_boot_starts_in_reserve(tmp_path: Path, clock: FakeClock, clean: bool) -> None:
    with small_disk(tmp_path / "disk", "24m") as disk:
        async with opened(disk / "hub.db", clock) as store:
            await store.run(trade)
        if not clean:
            (disk / "hub.db.reserve").unlink()
        fill(disk)
        async with opened(disk / "hub.db", clock) as store:
            assert await store.read(lambda connection: journal.verify(connection).count) == 1
            if clean:
                assert await store.run(light) == 2
                assert store.condition is Condition.RESERVE
            else:
                assert store.condition in (Condition.NOT_WRITABLE, Condition.RESERVE)
            with pytest.raises((TradeStopped, StoreError)):
                await store.run(trade)


async def test_read_only_disk_comes_back_by_itself(tmp_path: Path, clock: FakeClock) -> None:
    with small_disk(tmp_path / "disk", "24m") as disk:
        async with opened(disk / "hub.db", clock) as store:
            await store.run(trade)
        await asyncio.to_thread(subprocess.run, ["mount", "-o", "remount,ro", str(disk)], check=True)
        try:
            async with opened(disk / "hub.db", clock) as store:
                assert store.condition is Condition.NOT_WRITABLE
                assert await store.read(lambda connection: journal.verify(connection).count) == 1
                await asyncio.to_thread(subprocess.run, ["mount", "-o", "remount,rw", str(disk)], check=True)
                await condition_becomes(store, Condition.READY)
                assert await store.run(trade) == 2
                assert await store.read(lambda connection: journal.verify(connection).count) == 2
        finally:
            assert os.access(disk, os.W_OK)
