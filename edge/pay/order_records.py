"""SQL for one order at the counter: its attempts, and the order that a number belongs to."""

import sqlite3

from edge.pay.records import Row, key_of, rows_of


def attempt_ids(connection: sqlite3.Connection, order_id: str) -> list[str]:
    """Return the attempts of an order, oldest first."""
    query = "SELECT id FROM attempts WHERE order_id = ? ORDER BY key"
    return [str(row[0]) for row in connection.execute(query, (order_id,))]


def order_of_receipt(connection: sqlite3.Connection, number: int) -> str | None:
    """Return the order of a receipt."""
    row = connection.execute("SELECT order_id FROM receipts WHERE number = ?", (number,)).fetchone()
    return None if row is None else str(row[0])


def order_of_attempt(connection: sqlite3.Connection, attempt_id: str) -> str | None:
    """Return the order of an attempt."""
    query = "SELECT order_id FROM attempts WHERE key = ? AND id = ?"
    row = connection.execute(query, (key_of(attempt_id), attempt_id)).fetchone()
    return None if row is None else str(row[0])


def order_of_refund(connection: sqlite3.Connection, part_id: str) -> str | None:
    """Return the order of a part of a refund."""
    query = "SELECT r.order_id FROM refund_parts p JOIN refunds r ON r.id = p.refund_id WHERE p.id = ?"
    row = connection.execute(query, (part_id,)).fetchone()
    return None if row is None else str(row[0])


def receipt_numbers(connection: sqlite3.Connection, business_date: str, limit: int) -> list[int]:
    """Return the receipts of a business date, newest first."""
    query = (
        "SELECT number FROM receipts WHERE number >="
        " (SELECT first_number FROM receipt_days WHERE business_date = :date)"
        " AND business_date = :date ORDER BY number DESC LIMIT :limit"
    )
    return [int(row[0]) for row in connection.execute(query, {"date": business_date, "limit": limit})]


def open_holds(connection: sqlite3.Connection, limit: int) -> list[Row]:
    """Return what is held of accounts: order_id, attempt, kind, amount_fen, since when; oldest first."""
    query = (
        "SELECT a.order_id, a.id AS attempt, h.kind, h.amount_fen, a.created_at_ms AS at_ms"
        " FROM tender_holds h JOIN attempts a ON a.key = h.attempt WHERE h.state = 'held'"
        " ORDER BY h.attempt, h.place LIMIT ?"
    )
    return rows_of(connection.execute(query, (limit,)))


def live_leases(connection: sqlite3.Connection, limit: int) -> list[Row]:
    """Return the leases that are not back yet: id, and its account's kind and issuer."""
    query = (
        "SELECT l.id, coalesce(t.kind, '') AS kind, coalesce(t.issuer, '') AS issuer FROM leases l"
        " LEFT JOIN tender_accounts t ON t.id = l.account WHERE l.closed = 0 AND l.returned = 0"
        " ORDER BY t.kind, l.id LIMIT ?"
    )
    return rows_of(connection.execute(query, (limit,)))
