"""Single values of the database: site, device, epoch, acknowledged seq, clock state and the like."""

import sqlite3


def get_fact(connection: sqlite3.Connection, name: str) -> int | str | bytes | None:
    """Return a value, or None when it was never set."""
    row = connection.execute("SELECT value FROM facts WHERE name = ?", (name,)).fetchone()
    return None if row is None else row[0]


def get_int(connection: sqlite3.Connection, name: str, default: int = 0) -> int:
    """Return an integer value, or the default when it was never set."""
    value = get_fact(connection, name)
    return value if isinstance(value, int) else default


def drop_fact(connection: sqlite3.Connection, name: str) -> None:
    """Forget a value, inside the caller's unit."""
    connection.execute("DELETE FROM facts WHERE name = ?", (name,))


def put_fact(connection: sqlite3.Connection, name: str, value: int | str | bytes) -> None:
    """Set a value, inside the caller's unit."""
    connection.execute(
        "INSERT INTO facts(name, value) VALUES (?, ?) "
        "ON CONFLICT(name) DO UPDATE SET value = excluded.value WHERE value IS NOT excluded.value",
        (name, value),
    )
