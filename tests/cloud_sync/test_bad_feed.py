"""Bad input in the feed: parked and reported, the rest goes on, nothing large is ever in memory."""

import asyncio
import resource
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import msgspec
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from cloud_sync import feed_pages, feed_records
from cloud_sync.downlink import Downlink
from cloud_sync.feed_applying import forget_ended, joined
from cloud_sync.feed_pages import judge_change
from cloud_sync.http import PlatformHttp
from cloud_sync.platform import erasing, feed, feed_faults
from cloud_sync.platform.feed_fitting import fit, take_page
from cloud_sync.uplink import Uplink
from cloud_sync.wire.collections import COLLECTIONS
from cloud_sync.wire.feed import MAX_PAGE_BYTES, MAX_RECORD_BYTES, PAGE_BYTES, AppliedThrough, Change
from cloud_sync.wire.schemas import OWNERS, encode_schemas, read_schemas
from edge.errors import PlatformUnreachable
from edge.homes.residents import find_resident
from edge.service.records import live_alarms
from edge.shop.catalogue import find_product
from edge.store.inline import InlineStore
from edge.tables import APPLIERS, MIGRATIONS, REFERENCES
from tests.cloud_sync.conftest import DEVICE, RESIDENT, SITE, World
from tests.cloud_sync.test_downlink import author, journalled, read_all
from tests.fakes.clock import FakeClock

PRODUCT = {"sku": "s1", "ean": "6901234567892", "name_zh": "酱油", "name_en": "Soy sauce", "price_fen": 1200}
SALES: dict[str, Any] = {
    "id": "2026-11-21:shop",
    "date": "2026-11-21",
    "payee": "shop",
    "count": 3,
    "sum_fen": 9_900,
}


def hub(world: World, **options: Any) -> Downlink:
    signed = dict.fromkeys(("keyset", "contract", "revocation_list"), lambda *_: None)
    known = {**APPLIERS, **signed}
    references = {"products": REFERENCES["products"]}
    return Downlink(store=world.store, http=world.http, appliers=known, references=references, **options)


def reasons(store: InlineStore) -> dict[str, str]:
    return {
        f"{each.change.collection}/{each.change.id}": each.reason
        for each in feed_records.list_parked(store.connection)
    }


@asynccontextmanager
async def platform_of(answer: Callable[[web.Request], Any]) -> AsyncIterator[tuple[InlineStore, Downlink]]:
    """A platform by somebody else, and a hub that reads its feed."""
    app = web.Application()
    app.router.add_get("/v1/sites/{site}/feed", answer)
    store = InlineStore.in_memory(clock=FakeClock(), migrations=MIGRATIONS)
    async with (
        TestServer(app) as server,
        PlatformHttp(url=str(server.make_url("/")), site=SITE, device=DEVICE, token="t") as http,
    ):
        yield store, Downlink(store=store, http=http, appliers=APPLIERS, references=REFERENCES)
    store.close()


def served(*changes: dict[str, Any], **more: Any) -> Callable[[web.Request], Any]:
    async def answer(request: web.Request) -> web.Response:
        cursor, limit = int(request.query["cursor"]), int(request.query["limit"])
        left = [change for change in changes if change["cursor"] > cursor]
        taken = left[:limit]
        page = {"changes": taken, "cursor": taken[-1]["cursor"] if taken else cursor}
        return web.json_response({**page, "more": len(left) > len(taken), **more})

    return answer


def change(cursor: int, collection: str, id: str, data: Any, **more: Any) -> dict[str, Any]:
    return {"cursor": cursor, "collection": collection, "id": id, "version": 1, "data": data, **more}


PAYEE = change(9, "payees", "shop", {"id": "shop", "name_zh": "超市", "name_en": "Shop", "kind": "goods"})


async def test_each_bad_record_is_parked_and_told_and_the_rest_goes_on() -> None:
    answer = served(
        change(1, "weather", "w1", {"rain": True}),
        change(2, "payees", "p2", {"id": "p2"}, schema=7),
        change(3, "products", "s1", {**PRODUCT, "category": "x", "payee": "nobody"}),
        change(4, "bills", "b1", {"room": "nowhere", "payee": "shop"}),
        change(5, "payees", "p5", ["not", "an", "object"]),
        change(6, "payees", "p6", {"id": "p6", "name_zh": 10**30, "name_en": 7}),
        {"cursor": 7, "collection": 7},
        change(8, "payees", "p8", None, left_out="too_large"),
        PAYEE,
    )
    async with platform_of(answer) as (store, downlink):
        await read_all(downlink)
        found = reasons(store)
        told = [
            msgspec.json.decode(body)["reason"]
            for (body,) in store.connection.execute(
                "SELECT body FROM journal WHERE type='FeedRecordParked' ORDER BY seq"
            )
        ]
        count = len(told)
        await downlink.retry_parked()
        await read_all(downlink)
        [(again,)] = store.connection.execute("SELECT count(*) FROM journal WHERE type='FeedRecordParked'")
    unreadable = next(name for name in found if name.startswith("unreadable/"))
    assert found == {
        "weather/w1": "unknown_collection",
        "payees/p2": "record_too_new",
        "products/s1": "refers_to_nothing",
        "bills/b1": "refers_to_nothing",
        "payees/p5": "malformed",
        "payees/p6": "ValidationError",
        unreadable: "malformed",
        "payees/p8": "record_too_large",
    }
    assert sorted(told) == sorted(found.values())
    assert again == count == 8, "each is told once"


async def test_what_is_referred_to_may_come_later_in_the_snapshot() -> None:
    sold = change(1, "products", "s1", {**PRODUCT, "category": "x", "payee": "shop"})
    async with platform_of(served(sold, PAYEE)) as (store, downlink):
        await read_all(downlink)
        assert reasons(store) == {}
        assert find_product(store.connection, "s1").payee == "shop"
        [(told,)] = store.connection.execute("SELECT count(*) FROM journal WHERE type='FeedRecordParked'")
        assert told == 0


async def test_a_record_of_a_hundred_megabytes_is_never_read() -> None:
    sent = [0]

    async def answer(request: web.Request) -> web.StreamResponse:
        if (cursor := int(request.query["cursor"])) > 0:
            changes = [PAYEE] if cursor < PAYEE["cursor"] else []
            return web.json_response({"changes": changes, "cursor": 9, "more": False})
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        await response.prepare(request)
        head = b'{"changes":[{"cursor":5,"collection":"notices","id":"huge","version":3,"data":{"body_zh":"'
        await response.write(head)
        for _ in range(1_600):
            try:
                await response.write(b"x" * 65_536)
            except ConnectionResetError:
                break
            sent[0] += 65_536
        return response

    async with platform_of(answer) as (store, downlink):
        before_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        await read_all(downlink)
        grown_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before_kb
        assert reasons(store) == {"notices/huge": "record_too_large"}
        assert store.read_now(feed_records.read_cursor) == 9
        assert store.connection.execute("SELECT count(*) FROM payees").fetchone() == (1,)
    assert grown_kb < 24_000, f"memory grew by {grown_kb} KB"
    assert sent[0] < 100_000_000, "the answer was not read to its end"


async def test_the_feed_of_another_site_is_refused_as_a_whole() -> None:
    async with platform_of(served(PAYEE, site="elsewhere")) as (store, downlink):
        task = asyncio.create_task(downlink.run())
        async with asyncio.timeout(5):
            while not live_alarms(store.connection):
                await asyncio.sleep(0.01)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert [alarm.kind for alarm in live_alarms(store.connection)] == ["feed_foreign"]
        assert store.connection.execute("SELECT count(*) FROM payees").fetchone() == (0,)


@pytest.mark.parametrize(
    "page", [{"changes": [], "cursor": -1, "more": False}, {"changes": [], "cursor": 0, "more": True}, [], 7]
)
async def test_a_page_that_leads_nowhere_is_no_page(page: Any) -> None:
    async def answer(request: web.Request) -> web.Response:
        return web.json_response(page)

    async with platform_of(answer) as (_, downlink):
        with pytest.raises(PlatformUnreachable):
            await downlink.read_next()


async def test_an_older_hub_gets_the_older_shape_and_reads_again_after_its_upgrade(world: World) -> None:
    ends_ms = world.clock.at_ms + 1_000
    lived = {"subject": "res-9", "room": "r-3-1203", "name_masked": "李*", "keep_until_ms": ends_ms}
    await author(world, "residents", "res-9", lived)
    page = await world.platform.database.read(lambda c: feed.read_page(c, 0, 500, {}))
    old = next(each for each in page.changes if each.id == "res-9")
    assert (old.schema, "keep_until_ms" in (old.data or {})) == (1, False)
    changed = Change(4, "residents", "res-9", 2, lived)
    too_new = fit(changed, {"residents": 2}, newest={"residents": 3}, down={})
    assert (too_new.data, too_new.left_out, too_new.schema) == (None, "too_new", 3)
    world.store.run_now(lambda unit: feed_records.park_change(unit.connection, too_new, "record_too_new", 1))
    downlink = hub(world)
    await read_all(downlink)
    world.store.run_now(lambda unit: feed_records.park_change(unit.connection, too_new, "record_too_new", 1))
    upgraded = hub(world, schemas={"residents": 3})
    assert await upgraded.note_schemas()
    assert world.store.read_now(feed_records.read_cursor) == 3
    await read_all(upgraded)
    assert "residents/res-9" not in reasons(world.store)
    assert not await upgraded.note_schemas()


async def test_a_copy_is_forgotten_at_its_end_without_the_platform(world: World) -> None:
    lived = {"subject": "res-9", "room": "r-3-1203", "name_masked": "李*"}
    await author(world, "residents", "res-9", {**lived, "keep_until_ms": world.clock.at_ms + 60_000})
    await author(world, "residents", "res-8", {**lived, "subject": "res-8", "keep_until_ms": 1})
    await read_all(hub(world))
    assert find_resident(world.store.connection, "res-9").room == "r-3-1203"
    rows = world.store.connection.execute("SELECT id FROM residents ORDER BY id").fetchall()
    assert [row[0] for row in rows] == [RESIDENT, "res-9"], "one whose time is over is not taken"
    assert world.store.run_now(lambda unit: forget_ended(unit, APPLIERS)) == 0
    world.clock.advance(seconds=61)
    assert world.store.run_now(lambda unit: forget_ended(unit, APPLIERS)) == 1
    rows = world.store.connection.execute("SELECT id FROM residents").fetchall()
    assert [row[0] for row in rows] == [RESIDENT]


async def test_an_erasure_is_obeyed_answered_and_then_forgotten_by_the_platform(world: World) -> None:
    downlink, uplink = hub(world), Uplink(store=world.store, http=world.http)
    await read_all(downlink)
    erasure = await world.platform.database.write(
        lambda c: erasing.ask_erasure(c, RESIDENT, now_ms=world.clock.at_ms)
    )
    world.record(1)
    await read_all(downlink)
    assert journalled(world, "PersonErased") == 1
    while await uplink.send_next():
        pass
    async with asyncio.timeout(5):
        while not (standing := await world.platform.database.read(erasing.list_erasures))[0].done_ms:
            await asyncio.sleep(0.02)
    assert (standing[0].id, list(standing[0].answers)) == (erasure, [DEVICE])
    await read_all(downlink)
    query = "SELECT collection FROM records WHERE id=? OR data LIKE ?"
    rows = await world.platform.database.read(
        lambda c: c.execute(query, (RESIDENT, f"%{RESIDENT}%")).fetchall()
    )
    assert rows == []
    left = world.store.connection.execute("SELECT count(*) FROM erasures").fetchone()
    assert left == (0,)


async def test_the_platform_knows_what_a_hub_has_parked_until_it_was_applied(world: World) -> None:
    downlink, uplink = hub(world), Uplink(store=world.store, http=world.http)
    await author(world, "products", "s1", {**PRODUCT, "category": "x", "payee": "shop"})
    await read_all(downlink)

    async def faults_are(expected: list[str]) -> None:
        while await uplink.send_next():
            pass
        async with asyncio.timeout(5):
            while [
                f"{each.collection}/{each.record}: {each.reason}"
                for each in await world.platform.database.read(feed_faults.list_faults)
                if each.collection == "products"
            ] != expected:
                await asyncio.sleep(0.02)

    await faults_are(["products/s1: refers_to_nothing"])
    await author(
        world, "payees", "shop", {"id": "shop", "name_zh": "超市", "name_en": "Shop", "kind": "goods"}
    )
    await read_all(downlink)
    await faults_are([])


async def test_a_mark_survives_a_later_version_without_one(world: World) -> None:
    mark = AppliedThrough("k1", 1, 41)
    bill = await world.platform.database.read(lambda c: feed.get_record(c, "bills", "b1"))
    assert bill is not None
    await world.platform.database.write(
        lambda c: feed.put_record(c, "bills", "b1", {**bill, "paid_fen": 5}, applied_through=mark)
    )
    await author(world, "bills", "b1", {**bill, "paid_fen": 5, "due_on": "2026-12-31"})
    newest = await world.platform.database.read(lambda c: feed.newest_change(c, "bills", "b1"))
    assert newest is not None
    assert (newest.version, newest.applied_through) == (3, mark), "a hub that was away ends its overlay"


async def test_the_days_of_the_app_reach_the_settlement_room(world: World) -> None:
    await author(world, "site_sales", SALES["id"], SALES)
    await read_all(hub(world))
    rows = world.store.connection.execute("SELECT date, payee, count, sum_fen FROM site_sales").fetchall()
    assert rows == [("2026-11-21", "shop", 3, 9_900)]


def test_pages_and_records_have_a_bound() -> None:
    large = Change(1, "notices", "n1", 1, {"body_zh": "x" * MAX_RECORD_BYTES})
    assert (fit(large, {}).data, fit(large, {}).left_out) == (None, "too_large")
    some = [Change(number, "notices", f"n{number}", 1, {"body_zh": "x" * 60_000}) for number in range(1, 20)]
    assert len(take_page(some, 500)) == PAGE_BYTES // 60_200
    assert len(take_page([large], 500)) == 1
    assert MAX_RECORD_BYTES + PAGE_BYTES < MAX_PAGE_BYTES


def test_every_collection_has_one_owner_on_either_side() -> None:
    assert set(OWNERS) == set(COLLECTIONS)
    assert set(COLLECTIONS) - set(APPLIERS) <= {"keyset", "site_configuration"}
    with pytest.raises(ValueError, match="claimed by"):
        joined({"homes": {"bills": print}, "shop": {"bills": print}})


def test_what_a_reader_understands_is_read_as_written() -> None:
    known = {"residents": 3, "cards": 2, "bills": 1}
    assert read_schemas(encode_schemas(known)) == {"residents": 3, "cards": 2}
    assert read_schemas("") == {}
    for wrong in ("residents", ".2", "residents.x", "residents.-1", "a.1,,b.2", "cards.99999"):
        with pytest.raises(ValueError):
            read_schemas(wrong)


def test_planted_a_record_spoils_its_page_when_it_is_not_judged_by_itself() -> None:
    whole = b'{"cursor":1,"collection":"payees","id":"p","version":1,"data":7}'
    assert judge_change(whole).fault == feed_pages.MALFORMED
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(whole, type=Change)
