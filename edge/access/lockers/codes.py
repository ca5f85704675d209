"""Eight-digit pickup codes (取件码): kept as hashes, tried a few times, then locked for a while."""

import sqlite3
from collections.abc import Mapping
from typing import Any

import msgspec

from edge.access.credentials.errors import RoomPinLocked
from edge.access.credentials.lockout import Limit, count
from edge.access.credentials.records import Tally, read_salt, read_tally, write_tally
from edge.access.lockers import case_records
from edge.access.lockers.errors import PickupCodesLocked, PickupCodeWrong
from edge.access.places import split_cell
from edge.errors import Refusal
from edge.store.unit import Unit
from edge.trust.cards import pickup_hash
from edge.trust.time_policy import is_over

DIGITS = 8
LIMIT = Limit(5, 10 * 60_000, 5 * 60_000)
"""Five wrong codes at a screen within ten minutes lock codes there for five; a pass is taken all the same.

With 10,000 open orders five tries find one with a chance of 1 in 2,000.
"""


class PickupCode(msgspec.Struct, frozen=True, kw_only=True):
    """The hash of an order's code, as the feed has it."""

    order: str
    hash: str
    until_ms: int


def apply_pickup_code(unit: Unit, record_id: str, version: int, data: dict[str, Any] | None) -> None:
    """Take or delete a code from the feed; the record's id is the order. Raises msgspec.ValidationError."""
    if data is None:
        unit.connection.execute("DELETE FROM pickup_codes WHERE order_id = ?", (record_id,))
        return
    code = msgspec.convert(data, PickupCode)
    unit.connection.execute(
        "INSERT INTO pickup_codes(order_id, version, hash, until_ms) VALUES (?, ?, ?, ?) "
        "ON CONFLICT(order_id) DO UPDATE SET version = excluded.version, hash = excluded.hash, "
        "until_ms = excluded.until_ms WHERE excluded.version >= version",
        (code.order, version, code.hash, code.until_ms),
    )


def try_code(unit: Unit, digits: str, source: str) -> str | Refusal:
    """The order of a typed code, or why it is none; the attempt is on disk with this unit either way."""
    scope, now_ms = f"pickup:{source}", unit.now.at_ms
    before = read_tally(unit.connection, scope)
    try:
        counted = count(before, LIMIT, now_ms)
    except RoomPinLocked:
        return PickupCodesLocked(until_ms=before.locked_until_ms)
    order_id = _order_of(unit, digits)
    if order_id is not None:
        write_tally(unit.connection, scope, Tally(0, now_ms, 0))
        return order_id
    write_tally(unit.connection, scope, counted)
    if counted.locked_until_ms:
        return PickupCodesLocked(until_ms=counted.locked_until_ms)
    return PickupCodeWrong(left=LIMIT.failures - counted.failures)


def _order_of(unit: Unit, digits: str) -> str | None:
    salt = read_salt(unit.connection)
    if salt is None or len(digits) != DIGITS or not (digits.isascii() and digits.isdecimal()):
        return None
    rows = unit.connection.execute(
        "SELECT order_id, until_ms FROM pickup_codes WHERE hash = ?", (pickup_hash(salt, digits),)
    )
    return next((order for order, until_ms in rows if not is_over(until_ms, unit.now)), None)


def other_cell(connection: sqlite3.Connection, cells: Mapping[str, str]) -> str:
    """The cell that opened in place of one of these (bank → cell), as long as the bank is halted; or ""."""
    for halt in case_records.halts(connection):
        if cells.get(halt.bank) == split_cell(halt.asked)[1]:
            return split_cell(halt.moved)[1]
    return ""
