"""Openings of cells and pickups, done again from their events after a restore (docs/adr/0033).

A pickup goes on where it was. A cell that a deposit asked for, and of which nothing more is in custody, is
held for a person. No event is recorded here: those are in the journal already.
"""

from collections.abc import Mapping
from functools import partial
from typing import NamedTuple

import msgspec

from edge.access import records as openings
from edge.access.events import (
    CellClosed,
    CellGivenUp,
    CellNotFired,
    CellOpened,
    CellOpenRequested,
    CellUnknown,
    OrderCollected,
    PickupStarted,
)
from edge.access.lockers import case_records, deposit_records, pickup_records, records
from edge.access.lockers.events import OrderPartlyCollected
from edge.access.lockers.pickup_records import PickupSession
from edge.access.lockers.pickups import session_cells
from edge.access.lockers.records import Parcel
from edge.access.lockers.rounds import drop_order_dues
from edge.access.lockers.steps import DEPOSIT, PICKUP, STAFF
from edge.access.places import split_cell
from edge.access.ports import OrderBook
from edge.access.records import Opening
from edge.store.history import PastEvent, Replay
from edge.store.unit import Unit

RESTORED = "restored"
"""Why a cell is held that was asked for by a deposit of which no more is in custody."""
_KINDS = {"pickup": PICKUP, "deposit": DEPOSIT, "staff": STAFF}


class _Step(NamedTuple):
    """A pickup or a deposit of the tables, and where it is with its cells."""

    kind: str
    owner: str
    position: int


def replay_started(orders: OrderBook, unit: Unit, past: PastEvent) -> None:
    """A pickup began; one whose cells the copy does not know begins anew, once the feed was read."""
    event = msgspec.json.decode(past.body, type=PickupStarted)
    cells = orders.find_cells(unit.connection, event.order_id)
    known = pickup_records.session_of_order(unit.connection, event.order_id)
    if known is not None or len(cells) != event.cells:
        return
    session = PickupSession(
        id=event.session,
        order_id=event.order_id,
        pass_id=event.pass_id,
        person="",
        state="open",
        cells=session_cells(cells),
        by=event.by,
    )
    pickup_records.insert_session(unit.connection, session, past.at_ms)


def replay_asked(unit: Unit, past: PastEvent) -> None:
    """A cell was to open: its authorisation is taken for ever."""
    event = msgspec.json.decode(past.body, type=CellOpenRequested)
    if openings.find_opening(unit.connection, event.opening) is not None:
        return
    prefix, _, rest = event.authorisation.partition(":")
    kind, step = _KINDS.get(prefix, prefix), _step_of(unit, prefix, rest)
    opening = Opening(
        id=event.opening,
        place=event.place,
        authorisation=event.authorisation,
        kind=kind,
        session=event.opening if kind == STAFF else None if step is None else step.owner,
        position=None if step is None else step.position,
        requested_at_ms=past.at_ms,
        source=past.actor,
    )
    openings.insert_opening(unit.connection, opening)
    if step is not None:
        _set_step(unit, step, "requested", opening=event.opening, more_attempts=1)
    elif kind == DEPOSIT:
        set_cell(unit, past, event.place, "held", RESTORED)


def _step_of(unit: Unit, prefix: str, rest: str) -> _Step | None:
    """The step of an authorisation, `pickup:SESSION:POSITION:NUMBER`, where the tables have it."""
    owner, _, position = rest.rpartition(":")[0].rpartition(":")
    if prefix == "pickup" and pickup_records.find_session(unit.connection, owner) is not None:
        return _Step(PICKUP, owner, int(position))
    deposit = deposit_records.find_deposit(unit.connection, owner) if prefix == "deposit" else None
    if deposit is not None and int(position) < len(deposit.parcels):
        return _Step(DEPOSIT, owner, int(position))
    return None


def _set_step(
    unit: Unit, step: _Step, state: str, *, opening: str | None = None, more_attempts: int = 0
) -> None:
    connection, (kind, owner, position) = unit.connection, step
    if kind == DEPOSIT:
        deposit = deposit_records.find_deposit(connection, owner)
        assert deposit is not None
        attempts = deposit.parcels[position].attempts + more_attempts
        deposit_records.set_parcel(
            connection, owner, position, state=state, attempts=attempts, opening=opening
        )
        return
    session = pickup_records.find_session(connection, owner)
    assert session is not None
    attempts = session.cells[position].attempts + more_attempts
    pickup_records.set_cell(connection, owner, position, state=state, attempts=attempts, opening=opening)


def _decide(unit: Unit, past: PastEvent, opening_id: str, state: str, reason: str = "") -> None:
    openings.set_decided(unit.connection, opening_id, state=state, reason=reason, at_ms=past.at_ms)
    opening = openings.find_opening(unit.connection, opening_id)
    if opening is None:
        return
    if opening.kind == STAFF:
        case_records.set_staff_cell(unit.connection, opening_id, state)
    elif opening.session is not None and opening.position is not None:
        step = _Step(opening.kind, opening.session, opening.position)
        _set_step(unit, step, state, more_attempts=-1 if state == "refused" else 0)


def replay_opened(unit: Unit, past: PastEvent) -> None:
    """It opened."""
    _decide(unit, past, msgspec.json.decode(past.body, type=CellOpened).opening, "opened")


def replay_unknown(unit: Unit, past: PastEvent) -> None:
    """Nobody said that it opened."""
    event = msgspec.json.decode(past.body, type=CellUnknown)
    _decide(unit, past, event.opening, "unknown", event.reason)


def replay_not_fired(unit: Unit, past: PastEvent) -> None:
    """Nothing moved."""
    event = msgspec.json.decode(past.body, type=CellNotFired)
    _decide(unit, past, event.opening, "refused", event.reason)


def replay_closed(unit: Unit, past: PastEvent) -> None:
    """It was closed again: of a pickup, what lay in it is taken, unless something was wrong."""
    event = msgspec.json.decode(past.body, type=CellClosed)
    case_records.set_staff_cell(unit.connection, event.opening, "closed")
    bank, cell = split_cell(event.place)
    session = pickup_records.find_session(unit.connection, event.session)
    for each in () if session is None else session.cells:
        if (each.bank, each.cell, each.opening) == (bank, cell, event.opening):
            assert session is not None
            state = "disputed" if each.problem else "closed"
            pickup_records.set_cell(unit.connection, session.id, each.position, state=state)
            parcel = records.parcel_in(unit.connection, bank, cell)
            if not each.problem and parcel is not None and parcel.order_id == session.order_id:
                end_parcel(unit, past, parcel, "taken")


def replay_given_up(unit: Unit, past: PastEvent) -> None:
    """The holder went on without it."""
    event = msgspec.json.decode(past.body, type=CellGivenUp)
    give_up(unit, pickup_records.find_session(unit.connection, event.session), event.place)


def give_up(unit: Unit, session: PickupSession | None, place: str) -> None:
    """An open pickup goes on without a cell."""
    for each in () if session is None or session.state != "open" else session.cells:
        if (each.bank, each.cell) == split_cell(place) and each.state not in pickup_records.DONE:
            assert session is not None
            pickup_records.set_cell(unit.connection, session.id, each.position, state="given_up")


def replay_partly(unit: Unit, past: PastEvent) -> None:
    """A pickup ended with cells that were not taken."""
    event = msgspec.json.decode(past.body, type=OrderPartlyCollected)
    pickup_records.end_session(unit.connection, event.session, state="partial", at_ms=past.at_ms)


def replay_collected(unit: Unit, past: PastEvent) -> None:
    """A pickup ended, all taken."""
    event = msgspec.json.decode(past.body, type=OrderCollected)
    pickup_records.end_session(unit.connection, event.session, state="collected", at_ms=past.at_ms)


def set_cell(unit: Unit, past: PastEvent, place: str, state: str, reason: str = "") -> None:
    """Change a cell, as of then."""
    bank, cell = split_cell(place)
    records.set_cell_state(unit.connection, bank, cell, state=state, reason=reason, at_ms=past.at_ms)


def end_parcel(unit: Unit, past: PastEvent, parcel: Parcel, state: str) -> None:
    """A parcel lies in its cell no more, and nothing is due about it."""
    records.end_parcel(unit.connection, parcel, state=state, at_ms=past.at_ms)
    drop_order_dues(unit, parcel.order_id)


def pickup_replays(orders: OrderBook) -> Mapping[str, Replay]:
    """By event type; `orders` says in which cells an order lies, as far as the copy knows."""
    return {
        "PickupStarted": partial(replay_started, orders),
        "CellOpenRequested": replay_asked,
        "CellOpened": replay_opened,
        "CellUnknown": replay_unknown,
        "CellNotFired": replay_not_fired,
        "CellClosed": replay_closed,
        "CellGivenUp": replay_given_up,
        "OrderPartlyCollected": replay_partly,
        "OrderCollected": replay_collected,
    }
