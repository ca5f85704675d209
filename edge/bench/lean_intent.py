"""The floor of whatever commits an intent: one row and the fsync of `synchronous = FULL`."""

import sqlite3
from pathlib import Path

from edge.store.connections import open_writer


class LeanIntent:
    """A database of one table."""

    def __init__(self, file: Path) -> None:
        self._connection: sqlite3.Connection = open_writer(file)
        self._connection.execute("CREATE TABLE intents (id INTEGER PRIMARY KEY, body BLOB)")

    def commit(self, body: bytes) -> None:
        """Write one row and wait until it is on disk."""
        self._connection.execute("BEGIN IMMEDIATE")
        self._connection.execute("INSERT INTO intents(body) VALUES (?)", (body,))
        self._connection.execute("COMMIT")

    def close(self) -> None:
        """Let the file go."""
        self._connection.close()
