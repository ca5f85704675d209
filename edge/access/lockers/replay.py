"""What lies in lockers and what is wrong there, done again from events after a restore (docs/adr/0033).

Parcels lie where they were put, and cells are given to nobody that are not known to be empty (I7). Of a
deposit in the gap only the parcels are done again. No event is recorded here: those stand in the journal.
"""

from collections.abc import Mapping

import msgspec

from edge.access.lockers import case_records, deposit_records, pickup_records, records
from edge.access.lockers.case_records import Case, Halt, StaffCell
from edge.access.lockers.events import (
    BankCleared,
    BankHalted,
    CellBlocked,
    CellFreed,
    CellHeld,
    CellLookedInto,
    CellOpenedByStaff,
    DepositEnded,
    LockerCaseClosed,
    LockerCaseOpened,
    ParcelDeposited,
    ParcelOverdue,
    ParcelReminderDue,
)
from edge.access.lockers.records import Parcel
from edge.access.lockers.replay_pickups import RESTORED, end_parcel, give_up, set_cell
from edge.access.lockers.rounds import IDLE, OVERDUE, REMIND, set_order_dues
from edge.access.lockers.settings import LockerSettings
from edge.access.places import split_cell
from edge.store.history import PastEvent, Replay
from edge.store.unit import Unit

_IN_HAND = ("reserved", "requested", "opened", "unknown", "refused")
_OF_THE_HOLDER = ("empty", "wrong")
"""Cases that the holder of a pickup reports about a cell of it."""


class _Removed(msgspec.Struct, frozen=True):
    """What we read of a parcel that was removed or withdrawn."""

    order_id: str
    parcel: str
    place: str


def replay_deposited(unit: Unit, past: PastEvent) -> None:
    """A parcel lies in a cell; its people are told when it is time, by the usual settings."""
    event = msgspec.json.decode(past.body, type=ParcelDeposited)
    bank, cell = split_cell(event.place)
    parcel = Parcel(
        order_id=event.order_id,
        parcel=event.parcel,
        bank=bank,
        cell=cell,
        mailbox=event.mailbox,
        origin="deposit",
        state="in_cell",
        stored_at_ms=past.at_ms,
        overdue_at_ms=event.keep_until_ms,
    )
    records.insert_parcel(unit.connection, parcel)
    _end_in_hand(unit, bank, cell, "stored")
    found = records.find_cell(unit.connection, bank, cell)
    if found is not None and (found.state != "held" or found.reason == RESTORED):
        set_cell(unit, past, event.place, "occupied")
    set_order_dues(unit, event.order_id, event.keep_until_ms, LockerSettings())


def replay_deposit_ended(unit: Unit, past: PastEvent) -> None:
    """A deposit that was open at the time of the backup is over."""
    event = msgspec.json.decode(past.body, type=DepositEnded)
    deposit_records.end_deposit(unit.connection, event.deposit, past.at_ms)
    records.drop_due(unit.connection, IDLE, event.deposit)


def replay_reminded(unit: Unit, past: PastEvent) -> None:
    """Its people were told that it will be overdue."""
    event = msgspec.json.decode(past.body, type=ParcelReminderDue)
    records.drop_due(unit.connection, REMIND, event.order_id)


def replay_overdue(unit: Unit, past: PastEvent) -> None:
    """It was told that a parcel is overdue."""
    event = msgspec.json.decode(past.body, type=ParcelOverdue)
    records.drop_due(unit.connection, OVERDUE, event.order_id)
    parcel = records.parcel_in(unit.connection, *split_cell(event.place))
    if parcel is not None and parcel.parcel == event.parcel:
        records.mark_overdue(unit.connection, parcel)


def replay_removed(unit: Unit, past: PastEvent) -> None:
    """Staff took a parcel out, or found that it is not there; a pickup of its order goes on without it."""
    event = msgspec.json.decode(past.body, type=_Removed)
    parcel = records.parcel_in(unit.connection, *split_cell(event.place))
    if parcel is not None and parcel.parcel == event.parcel:
        end_parcel(unit, past, parcel, "removed")
    give_up(unit, pickup_records.session_of_order(unit.connection, event.order_id), event.place)


def replay_freed(unit: Unit, past: PastEvent) -> None:
    """A cell was known to be empty."""
    event = msgspec.json.decode(past.body, type=CellFreed)
    bank, cell = split_cell(event.place)
    parcel = records.parcel_in(unit.connection, bank, cell)
    if parcel is not None:
        end_parcel(unit, past, parcel, "taken")
    _end_in_hand(unit, bank, cell, "released")
    set_cell(unit, past, event.place, "free")


def replay_held(unit: Unit, past: PastEvent) -> None:
    """A cell was given to nobody until a person had seen to it."""
    event = msgspec.json.decode(past.body, type=CellHeld)
    set_cell(unit, past, event.place, "held", event.reason)


def replay_blocked(unit: Unit, past: PastEvent) -> None:
    """A cell was taken out of use, or put back."""
    event = msgspec.json.decode(past.body, type=CellBlocked)
    set_cell(unit, past, event.place, "out_of_order" if event.blocked else "free")


def replay_case(unit: Unit, past: PastEvent) -> None:
    """Something was wrong at a cell; what its holder reported stands with their pickup, too."""
    event = msgspec.json.decode(past.body, type=LockerCaseOpened)
    bank, cell = split_cell(event.place)
    case = Case(
        id=event.case_id,
        kind=event.kind,
        bank=bank,
        cell=cell,
        order_id=event.order_id,
        opened_at_ms=past.at_ms,
    )
    case_records.insert_case(unit.connection, case)
    if event.kind == "not_empty":
        _end_in_hand(unit, bank, cell, "released")
    session = pickup_records.session_of_order(unit.connection, event.order_id)
    if session is None or event.kind not in _OF_THE_HOLDER:
        return
    for each in session.cells:
        if (each.bank, each.cell) == (bank, cell):
            state = each.state if each.state in ("opened", "closed") else "disputed"
            pickup_records.set_cell(
                unit.connection, session.id, each.position, state=state, problem=event.kind
            )


def replay_case_closed(unit: Unit, past: PastEvent) -> None:
    """A person closed a case, or the cell's own contact did."""
    event = msgspec.json.decode(past.body, type=LockerCaseClosed)
    case_records.end_case(
        unit.connection, event.case_id, outcome=event.outcome, by=event.by, at_ms=past.at_ms
    )


def replay_halted(unit: Unit, past: PastEvent) -> None:
    """A bank opened the wrong cell: it opens none until a person clears it."""
    event = msgspec.json.decode(past.body, type=BankHalted)
    halt = Halt(
        id=f"{unit.device}-{past.epoch}-s{past.seq}",
        bank=event.bank,
        asked=event.asked,
        moved=event.moved,
        halted_at_ms=past.at_ms,
    )
    case_records.insert_halt(unit.connection, halt)


def replay_cleared(unit: Unit, past: PastEvent) -> None:
    """A person cleared it."""
    event = msgspec.json.decode(past.body, type=BankCleared)
    case_records.clear_halt(unit.connection, event.bank, by=event.by, at_ms=past.at_ms)


def replay_staff(unit: Unit, past: PastEvent) -> None:
    """Staff asked for a cell; one that they opened before is done with."""
    event = msgspec.json.decode(past.body, type=CellOpenedByStaff)
    bank, cell = split_cell(event.place)
    earlier = case_records.staff_cell_at(unit.connection, bank, cell)
    if earlier is not None:
        case_records.set_staff_cell(unit.connection, earlier.opening, "done")
    staff = StaffCell(
        opening=event.opening,
        bank=bank,
        cell=cell,
        by_first=event.first,
        by_second=event.second,
        reason=event.reason,
        state="requested",
        at_ms=past.at_ms,
    )
    case_records.insert_staff_cell(unit.connection, staff)


def replay_looked_into(unit: Unit, past: PastEvent) -> None:
    """Staff said what was found: what lies there may be collected again."""
    event = msgspec.json.decode(past.body, type=CellLookedInto)
    staff = case_records.staff_cell(unit.connection, event.opening)
    case_records.set_staff_cell(unit.connection, event.opening, "done")
    lies = records.parcel_in(unit.connection, *split_cell(event.place)) is not None
    if event.outcome == "parcel_left" and lies and staff is not None and staff.state == "closed":
        set_cell(unit, past, event.place, "occupied")


def _end_in_hand(unit: Unit, bank: str, cell: str, state: str) -> None:
    """A deposit of the copy is done with a cell."""
    found = deposit_records.parcel_at(unit.connection, bank, cell, _IN_HAND)
    if found is not None:
        deposit, parcel = found
        deposit_records.set_parcel(unit.connection, deposit.id, parcel.position, state=state)


REPLAYS: Mapping[str, Replay] = {
    "ParcelDeposited": replay_deposited,
    "DepositEnded": replay_deposit_ended,
    "ParcelReminderDue": replay_reminded,
    "ParcelOverdue": replay_overdue,
    "ParcelRemoved": replay_removed,
    "ParcelWithdrawn": replay_removed,
    "CellFreed": replay_freed,
    "CellHeld": replay_held,
    "CellBlocked": replay_blocked,
    "LockerCaseOpened": replay_case,
    "LockerCaseClosed": replay_case_closed,
    "BankHalted": replay_halted,
    "BankCleared": replay_cleared,
    "CellOpenedByStaff": replay_staff,
    "CellLookedInto": replay_looked_into,
}
"""By event type."""
