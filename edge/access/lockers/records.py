"""SQL of cells, parcels and due rows. Cases, halts, staff: `case_records`; deposits: `deposit_records`."""

import sqlite3
from collections.abc import Iterable

import msgspec

_PARCEL = "order_id, parcel, bank, cell, mailbox, origin, state, stored_at_ms, overdue_at_ms, overdue"
_STEPS = (
    ("pickup_cells", "session", "'requested', 'opened'"),
    ("deposit_parcels", "deposit", "'requested', 'opened'"),
    ("staff_cells", "opening", "'requested', 'opened'"),
)


class Cell(msgspec.Struct, frozen=True, kw_only=True):
    """A cell (格口): free, reserved, occupied, held (for a person), out_of_order; its door is told apart."""

    bank: str
    cell: str
    state: str
    reason: str
    since_ms: int


class Parcel(msgspec.Struct, frozen=True, kw_only=True):
    """A parcel in a cell (`in_cell`), `taken` by its people or `removed` by staff; `overdue` once told."""

    order_id: str
    parcel: str
    bank: str
    cell: str
    mailbox: str
    origin: str
    state: str
    stored_at_ms: int
    overdue_at_ms: int
    overdue: int = 0


class Due(msgspec.Struct, frozen=True, kw_only=True):
    """Something to be done at a time: left_open PLACE, remind ORDER, overdue ORDER, idle DEPOSIT."""

    kind: str
    subject: str
    due_at_ms: int


def add_cells(connection: sqlite3.Connection, cells: Iterable[tuple[str, str]], at_ms: int) -> None:
    """Write cells that are not there yet: occupied where a parcel is known to lie, else free."""
    connection.executemany(
        "INSERT INTO locker_cells(bank, cell, state, since_ms) VALUES (?1, ?2, "
        "CASE WHEN EXISTS (SELECT 1 FROM parcels WHERE bank = ?1 AND cell = ?2 AND state = 'in_cell') "
        "THEN 'occupied' ELSE 'free' END, ?3) ON CONFLICT DO NOTHING",
        [(bank, cell, at_ms) for bank, cell in cells],
    )


def find_cell(connection: sqlite3.Connection, bank: str, cell: str) -> Cell | None:
    """One cell; None when the site file never had it."""
    found = _cells(connection, "WHERE bank = ? AND cell = ?", bank, cell)
    return found[0] if found else None


def all_cells(connection: sqlite3.Connection) -> list[Cell]:
    """Every cell."""
    return _cells(connection, "ORDER BY bank, cell")


def free_cells(connection: sqlite3.Connection) -> set[tuple[str, str]]:
    """Cells that may be reserved, of banks that are not halted; their doors are judged elsewhere."""
    rows = connection.execute(
        "SELECT bank, cell FROM locker_cells WHERE state = 'free' "
        "AND bank NOT IN (SELECT bank FROM bank_halts WHERE cleared_at_ms IS NULL) "
        "AND NOT EXISTS (SELECT 1 FROM staff_cells s WHERE s.bank = locker_cells.bank "
        "AND s.cell = locker_cells.cell AND s.state IN ('requested', 'opened', 'closed', 'unknown'))"
    )
    return {(bank, cell) for bank, cell in rows}


def set_cell_state(
    connection: sqlite3.Connection, bank: str, cell: str, *, state: str, reason: str, at_ms: int
) -> None:
    """Change a cell; one that the site file does not have has no row."""
    connection.execute(
        "UPDATE locker_cells SET state = ?, reason = ?, since_ms = ? WHERE bank = ? AND cell = ?",
        (state, reason, at_ms, bank, cell),
    )


def hand_at(connection: sqlite3.Connection, bank: str, cell: str) -> str | None:
    """The pickup, deposit or opening by staff for which a cell is asked for or open."""
    for table, owner, states in _STEPS:
        row = connection.execute(
            f"SELECT {owner} FROM {table} WHERE bank = ? AND cell = ? AND state IN ({states})",
            (bank, cell),
        ).fetchone()
        if row is not None:
            return str(row[0])
    return None


def undecided_in_bank(connection: sqlite3.Connection, bank: str) -> str | None:
    """An opening of the bank that still waits for its result: its id."""
    row = connection.execute(
        "SELECT id FROM openings WHERE state IN ('intended', 'fired') AND place >= ? AND place < ?",
        (f"cell:{bank}/", f"cell:{bank}0"),
    ).fetchone()
    return None if row is None else str(row[0])


def silent_in_bank(connection: sqlite3.Connection, bank: str, since_ms: int) -> str | None:
    """The newest opening of the bank of which nobody heard that it opened, given up not before a time."""
    row = connection.execute(
        "SELECT id FROM openings WHERE rowid > (SELECT max(rowid) - 200 FROM openings) "
        "AND state = 'unknown' AND place >= ? AND place < ? AND decided_at_ms >= ? "
        "ORDER BY rowid DESC LIMIT 1",
        (f"cell:{bank}/", f"cell:{bank}0", since_ms),
    ).fetchone()
    return None if row is None else str(row[0])


def insert_parcel(connection: sqlite3.Connection, parcel: Parcel) -> None:
    """Write a parcel into a cell; sqlite3.IntegrityError when another lies there (I7)."""
    marks = ", ".join("?" * 10)
    connection.execute(
        f"INSERT INTO parcels({_PARCEL}) VALUES ({marks})",
        msgspec.structs.astuple(parcel),
    )


def parcel_in(connection: sqlite3.Connection, bank: str, cell: str) -> Parcel | None:
    """The parcel that lies in a cell."""
    found = _parcels(connection, "state = 'in_cell' AND bank = ? AND cell = ?", bank, cell)
    return found[0] if found else None


def parcels_of_order(connection: sqlite3.Connection, order_id: str) -> list[Parcel]:
    """Parcels of an order, collected ones too."""
    return _parcels(connection, "order_id = ? ORDER BY parcel", order_id)


def parcels_of_mailbox(connection: sqlite3.Connection, mailbox: str) -> list[Parcel]:
    """Deposited parcels that lie here for a room."""
    return _parcels(
        connection, "state = 'in_cell' AND origin = 'deposit' AND mailbox = ? ORDER BY stored_at_ms", mailbox
    )


def parcels_here(connection: sqlite3.Connection, *, overdue_at_ms: int | None = None) -> list[Parcel]:
    """Parcels in cells, overdue longest first; only those overdue at a time when it is given."""
    if overdue_at_ms is None:
        return _parcels(
            connection, "state = 'in_cell' ORDER BY overdue_at_ms = 0, overdue_at_ms, stored_at_ms"
        )
    return _parcels(
        connection,
        "state = 'in_cell' AND overdue_at_ms > 0 AND overdue_at_ms <= ? ORDER BY overdue_at_ms",
        overdue_at_ms,
    )


def end_parcel(connection: sqlite3.Connection, parcel: Parcel, *, state: str, at_ms: int) -> None:
    """A parcel lies in its cell no more: taken or removed."""
    connection.execute(
        "UPDATE parcels SET state = ?, ended_at_ms = ? WHERE order_id = ? AND parcel = ?",
        (state, at_ms, parcel.order_id, parcel.parcel),
    )


def mark_overdue(connection: sqlite3.Connection, parcel: Parcel) -> None:
    """Note that it was told that a parcel is overdue."""
    connection.execute(
        "UPDATE parcels SET overdue = 1 WHERE order_id = ? AND parcel = ?", (parcel.order_id, parcel.parcel)
    )


def put_due(connection: sqlite3.Connection, due: Due) -> None:
    """Let something be done at a time, in place of an earlier time for the same."""
    connection.execute(
        "INSERT INTO locker_due(kind, subject, due_at_ms) VALUES (?, ?, ?) "
        "ON CONFLICT(kind, subject) DO UPDATE SET due_at_ms = excluded.due_at_ms",
        msgspec.structs.astuple(due),
    )


def drop_due(connection: sqlite3.Connection, kind: str, subject: str) -> None:
    """It need not be done."""
    connection.execute("DELETE FROM locker_due WHERE kind = ? AND subject = ?", (kind, subject))


def due_now(connection: sqlite3.Connection, at_ms: int, limit: int) -> list[Due]:
    """What is due at a time, oldest first."""
    rows = connection.execute(
        "SELECT kind, subject, due_at_ms FROM locker_due WHERE due_at_ms <= ? ORDER BY due_at_ms LIMIT ?",
        (at_ms, limit),
    )
    return [Due(kind=kind, subject=subject, due_at_ms=due_at_ms) for kind, subject, due_at_ms in rows]


def _cells(connection: sqlite3.Connection, rest: str, *values: str) -> list[Cell]:
    rows = connection.execute(f"SELECT bank, cell, state, reason, since_ms FROM locker_cells {rest}", values)
    names = Cell.__struct_fields__
    return [Cell(**dict(zip(names, row, strict=True))) for row in rows]


def _parcels(connection: sqlite3.Connection, where: str, *values: str | int) -> list[Parcel]:
    rows = connection.execute(f"SELECT {_PARCEL} FROM parcels WHERE {where}", values)
    names = Parcel.__struct_fields__
    return [Parcel(**dict(zip(names, row, strict=True))) for row in rows]
