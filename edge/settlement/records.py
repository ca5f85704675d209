"""SQL of the settlement room: rows in and out, no rules."""

import sqlite3

from edge.pay.records import Row, row_of


def open_shift(connection: sqlite3.Connection) -> Row | None:
    """Return the open shift."""
    return row_of(connection.execute("SELECT * FROM shifts WHERE closed_at_ms IS NULL"))


def insert_shift(connection: sqlite3.Connection, shift: Row) -> None:
    """Insert an open shift."""
    connection.execute(
        "INSERT INTO shifts (id, business_date, opened_by, opened_at_ms)"
        " VALUES (:id, :business_date, :opened_by, :opened_at_ms)",
        shift,
    )


def close_shift(connection: sqlite3.Connection, shift_id: str, at_ms: int) -> None:
    """Note the end of a shift."""
    connection.execute("UPDATE shifts SET closed_at_ms = ? WHERE id = ?", (at_ms, shift_id))
