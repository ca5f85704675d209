"""What a cell's contact decides: opened for its holder, closed again, or opened though nobody asked.

A cell opens by its board only, so a first reading of *open* after a reconnect says that what was asked for
has opened. A cell that is seen to open without having been asked for is held; while another cell of its bank
was asked for and has not answered, the board took the wrong one, and the whole bank stops at once.
"""

from edge.access.lockers import case_records, deposit_records, pickup_records, records
from edge.access.lockers.cells import halt_bank, open_case
from edge.access.lockers.deposits import close_deposit_cell
from edge.access.lockers.events import CellOpenedUnasked
from edge.access.lockers.pickups import close_pickup_cell
from edge.access.lockers.records import Due
from edge.access.lockers.rounds import LEFT_OPEN, note_closed
from edge.access.lockers.settings import LockerSettings
from edge.access.lockers.staff import close_staff_cell
from edge.access.lockers.steps import awaited_opening, steps_at
from edge.access.openings import ACTOR, record_opened, record_unknown
from edge.access.places import split_cell
from edge.access.ports import OrderBook
from edge.access.records import Opening, find_opening
from edge.store.unit import Unit

OPEN, CLOSED = "open", "closed"
BOUNCE_MS = 1_500
"""A door that was just closed springs open again within this: its latch did not catch."""
REOPEN_MS = 15_000
"""The same, as long as no other cell of the bank is asked for: somebody opens it by hand once more."""
TEST = "test"
"""Kind of the openings of a walk-test."""
LATE_MS = 60_000
"""A board may take the wrong cell so late that the asked one was given up already."""


def report_cell(
    unit: Unit, place: str, state: str, previous: str, orders: OrderBook, rules: LockerSettings
) -> list[Opening]:
    """Take one report of a cell's contact; return the openings that it decided."""
    bank, cell = split_cell(place)
    if state == OPEN and previous != OPEN:
        opening = awaited_opening(unit.connection, bank, cell)
        if opening is not None:
            _watch_open(unit, place, rules)
            return [record_opened(unit, opening)]
        _note_unasked(unit, place, seen=previous == CLOSED, rules=rules)
    elif state == CLOSED:
        note_closed(unit, bank, cell)
        _close(unit, bank, cell, orders, rules)
    return []


def _close(unit: Unit, bank: str, cell: str, orders: OrderBook, rules: LockerSettings) -> None:
    pickup = pickup_records.session_of_place(unit.connection, bank, cell, ("opened",))
    if pickup is not None:
        close_pickup_cell(unit, *pickup, orders)
    deposit = deposit_records.parcel_at(unit.connection, bank, cell, ("opened",))
    if deposit is not None:
        close_deposit_cell(unit, *deposit, rules)
    staff = case_records.staff_cell_at(unit.connection, bank, cell)
    if staff is not None and staff.state == "opened":
        close_staff_cell(unit, staff)


def _watch_open(unit: Unit, place: str, rules: LockerSettings) -> None:
    due_at_ms = unit.now.at_ms + rules.left_open_s * 1000
    records.put_due(unit.connection, Due(kind=LEFT_OPEN, subject=place, due_at_ms=due_at_ms))


def _note_unasked(unit: Unit, place: str, *, seen: bool, rules: LockerSettings) -> None:
    """`seen` is false for a first reading: then nobody can tell when it opened, only that it stands open."""
    bank, cell = split_cell(place)
    if steps_at(unit.connection, bank, cell, ("opened",)):
        return  # its holder's own door: it was shut and opened again by hand
    asked_id = records.undecided_in_bank(unit.connection, bank)
    _watch_open(unit, place, rules)
    found = records.find_cell(unit.connection, bank, cell)
    if found is not None and found.state in ("free", "occupied"):
        age_ms = unit.now.at_ms - found.since_ms
        if seen and age_ms <= (REOPEN_MS if asked_id is None else BOUNCE_MS):
            return
    parcel = records.parcel_in(unit.connection, bank, cell)
    walked = asked_id is not None and _is_test(unit, asked_id)
    if parcel is None and (walked or not seen):
        # An empty cell that stands open is given to nobody meanwhile; a walk-test judges itself.
        return
    unit.record(CellOpenedUnasked(place=place), actor=ACTOR)
    open_case(unit, "unasked", bank, cell, parcel.order_id if parcel else "")
    _find_wrong_cell(unit, place, asked_id)


def _find_wrong_cell(unit: Unit, place: str, undecided_id: str | None) -> None:
    """Halt the bank when another of its cells was asked for and nobody heard that it opened."""
    bank, _ = split_cell(place)
    since_ms = unit.now.at_ms - LATE_MS
    asked_id = undecided_id or records.silent_in_bank(unit.connection, bank, since_ms)
    asked = None if asked_id is None else find_opening(unit.connection, asked_id)
    if asked is None or asked.place == place or asked.kind == TEST:
        return
    halt_bank(unit, bank, asked=asked.place, moved=place)
    if not asked.is_decided:
        record_unknown(unit, asked.id, "wrong_cell")


def _is_test(unit: Unit, opening_id: str) -> bool:
    opening = find_opening(unit.connection, opening_id)
    return opening is not None and opening.kind == TEST
