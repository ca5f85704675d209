"""The store in PostgreSQL: one writer for what must be in order, a few connections beside it for custody.

`synchronous_commit` stays on: an answer after COMMIT is on disk. psycopg is the extra `postgres`.
"""

import asyncio
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, TypeVar

import psycopg
from psycopg import abc, adapt, pq
from psycopg.conninfo import make_conninfo
from psycopg.types.numeric import Int8Dumper

from cloud_sync.platform.schema import SCHEMA
from cloud_sync.platform.store import migrations
from cloud_sync.platform.store.dialect import PRELUDE, gather_rows, translate_statement, translate_tables
from cloud_sync.platform.store.port import (
    Connection,
    IntegrityBroken,
    Rows,
    StoreAway,
    StoreNewer,
    ValueRefused,
)

T = TypeVar("T")
Raw = psycopg.Connection[Any]

CONNECT_TIMEOUT_S = 5
SERIAL = "the platform's one serial order"
"""Name of the lock of units that author records or move money: also those of another process wait."""


class PostgresRow:
    """A row as SQLite gives it: by position, by name, as a tuple, as a dict."""

    __slots__ = ("_index", "_values")

    def __init__(self, index: dict[str, int], values: Sequence[Any]) -> None:
        self._index = index
        self._values = values

    def keys(self) -> list[str]:
        """Names of the columns."""
        return list(self._index)

    def __getitem__(self, which: Any) -> Any:
        return self._values[self._index[which] if isinstance(which, str) else which]

    def __iter__(self) -> Iterator[Any]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)


def _make_row(cursor: psycopg.Cursor[Any]) -> Callable[[Sequence[Any]], PostgresRow]:
    index = {column.name: at for at, column in enumerate(cursor.description or ())}
    return lambda values: PostgresRow(index, values)


class _BoolDumper(adapt.Dumper):
    """True and False are 1 and 0, as in SQLite."""

    oid = psycopg.postgres.types["int8"].oid

    def dump(self, obj: bool) -> abc.Buffer:
        """The digit."""
        return b"1" if obj else b"0"


class _WholeLoader(adapt.Loader):
    """A sum of 64-bit integers is `numeric` there: an integer here."""

    format = pq.Format.TEXT

    def load(self, data: abc.Buffer) -> int:
        """The integer."""
        return int(bytes(data))


@contextmanager
def _mapped() -> Iterator[None]:
    """psycopg's errors in our words."""
    try:
        yield
    except psycopg.IntegrityError as error:
        raise IntegrityBroken(_first_line(error)) from error
    except psycopg.DataError as error:
        raise ValueRefused(_first_line(error)) from error
    except (psycopg.OperationalError, psycopg.InterfaceError) as error:
        raise StoreAway(_first_line(error)) from error


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]


class PostgresConnection:
    """A connection to PostgreSQL as units of work see it."""

    def __init__(self, raw: Raw, *, home: str, site: str, changed: set[str] | None = None) -> None:
        self.site = site
        self.changed = set() if changed is None else changed
        self._raw = raw
        self._home = home

    @property
    def at_home(self) -> bool:
        """Whether the unit is about the home site."""
        return self.site == self._home

    def of(self, site: str) -> "PostgresConnection":
        """The same unit of work, about another site."""
        return PostgresConnection(self._raw, home=self._home, site=site, changed=self.changed)

    def scrub(self) -> None:
        """Nothing to do here: dead rows go with VACUUM, the log by the server's own retention."""

    def lock(self, name: str) -> None:
        """Let no other unit that names the same run at once; held until COMMIT."""
        self.execute("SELECT pg_advisory_xact_lock(hashtextextended(?, 0))", (name,))

    def execute(self, sql: str, values: Sequence[Any] = (), /) -> Rows:
        """Run one statement. Raises IntegrityBroken, StoreAway."""
        with _mapped():
            return self._raw.execute(translate_statement(sql), values or None)

    def executemany(self, sql: str, rows: Iterable[Sequence[Any]], /) -> Rows:
        """Run one statement for each row of values. Raises IntegrityBroken, StoreAway."""
        values = list(rows)
        gathered = gather_rows(sql, tuple(type(value) for value in values[0])) if len(values) > 1 else None
        with _mapped():
            if gathered is not None:
                return self._raw.execute(gathered, [list(column) for column in zip(*values, strict=True)])
            cursor = self._raw.cursor()
            cursor.executemany(translate_statement(sql), values)
        return cursor


class _Line:
    """One connection that is opened when it is needed and anew when it broke; used by one thread."""

    def __init__(self, conninfo: str, password: str) -> None:
        self._conninfo = conninfo
        self._password = password
        self._raw: Raw | None = None

    def open(self) -> Raw:
        """The connection. Raises StoreAway."""
        if self._raw is None or self._raw.closed:
            with _mapped():
                self._raw = _connect(self._conninfo, self._password)
        return self._raw

    def close(self) -> None:
        """Let it go."""
        if self._raw is not None:
            self._raw.close()


def _connect(conninfo: str, password: str) -> Raw:
    secret = make_conninfo(conninfo, password=password) if password else conninfo
    raw = psycopg.connect(secret, autocommit=True, row_factory=_make_row, connect_timeout=CONNECT_TIMEOUT_S)
    raw.adapters.register_dumper(int, Int8Dumper)
    raw.adapters.register_dumper(bool, _BoolDumper)
    raw.adapters.register_loader("numeric", _WholeLoader)
    raw.execute("SET synchronous_commit = on")
    return raw


class PostgresEngine:
    """One thread writes in the one serial order; `connections` threads take custody and answer questions."""

    def __init__(self, conninfo: str, *, home: str, password: str = "", connections: int = 4) -> None:
        self._home = home
        self._conninfo, self._password = conninfo, password
        self._lines: list[_Line] = []
        self._own = threading.local()
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="platform-db", initializer=self._begin)
        self._pool = ThreadPoolExecutor(
            connections, thread_name_prefix="platform-custody", initializer=self._begin
        )
        self._writer.submit(self._migrate).result()

    async def write(self, site: str, work: Callable[[Connection], T]) -> tuple[T, set[str]]:
        """Run `work` in a transaction of its own, in the one serial order. Raises StoreAway."""
        return await asyncio.get_running_loop().run_in_executor(self._writer, self._serial, site, work)

    async def take(self, site: str, work: Callable[[Connection], T]) -> tuple[T, set[str]]:
        """Run a unit beside others of its kind. Raises StoreAway."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, self._beside, site, work)

    async def read(self, site: str, query: Callable[[Connection], T]) -> T:
        """Run a query, all of it over the same moment. Raises StoreAway."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, self._look, site, query)

    def write_now(self, site: str, work: Callable[[Connection], T]) -> T:
        """`write` for the command line, where no loop runs."""
        return self._writer.submit(self._serial, site, work).result()[0]

    def close(self) -> None:
        """Finish what runs and let every connection go."""
        self._writer.shutdown()
        self._pool.shutdown()
        for line in self._lines:
            line.close()

    def _begin(self) -> None:
        self._own.line = _Line(self._conninfo, self._password)
        self._lines.append(self._own.line)

    @contextmanager
    def _unit(self, site: str, begin: str) -> Iterator[PostgresConnection]:
        raw = self._begun(begin)
        try:
            yield PostgresConnection(raw, home=self._home, site=site)
        except BaseException:
            _roll_back(raw)
            raise
        with _mapped():
            raw.execute("COMMIT")

    def _begun(self, begin: str) -> Raw:
        """This thread's connection, in a unit; one that broke in idling is opened anew. Raises StoreAway."""
        line: _Line = self._own.line
        raw = line.open()
        try:
            with _mapped():
                raw.execute(begin)
        except StoreAway:
            if not raw.closed:
                raise
            raw = line.open()
            with _mapped():
                raw.execute(begin)
        return raw

    def _serial(self, site: str, work: Callable[[Connection], T]) -> tuple[T, set[str]]:
        with self._unit(site, "BEGIN") as unit:
            unit.lock(SERIAL)
            answer = work(unit)
        return answer, unit.changed

    def _beside(self, site: str, work: Callable[[Connection], T]) -> tuple[T, set[str]]:
        with self._unit(site, "BEGIN") as unit:
            answer = work(unit)
            assert not unit.changed, "only units in the serial order may author records"
        return answer, unit.changed

    def _look(self, site: str, query: Callable[[Connection], T]) -> T:
        with self._unit(site, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY") as unit:
            return query(unit)

    def _migrate(self) -> None:
        with self._unit(self._home, "BEGIN") as unit:
            unit.lock(SERIAL)
            _migrate(self._own.line.open(), home=self._home)


def _roll_back(raw: Raw) -> None:
    """Undo the unit; a connection that cannot is given up, and the database undoes it by itself."""
    try:
        raw.execute("ROLLBACK")
    except psycopg.Error:
        raw.close()


def _migrate(raw: Raw, *, home: str) -> None:
    """Bring the tables up to date within the unit that runs. Raises StoreNewer."""
    with _mapped():
        raw.execute("CREATE TABLE IF NOT EXISTS migrations (number BIGINT PRIMARY KEY)")
        applied = {row["number"] for row in raw.execute("SELECT number FROM migrations")}
        foreign = migrations.unknown(applied)
        if foreign:
            raise StoreNewer(f"the database has migration {foreign[-1]}, which this program does not know")
        if not applied:
            raw.execute(PRELUDE + translate_tables(SCHEMA))
            raw.execute("INSERT INTO migrations (number) VALUES (%s)", (migrations.BASE,))
        for number in migrations.due(applied):
            raw.execute(translate_tables(migrations.text_of(number, home)))
            raw.execute("INSERT INTO migrations (number) VALUES (%s)", (number,))
