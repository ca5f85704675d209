"""Bugs that a store could have, planted by name into the process that runs it."""

import ctypes
import sqlite3
from collections.abc import Callable
from typing import Any

from edge.store import connections, migrate, opening
from edge.store.unit import Executor


def _pragma(name: str, value: str) -> None:
    others = tuple(each for each in connections._WRITER_PRAGMAS if name not in each)
    assert len(others) < len(connections._WRITER_PRAGMAS), name
    connections._WRITER_PRAGMAS = (*others, f"PRAGMA {name} = {value}")  # type: ignore[assignment]


def _write_ceiling_late() -> None:
    """The block of identities reaches the disk with the commit after the one that used it."""
    right = Executor._write_ceiling
    owing: list[int] = []

    def write_ceiling(self: Executor) -> int:
        if self._counter > self._ceiling and not owing:
            owing.append(self._counter)
            return self._ceiling
        owing.clear()
        return right(self)

    Executor._write_ceiling = write_ceiling  # type: ignore[method-assign]


def _migrate_without_transactions() -> None:
    """Each statement of a step commits by itself."""

    def call(self: migrate._Step, db: object, /) -> None:
        db.conn.commit()  # type: ignore[attr-defined]
        for statement in migrate._statements(self._sql):
            db.conn.execute(statement)  # type: ignore[attr-defined]
        db.conn.execute("BEGIN")  # type: ignore[attr-defined]

    migrate._Step.__call__ = call  # type: ignore[method-assign]
    opening.bring_up_to_date = migrate.apply  # type: ignore[attr-defined, assignment]


class _Hasty(sqlite3.Connection):
    """A connection that commits only when the next transaction begins."""

    owes = False

    def execute(self, sql: str, parameters: Any = (), /) -> sqlite3.Cursor:
        """Run a statement, a COMMIT later."""
        if sql == "COMMIT":
            self.owes = True
            return super().execute("SELECT 1")
        if self.owes and sql.startswith("BEGIN"):
            self.owes = False
            super().execute("COMMIT")
        return super().execute(sql, parameters)


class _Careless(sqlite3.Connection):
    """A connection that takes an error of COMMIT lightly."""

    def execute(self, sql: str, parameters: Any = (), /) -> sqlite3.Cursor:
        """Run a statement; a COMMIT that failed counts as done."""
        try:
            return super().execute(sql, parameters)
        except sqlite3.OperationalError:
            if sql != "COMMIT":
                raise
            return super().execute("SELECT 1")


def _connect_by(kind: type[sqlite3.Connection]) -> None:
    right = sqlite3.connect

    def connect(*arguments: Any, **options: Any) -> sqlite3.Connection:
        connection: sqlite3.Connection = right(*arguments, **{"factory": kind, **options})
        return connection

    sqlite3.connect = connect  # type: ignore[assignment]


PLANTS: dict[str, Callable[[], None]] = {
    "synchronous=NORMAL": lambda: _pragma("synchronous", "NORMAL"),
    "synchronous=OFF": lambda: _pragma("synchronous", "OFF"),
    "journal_mode=MEMORY": lambda: _pragma("journal_mode", "MEMORY"),
    "answered before the COMMIT": lambda: _connect_by(_Hasty),
    "identities handed out before their block is on disk": _write_ceiling_late,
    "a migration's statements commit one by one": _migrate_without_transactions,
    "fsync error retried": lambda: ctypes.CDLL(None).recorder_retry_syncs(),
    "error swallowed": lambda: _connect_by(_Careless),
}
"""Each is called once at the start of a child process, which never takes it back."""
