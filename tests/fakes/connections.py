"""A writing connection whose COMMIT can be made to fail."""

import sqlite3
from pathlib import Path
from typing import Any

from edge.store.connections import prepare_writer


class FailingConnection(sqlite3.Connection):
    """Raises ``code`` at every COMMIT while ``failing`` is set."""

    failing = False
    code = sqlite3.SQLITE_IOERR

    def execute(self, sql: str, parameters: Any = (), /) -> sqlite3.Cursor:
        """Run a statement, or fail as a worn-out card does."""
        if self.failing and sql == "COMMIT":
            error = sqlite3.OperationalError("disk I/O error")
            error.sqlite_errorcode = self.code
            raise error
        return super().execute(sql, parameters)


class FailingDisk:
    """Opens writers on one file and remembers them; a test sets ``connections[-1].failing``."""

    def __init__(self) -> None:
        self.connections: list[FailingConnection] = []
        self.gone = False

    def __call__(self, path: Path) -> sqlite3.Connection:
        """Open a writer, unless the disk is gone."""
        if self.gone:
            raise sqlite3.OperationalError("unable to open database file")
        connection = sqlite3.connect(
            path, isolation_level=None, check_same_thread=False, factory=FailingConnection
        )
        self.connections.append(connection)
        return prepare_writer(connection)
