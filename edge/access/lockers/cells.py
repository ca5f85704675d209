"""What becomes of a cell: held for a person, freed, given a parcel; and cases and halts about it.

Units of work. A cell is freed only here, and the journal says how it was known to be empty (I7).
"""

from edge.access.lockers import case_records, records
from edge.access.lockers.case_records import Case, Halt
from edge.access.lockers.errors import BankBusy, BankIsHalted
from edge.access.lockers.events import BankHalted, CellFreed, CellHeld, LockerCaseOpened
from edge.access.places import cell_place
from edge.store.unit import Unit

ACTOR = "lockers"
DOUBLE = "double"
"""Case: the platform names a cell for an order while another one lies in it."""
CASE_KINDS = ("empty", "wrong", "not_empty", "jam", "unasked", DOUBLE, "left_open")
"""What a person is asked to look into: said to be empty or to hold wrong things, not empty at a deposit, did
not open, opened unasked, two orders in one cell, a door left open."""


def hold_cell(unit: Unit, bank: str, cell: str, reason: str) -> None:
    """Give the cell to nobody until a person has seen to it."""
    found = records.find_cell(unit.connection, bank, cell)
    if found is None or found.state == "held":
        return
    records.set_cell_state(unit.connection, bank, cell, state="held", reason=reason, at_ms=unit.now.at_ms)
    unit.record(CellHeld(place=cell_place(bank, cell), reason=reason), actor=ACTOR)
    unit.hint("lockers")


def free_cell(unit: Unit, bank: str, cell: str, *, how: str, by: str = "") -> None:
    """Let the cell be given to another order; one that is held stays so unless a person confirmed it."""
    found = records.find_cell(unit.connection, bank, cell)
    if found is None or found.state in ("free", "out_of_order"):
        return
    if found.state == "held" and how != "confirmed":
        return
    assert records.parcel_in(unit.connection, bank, cell) is None, (bank, cell)
    if how != "confirmed" and any(
        case.kind == DOUBLE for case in case_records.open_cases(unit.connection, (bank, cell))
    ):
        hold_cell(unit, bank, cell, DOUBLE)  # the platform says that another order lies here
        return
    records.set_cell_state(unit.connection, bank, cell, state="free", reason="", at_ms=unit.now.at_ms)
    unit.record(CellFreed(place=cell_place(bank, cell), how=how, by=by), actor=by or ACTOR)
    unit.hint("lockers")


def occupy_cell(unit: Unit, bank: str, cell: str) -> None:
    """A parcel lies in it now; one that is held stays so."""
    found = records.find_cell(unit.connection, bank, cell)
    if found is not None and found.state != "held":
        records.set_cell_state(unit.connection, bank, cell, state="occupied", reason="", at_ms=unit.now.at_ms)
        unit.hint("lockers")


def open_case(unit: Unit, kind: str, bank: str, cell: str, order_id: str, *, hold: bool = True) -> str:
    """Open a case at a cell, once as long as it is open, and hold the cell; returns the case's id."""
    assert kind in CASE_KINDS, kind
    case = Case(
        id=unit.next_id(), kind=kind, bank=bank, cell=cell, order_id=order_id, opened_at_ms=unit.now.at_ms
    )
    if case_records.insert_case(unit.connection, case):
        unit.record(
            LockerCaseOpened(case_id=case.id, kind=kind, place=cell_place(bank, cell), order_id=order_id),
            actor=ACTOR,
        )
        unit.hint("lockers")
    if hold:
        hold_cell(unit, bank, cell, kind)
    found = case_records.open_cases(unit.connection, (bank, cell))
    return next(each.id for each in found if (each.kind, each.order_id) == (kind, order_id))


def halt_bank(unit: Unit, bank: str, *, asked: str, moved: str) -> None:
    """Open no cell of this bank any more until a person clears it."""
    halt = Halt(id=unit.next_id(), bank=bank, asked=asked, moved=moved, halted_at_ms=unit.now.at_ms)
    if case_records.insert_halt(unit.connection, halt):
        unit.record(BankHalted(bank=bank, asked=asked, moved=moved), actor=ACTOR)
        unit.hint("lockers")


def require_bank(unit: Unit, bank: str) -> None:
    """One cell of a bank is asked for at a time, so that another one that opens is known to be wrong.

    Raises BankIsHalted, BankBusy.
    """
    if case_records.is_halted(unit.connection, bank):
        raise BankIsHalted(bank=bank)
    if records.undecided_in_bank(unit.connection, bank) is not None:
        raise BankBusy(bank=bank)
