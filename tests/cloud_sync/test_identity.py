"""Old copies, forks and clones: what platform and device do about two histories of one name."""

import asyncio
import contextlib
import sqlite3
from collections.abc import Iterator

import pytest

from cloud_sync import identity, records
from cloud_sync.events import FeedRecordParked
from cloud_sync.http import DetailedRejection
from cloud_sync.uplink import Uplink
from edge.errors import PlatformRejected
from edge.service.records import live_alarms
from edge.store import journal
from edge.store.identity import Quarantine, quarantine_of, settle_identity
from edge.store.inline import InlineStore
from tests.cloud_sync.conftest import World
from tests.cloud_sync.test_ingest import outgoing, post


@pytest.fixture
def stores(world: World) -> Iterator[list[InlineStore]]:
    """Stores that a test opens, the device's own first."""
    opened = [world.store]
    yield opened
    for store in opened[1:]:
        store.close()


def record(store: InlineStore, *names: str) -> None:
    for name in names:
        event = FeedRecordParked(collection="c", record=name, version=1, reason="test")
        store.run_now(lambda unit, event=event: unit.record(event, actor="test"))  # type: ignore[misc]


def copy_of(world: World, stores: list[InlineStore]) -> InlineStore:
    """The same database once more: a card's image, a backup, a clone."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    connection.deserialize(stores[0].connection.serialize())
    fresh = InlineStore(connection, site="heyuanli", device="k1", clock=world.clock)
    stores.append(fresh)
    return fresh


async def drain(world: World, store: InlineStore) -> Uplink:
    """Start a process's uplink on a store and send all."""
    uplink = Uplink(store=store, http=world.http, batch_events=4)
    while await uplink.send_next():
        pass
    return uplink


async def meet(uplink: Uplink, rejected: PlatformRejected) -> None:
    """What the role does with a rejection, without its long pause."""
    assert isinstance(rejected, DetailedRejection)
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(0.5):
            await uplink._meet_rejection(rejected)


async def held(world: World) -> list[tuple[int, int, str]]:
    """Epoch, seq and hash of everything in custody."""
    rows = await world.platform.database.read(
        lambda c: c.execute("SELECT epoch, seq, hash FROM events ORDER BY epoch, seq").fetchall()
    )
    return [tuple(row) for row in rows]


async def assert_every_event_held_once(world: World, store: InlineStore) -> None:
    """I2 for the branch that this device is on."""
    hashes = [digest for _, _, digest in await held(world)]
    for row in store.read_now(lambda c: list(journal.tail(c, 0))):
        assert hashes.count(row.hash.hex()) == 1, (row.seq, row.type)


async def incidents(world: World) -> list[str]:
    rows = await world.platform.database.read(
        lambda c: c.execute("SELECT code FROM incidents ORDER BY id").fetchall()
    )
    return [row["code"] for row in rows]


async def test_an_old_copy_put_back_begins_an_epoch_and_goes_on(
    world: World, stores: list[InlineStore]
) -> None:
    record(world.store, "a", "b", "c")
    old = copy_of(world, stores)
    record(world.store, "d", "e")
    await drain(world, world.store)

    uplink = Uplink(store=old, http=world.http)
    record(old, "sold before the network was there")
    while await uplink.send_next():
        pass
    record(old, "sold later")
    await drain(world, old)

    assert old.epoch == 2
    assert [alarm.detail for alarm in old.read_now(live_alarms)] == ["platform_ahead epoch=2"]
    assert old.read_now(quarantine_of) is None
    await assert_every_event_held_once(world, old)
    await assert_every_event_held_once(world, world.store)
    assert await incidents(world) == ["restored_behind"]


async def test_beginning_the_epoch_twice_changes_nothing(world: World, stores: list[InlineStore]) -> None:
    record(world.store, "a")
    start = world.store.executor.head
    for _ in range(2):
        began = world.store.run_now(lambda unit: identity.go_on_in_new_epoch(unit, start, epoch=1))
        assert began == 2
    assert world.store.epoch == 2


@pytest.mark.parametrize("platform_has", [0, 2, 3, 5])
async def test_a_restored_backup_goes_on_in_a_new_epoch(
    world: World, stores: list[InlineStore], platform_has: int
) -> None:
    """Behind, level with and ahead of the backup: nothing is lost, nothing is there twice."""
    record(world.store, "a", "b", "c")
    backup = copy_of(world, stores)
    record(world.store, "d", "e")
    if platform_has:
        await post(world, outgoing(world, 0, platform_has))

    backup.run_now(lambda unit: unit.begin_epoch("restored"))
    record(backup, "f", "g")
    await drain(world, backup)
    await assert_every_event_held_once(world, backup)
    figures = (await world.figures())["devices"]
    assert [(d["epoch"], d["first_seq"], d["quarantine"]) for d in figures] == [(1, 1, None), (2, 4, None)]
    assert await incidents(world) == ["restored_behind" if platform_has == 5 else "epoch_began"]


async def test_other_hardware_goes_on_in_a_new_epoch(world: World, stores: list[InlineStore]) -> None:
    for serial in ("a", "b"):
        world.store.run_now(lambda unit, serial=serial: settle_identity(unit, hardware=serial))  # type: ignore[misc]
        record(world.store, "x", "y")
    await drain(world, world.store)
    await assert_every_event_held_once(world, world.store)
    assert await incidents(world) == ["epoch_began"]


async def forked(world: World, stores: list[InlineStore]) -> tuple[InlineStore, InlineStore, Uplink]:
    """Two devices of one name at once; the second one has just been refused."""
    record(world.store, "a", "b", "c")
    await drain(world, world.store)
    clone = copy_of(world, stores)
    uplink = await drain(world, clone)
    record(world.store, "mine")
    await drain(world, world.store)
    record(clone, "theirs", "theirs too")
    with pytest.raises(DetailedRejection) as refused:
        await uplink.send_next()
    assert refused.value.code == "fork"
    await meet(uplink, refused.value)
    return world.store, clone, uplink


async def test_a_fork_stops_both_until_a_person_says_which_is_true(
    world: World, stores: list[InlineStore]
) -> None:
    first, clone, _ = await forked(world, stores)
    assert clone.read_now(quarantine_of) == Quarantine("fork", 4)
    assert [(a.kind, a.detail) for a in clone.read_now(live_alarms)] == [("identity", "fork")]
    record(first, "after")
    uplink = Uplink(store=first, http=world.http)
    with pytest.raises(DetailedRejection) as refused:
        await uplink.send_next()
    await meet(uplink, refused.value)
    assert first.read_now(quarantine_of) is not None

    true = clone
    assert true.run_now(lambda unit: identity.settle(unit, "the other card was destroyed")) == 2
    record(true, "sold again")
    await drain(world, true)
    await assert_every_event_held_once(world, true)
    assert true.read_now(quarantine_of) is None
    assert true.read_now(live_alarms) == []

    with pytest.raises(DetailedRejection) as superseded:
        await Uplink(store=first, http=world.http).send_next()
    assert superseded.value.code == "superseded"


async def test_the_elder_of_two_clones_is_superseded_and_reported(
    world: World, stores: list[InlineStore]
) -> None:
    record(world.store, "a")
    elder = await drain(world, world.store)
    clone = copy_of(world, stores)
    clone.run_now(lambda unit: settle_identity(unit, hardware="one"))
    clone.run_now(lambda unit: settle_identity(unit, hardware="two"))
    await drain(world, clone)
    record(world.store, "still selling")
    with pytest.raises(DetailedRejection) as refused:
        await elder.send_next()
    assert refused.value.code == "superseded"
    await meet(elder, refused.value)
    assert world.store.read_now(quarantine_of) == Quarantine("superseded", 2)
    assert "superseded" in await incidents(world)
    # the elder is the true one after all: its epoch is above the clone's
    assert world.store.run_now(lambda unit: identity.settle(unit, "the clone was taken away")) == 3
    await drain(world, world.store)
    await assert_every_event_held_once(world, world.store)


async def test_events_of_a_fork_that_a_person_settled_are_held_once(
    world: World, stores: list[InlineStore]
) -> None:
    """An old acknowledged seq must not bring what the platform has a second time."""
    record(world.store, "a", "b", "c", "d")
    old = copy_of(world, stores)
    await drain(world, world.store)
    record(world.store, "mine")
    await drain(world, world.store)
    record(old, "theirs")
    uplink = Uplink(store=old, http=world.http)
    with pytest.raises(DetailedRejection) as refused:
        await uplink.send_next()
    assert old.read_now(records.read_acknowledged) == 0
    await meet(uplink, refused.value)
    assert old.read_now(records.read_acknowledged) == 4
    old.run_now(lambda unit: identity.settle(unit, "true"))
    await drain(world, old)
    await assert_every_event_held_once(world, old)


async def test_a_late_duplicate_of_a_closed_epoch_is_acknowledged_and_changes_nothing(
    world: World, stores: list[InlineStore]
) -> None:
    record(world.store, "a", "b")
    late = outgoing(world)
    await drain(world, world.store)
    world.store.run_now(lambda unit: unit.begin_epoch("restored"))
    await drain(world, world.store)
    before = await held(world)
    assert await post(world, late) == 2
    assert await held(world) == before
    assert "superseded" not in await incidents(world)


async def test_a_new_epoch_must_say_that_it_began(world: World, stores: list[InlineStore]) -> None:
    record(world.store, "a")
    await drain(world, world.store)
    world.store.executor.epoch = 2
    record(world.store, "b")
    with pytest.raises(PlatformRejected) as refused:
        await post(world, outgoing(world, 1))
    assert refused.value.code == "epoch_not_begun"


async def test_an_epoch_that_leaves_out_what_was_before_is_a_gap(
    world: World, stores: list[InlineStore]
) -> None:
    record(world.store, "a", "b", "c")
    await post(world, outgoing(world, 0, 1))
    world.store.run_now(lambda unit: unit.begin_epoch("restored"))
    with pytest.raises(DetailedRejection) as refused:
        await post(world, outgoing(world, 3))
    assert (refused.value.code, refused.value.details["expected_seq"]) == ("gap", 2)


async def test_the_standing_of_an_unknown_device_is_nothing(world: World) -> None:
    with pytest.raises(PlatformRejected) as refused:
        await world.http.exchange("GET", world.http.device_path + "/standing")
    assert refused.value.status == 404
