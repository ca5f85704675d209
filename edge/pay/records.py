"""SQL of the payment room: rows in and out, no rules."""

import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any

from edge.ids import Identity

Row = dict[str, Any]

CONFLICT = "attempt_conflict"
"""The platform's code for an attempt id that it has for another order, and the reason of such an attempt."""

_ATTEMPT = (
    "id, order_id, purpose, payee, amount_fen, held_fen, channel, method, description, state, reason, qr, "
    "expires_at_ms, channel_id, captured_fen, paid_at_ms, created_at_ms, changed_at_ms, parked_at_ms, "
    "released_by"
)
_STANDING = "(state IN ('created', 'sent', 'unknown', 'reversing') OR (state = 'paid' AND reason = ''))"
_OPEN = "state IN ('created', 'sent', 'unknown', 'reversing')"


def rows_of(cursor: sqlite3.Cursor) -> list[Row]:
    """Return the rows of a query as dictionaries by column name."""
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor]


def row_of(cursor: sqlite3.Cursor) -> Row | None:
    """Return the first row of a query as a dictionary, or None."""
    row = cursor.fetchone()
    if row is None:
        return None
    return dict(zip([column[0] for column in cursor.description], row, strict=True))


def key_of(identity: str) -> int:
    """Return the integer key of a row named by an identity of this device: epoch and counter in one number.

    Keys rise with the identities, so rows are appended; a text that is no identity has the key of no row.
    """
    try:
        return Identity.parse(identity).key
    except ValueError:
        return -1


def insert_attempt(connection: sqlite3.Connection, attempt: Row) -> None:
    """Insert an attempt; sqlite3.IntegrityError when its order has a standing one."""
    connection.execute(
        f"INSERT INTO attempts (key, {_ATTEMPT}) VALUES"
        " (:key, :id, :order_id, :purpose, :payee, :amount_fen, :held_fen, :channel, :method, :description,"
        " :state, :reason, :qr, :expires_at_ms, :channel_id, :captured_fen, :paid_at_ms, :created_at_ms,"
        " :changed_at_ms, :parked_at_ms, :released_by)",
        {**attempt, "key": key_of(attempt["id"])},
    )


def update_attempt(connection: sqlite3.Connection, attempt: Row) -> None:
    """Write what can change about an attempt."""
    connection.execute(
        "UPDATE attempts SET state = :state, reason = :reason, qr = :qr, expires_at_ms = :expires_at_ms,"
        " channel_id = :channel_id, captured_fen = :captured_fen, paid_at_ms = :paid_at_ms,"
        " changed_at_ms = :changed_at_ms, parked_at_ms = :parked_at_ms, released_by = :released_by"
        " WHERE key = :key",
        {**attempt, "key": key_of(attempt["id"])},
    )


def attempt_row(connection: sqlite3.Connection, attempt_id: str) -> Row | None:
    """Return one attempt."""
    query = f"SELECT {_ATTEMPT} FROM attempts WHERE key = ? AND id = ?"
    return row_of(connection.execute(query, (key_of(attempt_id), attempt_id)))


def standing_row(connection: sqlite3.Connection, order_id: str) -> Row | None:
    """Return the attempt of an order that has no outcome or is its success."""
    query = f"SELECT {_ATTEMPT} FROM attempts WHERE order_id = ? AND {_STANDING}"
    return row_of(connection.execute(query, (order_id,)))


def open_attempt_rows(connection: sqlite3.Connection) -> list[Row]:
    """Return all attempts without outcome, oldest first."""
    query = f"SELECT {_ATTEMPT} FROM attempts WHERE {_OPEN} ORDER BY key"
    return rows_of(connection.execute(query))


def unpaid_release_rows(connection: sqlite3.Connection) -> list[Row]:
    """Return the attempts that were released and then failed or were reversed, oldest first."""
    query = (
        f"SELECT {_ATTEMPT} FROM attempts WHERE released_by != '' AND state IN ('failed', 'reversed')"
        " ORDER BY key"
    )
    return rows_of(connection.execute(query))


def watched_rows(connection: sqlite3.Connection, after_id: str, count: int) -> list[Row]:
    """Return `count` attempts that failed or were reversed and are watched, in order after one of them.

    Not those whose id is another order's at the platform: its money is not theirs.
    """
    query = (
        f"SELECT {_ATTEMPT} FROM attempts WHERE watched = 1 AND state IN ('failed', 'reversed') AND key > ?"
        " AND reason != ? ORDER BY key LIMIT ?"
    )
    return rows_of(connection.execute(query, (key_of(after_id), CONFLICT, count)))


def end_watch(connection: sqlite3.Connection, attempt_id: str) -> None:
    """Look at an attempt that was given up no more."""
    connection.execute(
        "UPDATE attempts SET watched = 0 WHERE key = ? AND id = ?", (key_of(attempt_id), attempt_id)
    )


def insert_receipt(connection: sqlite3.Connection, receipt: Row) -> int:
    """Insert a receipt under the next number and return that number."""
    cursor = connection.execute(
        "INSERT INTO receipts"
        " (order_id, attempt_id, purpose, payee, total_fen, business_date, at_ms, trust, body, token) VALUES"
        " (:order_id, :attempt_id, :purpose, :payee, :total_fen, :business_date, :at_ms, :trust, :body,"
        " :token)",
        receipt,
    )
    number = cursor.lastrowid
    assert number is not None
    connection.execute(
        "INSERT INTO receipt_days (business_date, first_number) VALUES (?, ?) ON CONFLICT DO NOTHING",
        (receipt["business_date"], number),
    )
    return number


def put_receipt(connection: sqlite3.Connection, receipt: Row) -> None:
    """Insert a receipt under the number that it was given in an earlier life; one that is here stays."""
    connection.execute(
        "INSERT INTO receipts"
        " (number, order_id, attempt_id, purpose, payee, total_fen, business_date, at_ms, trust, body) VALUES"
        " (:number, :order_id, :attempt_id, :purpose, :payee, :total_fen, :business_date, :at_ms, :trust,"
        " :body) ON CONFLICT DO NOTHING",
        receipt,
    )
    connection.execute(
        "INSERT INTO receipt_days (business_date, first_number) VALUES (?, ?) ON CONFLICT DO NOTHING",
        (receipt["business_date"], receipt["number"]),
    )


def receipt_row(connection: sqlite3.Connection, number: int) -> Row | None:
    """Return one receipt."""
    return row_of(connection.execute("SELECT * FROM receipts WHERE number = ?", (number,)))


def count_reprint(connection: sqlite3.Connection, number: int) -> None:
    """Count one more copy of a receipt."""
    connection.execute("UPDATE receipts SET reprints = reprints + 1 WHERE number = ?", (number,))


def insert_asked_invoice(connection: sqlite3.Connection, order_id: str) -> bool:
    """Note that an invoice was asked for here; returns False when it had been."""
    cursor = connection.execute(
        "INSERT INTO invoices (id, version, state, number) VALUES (?, 0, 'asked', '') ON CONFLICT DO NOTHING",
        (order_id,),
    )
    return cursor.rowcount > 0


def receipt_totals(connection: sqlite3.Connection, business_date: str) -> list[Row]:
    """Return purpose, payee, count and sum of the receipts of a business date.

    Numbers rise with time, so the day's first number bounds the search without an index on the date.
    """
    query = (
        "SELECT purpose, payee, count(*) AS count, sum(total_fen) AS total_fen FROM receipts"
        " WHERE number >= (SELECT first_number FROM receipt_days WHERE business_date = :date)"
        " AND business_date = :date GROUP BY purpose, payee ORDER BY purpose, payee"
    )
    return rows_of(connection.execute(query, {"date": business_date}))


def upsert(connection: sqlite3.Connection, table: str, row: Mapping[str, Any]) -> bool:
    """Write a platform record unless a newer version is there; `table` and keys are names from code.

    Returns whether the row was written.
    """
    columns = list(row)
    changes = ", ".join(f"{name} = excluded.{name}" for name in columns if name != "id")
    cursor = connection.execute(
        f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join(f':{name}' for name in columns)})"
        f" ON CONFLICT (id) DO UPDATE SET {changes} WHERE excluded.version >= {table}.version",
        dict(row),
    )
    return cursor.rowcount > 0


def delete(connection: sqlite3.Connection, table: str, record_id: str) -> None:
    """Remove a platform record; `table` is a name from code."""
    connection.execute(f"DELETE FROM {table} WHERE id = ?", (record_id,))


def platform_row(connection: sqlite3.Connection, table: str, record_id: str) -> Row | None:
    """Return one platform record; `table` is a name from code."""
    return row_of(connection.execute(f"SELECT * FROM {table} WHERE id = ?", (record_id,)))


def newest_contract(connection: sqlite3.Connection) -> Row | None:
    """Return the contract in force: the one of the highest version."""
    return row_of(connection.execute("SELECT * FROM contracts ORDER BY version DESC LIMIT 1"))


def contract_of_version(connection: sqlite3.Connection, version: int) -> Row | None:
    """Return one version of the contract."""
    return row_of(connection.execute("SELECT * FROM contracts WHERE version = ? LIMIT 1", (version,)))


def table_rows(connection: sqlite3.Connection, table: str, order: Sequence[str]) -> list[Row]:
    """Return all records of a platform table; `table` and `order` are names from code."""
    return rows_of(connection.execute(f"SELECT * FROM {table} ORDER BY {', '.join(order)}"))
