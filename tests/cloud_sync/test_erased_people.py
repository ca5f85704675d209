"""Who was erased does not come back: not from a backup, not from custody, not from the feed."""

import asyncio
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from cloud_sync.downlink import Downlink
from cloud_sync.feed_sweep import DOUBT, MOST_GONE, Sweep
from cloud_sync.platform import erasing, feed
from cloud_sync.platform.balances import Cause, open_account
from cloud_sync.platform.leases import credit
from cloud_sync.platform.store.port import Connection
from cloud_sync.uplink import Uplink
from edge.homes.errors import ResidentsAwaited
from edge.homes.residents import find_resident
from edge.pay.attempts import create_attempt
from edge.pay.top_up import place_top_up
from edge.service.records import live_alarms
from edge.store import journal
from edge.store.connections import open_writer
from edge.store.inline import InlineStore
from edge.store.restore import mark_restored
from edge.tables import APPLIERS, ERASER
from tests.cloud_sync.conftest import DEVICE, RESIDENT, SITE, World
from tests.cloud_sync.test_downlink import read_all
from tests.fakes.accounts import end
from tests.fakes.read_back import copy_of, left_out, read_back
from tests.fakes.trade import put_contract
from tests.homes.test_erasure import everything

pytestmark = pytest.mark.one_store

STAYS = "res-stays"


def hub(world: World, store: InlineStore | None = None, *, sweeps: bool = True) -> Downlink:
    """The feed of a hub as `edge.app` reads it."""
    return Downlink(
        store=store or world.store,
        http=world.http,
        appliers=APPLIERS,
        sweep=Sweep(ERASER) if sweeps else None,
    )


async def settle_in(world: World) -> str:
    """Two people; one has a wallet, a vehicle and an order in a cell. Returns the wallet."""

    def author(c: Connection) -> str:
        known = feed.get_record(c, "residents", RESIDENT)
        assert known is not None
        feed.put_record(c, "residents", STAYS, {**known, "id": STAYS})
        feed.put_record(
            c, "orders", "o1", {"id": "o1", "subject": RESIDENT, "state": "in_cells", "cells": []}
        )
        wallet = open_account(c, RESIDENT, "wallet", "shop")
        credit(c, wallet, "opening", 700, Cause("by the app", world.clock.at_ms))
        return wallet

    put_contract(world.store, version=9, wallet_limit_fen=50_000)
    wallet = await world.platform.database.write(author)
    await read_all(hub(world))
    return wallet


def top_up(store: InlineStore, wallet: str) -> None:
    """An event about the person, in the books and in the journal."""
    order = store.run_now(lambda unit: place_top_up(unit, wallet, 100, resident=RESIDENT, kiosk="k1"))
    asked = store.run_now(
        lambda unit: create_attempt(unit, order.order_id, "shop", 100, "wechat", purpose="top_up")
    )
    end(store, asked)


async def erase(world: World) -> None:
    """The platform orders it, the hub obeys and answers, the platform forgets whom it was about."""
    await world.platform.database.write(lambda c: erasing.ask_erasure(c, RESIDENT, now_ms=world.clock.at_ms))
    await read_all(hub(world))
    uplink = Uplink(store=world.store, http=world.http)
    while await uplink.send_next():
        pass
    async with asyncio.timeout(5):
        while not (await world.platform.database.read(erasing.list_erasures))[0].done_ms:
            await asyncio.sleep(0.02)
    await read_all(hub(world))


def people(store: InlineStore) -> set[str]:
    return {subject for (subject,) in store.connection.execute("SELECT id FROM residents")}


@pytest.mark.parametrize("sweeps", [True, False])
async def test_a_backup_from_before_an_erasure_brings_nobody_back(world: World, sweeps: bool) -> None:
    wallet = await settle_in(world)
    top_up(world.store, wallet)
    copy = copy_of(world.store, world.clock)
    top_up(world.store, wallet)
    await erase(world)
    assert RESIDENT not in everything(world.store.connection)

    read_back(world.store, copy)
    assert left_out(copy) == 0
    copy.run_now(lambda unit: unit.begin_epoch("restored"))
    assert RESIDENT in everything(copy.connection), "the backup holds whom the journal does not name"
    await read_all(hub(world, copy, sweeps=sweeps))
    if not sweeps:
        assert RESIDENT in everything(copy.connection), "the planted bug: nothing in the feed says so"
        return
    assert RESIDENT not in everything(copy.connection)
    assert people(copy) == {STAYS}
    assert copy.read_now(journal.verify).first_bad_seq is None
    told = [row.body for row in journal.tail(copy.connection, 0) if row.type == "PersonErased"]
    assert b'"reason":"not_in_the_feed"' in told[-1]

    before = copy.executor.head.seq
    await read_all(hub(world, copy))
    assert copy.executor.head.seq == before, "once an epoch"


async def test_the_feed_does_not_name_whom_it_ordered_to_erase(world: World) -> None:
    wallet = await settle_in(world)
    await erase(world)
    await world.platform.database.write(
        lambda c: credit(c, wallet, "opening", 5, Cause("later", world.clock.at_ms))
    )
    await read_all(hub(world))
    assert RESIDENT not in everything(world.store.connection)
    balance = "SELECT balance_fen FROM tender_accounts WHERE id = ?"
    assert world.store.connection.execute(balance, (wallet,)).fetchone() == (705,)


async def test_an_erasure_that_waits_is_obeyed_after_a_restore_and_answered(world: World) -> None:
    await settle_in(world)
    copy = copy_of(world.store, world.clock)
    await world.platform.database.write(lambda c: erasing.ask_erasure(c, RESIDENT, now_ms=world.clock.at_ms))
    copy.run_now(lambda unit: unit.begin_epoch("restored"))
    await read_all(hub(world, copy))
    told = [row.body for row in journal.tail(copy.connection, 0) if row.type == "PersonErased"]
    assert len(told) == 1 and b'"reason":"asked"' in told[0]
    assert people(copy) == {STAYS}


async def test_a_feed_that_lacks_too_many_erases_nobody_and_says_so(world: World) -> None:
    await settle_in(world)

    def strangers(unit: Any) -> None:
        for number in range(MOST_GONE + 30):
            data = {"room": "r-3-1203", "name_masked": "李*", "nickname": ""}
            APPLIERS["residents"](unit, f"res-gone-{number}", 1, data)

    world.store.run_now(strangers)
    world.store.run_now(lambda unit: unit.begin_epoch("restored"))
    await read_all(hub(world))
    assert len(people(world.store)) == MOST_GONE + 32
    (alarm,) = world.store.read_now(live_alarms)
    assert (alarm.kind, alarm.detail) == (
        DOUBT,
        f"{MOST_GONE + 30} of {MOST_GONE + 32}: none was erased here",
    )


@pytest.mark.parametrize("lacking", [0, MOST_GONE + 30])
async def test_a_restored_hub_names_nobody_until_its_first_feed(
    world: World, tmp_path: Path, lacking: int
) -> None:
    await settle_in(world)

    def strangers(unit: Any) -> None:
        for number in range(lacking):
            data = {"room": "r-3-1203", "name_masked": "李*", "nickname": ""}
            APPLIERS["residents"](unit, f"res-gone-{number}", 1, data)

    world.store.run_now(strangers)
    backup = tmp_path / "copy.db"
    backup.write_bytes(world.store.connection.serialize())
    mark_restored(backup, "b-1", epoch_seen=1)
    connection = open_writer(":memory:")
    connection.deserialize(backup.read_bytes())
    copy = InlineStore(connection, site=SITE, device=DEVICE, clock=world.clock)
    copy.run_now(lambda unit: unit.begin_epoch("restored"))
    for subject in (RESIDENT, STAYS):
        with pytest.raises(ResidentsAwaited):
            copy.read_now(partial(find_resident, subject=subject))
    await read_all(hub(world, copy))
    assert copy.read_now(lambda c: find_resident(c, STAYS)).room == "r-3-1203"
    world.store.run_now(lambda unit: unit.begin_epoch("hardware_changed"))
    assert world.store.read_now(lambda c: find_resident(c, STAYS)), (
        "its own people are no older than they were"
    )
