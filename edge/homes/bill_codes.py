"""The code on a printed bill 代缴: whoever holds the paper may pay it, and learns nothing that is not on it.

The code is `CE-B:<bill id>.<token>`. The token is random and on the paper alone; the feed gives the first 32
hex digits of its SHA-256. A wrong token and a bill that never was are refused in the same words.
"""

import hashlib
import hmac
import sqlite3

import msgspec

from edge.homes import records
from edge.homes.bills import find_bill
from edge.homes.errors import BillCodeUnknown
from edge.homes.residents import are_awaited, residents_of
from edge.trust.clock import Reading

PREFIX = "CE-B:"
TOKEN_HASH_HEX = 32
"""Hex digits kept of a token's hash: 128 bits."""
CODE_LIMIT = 200
"""Characters; what is longer was never printed by the platform."""


class PrintedBill(msgspec.Struct, frozen=True, kw_only=True):
    """What the holder of a printed bill may see: masked name, item, period, sum; no room, no history."""

    bill_id: str
    name_masked: str
    item: str
    period: str
    payee: str
    collected_for_others: bool
    penalty_fen: int
    to_pay_fen: int
    part_allowed: bool


def open_bill_code(connection: sqlite3.Connection, code: str) -> str:
    """Return the bill that a code names. Raises BillCodeUnknown."""
    bill_id, dot, token = code.removeprefix(PREFIX).rpartition(".")
    if not code.startswith(PREFIX) or not dot or len(code) > CODE_LIMIT:
        raise BillCodeUnknown
    row = records.bill_row(connection, bill_id)
    held = str(row["token_hash"]) if row is not None else ""
    shown = hashlib.sha256(token.encode()).hexdigest()[:TOKEN_HASH_HEX]
    if not held or not hmac.compare_digest(held, shown):
        raise BillCodeUnknown
    return bill_id


def find_printed_bill(connection: sqlite3.Connection, code: str, now: Reading) -> PrintedBill:
    """Return what the screen shows of the bill that a code names. Raises BillCodeUnknown."""
    bill = find_bill(connection, open_bill_code(connection, code), now)
    people = () if are_awaited(connection) else residents_of(connection, bill.room)
    return PrintedBill(
        bill_id=bill.id,
        name_masked=people[0].name_masked if people else "",
        item=bill.item,
        period=bill.period,
        payee=bill.payee,
        collected_for_others=bill.collected_for_others,
        penalty_fen=bill.penalty_fen,
        to_pay_fen=bill.to_pay_fen,
        part_allowed=bill.part_allowed,
    )
