"""What the platform makes of the events that it holds: figures, new versions of records, parking."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
import pytest

from cloud_sync import records
from cloud_sync.events import FeedRecordParked
from cloud_sync.platform import app as platform_app
from cloud_sync.platform import applying, feed
from cloud_sync.platform.applying import APPLIERS
from cloud_sync.platform.store.port import Connection
from cloud_sync.platform.stored import StoredEvent
from cloud_sync.uplink import Uplink
from cloud_sync.wire.feed import AppliedThrough, FeedPage
from edge.access.events import DoorOpened, DoorUnknown, OrderCollected
from edge.homes.events import BillPaid
from edge.store.events import Event, cloud_type
from tests.cloud_sync.conftest import World
from tests.fakes.golden import FOLDER, golden_of


def from_golden(event: type[Event], **changes: Any) -> Event:
    """An event as it stands in a journal, with some fields changed."""
    return msgspec.convert({**golden_of(event)["data"], **changes}, type=event)


async def drain(world: World) -> None:
    """Send everything, then wait until the platform has applied it."""
    uplink = Uplink(store=world.store, http=world.http)
    while await uplink.send_next():
        pass
    await settled(lambda: applied(world))


async def settled(condition: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(5):
        while not await condition():
            await asyncio.sleep(0.01)


async def applied(world: World) -> bool:
    return all(d["applied_seq"] == d["head_seq"] for d in (await world.figures())["devices"])


async def changes(world: World, collection: str) -> list[Any]:
    page = await world.http.ask("GET", world.http.site_path + "/feed", FeedPage, query={"limit": 500})
    return [change for change in page.changes if change.collection == collection]


def bill_paid(**fields: Any) -> Event:
    return from_golden(BillPaid, bill_id="b1", amount_fen=10_000, penalty_fen=120, tenders=(), **fields)


async def test_a_paid_bill_comes_back_with_applied_through(world: World) -> None:
    world.record(1)
    seq = world.journal(bill_paid())
    await drain(world)
    (change,) = await changes(world, "bills")
    assert change.data["paid_fen"] == 10_000
    assert change.version == 2
    assert (change.applied_through.device, change.applied_through.epoch) == ("k1", 1)
    assert change.applied_through.seq == seq
    figures = await world.figures()
    assert figures["fees"] == {"count": 1, "total_fen": 10_120}
    assert figures["penalties_fen"] == 120


async def test_two_part_payments_add_up(world: World) -> None:
    world.journal(bill_paid())
    second = world.journal(bill_paid(order_id="k1-1-90"))
    await drain(world)
    (change,) = await changes(world, "bills")
    assert change.data["paid_fen"] == 20_000
    assert change.applied_through.seq == second


async def test_a_collected_order_comes_back_collected(world: World) -> None:
    world.journal(OrderCollected(order_id="o1", session="k1-1-9"))
    await drain(world)
    (change,) = await changes(world, "orders")
    assert change.data["state"] == "collected"
    assert change.applied_through is not None
    assert (await world.figures())["orders_collected"] == 1


async def test_openings_are_counted_by_what_the_contact_said(world: World) -> None:
    world.journal(DoorOpened(opening="k1-1-1", place="door:gate", authorisation="pass:v-1:1"))
    world.journal(DoorUnknown(opening="k1-1-2", place="door:gate", authorisation="code:r-2", reason="x"))
    await drain(world)
    assert (await world.figures())["openings"] == {"door_opened": 1, "door_unknown": 1}


async def test_what_cannot_be_applied_is_parked_and_holds_up_nothing(world: World) -> None:
    seq = world.journal(OrderCollected(order_id="later", session="k1-1-9"))
    world.journal(bill_paid())
    await drain(world)
    figures = await world.figures()
    assert figures["devices"][0]["parked"] == 1
    assert figures["fees"]["count"] == 1
    (report,) = await changes(world, "parked")
    assert report.data["seq"] == seq
    assert report.data["reason"].startswith("RecordMissing")


async def test_a_parked_event_is_applied_once_it_can_be(world: World) -> None:
    world.journal(OrderCollected(order_id="later", session="k1-1-9"))
    await drain(world)
    order = {"id": "later", "subject": "res-1203", "state": "in_cells", "cells": []}
    await world.platform.database.write(lambda c: feed.put_record(c, "orders", "later", order))
    world.clock.advance(seconds=60)

    async def is_applied() -> bool:
        return bool((await world.figures())["orders_collected"] == 1)

    await settled(is_applied)
    (report,) = await changes(world, "parked")
    assert report.deleted
    assert (await world.figures())["devices"][0]["parked"] == 0


async def test_events_that_custody_lost_are_told_and_hold_up_nothing(world: World) -> None:
    def lose(c: Connection) -> None:
        lost = (seqs[0], seqs[2], seqs[3])
        for seq in lost:
            c.execute("DELETE FROM events WHERE seq=?", (seq,))
        c.execute("UPDATE streams SET applied_seq=0")

    world.record(1)
    seqs = [
        world.journal(DoorOpened(opening=f"k1-1-{n}", place="door:gate", authorisation="p")) for n in "1234"
    ]
    await drain(world)
    await world.platform.database.write(lose)
    await settled(lambda: applied(world))
    told = await world.platform.database.read(
        lambda c: c.execute("SELECT code, seq FROM incidents ORDER BY seq").fetchall()
    )
    assert [tuple(one) for one in told] == [("custody_missing", seqs[0]), ("custody_missing", seqs[2])]
    world.journal(bill_paid())
    await drain(world)
    assert (await world.figures())["fees"]["count"] == 1


async def test_a_line_that_was_damaged_in_custody_is_parked(world: World) -> None:
    def damage(c: Connection) -> None:
        c.execute("UPDATE events SET line=? WHERE seq=?", (b"{", seq))
        c.execute("UPDATE streams SET applied_seq=0")

    seq = world.journal(FeedRecordParked(collection="c", record="r", version=1, reason="test"))
    await drain(world)
    await world.platform.database.write(damage)
    await settled(lambda: applied(world))
    (report,) = await changes(world, "parked")
    assert report.data["seq"] == seq
    assert report.data["reason"].startswith("DecodeError")


async def test_an_event_about_a_record_of_another_shape_is_parked_and_holds_up_nothing(world: World) -> None:
    await world.platform.database.write(
        lambda c: c.execute("UPDATE records SET data='{}' WHERE collection='bills'").rowcount
    )
    seq = world.journal(bill_paid())
    world.journal(OrderCollected(order_id="o1", session="k1-1-9"))
    await drain(world)
    assert (await world.figures())["orders_collected"] == 1
    (report,) = await changes(world, "parked")
    assert (report.data["seq"], report.data["reason"].partition(":")[0]) == (seq, "KeyError")


@pytest.mark.one_store
async def test_a_role_that_failed_begins_anew(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(connection: Connection, event: StoredEvent) -> None:
        applying.APPLIERS[event.type] = honest
        raise AssertionError("a fault of ours")

    monkeypatch.setattr(platform_app, "RETRY_PAUSE_S", 0.01)
    name = "community.edge.FeedRecordParked.v1"
    honest = applying.APPLIERS[name]
    monkeypatch.setitem(applying.APPLIERS, name, broken)
    world.record(1)
    await drain(world)
    assert "a fault of ours" in caplog.text


async def test_nothing_is_counted_twice_when_a_batch_comes_twice(world: World) -> None:
    world.journal(bill_paid())
    await drain(world)
    world.store.run_now(lambda unit: records.write_acknowledged(unit.connection, 0))
    await drain(world)
    assert (await world.figures())["fees"]["count"] == 1


@pytest.mark.parametrize("name", ["SaleSettled", "BillPaid"])
async def test_sales_and_fees_of_devices_with_older_events_count_the_same(world: World, name: str) -> None:
    def count(c: Connection, file: str, seq: int) -> tuple[int, ...]:
        c.execute(
            "INSERT INTO accounts (id, site, subject, kind, issuer)"
            " VALUES ('a-1203-points', ?, 'res-1203', 'points', 'property') ON CONFLICT DO NOTHING",
            (c.site,),
        )
        golden = msgspec.json.decode((FOLDER / file).read_bytes())
        named = {"bill_id": "b1", "order_id": f"k1-1-{seq}", "tenders": []}
        body = msgspec.json.encode({**golden["data"], **named})
        at = AppliedThrough(device="k1", epoch=1, seq=seq)
        event = StoredEvent(at, cloud_type(name, golden["version"]), 0, body)
        APPLIERS[event.type](c, event)
        table, column = {"SaleSettled": ("sales", "total_fen"), "BillPaid": ("fees", "amount_fen")}[name]
        return tuple(c.execute(f"SELECT {column} FROM {table} WHERE seq = ?", (seq,)).fetchone())

    old, new = [
        await world.platform.database.write(lambda c, file=file, seq=seq: count(c, file, seq))  # type: ignore[misc]
        for file, seq in ((f"old/{name}.v1.json", 1), (f"{name}.json", 2))
    ]
    assert old == new == (2460,)
