"""An opening of a cell belongs to a step of a pickup, a deposit, or staff: found and changed in one way."""

import sqlite3
from typing import NamedTuple

from edge.access.lockers import case_records, deposit_records, pickup_records
from edge.access.lockers.cells import hold_cell
from edge.access.places import cell_place, split_cell
from edge.access.records import Opening, find_opening, undecided_at
from edge.store.unit import Unit

PICKUP, DEPOSIT, STAFF = "pickup", "deposit", "staff_cell"
"""Kinds of openings of cells."""


class Step(NamedTuple):
    """Where a pickup, a deposit or staff (`owner`) is with a cell."""

    kind: str
    owner: str
    state: str
    opening: str | None


def steps_at(connection: sqlite3.Connection, bank: str, cell: str, states: tuple[str, ...]) -> list[Step]:
    """Steps of open pickups, deposits and staff at a cell that are in one of these states."""
    steps = []
    if (pickup := pickup_records.session_of_place(connection, bank, cell, states)) is not None:
        steps.append(Step(PICKUP, pickup[0].id, pickup[1].state, pickup[1].opening))
    if (deposit := deposit_records.parcel_at(connection, bank, cell, states)) is not None:
        steps.append(Step(DEPOSIT, deposit[0].id, deposit[1].state, deposit[1].opening))
    staff = case_records.staff_cell_at(connection, bank, cell)
    if staff is not None and staff.state in states:
        steps.append(Step(STAFF, staff.opening, staff.state, staff.opening))
    return steps


def awaited_opening(connection: sqlite3.Connection, bank: str, cell: str) -> Opening | None:
    """The opening that a contact's word *open* is about: the undecided one, else the last one given up."""
    for opening in undecided_at(connection, cell_place(bank, cell)):
        return opening
    steps = steps_at(connection, bank, cell, ("unknown",))
    found = [find_opening(connection, step.opening) for step in steps if step.opening is not None]
    return max((each for each in found if each), key=lambda each: each.requested_at_ms, default=None)


def set_step(unit: Unit, opening: Opening, state: str, *, give_back: bool = False) -> None:
    """Write what became of the step's opening; `give_back` returns the attempt: nothing moved."""
    connection, owner, position = unit.connection, opening.session, opening.position
    if opening.kind == STAFF:
        case_records.set_staff_cell(connection, opening.id, state)
        if state != "refused":
            hold_cell(unit, *split_cell(opening.place), "staff")
    elif owner is None or position is None:
        return
    elif opening.kind == DEPOSIT:
        deposit = deposit_records.find_deposit(connection, owner)
        assert deposit is not None
        left = deposit.parcels[position].attempts - give_back
        deposit_records.set_parcel(connection, owner, position, state=state, attempts=left)
    else:
        session = pickup_records.find_session(connection, owner)
        assert session is not None
        left = session.cells[position].attempts - give_back
        pickup_records.set_cell(connection, owner, position, state=state, attempts=left)
