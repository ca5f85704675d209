"""SQL of deposits."""

import sqlite3

import msgspec

_PARCEL = (
    "position, order_id, parcel, mailbox, room, size, accessible, bank, cell, state, wish, attempts, opening"
)


class DepositParcel(msgspec.Struct, frozen=True, kw_only=True):
    """One parcel of a deposit and its cell.

    `reserved → requested → opened → stored`, or `released` when the cell was given back; `unknown` and
    `refused` wait for a gesture. `wish` says what becomes of the cell once its door is closed: "" stored.
    `room` is what the screen calls it by; the journal knows `mailbox` only.
    """

    position: int
    order_id: str
    parcel: str
    mailbox: str
    room: str
    size: str
    accessible: int
    bank: str
    cell: str
    state: str = "reserved"
    wish: str = ""
    attempts: int = 0
    opening: str | None = None

    @property
    def is_done(self) -> bool:
        """Whether nothing more is done about it."""
        return self.state in ("stored", "released")


class Deposit(msgspec.Struct, frozen=True, kw_only=True):
    """A deposit (投递) by a courier's pass or a clerk: `open` or `ended`."""

    id: str
    by: str
    who: str
    state: str
    parcels: tuple[DepositParcel, ...]

    @property
    def current(self) -> DepositParcel | None:
        """The parcel that it is at: the first one neither stored nor released."""
        return next((parcel for parcel in self.parcels if not parcel.is_done), None)


def insert_deposit(connection: sqlite3.Connection, deposit: Deposit, at_ms: int) -> None:
    """Write a new, empty deposit."""
    connection.execute(
        "INSERT INTO deposits(id, by, who, state, started_at_ms, touched_at_ms) VALUES (?, ?, ?, ?, ?5, ?5)",
        (deposit.id, deposit.by, deposit.who, deposit.state, at_ms),
    )


def find_deposit(connection: sqlite3.Connection, deposit_id: str) -> Deposit | None:
    """The deposit of this id."""
    return _deposit(connection, "id = ?", deposit_id)


def open_deposit_of(connection: sqlite3.Connection, by: str, who: str) -> Deposit | None:
    """The deposit that somebody left open."""
    return _deposit(connection, "state = 'open' AND by = ? AND who = ?", by, who)


def parcel_at(
    connection: sqlite3.Connection, bank: str, cell: str, states: tuple[str, ...]
) -> tuple[Deposit, DepositParcel] | None:
    """The deposit one of whose parcels is at this cell in one of these states."""
    marks = ", ".join("?" * len(states))
    row = connection.execute(
        f"SELECT deposit, position FROM deposit_parcels WHERE bank = ? AND cell = ? AND state IN ({marks})",
        (bank, cell, *states),
    ).fetchone()
    if row is None:
        return None
    deposit = find_deposit(connection, row[0])
    assert deposit is not None
    return deposit, deposit.parcels[row[1]]


def insert_parcel(connection: sqlite3.Connection, deposit: str, parcel: DepositParcel) -> None:
    """Add a parcel to a deposit."""
    marks = ", ".join("?" * 14)
    connection.execute(
        f"INSERT INTO deposit_parcels(deposit, {_PARCEL}) VALUES ({marks})",
        (deposit, *msgspec.structs.astuple(parcel)),
    )


def set_parcel(
    connection: sqlite3.Connection,
    deposit: str,
    position: int,
    *,
    state: str,
    wish: str | None = None,
    attempts: int | None = None,
    opening: str | None = None,
) -> None:
    """Change a parcel of a deposit; None leaves a value as it is."""
    connection.execute(
        "UPDATE deposit_parcels SET state = ?, wish = coalesce(?, wish), attempts = coalesce(?, attempts), "
        "opening = coalesce(?, opening) WHERE deposit = ? AND position = ?",
        (state, wish, attempts, opening, deposit, position),
    )


def count_openings(connection: sqlite3.Connection, deposit: str, position: int) -> int:
    """How often a cell was asked for, for one parcel."""
    row = connection.execute(
        "SELECT count(*) FROM openings WHERE session = ? AND position = ?", (deposit, position)
    ).fetchone()
    return int(row[0])


def end_deposit(connection: sqlite3.Connection, deposit: str, at_ms: int) -> None:
    """Close a deposit."""
    connection.execute("UPDATE deposits SET state = 'ended', ended_at_ms = ? WHERE id = ?", (at_ms, deposit))


def _deposit(connection: sqlite3.Connection, where: str, *values: str) -> Deposit | None:
    row = connection.execute(
        f"SELECT id, by, who, state FROM deposits WHERE {where}",
        values,
    ).fetchone()
    if row is None:
        return None
    names = DepositParcel.__struct_fields__
    parcels = connection.execute(
        f"SELECT {_PARCEL} FROM deposit_parcels WHERE deposit = ? ORDER BY position",
        (row[0],),
    )
    return Deposit(
        id=row[0],
        by=row[1],
        who=row[2],
        state=row[3],
        parcels=tuple(DepositParcel(**dict(zip(names, parcel, strict=True))) for parcel in parcels),
    )
