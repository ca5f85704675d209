"""SQL of refunds and their parts: rows in and out, no rules."""

import sqlite3

from edge.pay.records import Row, row_of, rows_of

_PART = (
    "part.id, refund_id, part.attempt_id, order_id, payee, kind, account, lease, channel, captured_fen,"
    " part.amount_fen, refunds.reason AS why, state, part.reason, tries, next_at_ms, channel_id,"
    " refunded_at_ms"
    " FROM refund_parts AS part JOIN refunds ON refunds.id = refund_id"
)


def insert_refund(connection: sqlite3.Connection, refund: Row) -> None:
    """Insert a refund; its parts are rows of their own."""
    connection.execute(
        "INSERT INTO refunds (id, attempt_id, order_id, payee, amount_fen, reason, business_date, at_ms)"
        " VALUES (:id, :attempt_id, :order_id, :payee, :amount_fen, :reason, :business_date, :at_ms)",
        refund,
    )


def insert_part(connection: sqlite3.Connection, part: Row) -> None:
    """Insert a part of a refund."""
    connection.execute(
        "INSERT INTO refund_parts"
        " (id, refund_id, place, attempt_id, kind, account, lease, channel, captured_fen, amount_fen, state,"
        " next_at_ms, refunded_at_ms) VALUES (:id, :refund_id, :place, :attempt_id, :kind, :account, :lease,"
        " :channel, :captured_fen, :amount_fen, :state, :next_at_ms, :refunded_at_ms)",
        part,
    )


def update_part(connection: sqlite3.Connection, part: Row) -> None:
    """Write what can change about a part."""
    connection.execute(
        "UPDATE refund_parts SET state = :state, reason = :reason, tries = :tries, next_at_ms = :next_at_ms,"
        " channel_id = :channel_id, refunded_at_ms = :refunded_at_ms WHERE id = :id",
        part,
    )


def part_row(connection: sqlite3.Connection, part_id: str) -> Row | None:
    """Return one part with what its refund and attempt say of it."""
    return row_of(connection.execute(f"SELECT {_PART} WHERE part.id = ?", (part_id,)))


def part_rows(connection: sqlite3.Connection, refund_id: str) -> list[Row]:
    """Return the parts of one refund, in the order in which they go back."""
    query = f"SELECT {_PART} WHERE part.refund_id = ? ORDER BY part.place"
    return rows_of(connection.execute(query, (refund_id,)))


def due_part_rows(connection: sqlite3.Connection, at_ms: int, count: int) -> list[Row]:
    """Return `count` parts of channels that are due to be asked about, longest due first."""
    query = (
        f"SELECT {_PART} WHERE part.kind = 'channel' AND part.state IN ('requested', 'refunding')"
        " AND next_at_ms <= ? ORDER BY next_at_ms LIMIT ?"
    )
    return rows_of(connection.execute(query, (at_ms, count)))


def refund_row(connection: sqlite3.Connection, refund_id: str) -> Row | None:
    """Return one refund."""
    return row_of(connection.execute("SELECT * FROM refunds WHERE id = ?", (refund_id,)))


def refund_ids(connection: sqlite3.Connection, order_id: str) -> list[str]:
    """Return the ids of an order's refunds, oldest first."""
    rows = connection.execute("SELECT id FROM refunds WHERE order_id = ? ORDER BY at_ms, id", (order_id,))
    return [refund_id for (refund_id,) in rows]


def gone_back(connection: sqlite3.Connection, attempt_id: str) -> dict[tuple[str, str], int]:
    """Return what goes or went back of an attempt, in fen by kind and account.

    A part that the channel refused for good counts, too: it is still owed, and asked for again as itself.
    """
    rows = connection.execute(
        "SELECT kind, account, sum(amount_fen) FROM refund_parts WHERE attempt_id = ? GROUP BY kind, account",
        (attempt_id,),
    )
    return {(kind, account): fen for kind, account, fen in rows}


def refund_totals(connection: sqlite3.Connection, business_date: str) -> list[Row]:
    """Return payee, count and sum of the refunds asked for on a business date."""
    query = (
        "SELECT payee, count(*) AS count, sum(amount_fen) AS total_fen FROM refunds WHERE business_date = ?"
        " GROUP BY payee ORDER BY payee"
    )
    return rows_of(connection.execute(query, (business_date,)))


def refund_rows(connection: sqlite3.Connection, state: str) -> list[Row]:
    """Return the refunds that have a part in one state, oldest first."""
    query = (
        "SELECT * FROM refunds WHERE id IN (SELECT refund_id FROM refund_parts WHERE state = ?)"
        " ORDER BY at_ms, id"
    )
    return rows_of(connection.execute(query, (state,)))
