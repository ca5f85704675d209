"""Shifts 班次: one at a time. An open shift gives the business date while the clock is unknown."""

import sqlite3

import msgspec

from edge.pay.business_day import SHIFT_DATE_FACT, date_of
from edge.settlement import records
from edge.settlement.errors import NoOpenShift, ShiftAlreadyOpen
from edge.settlement.events import ShiftClosed, ShiftOpened
from edge.store.facts import put_fact
from edge.store.unit import Unit


class Shift(msgspec.Struct, frozen=True, kw_only=True):
    """A shift; times in epoch milliseconds, `business_date` an ISO date."""

    id: str
    business_date: str
    opened_by: str
    opened_at_ms: int
    closed_at_ms: int | None = None


def open_shift(unit: Unit, *, actor: str, business_date: str | None = None) -> Shift:
    """Begin a shift, on today's date unless the person names one (clock unknown). Raises ShiftAlreadyOpen."""
    if current_shift(unit.connection) is not None:
        raise ShiftAlreadyOpen
    shift = Shift(
        id=unit.next_id(),
        business_date=business_date or date_of(unit.now.at_ms),
        opened_by=actor,
        opened_at_ms=unit.now.at_ms,
    )
    put_shift(unit, shift)
    unit.record(ShiftOpened(shift_id=shift.id, business_date=shift.business_date), actor=actor)
    return shift


def close_shift(unit: Unit, *, actor: str) -> Shift:
    """End the open shift. Raises NoOpenShift."""
    shift = current_shift(unit.connection)
    if shift is None:
        raise NoOpenShift
    put_shift_end(unit, shift.id, unit.now.at_ms)
    unit.record(ShiftClosed(shift_id=shift.id, business_date=shift.business_date), actor=actor)
    return msgspec.structs.replace(shift, closed_at_ms=unit.now.at_ms)


def put_shift(unit: Unit, shift: Shift) -> None:
    """Write an open shift, which gives the business date from here on."""
    records.insert_shift(unit.connection, msgspec.structs.asdict(shift))
    put_fact(unit.connection, SHIFT_DATE_FACT, shift.business_date)


def put_shift_end(unit: Unit, shift_id: str, at_ms: int) -> None:
    """Write the end of the open shift."""
    records.close_shift(unit.connection, shift_id, at_ms)
    put_fact(unit.connection, SHIFT_DATE_FACT, "")


def current_shift(connection: sqlite3.Connection) -> Shift | None:
    """Return the open shift, if there is one."""
    row = records.open_shift(connection)
    return None if row is None else msgspec.convert(row, Shift)
