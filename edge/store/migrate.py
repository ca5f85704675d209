"""Migrations, applied by sqlite-utils in a short-lived process before the hub opens the file.

``python -m edge.store.migrate PATH`` reads the migrations as JSON from standard input, so that this low room
needs to know none of the rooms above it.
"""

import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

import edge
from edge.errors import StoreError
from edge.store.connections import open_reader
from edge.store.errors import DatabaseTooNew

_SET = "edge"
_TABLE = "_sqlite_migrations"
_TIMEOUT_S = 600


class Migration(msgspec.Struct, frozen=True):
    """One step of the schema: a name that never changes, and its statements."""

    name: str
    sql: str


def apply(path: Path, migrations: Sequence[Migration]) -> list[str]:
    """Bring a database file up to date, each step in a transaction of its own; return the steps taken.

    Raises DatabaseTooNew.
    """
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        return apply_to(connection, migrations)
    finally:
        connection.close()


def apply_to(connection: sqlite3.Connection, migrations: Sequence[Migration]) -> list[str]:
    """The same for an open connection, such as one in memory."""
    import sqlite_utils
    from sqlite_utils import Migrations

    taken = pending(connection, migrations)
    known = Migrations(_SET)
    for migration in migrations:
        known(name=migration.name)(_Step(migration))
    known.apply(sqlite_utils.Database(connection))
    return taken


def pending(connection: sqlite3.Connection, migrations: Sequence[Migration]) -> list[str]:
    """Return the names of the steps that the database lacks; raise DatabaseTooNew if it has unknown ones."""
    applied = applied_steps(connection)
    names = [migration.name for migration in migrations]
    if unknown := [name for name in applied if name not in names]:
        raise DatabaseTooNew(
            database_version=f"{unknown[-1]} ({len(applied)} steps)",
            program_version=f"{names[-1] if names else 'nothing'} ({len(names)} steps)",
        )
    return [name for name in names if name not in applied]


def bring_up_to_date(path: Path, migrations: Sequence[Migration]) -> None:
    """Run the short-lived process when anything is pending. Raises StoreError, DatabaseTooNew."""
    if path.exists() and not _needs_process(path, migrations):
        return
    done = subprocess.run(
        [sys.executable, "-m", "edge.store.migrate", str(path.absolute())],
        input=msgspec.json.encode(list(migrations)),
        capture_output=True,
        cwd=Path(edge.__file__).parent.parent,
        timeout=_TIMEOUT_S,
        check=False,
    )
    if done.returncode != 0:
        raise StoreError(f"migration failed: {done.stderr.decode('utf-8', 'replace').strip()}")


def _needs_process(path: Path, migrations: Sequence[Migration]) -> bool:
    """Whether anything is pending, or a power cut in mid-migration left a step to roll back first."""
    try:
        connection = open_reader(path)
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode != sqlite3.SQLITE_READONLY_ROLLBACK:
            raise
        return True
    try:
        return bool(pending(connection, migrations))
    finally:
        connection.close()


class _Step:
    """A migration as the callable that sqlite-utils asks for."""

    def __init__(self, migration: Migration) -> None:
        self.__name__ = migration.name
        self._sql = migration.sql

    def __call__(self, db: object, /) -> None:
        connection: sqlite3.Connection = db.conn  # type: ignore[attr-defined]
        for statement in _statements(self._sql):
            connection.execute(statement)


def _statements(sql: str) -> Iterator[str]:
    """Cut a script into statements, because ``executescript`` would commit the open transaction."""
    pending_text = ""
    for line in sql.splitlines(keepends=True):
        pending_text += line
        if pending_text.strip() and sqlite3.complete_statement(pending_text):
            yield pending_text
            pending_text = ""
    if pending_text.strip():
        yield pending_text


def applied_steps(connection: sqlite3.Connection) -> list[str]:
    """Return the names of the steps that were taken, in that order."""
    exists = connection.execute("SELECT 1 FROM sqlite_master WHERE name = ?", (_TABLE,)).fetchone()
    if exists is None:
        return []
    rows = connection.execute(
        f"SELECT name FROM {_TABLE} WHERE migration_set = ? ORDER BY rowid",  # noqa: S608 - a constant
        (_SET,),
    )
    return [name for (name,) in rows]


def main() -> None:
    """Apply the migrations on standard input to the file named on the command line."""
    apply(Path(sys.argv[1]), msgspec.json.decode(sys.stdin.buffer.read(), type=list[Migration]))


if __name__ == "__main__":
    main()
