"""SQL of the homes room: rows in and out, no rules."""

import sqlite3
from collections.abc import Iterable

from edge.pay.overlay_records import sum_laid
from edge.pay.records import Row, row_of, rows_of

_BILL = f"SELECT bills.*, {sum_laid('bills', 'bills.id', 'amount_fen')} AS unconfirmed_fen FROM bills"


def residents_of(connection: sqlite3.Connection, room: str) -> list[Row]:
    """Return the residents of a room."""
    return rows_of(connection.execute("SELECT * FROM residents WHERE room = ? ORDER BY id", (room,)))


def room_row_by_number(connection: sqlite3.Connection, building: str, number: str) -> Row | None:
    """Return the room of this number in a building."""
    query = "SELECT * FROM rooms WHERE building = ? AND number = ?"
    return row_of(connection.execute(query, (building, number)))


def room_row_by_mailbox(connection: sqlite3.Connection, mailbox: str) -> Row | None:
    """Return the room that parcels call by this opaque id."""
    query = "SELECT * FROM rooms WHERE mailbox = ? AND mailbox <> ''"
    return row_of(connection.execute(query, (mailbox,)))


def bill_row(connection: sqlite3.Connection, bill_id: str) -> Row | None:
    """Return one bill with what we know paid beyond the record."""
    return row_of(connection.execute(f"{_BILL} WHERE id = ?", (bill_id,)))


def bill_rows(connection: sqlite3.Connection, room: str) -> list[Row]:
    """Return the bills of a room, oldest due date first."""
    return rows_of(connection.execute(f"{_BILL} WHERE room = ? ORDER BY due_on, payee, item, id", (room,)))


def insert_fee_order(
    connection: sqlite3.Connection, order_id: str, at_ms: int, body: bytes, bills: tuple[str, ...]
) -> None:
    """Insert a fee order in state "placed", with its bills."""
    connection.execute(
        "INSERT INTO fee_orders (id, state, placed_at_ms, body) VALUES (?, 'placed', ?, ?)",
        (order_id, at_ms, body),
    )
    connection.executemany(
        "INSERT INTO fee_order_bills (bill, order_id) VALUES (?, ?)", [(bill, order_id) for bill in bills]
    )


def fee_order_row(connection: sqlite3.Connection, order_id: str) -> Row | None:
    """Return one fee order."""
    return row_of(connection.execute("SELECT * FROM fee_orders WHERE id = ?", (order_id,)))


def fee_orders_of_bill(connection: sqlite3.Connection, bill: str) -> tuple[str, ...]:
    """Return the fee orders that a bill was ever in, those paid left out."""
    query = (
        "SELECT order_id FROM fee_order_bills JOIN fee_orders ON fee_orders.id = order_id"
        " WHERE bill = ? AND state = 'placed'"
    )
    return tuple(row[0] for row in connection.execute(query, (bill,)))


def paid_fee_order_of_bill(connection: sqlite3.Connection, bill: str) -> str | None:
    """Return the newest paid fee order that a bill is in."""
    query = (
        "SELECT order_id FROM fee_order_bills JOIN fee_orders ON fee_orders.id = order_id"
        " WHERE bill = ? AND state = 'paid' ORDER BY receipt DESC LIMIT 1"
    )
    row = connection.execute(query, (bill,)).fetchone()
    return None if row is None else str(row[0])


def paid_attempts_of_room(connection: sqlite3.Connection, room: str, year: str) -> tuple[str, ...]:
    """Return the attempts that paid bills of a room in a year ("2026"), by their receipts' business date."""
    query = (
        "SELECT DISTINCT attempt_id FROM receipts JOIN fee_orders ON fee_orders.receipt = receipts.number"
        " JOIN fee_order_bills AS listed ON listed.order_id = fee_orders.id JOIN bills ON bills.id = bill"
        " WHERE room = ? AND state = 'paid' AND business_date BETWEEN ? AND ? ORDER BY attempt_id"
    )
    return tuple(row[0] for row in connection.execute(query, (room, f"{year}-01-01", f"{year}-12-31")))


def mark_fee_paid(connection: sqlite3.Connection, order_id: str, receipt: int) -> None:
    """Set a fee order to "paid"."""
    connection.execute("UPDATE fee_orders SET state = 'paid', receipt = ? WHERE id = ?", (receipt, order_id))


def note_settlements(connection: sqlite3.Connection, bill: str, order_ids: Iterable[str]) -> None:
    """Remember which orders the platform's record of a bill contains."""
    connection.executemany(
        "INSERT INTO bill_settlements (bill, order_id) VALUES (?, ?) ON CONFLICT DO NOTHING",
        ((bill, order_id) for order_id in order_ids),
    )


def is_settlement_known(connection: sqlite3.Connection, bill: str, order_id: str) -> bool:
    """Whether the platform's record of a bill contains this order's payment."""
    query = "SELECT 1 FROM bill_settlements WHERE bill = ? AND order_id = ?"
    return connection.execute(query, (bill, order_id)).fetchone() is not None


def overpayment_row(connection: sqlite3.Connection, overpayment: str) -> Row | None:
    """Return one bill that was paid twice."""
    return row_of(connection.execute("SELECT * FROM overpayments WHERE id = ?", (overpayment,)))


def overpayment_of(connection: sqlite3.Connection, order_id: str, bill: str) -> Row | None:
    """Return what an order brought beyond a bill."""
    query = "SELECT * FROM overpayments WHERE order_id = ? AND bill = ?"
    return row_of(connection.execute(query, (order_id, bill)))


def open_overpayment_rows(connection: sqlite3.Connection, room: str) -> list[Row]:
    """Return the bills of a room that were paid twice, as long as nothing was done about them."""
    query = (
        "SELECT overpayments.* FROM overpayments JOIN bills ON bills.id = bill WHERE room = ? AND done = 0"
        " AND choice = '' AND NOT EXISTS (SELECT 1 FROM overpayment_ends e WHERE e.id = overpayments.id)"
        " ORDER BY overpayments.id"
    )
    return rows_of(connection.execute(query, (room,)))


def is_overpayment_ended(connection: sqlite3.Connection, overpayment: str) -> bool:
    """Whether we have given the money back or credited it."""
    query = "SELECT 1 FROM overpayment_ends WHERE id = ?"
    return connection.execute(query, (overpayment,)).fetchone() is not None


def end_overpayment(connection: sqlite3.Connection, overpayment: str, choice: str, at_ms: int) -> None:
    """Note what was done; sqlite3.IntegrityError when something had been."""
    connection.execute(
        "INSERT INTO overpayment_ends (id, choice, at_ms) VALUES (?, ?, ?)", (overpayment, choice, at_ms)
    )
