"""SQL of pickup sessions and their cells."""

import sqlite3

import msgspec

_SESSION = "id, order_id, pass_id, person, state, by, touched_at_ms"
_CELL = "position, bank, cell, parcel, items_zh, items_en, state, attempts, opening, problem"

DONE = ("closed", "given_up", "disputed")


class SessionCell(msgspec.Struct, frozen=True, kw_only=True):
    """One cell of a pickup session.

    `waiting → requested → opened → closed`; `unknown` and `refused` wait for the holder's gesture;
    `given_up` goes to the counter, `disputed` too: the person said that it was empty or wrong (`problem`).
    `attempts` counts those that may have moved something.
    """

    position: int
    bank: str
    cell: str
    parcel: str
    items_zh: str
    items_en: str
    state: str
    attempts: int
    opening: str | None
    problem: str = ""


class PickupSession(msgspec.Struct, frozen=True, kw_only=True):
    """A pickup (自提) of one order: `open`, `collected`, or `partial`.

    `by` is pass, code (取件码) or person (identified at the screen); `pass_id` the pass, empty without one;
    `touched_at_ms` when its holder last did something.
    """

    id: str
    order_id: str
    pass_id: str
    person: str
    state: str
    cells: tuple[SessionCell, ...]
    by: str = "pass"
    touched_at_ms: int = 0

    @property
    def current(self) -> SessionCell | None:
        """The cell that it is at: the first one neither closed again, given up nor in dispute."""
        return next((cell for cell in self.cells if cell.state not in DONE), None)


def insert_session(connection: sqlite3.Connection, session: PickupSession, at_ms: int) -> None:
    """Write a new pickup session and its cells."""
    connection.execute(
        "INSERT INTO pickup_sessions(id, order_id, pass_id, person, state, by, started_at_ms, touched_at_ms) "
        "VALUES (?, ?, ?, ?, ?, ?, ?7, ?7)",
        (session.id, session.order_id, session.pass_id, session.person, session.state, session.by, at_ms),
    )
    add_cells(connection, session.id, session.cells)


def add_cells(connection: sqlite3.Connection, session_id: str, cells: tuple[SessionCell, ...]) -> None:
    """Write cells of a session."""
    marks = ", ".join("?" * 11)
    connection.executemany(
        f"INSERT INTO pickup_cells(session, {_CELL}) VALUES ({marks})",
        [(session_id, *msgspec.structs.astuple(cell)) for cell in cells],
    )


def touch_session(connection: sqlite3.Connection, session: PickupSession, at_ms: int) -> None:
    """Note who is at the session now, and when."""
    connection.execute(
        "UPDATE pickup_sessions SET touched_at_ms = ?, pass_id = ?, person = ?, by = ? WHERE id = ?",
        (at_ms, session.pass_id, session.person, session.by, session.id),
    )


def find_session(connection: sqlite3.Connection, session_id: str) -> PickupSession | None:
    """The pickup session of this id."""
    return _session(connection, "id = ?", session_id)


def session_of_order(connection: sqlite3.Connection, order_id: str) -> PickupSession | None:
    """The pickup session of an order, whatever its state."""
    return _session(connection, "order_id = ?", order_id)


def session_of_place(
    connection: sqlite3.Connection, bank: str, cell: str, states: tuple[str, ...]
) -> tuple[PickupSession, SessionCell] | None:
    """The open session one of whose cells is this one, in one of these states."""
    marks = ", ".join("?" * len(states))
    row = connection.execute(
        "SELECT session, position FROM pickup_cells "
        "WHERE bank = ? AND cell = ? "
        f"AND state IN ({marks}) "
        "AND session IN (SELECT id FROM pickup_sessions WHERE state = 'open')",
        (bank, cell, *states),
    ).fetchone()
    if row is None:
        return None
    session = find_session(connection, row[0])
    assert session is not None
    return session, session.cells[row[1]]


def orders_at_cell(connection: sqlite3.Connection, bank: str, cell: str, *, besides: str) -> list[str]:
    """Orders of other sessions that asked to open this cell, which was not closed again since."""
    rows = connection.execute(
        "SELECT order_id FROM pickup_cells JOIN pickup_sessions ON pickup_sessions.id = session "
        "WHERE bank = ? AND cell = ? AND session <> ? AND opening IS NOT NULL "
        "AND pickup_cells.state <> 'closed'",
        (bank, cell, besides),
    )
    return [order for (order,) in rows]


def set_cell(
    connection: sqlite3.Connection,
    session: str,
    position: int,
    *,
    state: str,
    attempts: int | None = None,
    opening: str | None = None,
    problem: str | None = None,
) -> None:
    """Change a cell of a session; None leaves a value as it is."""
    connection.execute(
        "UPDATE pickup_cells SET state = ?, attempts = coalesce(?, attempts), "
        "opening = coalesce(?, opening), problem = coalesce(?, problem) WHERE session = ? AND position = ?",
        (state, attempts, opening, problem, session, position),
    )


def end_session(connection: sqlite3.Connection, session: str, *, state: str, at_ms: int) -> None:
    """Close a pickup session."""
    connection.execute(
        "UPDATE pickup_sessions SET state = ?, ended_at_ms = ? WHERE id = ?", (state, at_ms, session)
    )


def count_of_cell(connection: sqlite3.Connection, session: str, position: int) -> int:
    """How many openings a session has asked for at one of its cells."""
    row = connection.execute(
        "SELECT count(*) FROM openings WHERE session = ? AND position = ?", (session, position)
    ).fetchone()
    return int(row[0])


def _session(connection: sqlite3.Connection, where: str, value: str) -> PickupSession | None:
    row = connection.execute(
        f"SELECT {_SESSION} FROM pickup_sessions WHERE {where}",
        (value,),
    ).fetchone()
    if row is None:
        return None
    names = SessionCell.__struct_fields__
    cells = connection.execute(
        f"SELECT {_CELL} FROM pickup_cells WHERE session = ? ORDER BY position",
        (row[0],),
    )
    return PickupSession(
        id=row[0],
        order_id=row[1],
        pass_id=row[2],
        person=row[3],
        state=row[4],
        by=row[5],
        touched_at_ms=row[6],
        cells=tuple(SessionCell(**dict(zip(names, cell, strict=True))) for cell in cells),
    )
