"""The platform's two stores: tables through time, one serial order, a database that goes away."""

import asyncio
import sqlite3
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest

from cloud_sync.platform import feed
from cloud_sync.platform.bells import Bell
from cloud_sync.platform.database import Database
from cloud_sync.platform.schema import SCHEMA
from cloud_sync.platform.store import migrations
from cloud_sync.platform.store.dialect import translate_tables
from cloud_sync.platform.store.port import Connection, IntegrityBroken, StoreAway, StoreNewer
from cloud_sync.platform.store.postgres import PostgresEngine
from cloud_sync.platform.store.sqlite import SqliteEngine, open_memory
from cloud_sync.platform.watching import Watcher
from tests.fakes.postgres import Postgres

HOME = "heyuanli"


def put_payee(connection: Connection, name: str) -> int:
    """Author a small record."""
    return feed.put_record(connection, "payees", name, {"id": name, "name_zh": name, "name_en": name})


def test_a_file_from_before_the_sites_is_brought_up_to_date_and_keeps_its_cursors(tmp_path: Path) -> None:
    path = tmp_path / "platform.db"
    old = sqlite3.connect(path)
    old.executescript(SCHEMA)
    old.execute("INSERT INTO records (cursor, collection, id, version, data) VALUES (41,'payees','p',3,'{}')")
    old.execute("INSERT INTO settled VALUES ('o-1','','k1',1,5)")
    old.execute("PRAGMA user_version=2")
    old.commit()
    old.close()
    for _ in range(2):
        database = Database(SqliteEngine(path, home=HOME), HOME)
        page = database.write_now(lambda c: feed.read_page(c, 0, 10))
        settled = database.write_now(lambda c: c.execute("SELECT site, order_id FROM settled").fetchall())
        database.write_now(lambda c: put_payee(c, "q"))
        database.close()
        assert (page.changes[0].cursor, page.changes[0].id, page.changes[0].version) == (41, "p", 3)
        assert [tuple(row) for row in settled] == [(HOME, "o-1")]


def test_a_file_of_a_newer_program_is_refused_untouched(tmp_path: Path) -> None:
    path = tmp_path / "platform.db"
    SqliteEngine(path, home=HOME).close()
    with sqlite3.connect(path) as newer:
        newer.execute("INSERT INTO migrations (number) VALUES (99)")
    before = path.read_bytes()
    with pytest.raises(StoreNewer, match="99"):
        SqliteEngine(path, home=HOME)
    assert path.read_bytes() == before


def test_a_broken_key_is_one_error_whatever_the_store() -> None:
    memory = open_memory(home=HOME)
    with pytest.raises(IntegrityBroken):
        memory.execute("INSERT INTO devices (id, site, state, created_ms) VALUES ('k1','x','asleep',0)")


def test_every_table_is_made_of_words_that_both_stores_know() -> None:
    steps = "".join(migrations.text_of(number, HOME) for number in migrations.MIGRATIONS)
    script = translate_tables(SCHEMA + steps)
    for word in ("STRICT", "WITHOUT ROWID", "AUTOINCREMENT", "BLOB", "INTEGER", "IF NOT EXISTS orders_of"):
        assert word not in script


@pytest.fixture(scope="module")
def server() -> Iterator[Postgres]:
    """A server with its own settings: what it answers is on disk."""
    server = Postgres()
    server.start()
    yield server
    server.stop()


@pytest.mark.slow
def test_two_programs_may_open_an_empty_database_at_once_and_a_newer_one_is_refused(server: Postgres) -> None:
    url = server.new_database()
    with ThreadPoolExecutor(2) as both:
        engines = list(both.map(lambda _: PostgresEngine(url, home=HOME), range(2)))
    numbers = engines[0].write_now(HOME, lambda c: c.execute("SELECT number FROM migrations").fetchall())
    assert sorted(row["number"] for row in numbers) == [migrations.BASE, *migrations.due({migrations.BASE})]
    engines[0].write_now(HOME, lambda c: c.execute("INSERT INTO migrations (number) VALUES (99)"))
    for engine in engines:
        engine.close()
    with pytest.raises(StoreNewer, match="99"):
        PostgresEngine(url, home=HOME)


@pytest.mark.slow
async def test_a_reader_of_the_feed_misses_nothing_while_two_programs_write(
    server: Postgres,
) -> None:
    url = server.new_database()
    writers = [Database(PostgresEngine(url, home=HOME), HOME) for _ in range(2)]
    reader = Database(PostgresEngine(url, home=HOME), HOME)
    seen: list[str] = []

    async def write(database: Database, name: str) -> None:
        for number in range(60):
            await database.write(lambda c, number=number: put_payee(c, f"{name}{number}"))  # type: ignore[misc]

    async def follow() -> None:
        cursor = 0
        while len(seen) < 120:
            page = await reader.read(partial(feed.read_page, cursor=cursor, limit=500))
            seen.extend(change.id for change in page.changes)
            cursor = page.cursor

    async with asyncio.timeout(20):
        await asyncio.gather(follow(), *(write(one, name) for one, name in zip(writers, "ab", strict=True)))
    assert sorted(seen) == sorted(f"{name}{number}" for name in "ab" for number in range(60))
    for database in (*writers, reader):
        database.close()


class HeardBell(Bell):
    """Remembers for whom it rang."""

    def __init__(self) -> None:
        super().__init__()
        self.heard: set[str] = set()

    def ring(self, keys: Iterable[str]) -> None:
        """Ring, and remember."""
        names = set(keys)
        self.heard |= names
        super().ring(names)


@pytest.mark.slow
async def test_a_watcher_misses_no_site_while_two_programs_write(server: Postgres) -> None:
    url = server.new_database()
    writers = [Database(PostgresEngine(url, home=HOME), HOME) for _ in range(2)]
    reader = Database(PostgresEngine(url, home=HOME), HOME)
    bell = HeardBell()
    watcher = Watcher(reader, feed=bell, commands=Bell(), cursor=0, clock_ms=lambda: 0)
    sites = {f"{name}{number}" for name in "ab" for number in range(60)}

    async def write(database: Database, name: str) -> None:
        for number in range(60):
            await database.of(f"{name}{number}").write(lambda c: put_payee(c, "p"))

    async with asyncio.timeout(20):
        writing = asyncio.gather(*(write(one, name) for one, name in zip(writers, "ab", strict=True)))
        while not writing.done():
            await watcher.look()
        await writing
    await watcher.look()
    assert bell.heard == sites
    for database in (*writers, reader):
        database.close()


@pytest.mark.slow
async def test_a_database_that_went_away_is_said_and_used_again_when_it_is_back(server: Postgres) -> None:
    url = server.new_database()
    database = Database(PostgresEngine(url, home=HOME), HOME)
    await database.write(lambda c: put_payee(c, "before"))
    await database.read(lambda c: feed.get_record(c, "payees", "before"))
    server.kill()
    for ask in (database.write, database.take, database.read):
        with pytest.raises(StoreAway):
            await ask(lambda c: feed.get_record(c, "payees", "before"))
    server.start()
    assert await database.read(lambda c: feed.get_record(c, "payees", "before")) is not None
    assert await database.write(lambda c: put_payee(c, "after")) == 1
    database.close()
