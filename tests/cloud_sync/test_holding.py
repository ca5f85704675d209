"""Answers that are held back: who waits is heard of, is woken by whoever wrote, and asks no database."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from cloud_sync.platform import commands, feed
from cloud_sync.platform.bells import Bell
from cloud_sync.platform.database import Database
from cloud_sync.platform.holding import SLOTS
from cloud_sync.platform.settings import StoreSettings
from cloud_sync.platform.store.opening import open_database
from cloud_sync.platform.store.port import Connection
from cloud_sync.wire.commands import PulledCommands
from cloud_sync.wire.feed import BEAT_S, FeedPage
from tests.cloud_sync.conftest import DEVICE, SITE, World, platform_settings
from tests.fakes.clock import START_MS

PAYEE = {"id": "gas", "name_zh": "燃气", "name_en": "Gas"}


@pytest.fixture
async def other(world: World, tmp_path: Path, store: StoreSettings | None) -> AsyncIterator[Database]:
    """Another process of the platform over the same database: it rings none of this one's bells."""
    database = open_database(platform_settings(tmp_path, store=store))
    yield database
    database.close()


async def until(holds: Callable[[], bool]) -> None:
    """Let the loop turn until something holds."""
    async with asyncio.timeout(5):
        while not holds():
            await asyncio.sleep(0.001)


async def newest(world: World) -> int:
    """Where the feed ends."""
    return (await ask_feed(world, 0)).newest


async def ask_feed(world: World, cursor: int, *, wait_s: int = 0) -> FeedPage:
    """Changes after a cursor."""
    query: dict[str, str | int] = {"cursor": cursor, "wait_s": wait_s}
    return await world.http.ask("GET", world.http.site_path + "/feed", FeedPage, query=query)


async def ask_commands(world: World) -> PulledCommands:
    """A long poll of commands."""
    path = world.http.device_path + "/commands"
    return await world.http.ask("GET", path, PulledCommands, query={"wait_s": 20})


def issue(world: World) -> Callable[[Connection], commands.IssuedCommand]:
    """A command of a phone that asked another process."""
    return lambda c: commands.create_command(
        c,
        world.platform.keys.signing["commands"],
        site=SITE,
        device=DEVICE,
        door="gate",
        subject="res-1203",
        now_ms=START_MS,
        life_ms=15_000,
    )


def count_reads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What polls ask the platform's database from now on."""
    asked: list[str] = []
    read_page, has_waiting = feed.read_page, commands.has_waiting

    def counted_page(*args: Any) -> FeedPage:
        asked.append("page")
        return read_page(*args)

    def counted_waiting(connection: Connection, device: str, *, now_ms: int) -> bool:
        asked.append("commands")
        return has_waiting(connection, device, now_ms=now_ms)

    monkeypatch.setattr(feed, "read_page", counted_page)
    monkeypatch.setattr(commands, "has_waiting", counted_waiting)
    return asked


async def test_what_another_process_wrote_ends_the_wait_for_it(world: World, other: Database) -> None:
    cursor, holder = await newest(world), world.platform.holder
    waiting = asyncio.create_task(ask_feed(world, cursor, wait_s=20))
    await until(lambda: holder.waiting == 1)
    await other.write(lambda c: feed.put_record(c, "payees", "gas", PAYEE))
    await world.platform.watcher.look()
    async with asyncio.timeout(5):
        assert [change.id for change in (await waiting).changes] == ["gas"]


async def test_a_command_that_another_process_signed_ends_the_wait_for_it(
    world: World, other: Database
) -> None:
    await other.write(lambda c: commands.note_nonce(c, DEVICE, "n" * 32, now_ms=START_MS))
    await world.platform.watcher.look()
    waiting = asyncio.create_task(ask_commands(world))
    await until(lambda: world.platform.holder.waiting == 1)
    issued = await other.write(issue(world))
    await world.platform.watcher.look()
    async with asyncio.timeout(5):
        assert [one.id for one in (await waiting).commands] == [issued.id]
    again = await ask_commands(world)
    assert [one.id for one in again.commands] == [issued.id], "not answered yet"


async def test_who_is_at_the_end_and_waits_costs_the_database_nothing(
    world: World, other: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    platform = world.platform
    cursor = await newest(world)
    await platform.watcher.look()
    await ask_feed(world, cursor, wait_s=0)
    platform.command_bell.learn(DEVICE, 0, rings=platform.command_bell.rings(DEVICE))
    asked = count_reads(monkeypatch)
    polls = [
        asyncio.create_task(ask_feed(world, cursor, wait_s=20)),
        asyncio.create_task(ask_commands(world)),
    ]
    await until(lambda: platform.holder.waiting == 2)
    assert asked == []
    await other.write(lambda c: feed.put_record(c, "payees", "gas", PAYEE))
    await platform.watcher.look()
    await polls[0]
    assert asked == ["page"]
    platform.holder.close()
    assert await polls[1] == PulledCommands([])


@pytest.mark.one_store
async def test_who_waits_hears_a_blank_a_beat_and_who_left_is_let_go(world: World) -> None:
    cursor, holder = await newest(world), world.platform.holder
    url = f"/v1/sites/{SITE}/feed?cursor={cursor}&wait_s=20"
    headers = {"Authorization": f"Bearer {world.token}"}
    response = await world.client.get(url, headers=headers)
    await until(lambda: holder.waiting == 1)
    for _ in range(2 * SLOTS):
        await holder.tick()
    async with asyncio.timeout(BEAT_S / 2):
        assert await response.content.readexactly(2) == b"  "
    response.close()
    async with asyncio.timeout(5):
        while holder.waiting:
            await holder.tick()
            await asyncio.sleep(0)


@pytest.mark.slow
@pytest.mark.one_store
async def test_the_time_of_a_wait_ends_it_with_an_empty_page(world: World) -> None:
    cursor = await newest(world)
    page = await ask_feed(world, cursor, wait_s=1)
    assert (page.changes, page.cursor, page.more, page.site) == ([], cursor, False, SITE)
    assert world.platform.holder.waiting == 0


@pytest.mark.slow
async def test_the_watcher_runs_by_itself(world: World, other: Database) -> None:
    cursor = await newest(world)
    waiting = asyncio.create_task(ask_feed(world, cursor, wait_s=20))
    await until(lambda: world.platform.holder.waiting == 1)
    await other.write(lambda c: feed.put_record(c, "payees", "gas", PAYEE))
    async with asyncio.timeout(5):
        assert [change.id for change in (await waiting).changes] == ["gas"]


async def test_a_bell_forgets_what_was_read_before_it_rang() -> None:
    bell = Bell()
    bell.watch(60)
    before = bell.rings("k1")
    bell.ring(["k1", "k2"])
    bell.learn("k1", 7, rings=before)
    assert bell.knows("k1") is None
    assert await bell.listen("k1", rings=before), "it rang while it was read"
    bell.learn("k1", 8, rings=bell.rings("k1"))
    assert bell.knows("k1") == 8
    waiting = bell.listen("k1", rings=bell.rings("k1"))
    assert not waiting.done()
    bell.ring(["k1"])
    assert (waiting.result(), bell.knows("k1")) == (True, None)


async def test_while_nobody_watches_nothing_that_was_read_counts() -> None:
    bell = Bell()
    bell.learn("k1", 7, rings=0)
    assert bell.knows("k1") is None
    bell.watch(60)
    assert bell.knows("k1") == 7
    bell.watch(0)
    assert bell.knows("k1") is None


async def test_the_same_content_again_wakes_nobody(world: World) -> None:
    await world.platform.database.write(lambda c: feed.put_record(c, "payees", "gas", PAYEE))
    rings = world.platform.bell.rings(SITE)
    await world.platform.database.write(lambda c: feed.put_record(c, "payees", "gas", PAYEE))
    assert world.platform.bell.rings(SITE) == rings
