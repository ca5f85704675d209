"""SQL of what people see to at lockers: cases, halted banks, openings by staff."""

import sqlite3

import msgspec

_CASE = "id, kind, bank, cell, order_id, opened_at_ms"
_HALT = "id, bank, asked, moved, halted_at_ms"
_STAFF = "opening, bank, cell, by_first, by_second, reason, state, at_ms"


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """An open case at a cell."""

    id: str
    kind: str
    bank: str
    cell: str
    order_id: str
    opened_at_ms: int


class StaffCell(msgspec.Struct, frozen=True, kw_only=True):
    """A cell that staff asked to open: requested → opened → closed → done; unknown, refused."""

    opening: str
    bank: str
    cell: str
    by_first: str
    by_second: str
    reason: str
    state: str
    at_ms: int


class Halt(msgspec.Struct, frozen=True, kw_only=True):
    """A halted bank: `asked` was to open, `moved` opened."""

    id: str
    bank: str
    asked: str
    moved: str
    halted_at_ms: int


def insert_case(connection: sqlite3.Connection, case: Case) -> bool:
    """Write a case; False when the same one is open."""
    done = connection.execute(
        f"INSERT INTO locker_cases({_CASE}) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        msgspec.structs.astuple(case),
    )
    return done.rowcount == 1


def open_cases(connection: sqlite3.Connection, place: tuple[str, str] | None = None) -> list[Case]:
    """Open cases, oldest first; of one cell (bank, cell) when it is given."""
    where, values = ("", ()) if place is None else ("AND bank = ? AND cell = ? ", place)
    rows = connection.execute(
        f"SELECT {_CASE} FROM locker_cases WHERE closed_at_ms IS NULL {where}ORDER BY rowid",
        values,
    )
    names = Case.__struct_fields__
    return [Case(**dict(zip(names, row, strict=True))) for row in rows]


def end_case(connection: sqlite3.Connection, case_id: str, *, outcome: str, by: str, at_ms: int) -> bool:
    """Close an open case; False when there is none of this id."""
    done = connection.execute(
        "UPDATE locker_cases SET outcome = ?, closed_by = ?, closed_at_ms = ? "
        "WHERE id = ? AND closed_at_ms IS NULL",
        (outcome, by, at_ms, case_id),
    )
    return done.rowcount == 1


def insert_halt(connection: sqlite3.Connection, halt: Halt) -> bool:
    """Halt a bank; False when it is halted already."""
    done = connection.execute(
        "INSERT INTO bank_halts(id, bank, asked, moved, halted_at_ms) VALUES (?, ?, ?, ?, ?) "
        "ON CONFLICT DO NOTHING",
        msgspec.structs.astuple(halt),
    )
    return done.rowcount == 1


def halts(connection: sqlite3.Connection) -> list[Halt]:
    """Halted banks."""
    rows = connection.execute(
        f"SELECT {_HALT} FROM bank_halts WHERE cleared_at_ms IS NULL ORDER BY rowid",
    )
    names = Halt.__struct_fields__
    return [Halt(**dict(zip(names, row, strict=True))) for row in rows]


def is_halted(connection: sqlite3.Connection, bank: str) -> bool:
    """Tell whether a bank is halted."""
    query = "SELECT 1 FROM bank_halts WHERE bank = ? AND cleared_at_ms IS NULL"
    return connection.execute(query, (bank,)).fetchone() is not None


def clear_halt(connection: sqlite3.Connection, bank: str, *, by: str, at_ms: int) -> bool:
    """Let a bank work again; False when it was not halted."""
    done = connection.execute(
        "UPDATE bank_halts SET cleared_at_ms = ?, cleared_by = ? WHERE bank = ? AND cleared_at_ms IS NULL",
        (at_ms, by, bank),
    )
    return done.rowcount == 1


def insert_staff_cell(connection: sqlite3.Connection, staff: StaffCell) -> None:
    """Write an opening by staff."""
    marks = ", ".join("?" * 8)
    connection.execute(
        f"INSERT INTO staff_cells({_STAFF}) VALUES ({marks})",
        msgspec.structs.astuple(staff),
    )


def staff_cell(connection: sqlite3.Connection, opening: str) -> StaffCell | None:
    """The opening by staff of this id."""
    found = _staff(connection, "opening = ?", opening)
    return found[0] if found else None


def staff_cell_at(connection: sqlite3.Connection, bank: str, cell: str) -> StaffCell | None:
    """The opening by staff of a cell that is not done with."""
    found = _staff(connection, "bank = ? AND cell = ? AND state NOT IN ('done', 'refused')", bank, cell)
    return found[0] if found else None


def open_staff_cells(connection: sqlite3.Connection) -> list[StaffCell]:
    """Openings by staff that wait for their result, or for what was found."""
    return _staff(connection, "state NOT IN ('done', 'refused') ORDER BY rowid")


def set_staff_cell(connection: sqlite3.Connection, opening: str, state: str) -> None:
    """Change the state of an opening by staff."""
    connection.execute("UPDATE staff_cells SET state = ? WHERE opening = ?", (state, opening))


def _staff(connection: sqlite3.Connection, where: str, *values: str) -> list[StaffCell]:
    rows = connection.execute(f"SELECT {_STAFF} FROM staff_cells WHERE {where}", values)
    names = StaffCell.__struct_fields__
    return [StaffCell(**dict(zip(names, row, strict=True))) for row in rows]
