"""What staff does at lockers: opens cells, says what was found, clears halts, closes cases, blocks cells.

An occupied, held or otherwise unknown cell is opened by two different people only (四眼), one of them in
charge; both stand in the journal. A cell that staff opened is given to nobody until what was found is said.
"""

from typing import Literal

from edge.access.errors import CellInUse
from edge.access.events import CellClosed, CellOpenRequested
from edge.access.lockers import case_records, records
from edge.access.lockers.case_records import StaffCell
from edge.access.lockers.cells import ACTOR, free_cell, require_bank
from edge.access.lockers.errors import (
    CellNotEmpty,
    CellNotKnown,
    CellStillOpen,
    TwoPeopleNeeded,
    UnknownCase,
)
from edge.access.lockers.events import (
    BankCleared,
    CellBlocked,
    CellLookedInto,
    CellOpenedByStaff,
    LockerCaseClosed,
    ParcelRemoved,
    ParcelWithdrawn,
)
from edge.access.lockers.pickups import give_up_removed
from edge.access.lockers.records import Parcel
from edge.access.lockers.rounds import drop_order_dues
from edge.access.lockers.steps import STAFF
from edge.access.places import cell_place
from edge.access.ports import OrderBook
from edge.access.records import Opening, insert_opening
from edge.staff.records import Role, StaffMember
from edge.store.unit import Unit

Outcome = Literal["empty", "parcel_left", "to_counter", "returned"]
"""Nothing lay in it; it stays in; taken to the counter; given back to its sender."""
IN_CHARGE = frozenset({Role.SUPERVISOR, Role.MANAGER})


def intend_staff_cell(
    unit: Unit, bank: str, cell: str, reason: str, first: StaffMember, second: StaffMember | None
) -> Opening:
    """Commit the intent that staff opens a cell; once it may have opened it is held until `settle_cell`.

    Raises CellNotKnown, TwoPeopleNeeded, CellInUse (somebody is at it), BankIsHalted, BankBusy.
    """
    found = records.find_cell(unit.connection, bank, cell)
    if found is None:
        raise CellNotKnown(cell=cell)
    if found.state not in ("free", "out_of_order") or records.parcel_in(unit.connection, bank, cell):
        _require_two(first, second)
    if records.hand_at(unit.connection, bank, cell) is not None:
        raise CellInUse(cell=cell)
    require_bank(unit, bank)
    earlier = case_records.staff_cell_at(unit.connection, bank, cell)
    if earlier is not None:
        case_records.set_staff_cell(unit.connection, earlier.opening, "done")
    opening_id = unit.next_id()
    opening = Opening(
        id=opening_id,
        place=cell_place(bank, cell),
        authorisation=f"staff:{opening_id}",
        kind=STAFF,
        session=opening_id,
        requested_at_ms=unit.now.at_ms,
        source=first.id,
    )
    insert_opening(unit.connection, opening)
    staff = StaffCell(
        opening=opening_id,
        bank=bank,
        cell=cell,
        by_first=first.id,
        by_second=second.id if second else "",
        reason=reason,
        state="requested",
        at_ms=unit.now.at_ms,
    )
    case_records.insert_staff_cell(unit.connection, staff)
    _record_intent(unit, opening, staff)
    unit.hint("lockers")
    return opening


def _require_two(first: StaffMember, second: StaffMember | None) -> None:
    if second is None or second.id == first.id or not {first.role, second.role} & IN_CHARGE:
        raise TwoPeopleNeeded()


def _record_intent(unit: Unit, opening: Opening, staff: StaffCell) -> None:
    unit.record(
        CellOpenedByStaff(
            opening=opening.id,
            place=opening.place,
            first=staff.by_first,
            second=staff.by_second,
            reason=staff.reason,
        ),
        actor=staff.by_first,
    )
    unit.record(
        CellOpenRequested(
            opening=opening.id, place=opening.place, authorisation=opening.authorisation, session=opening.id
        ),
        actor=staff.by_first,
    )


def close_staff_cell(unit: Unit, staff: StaffCell) -> None:
    """The cell that staff opened was closed again; what was found is still to be said."""
    place = cell_place(staff.bank, staff.cell)
    unit.record(CellClosed(opening=staff.opening, place=place, session=staff.opening), actor=ACTOR)
    case_records.set_staff_cell(unit.connection, staff.opening, "closed")
    unit.hint("lockers")


def settle_cell(unit: Unit, opening: str, outcome: Outcome, by: StaffMember, orders: OrderBook) -> None:
    """Say what was found, or done, in a cell that staff opened and closed again.

    A cell that never opened can only keep what was in it (`parcel_left`). Raises UnknownCase, CellStillOpen,
    CellNotEmpty.
    """
    staff = case_records.staff_cell(unit.connection, opening)
    if staff is None or staff.state == "done":
        raise UnknownCase(case=opening[:64])
    if staff.state in ("requested", "opened"):
        raise CellStillOpen(cell=staff.cell)
    if outcome != "parcel_left" and staff.state != "closed":
        raise CellNotEmpty(cell=staff.cell)
    case_records.set_staff_cell(unit.connection, opening, "done")
    place = cell_place(staff.bank, staff.cell)
    unit.record(
        CellLookedInto(opening=opening, place=place, outcome=outcome, by=by.id),
        actor=by.id,
    )
    parcel = records.parcel_in(unit.connection, staff.bank, staff.cell)
    if outcome == "parcel_left":
        _keep(unit, staff, parcel, by)
        return
    if parcel is not None:
        _take_out(unit, staff, parcel, outcome, by)
        give_up_removed(unit, parcel, orders)
    _close_cases(unit, staff, outcome, by)
    free_cell(unit, staff.bank, staff.cell, how="confirmed", by=by.id)


def _keep(unit: Unit, staff: StaffCell, parcel: Parcel | None, by: StaffMember) -> None:
    """What is known to lie there may be collected again; what nobody knows of stays held."""
    if parcel is None or staff.state != "closed":
        return
    _close_cases(unit, staff, "parcel_left", by)
    records.set_cell_state(
        unit.connection,
        staff.bank,
        staff.cell,
        state="occupied",
        reason="",
        at_ms=unit.now.at_ms,
    )
    unit.hint("lockers")


def _take_out(unit: Unit, staff: StaffCell, parcel: Parcel, outcome: Outcome, by: StaffMember) -> None:
    records.end_parcel(unit.connection, parcel, state="removed", at_ms=unit.now.at_ms)
    drop_order_dues(unit, parcel.order_id)
    place = cell_place(staff.bank, staff.cell)
    if outcome == "empty":
        unit.record(
            ParcelWithdrawn(order_id=parcel.order_id, parcel=parcel.parcel, place=place, reason="not_found"),
            actor=by.id,
        )
        return
    to = "counter" if outcome == "to_counter" else "returned"
    unit.record(
        ParcelRemoved(
            order_id=parcel.order_id,
            parcel=parcel.parcel,
            place=place,
            by=staff.by_first,
            second=staff.by_second,
            to=to,
        ),
        actor=by.id,
    )


def _close_cases(unit: Unit, staff: StaffCell, outcome: str, by: StaffMember) -> None:
    for case in case_records.open_cases(unit.connection, (staff.bank, staff.cell)):
        close_case(unit, case.id, outcome, by)


def close_case(unit: Unit, case_id: str, outcome: str, by: StaffMember) -> None:
    """Close a case; its cell stays held until somebody looked into it. Raises UnknownCase."""
    if not case_records.end_case(unit.connection, case_id, outcome=outcome, by=by.id, at_ms=unit.now.at_ms):
        raise UnknownCase(case=case_id[:64])
    unit.record(LockerCaseClosed(case_id=case_id, outcome=outcome, by=by.id), actor=by.id)
    unit.hint("lockers")


def clear_bank(unit: Unit, bank: str, by: StaffMember) -> None:
    """A person looked at a halted bank; it works again. Raises UnknownCase when it is not halted."""
    if not case_records.clear_halt(unit.connection, bank, by=by.id, at_ms=unit.now.at_ms):
        raise UnknownCase(case=bank)
    unit.record(BankCleared(bank=bank, by=by.id), actor=by.id)
    unit.hint("lockers")


def block_cell(unit: Unit, bank: str, cell: str, blocked: bool, by: StaffMember) -> None:
    """Take a free cell out of use, or put it back, which says that a person saw it empty.

    Raises CellNotKnown, CellNotEmpty.
    """
    found = records.find_cell(unit.connection, bank, cell)
    if found is None:
        raise CellNotKnown(cell=cell)
    if found.state != ("free" if blocked else "out_of_order"):
        raise CellNotEmpty(cell=cell)
    state = "out_of_order" if blocked else "free"
    records.set_cell_state(unit.connection, bank, cell, state=state, reason="", at_ms=unit.now.at_ms)
    unit.record(CellBlocked(place=cell_place(bank, cell), blocked=blocked, by=by.id), actor=by.id)
    unit.hint("lockers")
