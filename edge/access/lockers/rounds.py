"""What is due at the lockers: rows, looked at by the `timers` role; each is done and removed in one unit.

`left_open PLACE`: an opened cell was not closed. `remind ORDER`, `overdue ORDER`: parcels still lie there.
`idle DEPOSIT`: nobody goes on with a deposit.
"""

import sqlite3

from edge.access.lockers import case_records, records
from edge.access.lockers.cells import ACTOR, open_case
from edge.access.lockers.events import CellLeftOpen, LockerCaseClosed, ParcelOverdue, ParcelReminderDue
from edge.access.lockers.records import Due
from edge.access.lockers.settings import LockerSettings
from edge.access.places import cell_place, split_cell
from edge.store.unit import Unit

LEFT_OPEN, REMIND, OVERDUE, IDLE = "left_open", "remind", "overdue", "idle"
BATCH = 50


def anything_due(connection: sqlite3.Connection, at_ms: int) -> bool:
    """Whether a round has anything to do; asked before anything is written."""
    return bool(records.due_now(connection, at_ms, 1))


def set_order_dues(unit: Unit, order_id: str, overdue_at_ms: int, rules: LockerSettings) -> None:
    """Let the order's people be reminded, and its parcels become overdue."""
    remind_at_ms = rules.remind_at_ms(overdue_at_ms)
    records.put_due(unit.connection, Due(kind=REMIND, subject=order_id, due_at_ms=remind_at_ms))
    records.put_due(unit.connection, Due(kind=OVERDUE, subject=order_id, due_at_ms=overdue_at_ms))


def drop_order_dues(unit: Unit, order_id: str) -> None:
    """Nothing is due about an order none of whose parcels lies here any more."""
    if not _lying(unit.connection, order_id):
        records.drop_due(unit.connection, REMIND, order_id)
        records.drop_due(unit.connection, OVERDUE, order_id)


def note_closed(unit: Unit, bank: str, cell: str) -> None:
    """The cell is closed: nothing is due about its door, and a case of it standing open is over."""
    records.drop_due(unit.connection, LEFT_OPEN, cell_place(bank, cell))
    for case in case_records.open_cases(unit.connection, (bank, cell)):
        if case.kind == LEFT_OPEN:
            case_records.end_case(
                unit.connection, case.id, outcome="closed", by="contact", at_ms=unit.now.at_ms
            )
            unit.record(LockerCaseClosed(case_id=case.id, outcome="closed", by="contact"), actor=ACTOR)


def remind(unit: Unit, order_id: str) -> None:
    """An act: the order's people are to be told that it will be overdue."""
    lying = _lying(unit.connection, order_id)
    if lying:
        overdue_at_ms = min(parcel.overdue_at_ms for parcel in lying)
        unit.record(
            ParcelReminderDue(order_id=order_id, parcels=len(lying), overdue_at_ms=overdue_at_ms), actor=ACTOR
        )


def note_overdue(unit: Unit, order_id: str) -> None:
    """An act: every parcel of the order that lies here is overdue (滞留)."""
    for parcel in _lying(unit.connection, order_id):
        if not parcel.overdue:
            records.mark_overdue(unit.connection, parcel)
            place = cell_place(parcel.bank, parcel.cell)
            unit.record(ParcelOverdue(order_id=order_id, parcel=parcel.parcel, place=place), actor=ACTOR)
    unit.hint("lockers")


def note_left_open(unit: Unit, place: str, rules: LockerSettings) -> None:
    """An act: a cell stands open too long; a case that its own contact closes."""
    bank, cell = split_cell(place)
    since_ms = unit.now.at_ms - rules.left_open_s * 1000
    unit.record(CellLeftOpen(place=place, open_since_ms=since_ms), actor=ACTOR)
    parcel = records.parcel_in(unit.connection, bank, cell)
    open_case(unit, LEFT_OPEN, bank, cell, parcel.order_id if parcel else "", hold=False)


def _lying(connection: sqlite3.Connection, order_id: str) -> list[records.Parcel]:
    found = records.parcels_of_order(connection, order_id)
    return [parcel for parcel in found if parcel.state == "in_cell"]
