"""SQL of accounts, leases, holds, claims and top-ups: rows in and out, no rules."""

import sqlite3

from edge.pay.overlay_records import sum_laid
from edge.pay.records import Row, key_of, row_of, rows_of

_ACCOUNT = (
    f"SELECT a.*, {sum_laid('accounts', 'a.id', 'amount_fen')} AS unconfirmed_fen FROM tender_accounts AS a"
)
_LEASE = (
    "SELECT l.*, (SELECT coalesce(sum(amount_fen), 0) FROM tender_holds"
    " WHERE lease = l.id AND state = 'held') AS held_fen FROM leases AS l"
)


def account_row(connection: sqlite3.Connection, account_id: str) -> Row | None:
    """Return one account with the sum of our own moves that its record does not include."""
    return row_of(connection.execute(f"{_ACCOUNT} WHERE a.id = ?", (account_id,)))


def accounts_of(connection: sqlite3.Connection, subject: str) -> list[Row]:
    """Return a resident's accounts."""
    return rows_of(connection.execute(f"{_ACCOUNT} WHERE a.subject = ? ORDER BY a.kind, a.id", (subject,)))


def applied_seq(connection: sqlite3.Connection, account_id: str) -> int:
    """Return up to where an account's record includes our journal; 0 for an account that is not here."""
    row = connection.execute("SELECT applied_seq FROM tender_accounts WHERE id = ?", (account_id,)).fetchone()
    return 0 if row is None else int(row[0])


def points_account(connection: sqlite3.Connection, subject: str) -> str | None:
    """Return the id of a resident's account of points."""
    query = "SELECT id FROM tender_accounts WHERE subject = ? AND kind = 'points' ORDER BY id LIMIT 1"
    row = connection.execute(query, (subject,)).fetchone()
    return None if row is None else str(row[0])


def put_lease(connection: sqlite3.Connection, lease: Row) -> None:
    """Write a lease of the feed unless a newer version is there; what was granted never shrinks."""
    connection.execute(
        "INSERT INTO leases (id, version, account, epoch, granted_fen, recall, closed)"
        " VALUES (:id, :version, :account, :epoch, :granted_fen, :recall, :closed)"
        " ON CONFLICT (id) DO UPDATE SET version = excluded.version,"
        " granted_fen = max(granted_fen, excluded.granted_fen), recall = excluded.recall,"
        " closed = excluded.closed WHERE excluded.version >= leases.version",
        lease,
    )


def raise_lease(connection: sqlite3.Connection, lease: Row) -> None:
    """Write what the platform granted on request: a lease that is new here, or more of a known one."""
    connection.execute(
        "INSERT INTO leases (id, version, account, epoch, granted_fen, recall, closed)"
        " VALUES (:id, 0, :account, :epoch, :granted_fen, 0, 0)"
        " ON CONFLICT (id) DO UPDATE SET granted_fen = max(granted_fen, excluded.granted_fen)",
        lease,
    )


def lease_row(connection: sqlite3.Connection, lease_id: str) -> Row | None:
    """Return one lease with what is held of it."""
    return row_of(connection.execute(f"{_LEASE} WHERE l.id = ?", (lease_id,)))


def live_lease_row(connection: sqlite3.Connection, account: str, epoch: int) -> Row | None:
    """Return the lease of an account that may be spent in an epoch: the one with the most left."""
    query = (
        f"{_LEASE} WHERE l.account = ? AND l.epoch = ? AND l.recall = 0 AND l.closed = 0 AND l.returned = 0"
        " ORDER BY granted_fen - spent_fen - held_fen DESC, l.id DESC LIMIT 1"
    )
    return row_of(connection.execute(query, (account, epoch)))


def spend_lease(connection: sqlite3.Connection, lease_id: str, amount_fen: int) -> None:
    """Count what was spent of a lease; sqlite3.IntegrityError above what was granted."""
    connection.execute("UPDATE leases SET spent_fen = spent_fen + ? WHERE id = ?", (amount_fen, lease_id))


def mark_returned(connection: sqlite3.Connection, lease_id: str) -> None:
    """Note that we told of a lease's return."""
    connection.execute("UPDATE leases SET returned = 1 WHERE id = ?", (lease_id,))


def insert_hold(connection: sqlite3.Connection, attempt_id: str, place: int, hold: Row) -> None:
    """Insert one hold of an attempt."""
    connection.execute(
        "INSERT INTO tender_holds (attempt, place, kind, account, issuer, lease, amount_fen, state)"
        " VALUES (:attempt, :place, :kind, :account, :issuer, :lease, :amount_fen, 'held')",
        {**hold, "attempt": key_of(attempt_id), "place": place},
    )


def holds_of(connection: sqlite3.Connection, attempt_id: str) -> list[Row]:
    """Return the holds of an attempt in their order of use."""
    query = (
        "SELECT kind, account, issuer, lease, amount_fen, state FROM tender_holds"
        " WHERE attempt = ? ORDER BY place"
    )
    return rows_of(connection.execute(query, (key_of(attempt_id),)))


def set_holds(connection: sqlite3.Connection, attempt_id: str, state: str) -> None:
    """Set the open holds of an attempt to "spent" or "released"."""
    connection.execute(
        "UPDATE tender_holds SET state = ? WHERE attempt = ? AND state = 'held'", (state, key_of(attempt_id))
    )


def issuer_of_lease(connection: sqlite3.Connection, lease_id: str) -> str | None:
    """Return the issuer that was noted with the holds of a lease."""
    row = connection.execute(
        "SELECT issuer FROM tender_holds WHERE lease = ? LIMIT 1", (lease_id,)
    ).fetchone()
    return None if row is None else str(row[0])


def insert_claim(connection: sqlite3.Connection, claim: Row) -> None:
    """Insert a claim of an order's points; sqlite3.IntegrityError for a second one."""
    connection.execute(
        "INSERT INTO points_claims (order_id, account, points, at_ms)"
        " VALUES (:order_id, :account, :points, :at_ms)",
        claim,
    )


def claim_row(connection: sqlite3.Connection, order_id: str) -> Row | None:
    """Return the claim of an order's points."""
    return row_of(connection.execute("SELECT * FROM points_claims WHERE order_id = ?", (order_id,)))


def insert_top_up(connection: sqlite3.Connection, order_id: str, at_ms: int, body: bytes) -> None:
    """Insert a top-up in state "placed"."""
    connection.execute(
        "INSERT INTO top_ups (key, id, state, placed_at_ms, body) VALUES (?, ?, 'placed', ?, ?)",
        (key_of(order_id), order_id, at_ms, body),
    )


def write_top_up(connection: sqlite3.Connection, order_id: str, body: bytes) -> None:
    """Write what was fixed of a top-up anew."""
    connection.execute("UPDATE top_ups SET body = ? WHERE key = ?", (body, key_of(order_id)))


def top_up_row(connection: sqlite3.Connection, order_id: str) -> Row | None:
    """Return one top-up."""
    query = "SELECT * FROM top_ups WHERE key = ? AND id = ?"
    return row_of(connection.execute(query, (key_of(order_id), order_id)))


def mark_topped_up(connection: sqlite3.Connection, order_id: str, receipt: int) -> None:
    """Set a top-up to "paid"."""
    connection.execute(
        "UPDATE top_ups SET state = 'paid', receipt = ? WHERE key = ?", (receipt, key_of(order_id))
    )
