"""The feed on the device's side: atomic pages, parking, preparation, the cursor."""

import asyncio
import contextlib
from collections.abc import Mapping
from typing import Any

import pytest

from cloud_sync import feed_records as records
from cloud_sync.downlink import Downlink
from cloud_sync.platform import feed
from cloud_sync.uplink import Uplink
from edge.access.events import OrderCollected
from edge.errors import PlatformUnreachable, Refusal
from edge.store.unit import Unit
from edge.trust.keys import UnknownKey
from tests.cloud_sync.conftest import World

COLLECTIONS = (
    *("rooms", "residents", "payees", "bills", "orders", "grants", "contract", "keyset"),
    *("credential_salt", "revocation_list"),
)


class Room:
    """Takes every record; refuses those it is told to."""

    def __init__(self) -> None:
        self.taken: dict[str, tuple[int, Mapping[str, object] | None]] = {}
        self.bad: dict[str, Exception] = {}

    def apply(self, unit: Unit, id: str, version: int, data: Mapping[str, object] | None) -> None:
        unit.connection.execute("INSERT OR REPLACE INTO facts VALUES (?, ?)", (f"test.{id}", version))
        if id in self.bad:
            raise self.bad[id]
        self.taken[id] = (version, data)


def downlink_of(world: World, room: Room, **options: Any) -> Downlink:
    appliers = dict.fromkeys(COLLECTIONS, room.apply)
    return Downlink(store=world.store, http=world.http, appliers=appliers, **options)


async def read_all(downlink: Downlink) -> None:
    while await downlink.read_next():
        pass


async def author(world: World, collection: str, record_id: str, data: dict[str, Any] | None) -> None:
    await world.platform.database.write(lambda c: feed.put_record(c, collection, record_id, data))


def fact(world: World, name: str) -> Any:
    row = world.store.read_now(
        lambda c: c.execute("SELECT value FROM facts WHERE name=?", (name,)).fetchone()
    )
    return None if row is None else row[0]


def journalled(world: World, event_type: str) -> int:
    query = "SELECT count(*) FROM journal WHERE type=?"
    return int(world.store.read_now(lambda c: c.execute(query, (event_type,)).fetchone()[0]))


async def test_the_snapshot_is_the_feed_from_zero(world: World) -> None:
    room = Room()
    downlink = downlink_of(world, room, page_changes=3)
    await read_all(downlink)
    assert downlink.complete
    assert {"r-3-1203", "res-1203", "b1", "o1"} <= set(room.taken)
    assert world.store.read_now(records.read_cursor) > 0


async def test_only_changes_follow(world: World) -> None:
    room = Room()
    downlink = downlink_of(world, room)
    await read_all(downlink)
    room.taken.clear()
    await author(world, "payees", "water", {"id": "water", "name_zh": "水司", "name_en": "Water"})
    await read_all(downlink)
    assert set(room.taken) == {"water"}


async def test_a_deleted_record_arrives_as_none(world: World) -> None:
    room = Room()
    downlink = downlink_of(world, room)
    await read_all(downlink)
    await author(world, "payees", "property", None)
    await read_all(downlink)
    assert room.taken["property"] == (2, None)


@pytest.mark.parametrize("fault", [ValueError("no"), UnknownKey(kid="x", purpose="y"), KeyError("z")])
async def test_a_bad_record_is_parked_and_reported_and_the_rest_goes_on(
    world: World, fault: Exception
) -> None:
    room = Room()
    room.bad["b1"] = fault
    await read_all(downlink_of(world, room))
    assert "o1" in room.taken
    assert "b1" not in room.taken
    assert fact(world, "test.b1") is None, "the bad record's half-done rows must be gone"
    (parked,) = world.store.read_now(records.list_parked)
    assert (parked.change.collection, parked.change.id) == ("bills", "b1")
    assert journalled(world, "FeedRecordParked") == 1


async def test_a_parked_record_is_applied_on_another_chance(world: World) -> None:
    room = Room()
    room.bad["b1"] = ValueError("not yet")
    downlink = downlink_of(world, room)
    await read_all(downlink)
    room.bad.clear()
    assert await downlink.retry_parked() == 1
    assert room.taken["b1"][0] == 1
    assert world.store.read_now(records.list_parked) == []


async def test_a_newer_version_ends_the_parking(world: World) -> None:
    room = Room()
    room.bad["property"] = ValueError("bad")
    downlink = downlink_of(world, room)
    await read_all(downlink)
    room.bad.clear()
    await author(world, "payees", "property", {"id": "property", "name_zh": "物业", "name_en": "P"})
    await read_all(downlink)
    assert world.store.read_now(records.list_parked) == []


async def test_a_page_that_cannot_be_written_moves_no_cursor(world: World) -> None:
    class Broken(Exception):
        pass

    room = Room()
    room.bad["o1"] = Broken()
    with pytest.raises(Broken):
        await downlink_of(world, room).read_next()
    assert world.store.read_now(records.read_cursor) == 0
    assert fact(world, "test.b1") is None


async def test_preparation_runs_before_the_unit_and_its_refusal_parks(world: World) -> None:
    room = Room()

    def refuse(data: dict[str, Any]) -> dict[str, Any]:
        raise UnknownKey(kid="contract-1", purpose="contract")

    await read_all(downlink_of(world, room, prepare={"contract": refuse}))
    assert "1" not in room.taken or "cose" not in (room.taken["1"][1] or {})
    (parked,) = world.store.read_now(records.list_parked)
    assert (parked.change.collection, parked.reason) == ("contract", UnknownKey.code)


async def test_an_unknown_collection_waits_for_an_upgrade_and_is_told_of_once(world: World) -> None:
    downlink = Downlink(store=world.store, http=world.http, appliers={})
    await read_all(downlink)
    parked = world.store.read_now(records.list_parked)
    assert {each.reason for each in parked} == {"unknown_collection"}
    assert journalled(world, "FeedRecordParked") == len({each.change.collection for each in parked})
    await author(world, "payees", "gas", {"id": "gas", "name_zh": "燃气", "name_en": "Gas"})
    await read_all(downlink)
    assert len(world.store.read_now(records.list_parked)) == len(parked) + 1
    assert journalled(world, "FeedRecordParked") == len({each.change.collection for each in parked})


async def test_applied_through_arrives_inside_the_data(world: World) -> None:
    room = Room()
    downlink = downlink_of(world, room)
    await read_all(downlink)
    seq = world.journal(OrderCollected(order_id="o1", session="s"))
    await Uplink(store=world.store, http=world.http).send_next()
    async with asyncio.timeout(5):
        while room.taken["o1"][0] < 2:
            await downlink.read_next(wait_s=1)
    data = room.taken["o1"][1]
    assert data is not None
    assert data["applied_through"] == {"device": "k1", "epoch": 1, "seq": seq}


async def test_a_change_ends_a_long_poll_at_once(world: World) -> None:
    room = Room()
    downlink = downlink_of(world, room)
    await read_all(downlink)
    waiting = asyncio.create_task(downlink.read_next(wait_s=20))
    payee = {"id": "gas", "name_zh": "燃气", "name_en": "Gas"}
    async with asyncio.timeout(5):
        while not waiting.done():
            await author(world, "payees", "gas", payee)
            await asyncio.sleep(0.02)
    assert "gas" in room.taken


async def test_freshness_is_noted_at_the_end_of_the_feed_and_then_seldom(world: World) -> None:
    noted: list[int] = []
    now = [0]
    downlink = downlink_of(
        world, Room(), note=lambda unit: noted.append(now[0]), page_changes=3, clock_ms=lambda: now[0]
    )
    await read_all(downlink)
    assert noted == [0]
    await downlink.read_next()
    assert noted == [0]
    now[0] = 700_000
    await downlink.read_next()
    assert noted == [0, 700_000]


async def test_a_platform_away_is_said(world: World) -> None:
    downlink = downlink_of(world, Room())
    await world.http.close()
    world.http._url = "http://127.0.0.1:9"
    task = asyncio.create_task(downlink.run())
    async with asyncio.timeout(5):
        while downlink.online is not False:
            await asyncio.sleep(0.01)
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
    with pytest.raises(PlatformUnreachable):
        await downlink.read_next()


def test_refusals_are_what_rooms_raise() -> None:
    assert issubclass(UnknownKey, Refusal)
