"""The store in one SQLite file: one thread, one connection, every unit of work one transaction."""

import asyncio
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from cloud_sync.platform.schema import SCHEMA, UPGRADES
from cloud_sync.platform.store import migrations
from cloud_sync.platform.store.port import Connection, IntegrityBroken, Rows, StoreNewer, ValueRefused

T = TypeVar("T")


class SqliteConnection:
    """A connection to SQLite as units of work see it."""

    def __init__(
        self,
        raw: sqlite3.Connection,
        *,
        home: str,
        site: str = "",
        changed: set[str] | None = None,
        scrubs: set[str] | None = None,
    ) -> None:
        self.raw = raw
        self.scrubs = set() if scrubs is None else scrubs
        self.site = site or home
        self.changed = set() if changed is None else changed
        self._home = home

    @property
    def at_home(self) -> bool:
        """Whether the unit is about the home site."""
        return self.site == self._home

    def of(self, site: str) -> "SqliteConnection":
        """The same unit of work, about another site."""
        return SqliteConnection(
            self.raw, home=self._home, site=site, changed=self.changed, scrubs=self.scrubs
        )

    def scrub(self) -> None:
        """The log, which still holds what was deleted, is emptied after the COMMIT."""
        self.scrubs.add(self.site)

    def lock(self, name: str) -> None:
        """Nothing to do: one writer at a time is SQLite's own rule."""

    def execute(self, sql: str, values: Sequence[Any] = (), /) -> Rows:
        """Run one statement. Raises IntegrityBroken."""
        try:
            return self.raw.execute(sql, values)
        except sqlite3.IntegrityError as error:
            raise IntegrityBroken(str(error)) from error
        except OverflowError as error:
            raise ValueRefused(str(error)) from error

    def executemany(self, sql: str, rows: Iterable[Sequence[Any]], /) -> Rows:
        """Run one statement for each row of values. Raises IntegrityBroken."""
        try:
            return self.raw.executemany(sql, rows)
        except sqlite3.IntegrityError as error:
            raise IntegrityBroken(str(error)) from error
        except OverflowError as error:
            raise ValueRefused(str(error)) from error


@contextmanager
def transaction(raw: sqlite3.Connection) -> Iterator[None]:
    """COMMIT at the end, ROLLBACK on any error."""
    raw.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        raw.execute("ROLLBACK")
        raise
    raw.execute("COMMIT")


class SqliteEngine:
    """Runs synchronous units of work on its own thread; a unit answers after its COMMIT (FULL)."""

    def __init__(self, path: Path, *, home: str) -> None:
        self._home = home
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="platform-db")
        path.parent.mkdir(parents=True, exist_ok=True)
        self._raw = self._thread.submit(open_file, path, home=home).result()

    async def write(self, site: str, work: Callable[[Connection], T]) -> tuple[T, set[str]]:
        """Run `work` in a transaction of its own."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._transact, site, work)

    async def take(self, site: str, work: Callable[[Connection], T]) -> tuple[T, set[str]]:
        """The same as `write`: SQLite has one writer."""
        answer, changed = await self.write(site, work)
        assert not changed, "only units in the serial order may author records"
        return answer, changed

    async def read(self, site: str, query: Callable[[Connection], T]) -> T:
        """Run a query."""
        connection = SqliteConnection(self._raw, home=self._home, site=site)
        return await asyncio.get_running_loop().run_in_executor(self._thread, query, connection)

    def write_now(self, site: str, work: Callable[[Connection], T]) -> T:
        """`write` for the command line, where no loop runs."""
        return self._thread.submit(self._transact, site, work).result()[0]

    def close(self) -> None:
        """Finish what runs and close the file."""
        self._thread.submit(self._raw.close).result()
        self._thread.shutdown()

    def _transact(self, site: str, work: Callable[[Connection], T]) -> tuple[T, set[str]]:
        return transact(SqliteConnection(self._raw, home=self._home, site=site), work)


def transact(connection: SqliteConnection, work: Callable[[Connection], T]) -> tuple[T, set[str]]:
    """Run a unit in a transaction of its own, in the caller's thread."""
    with transaction(connection.raw):
        answer = work(connection)
    if connection.scrubs:
        connection.raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.scrubs.clear()
    return answer, connection.changed


def open_file(path: Path, *, home: str) -> sqlite3.Connection:
    """Open the file, brought up to date. Raises StoreNewer."""
    raw = _tune(sqlite3.connect(path, isolation_level=None))
    path.chmod(0o600)
    raw.execute("PRAGMA journal_mode=WAL")
    raw.execute("PRAGMA synchronous=FULL")
    raw.execute("PRAGMA foreign_keys=ON")
    # What is deleted is overwritten: an erased person is in no byte of the file.
    raw.execute("PRAGMA secure_delete=ON")
    migrate(raw, home=home, name=str(path))
    return raw


def open_memory(*, home: str, schema: str = SCHEMA) -> SqliteConnection:
    """A store in memory for the caller's own thread, brought up to date from `schema`."""
    raw = _tune(sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False))
    migrate(raw, home=home, name="memory", schema=schema)
    return SqliteConnection(raw, home=home)


def migrate(raw: sqlite3.Connection, *, home: str, name: str, schema: str = "") -> None:
    """Bring a database up to date, from `schema` or the base, whole or not at all. Raises StoreNewer."""
    with transaction(raw):
        version = raw.execute("PRAGMA user_version").fetchone()[0]
        raw.execute("CREATE TABLE IF NOT EXISTS migrations (number INTEGER PRIMARY KEY) STRICT")
        applied = {row[0] for row in raw.execute("SELECT number FROM migrations")}
        foreign = migrations.unknown(applied | {version})
        if foreign:
            raise StoreNewer(f"{name} has migration {foreign[-1]}, which this program does not know")
        if not applied:
            upgrades = (UPGRADES[number] for number in sorted(UPGRADES) if 0 < version < number)
            _run(raw, "".join([schema or SCHEMA, *upgrades]))
            raw.execute("INSERT INTO migrations (number) VALUES (?)", (migrations.BASE,))
        for number in migrations.due(applied):
            _run(raw, migrations.text_of(number, home))
            raw.execute("INSERT INTO migrations (number) VALUES (?)", (number,))
        # Programs from before the table of migrations look here, and refuse.
        raw.execute(f"PRAGMA user_version={max(migrations.MIGRATIONS)}")


def _run(raw: sqlite3.Connection, script: str) -> None:
    """Statement by statement: `executescript` would commit first."""
    statement = ""
    for line in script.splitlines():
        statement += line + "\n"
        if sqlite3.complete_statement(statement):
            raw.execute(statement)
            statement = ""


def _tune(raw: sqlite3.Connection) -> sqlite3.Connection:
    raw.row_factory = sqlite3.Row
    return raw
