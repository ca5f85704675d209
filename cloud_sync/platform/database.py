"""The platform's SQLite file: one thread, one connection, every unit of work one transaction."""

import asyncio
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Protocol, TypeVar

from cloud_sync.platform.schema import SCHEMA, SCHEMA_VERSION, UPGRADES
from edge.errors import StoreError

T = TypeVar("T")


class Units(Protocol):
    """Runs units of work; what a part of the platform needs of the database."""

    async def write(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Run `work` in a transaction of its own."""

    async def read(self, query: Callable[[sqlite3.Connection], T]) -> T:
        """Run a query."""


class Database:
    """Runs synchronous units of work on its own thread; a unit answers after its COMMIT (FULL)."""

    def __init__(self, path: Path) -> None:
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="platform-db")
        path.parent.mkdir(parents=True, exist_ok=True)
        self._connection = self._thread.submit(_open, path).result()

    async def write(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Run `work` in a transaction of its own and return its answer after COMMIT."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._transact, work)

    async def read(self, query: Callable[[sqlite3.Connection], T]) -> T:
        """Run a query; it sees everything committed before."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, query, self._connection)

    def write_now(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """`write` for the command line, where no loop runs."""
        return self._thread.submit(self._transact, work).result()

    def close(self) -> None:
        """Finish what runs and close the file."""
        self._thread.submit(self._connection.close).result()
        self._thread.shutdown()

    def _transact(self, work: Callable[[sqlite3.Connection], T]) -> T:
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            answer = work(self._connection)
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")
        return answer


def _open(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None)
    path.chmod(0o600)
    connection.row_factory = sqlite3.Row
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA foreign_keys=ON")
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version > SCHEMA_VERSION:
        raise StoreError(f"{path} has schema {version}, this program knows {SCHEMA_VERSION}")
    due = "".join(UPGRADES[number] for number in sorted(UPGRADES) if 0 < version < number)
    connection.executescript(f"BEGIN; {SCHEMA} {due} PRAGMA user_version={SCHEMA_VERSION}; COMMIT;")
    return connection
