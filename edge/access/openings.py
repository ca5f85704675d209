"""Units of work of an opening: intended, fired, decided. At most one pulse an authorisation, for ever."""

import msgspec

from edge.access import records
from edge.access.doors.passages import note_passage
from edge.access.events import (
    CellNotFired,
    CellOpened,
    CellUnknown,
    DoorNotFired,
    DoorOpened,
    DoorUnknown,
)
from edge.access.lockers.steps import set_step
from edge.access.places import is_cell
from edge.access.records import Opening
from edge.store.unit import Unit

ACTOR = "access"


def hint_topic(place: str) -> str:
    """The notifier's topic for a place."""
    return "lockers" if is_cell(place) else "doors"


def record_fired(unit: Unit, opening_id: str) -> Opening:
    """Note that the device says that it fired; the contact has the last word and may have spoken already."""
    records.set_fired(unit.connection, opening_id, unit.now.at_ms)
    return _found(unit, opening_id)


def record_opened(unit: Unit, opening: Opening) -> Opening:
    """The contact opened."""
    event = (
        CellOpened(opening=opening.id, place=opening.place, session=opening.session or "")
        if is_cell(opening.place)
        else DoorOpened(opening=opening.id, place=opening.place, authorisation=opening.authorisation)
    )
    unit.record(event, actor=ACTOR)
    if not is_cell(opening.place):
        note_passage(unit.connection, opening, unit.now.at_ms)
    set_step(unit, opening, "opened")
    return _decide(unit, opening, "opened", "")


def record_unknown(unit: Unit, opening_id: str, reason: str) -> Opening:
    """Nobody said that it opened; does nothing when the opening is decided already."""
    opening = _found(unit, opening_id)
    if opening.is_decided:
        return opening
    event = (
        CellUnknown(opening=opening.id, place=opening.place, session=opening.session or "", reason=reason)
        if is_cell(opening.place)
        else DoorUnknown(
            opening=opening.id, place=opening.place, authorisation=opening.authorisation, reason=reason
        )
    )
    unit.record(event, actor=ACTOR)
    set_step(unit, opening, "unknown")
    return _decide(unit, opening, "unknown", reason)


def record_not_fired(unit: Unit, opening_id: str, reason: str) -> Opening:
    """The device certainly did nothing: the use, or the attempt, is given back."""
    opening = _found(unit, opening_id)
    if opening.is_decided:
        return opening
    event = (
        CellNotFired(opening=opening.id, place=opening.place, session=opening.session or "", reason=reason)
        if is_cell(opening.place)
        else DoorNotFired(
            opening=opening.id, place=opening.place, authorisation=opening.authorisation, reason=reason
        )
    )
    unit.record(event, actor=ACTOR)
    set_step(unit, opening, "refused", give_back=True)
    return _decide(unit, opening, "refused", reason)


def recover_openings(unit: Unit) -> int:
    """After a restart: every intent without a result is unknown, and is never fired again by itself."""
    left = records.undecided(unit.connection)
    for opening in left:
        record_unknown(unit, opening.id, "restart")
    return len(left)


def _decide(unit: Unit, opening: Opening, state: str, reason: str) -> Opening:
    records.set_decided(unit.connection, opening.id, state=state, reason=reason, at_ms=unit.now.at_ms)
    unit.hint(hint_topic(opening.place))
    return msgspec.structs.replace(opening, state=state, reason=reason, decided_at_ms=unit.now.at_ms)


def _found(unit: Unit, opening_id: str) -> Opening:
    opening = records.find_opening(unit.connection, opening_id)
    assert opening is not None, opening_id
    return opening
