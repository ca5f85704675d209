"""SQL for the three-way match: payments and channel refunds of this device, by identity or by the day.

A day is given as its first millisecond and the one after its last. Rows have line, subject, payee, order_id,
amount_fen, state ("done", "open" or "not_done") and at_ms, the channel's time where it told one.
"""

import sqlite3
from collections.abc import Iterable

from edge.pay.records import Row, key_of, rows_of

_PAYMENTS = (
    "SELECT 'payment' AS line, id AS subject, payee, order_id,"
    " CASE state WHEN 'paid' THEN captured_fen ELSE amount_fen END AS amount_fen,"
    " CASE WHEN state = 'paid' THEN 'done' WHEN state IN ('created', 'sent', 'unknown', 'reversing')"
    " THEN 'open' ELSE 'not_done' END AS state,"
    " CASE WHEN state <> 'paid' THEN created_at_ms WHEN paid_at_ms > 0 THEN paid_at_ms"
    " ELSE changed_at_ms END AS at_ms FROM attempts WHERE channel <> ''"
)
_REFUNDS = (
    "SELECT 'refund' AS line, p.id AS subject, r.payee, r.order_id, p.amount_fen,"
    " CASE p.state WHEN 'refunded' THEN 'done' WHEN 'failed' THEN 'not_done' ELSE 'open' END AS state,"
    " CASE WHEN p.refunded_at_ms > 0 THEN p.refunded_at_ms ELSE r.at_ms END AS at_ms"
    " FROM refund_parts p JOIN refunds r ON r.id = p.refund_id WHERE p.kind = 'channel'"
)


def moved_rows(connection: sqlite3.Connection, from_ms: int, until_ms: int) -> list[Row]:
    """Return the payments of a span, open ones too, and the refunds that were done in it."""
    span = {"from": from_ms, "until": until_ms}
    payments = f"SELECT * FROM ({_PAYMENTS}) WHERE at_ms >= :from AND at_ms < :until AND state <> 'not_done'"
    refunds = f"SELECT * FROM ({_REFUNDS}) WHERE at_ms >= :from AND at_ms < :until AND state = 'done'"
    return [*rows_of(connection.execute(payments, span)), *rows_of(connection.execute(refunds, span))]


def named_rows(connection: sqlite3.Connection, subjects: Iterable[tuple[str, str]]) -> list[Row]:
    """Return what is known of these (line, subject), whatever their day and state."""
    found: list[Row] = []
    for line, subject in subjects:
        if line == "payment":
            query = f"{_PAYMENTS} AND key = ? AND id = ?"
            found += rows_of(connection.execute(query, (key_of(subject), subject)))
        else:
            found += rows_of(connection.execute(f"{_REFUNDS} AND p.id = ?", (subject,)))
    return found


def first_payment_ms(connection: sqlite3.Connection) -> int | None:
    """Return when the first payment of this device that is kept was asked for; None before any."""
    row = connection.execute("SELECT created_at_ms FROM attempts ORDER BY key LIMIT 1").fetchone()
    return None if row is None else int(row[0])


def payee_ids(connection: sqlite3.Connection) -> set[str]:
    """Return every payee of the copy."""
    return {str(row[0]) for row in connection.execute("SELECT id FROM payees")}
