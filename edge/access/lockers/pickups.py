"""Units of work of a pickup (自提): begun, cells asked for one after another, closed, given up, disputed."""

from typing import NamedTuple

import msgspec

from edge.access.errors import (
    AskAtCounter,
    AttemptsUsedUp,
    CellInUse,
    OrderInProgress,
    PassUsedUp,
    UnknownOrder,
    UnknownSession,
)
from edge.access.events import (
    CellClosed,
    CellGivenUp,
    CellOpenRequested,
    OrderCollected,
    PickupStarted,
)
from edge.access.lockers import case_records, pickup_records, records
from edge.access.lockers.cells import ACTOR, free_cell, open_case, require_bank
from edge.access.lockers.errors import BankBusy, CellIsHeld
from edge.access.lockers.events import OrderPartlyCollected
from edge.access.lockers.pickup_records import PickupSession, SessionCell
from edge.access.lockers.records import Parcel
from edge.access.lockers.rounds import drop_order_dues
from edge.access.lockers.steps import PICKUP
from edge.access.places import cell_place
from edge.access.ports import OrderBook, OrderCell
from edge.access.records import Opening, insert_opening
from edge.store.parts import Part, require_part
from edge.store.unit import Unit

MAX_ATTEMPTS = 2
"""Architecture, Trust: two attempts per cell at most."""
TAKE_OVER_MS = 120_000
"""After so long without a gesture, and with nothing open, another holder of a pass may go on (代取)."""


class Holder(NamedTuple):
    """Who collects: by pass, code or person; the pass's id, and the commitment to who it is ("" unknown)."""

    by: str
    pass_id: str
    person: str

    @property
    def actor(self) -> str:
        """The journal's word for them."""
        return f"order:{self.pass_id}" if self.by == "pass" else f"order:{self.by}"


def begin_session(unit: Unit, order_id: str, holder: Holder, orders: OrderBook) -> PickupSession:
    """Begin the session of an order, or resume its unfinished one.

    Raises PassUsedUp, AskAtCounter, OrderInProgress, UnknownOrder, PartOff.
    """
    session = pickup_records.session_of_order(unit.connection, order_id)
    cells = orders.find_cells(unit.connection, order_id)
    if session is not None:
        return _resume(unit, session, holder, cells)
    if not cells:
        raise UnknownOrder(order=order_id)
    require_part(unit.connection, Part.PICKUP)
    session = PickupSession(
        id=unit.next_id(),
        order_id=order_id,
        pass_id=holder.pass_id,
        person=holder.person,
        state="open",
        cells=session_cells(cells),
        by=holder.by,
        touched_at_ms=unit.now.at_ms,
    )
    pickup_records.insert_session(unit.connection, session, unit.now.at_ms)
    unit.record(
        PickupStarted(
            session=session.id, order_id=order_id, by=holder.by, pass_id=holder.pass_id, cells=len(cells)
        ),
        actor=holder.actor,
    )
    return session


def _resume(
    unit: Unit, session: PickupSession, holder: Holder, cells: tuple[OrderCell, ...]
) -> PickupSession:
    if session.state == "collected":
        raise PassUsedUp(order=session.order_id)
    if session.state == "partial":
        raise AskAtCounter(order=session.order_id)
    same = (bool(holder.pass_id) and holder.pass_id == session.pass_id) or (
        bool(holder.person) and holder.person == session.person
    )
    moving = any(cell.state in ("requested", "opened") for cell in session.cells)
    fresh = unit.now.at_ms - session.touched_at_ms < TAKE_OVER_MS
    if not same and (moving or fresh):
        raise OrderInProgress(order=session.order_id)
    known = {(cell.bank, cell.cell) for cell in session.cells}
    later = [cell for cell in cells if (cell.bank, cell.cell) not in known]
    first = len(session.cells)
    pickup_records.add_cells(
        unit.connection, session.id, tuple(_cell_of(first + n, cell) for n, cell in enumerate(later))
    )
    session = msgspec.structs.replace(session, pass_id=holder.pass_id, person=holder.person, by=holder.by)
    pickup_records.touch_session(unit.connection, session, unit.now.at_ms)
    return found_session(unit, session.id)


def session_cells(cells: tuple[OrderCell, ...]) -> tuple[SessionCell, ...]:
    """The cells of a pickup that begins, in their order."""
    return tuple(_cell_of(position, cell) for position, cell in enumerate(cells))


def _cell_of(position: int, cell: OrderCell) -> SessionCell:
    return SessionCell(
        position=position,
        bank=cell.bank,
        cell=cell.cell,
        parcel=cell.parcel,
        items_zh=cell.items_zh,
        items_en=cell.items_en,
        state="waiting",
        attempts=0,
        opening=None,
    )


def intend_cell(unit: Unit, session_id: str, orders: OrderBook, *, again: bool) -> Opening | None:
    """Commit the intent to open the session's current cell; None when there is nothing to open now.

    `again` is the holder's gesture, without which a cell that is unknown or refused is left alone. A cell
    that another order asked for is not opened until it was closed again or that order counts as collected.
    Raises UnknownSession, AttemptsUsedUp, CellInUse, CellIsHeld, BankIsHalted, and BankBusy on a gesture.
    """
    session = found_session(unit, session_id)
    cell = session.current
    wanted = ("waiting", "unknown", "refused") if again else ("waiting",)
    if session.state != "open" or cell is None or cell.state not in wanted:
        return None
    if cell.attempts >= MAX_ATTEMPTS:
        raise AttemptsUsedUp(cell=cell.cell)
    _require_own(unit, session, cell, orders)
    try:
        require_bank(unit, cell.bank)
    except BankBusy:
        if again:
            raise
        return None
    return _intend(unit, session, cell)


def _require_own(unit: Unit, session: PickupSession, cell: SessionCell, orders: OrderBook) -> None:
    """Nobody else's parcel lies in the cell, and nobody else is at it. Raises CellInUse, CellIsHeld."""
    connection, bank, name = unit.connection, cell.bank, cell.cell
    others = pickup_records.orders_at_cell(connection, bank, name, besides=session.id)
    if any(orders.find_cells(connection, order) for order in others):
        raise CellInUse(cell=name)
    if (bank, name) not in {
        (each.bank, each.cell) for each in orders.find_cells(connection, session.order_id)
    }:
        raise CellInUse(cell=name)
    parcel = records.parcel_in(connection, bank, name)
    found = records.find_cell(connection, bank, name)
    own = parcel is not None and parcel.order_id == session.order_id
    if not own and (parcel is not None or (found is not None and found.state in ("reserved", "occupied"))):
        raise CellInUse(cell=name)
    if records.hand_at(connection, bank, name) is not None:
        raise CellInUse(cell=name)
    looked_into = case_records.staff_cell_at(connection, bank, name) is not None
    if looked_into or (found is not None and found.state == "held"):
        raise CellIsHeld(cell=name)


def _intend(unit: Unit, session: PickupSession, cell: SessionCell) -> Opening:
    number = pickup_records.count_of_cell(unit.connection, session.id, cell.position) + 1
    opening = Opening(
        id=unit.next_id(),
        place=cell_place(cell.bank, cell.cell),
        authorisation=f"pickup:{session.id}:{cell.position}:{number}",
        kind=PICKUP,
        pass_id=session.pass_id or None,
        person=session.person or None,
        session=session.id,
        position=cell.position,
        requested_at_ms=unit.now.at_ms,
    )
    insert_opening(unit.connection, opening)
    pickup_records.set_cell(
        unit.connection,
        session.id,
        cell.position,
        state="requested",
        attempts=cell.attempts + 1,
        opening=opening.id,
    )
    pickup_records.touch_session(unit.connection, session, unit.now.at_ms)
    unit.record(
        CellOpenRequested(
            opening=opening.id, place=opening.place, authorisation=opening.authorisation, session=session.id
        ),
        actor=Holder(session.by, session.pass_id, session.person).actor,
    )
    unit.hint("lockers")
    return opening


def close_pickup_cell(unit: Unit, session: PickupSession, cell: SessionCell, orders: OrderBook) -> None:
    """The holder closed the cell: what lay in it is theirs, unless they said that something was wrong."""
    place = cell_place(cell.bank, cell.cell)
    unit.record(CellClosed(opening=cell.opening or "", place=place, session=session.id), actor=ACTOR)
    disputed = bool(cell.problem)
    pickup_records.set_cell(
        unit.connection, session.id, cell.position, state="disputed" if disputed else "closed"
    )
    if not disputed:
        take_parcel(unit, session.order_id, cell.bank, cell.cell)
        if records.parcel_in(unit.connection, cell.bank, cell.cell) is None:
            free_cell(unit, cell.bank, cell.cell, how="collected")
    end_when_done(unit, session.id, orders)


def take_parcel(unit: Unit, order_id: str, bank: str, cell: str) -> None:
    """The order's parcel lies in this cell no more."""
    parcel = records.parcel_in(unit.connection, bank, cell)
    if parcel is not None and parcel.order_id == order_id:
        records.end_parcel(unit.connection, parcel, state="taken", at_ms=unit.now.at_ms)
        drop_order_dues(unit, order_id)


def end_when_done(unit: Unit, session_id: str, orders: OrderBook) -> None:
    """Close the session once no cell of it is left to do: collected, or partial when one was not taken."""
    session = found_session(unit, session_id)
    if session.current is not None or session.state != "open":
        return
    left = sum(cell.state != "closed" for cell in session.cells)
    pickup_records.end_session(
        unit.connection, session_id, state="partial" if left else "collected", at_ms=unit.now.at_ms
    )
    unit.hint("lockers")
    if left:
        unit.record(
            OrderPartlyCollected(order_id=session.order_id, session=session_id, left=left), actor=ACTOR
        )
        return
    unit.record(OrderCollected(order_id=session.order_id, session=session_id), actor=ACTOR)
    orders.mark_collected(unit, session.order_id)


def give_up_cell(unit: Unit, session_id: str, orders: OrderBook) -> PickupSession:
    """The holder goes on without the cell that did not open; the counter has it as a case.

    Raises UnknownSession.
    """
    session = found_session(unit, session_id)
    cell = session.current
    if session.state != "open" or cell is None:
        return session
    found = records.find_cell(unit.connection, cell.bank, cell.cell)
    stuck = found is not None and found.state == "held" and cell.state == "waiting"
    if cell.state in ("unknown", "refused") or stuck:
        pickup_records.set_cell(unit.connection, session_id, cell.position, state="given_up")
        unit.record(CellGivenUp(place=cell_place(cell.bank, cell.cell), session=session_id), actor=ACTOR)
        open_case(unit, "jam", cell.bank, cell.cell, session.order_id)
        end_when_done(unit, session_id, orders)
        unit.hint("lockers")
    return found_session(unit, session_id)


def give_up_removed(unit: Unit, parcel: Parcel, orders: OrderBook) -> None:
    """Staff took the parcel out of its cell: an open pickup of its order goes on without it."""
    session = pickup_records.session_of_order(unit.connection, parcel.order_id)
    if session is None or session.state != "open":
        return
    for cell in session.cells:
        if (cell.bank, cell.cell) == (parcel.bank, parcel.cell) and cell.state not in pickup_records.DONE:
            pickup_records.set_cell(unit.connection, session.id, cell.position, state="given_up")
    end_when_done(unit, session.id, orders)


def report_problem(unit: Unit, session_id: str, cell_name: str, problem: str, orders: OrderBook) -> str:
    """格口是空的 (empty) or 东西不对 (wrong): the cell is held, and a person calls; returns the case's id.

    Only about a cell of this session that was opened or may have been, and only until another order has it.
    Raises UnknownSession, CellInUse.
    """
    session = found_session(unit, session_id)
    cell = next((each for each in session.cells if each.cell == cell_name), None)
    if cell is None or cell.state not in ("opened", "closed", "unknown", "disputed"):
        raise UnknownSession(session=session_id[:64])
    if cell.state == "closed":
        found = records.find_cell(unit.connection, cell.bank, cell.cell)
        if found is not None and found.state not in ("free", "held"):
            raise CellInUse(cell=cell.cell)
    state = cell.state if cell.state in ("opened", "closed") else "disputed"
    pickup_records.set_cell(unit.connection, session_id, cell.position, state=state, problem=problem)
    case_id = open_case(unit, problem, cell.bank, cell.cell, session.order_id)
    end_when_done(unit, session_id, orders)
    return case_id


def found_session(unit: Unit, session_id: str) -> PickupSession:
    """The session of this id. Raises UnknownSession."""
    session = pickup_records.find_session(unit.connection, session_id)
    if session is None:
        raise UnknownSession(session=session_id[:64])
    return session
