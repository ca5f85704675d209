"""Bills 账单 of a room: the platform's records under our own unconfirmed payments, with penalties so far."""

import sqlite3
from typing import Annotated, Any

import msgspec

from edge.homes import records
from edge.homes.allocation import Owed
from edge.homes.errors import BillUnknown
from edge.homes.fee_orders import FeeLine
from edge.homes.penalty import Penalty, PenaltyStanding, penalty_due
from edge.money import MAX_FEN
from edge.pay.business_day import date_of
from edge.pay.contract import ContractTerms, current_terms
from edge.pay.copies import copy_as_of, laid_over, lay_over, take_record
from edge.pay.records import delete
from edge.store.history import PastEvent
from edge.store.unit import Unit
from edge.trust.clock import Reading
from edge.trust.time_policy import Decision, Rule, rule_for

COLLECTION = "bills"

_Sum = Annotated[int, msgspec.Meta(ge=1, le=MAX_FEN)]


class BillRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A bill as the platform sends it; sums in fen, `period` like "2026-11", `due_on` an ISO date.

    `settled_by` names the orders that `paid_fen` contains. `penalty_due_fen` accrued until `penalty_on`, the
    day of the last payment, and is not paid yet. `token_hash` is that of the code on the printed bill.
    """

    id: str
    room: str
    item: str
    payee: str
    period: str
    due_on: Annotated[str, msgspec.Meta(pattern=r"^\d{4}-\d{2}-\d{2}$")]
    amount_fen: _Sum
    paid_fen: Annotated[int, msgspec.Meta(ge=0)] = 0
    collected_for_others: bool = False
    settled_by: tuple[str, ...] = ()
    part_allowed: bool = False
    penalty_due_fen: Annotated[int, msgspec.Meta(ge=0)] = 0
    penalty_on: Annotated[str, msgspec.Meta(pattern=r"^(\d{4}-\d{2}-\d{2})?$")] = ""
    token_hash: str = ""


class Bill(msgspec.Struct, frozen=True, kw_only=True):
    """A bill as of a date: `unpaid_fen` after all that we know of, `penalty_fen` on it, late `days`.

    `unconfirmed_fen` was paid here and is not in the platform's record yet. A bill whose principal is paid
    can still owe a penalty.
    """

    id: str
    room: str
    item: str
    payee: str
    period: str
    due_on: str
    amount_fen: int
    paid_fen: int
    unconfirmed_fen: int
    unpaid_fen: int
    penalty_fen: int
    days: int
    as_of: str
    collected_for_others: bool
    part_allowed: bool = False

    @property
    def to_pay_fen(self) -> int:
        """Unpaid principal and penalty together."""
        return self.unpaid_fen + self.penalty_fen

    @property
    def owed(self) -> Owed:
        """What a payment is spread over."""
        return Owed(self.id, self.due_on, self.unpaid_fen, self.penalty_fen, self.part_allowed)


class BillGroup(msgspec.Struct, frozen=True, kw_only=True):
    """Unpaid bills of one payee: what one payment may take together."""

    payee: str
    collected_for_others: bool
    bills: tuple[Bill, ...]
    to_pay_fen: int


def apply_bill(unit: Unit, record_id: str, version: int, data: dict[str, Any] | None) -> None:
    """Take a bill from the feed and end the overlay of the payments that it includes.

    Raises msgspec.ValidationError.
    """
    if data is None:
        delete(unit.connection, "bills", record_id)
        return
    bill = msgspec.convert({**data, "id": record_id}, BillRecord)
    row = msgspec.structs.asdict(bill)
    settled_by = row.pop("settled_by")
    take_record(unit, COLLECTION, "bills", {**row, "version": version}, data)
    records.note_settlements(unit.connection, record_id, settled_by)


def note_payment(unit: Unit, line: FeeLine, past: PastEvent | None = None) -> None:
    """Lay over a bill what the payment just recorded (or read back, `past`) took off it."""
    effect = {
        "amount_fen": line.amount_fen,
        "penalty_left_fen": line.penalty_left_fen,
        "as_of": line.as_of,
    }
    lay_over(unit, COLLECTION, line.bill_id, effect, past)


def penalty_date(connection: sqlite3.Connection, now: Reading) -> str:
    """Return the date that penalties are shown as of: today, or the copy's date when the time is unknown."""
    if rule_for(Decision.PENALTY, now.trust) is Rule.COPY:
        copied_at_ms = copy_as_of(connection)
        if copied_at_ms is not None:
            return date_of(copied_at_ms)
    return date_of(now.at_ms)


def list_bills(connection: sqlite3.Connection, room: str, now: Reading) -> tuple[Bill, ...]:
    """Return all bills of a room with penalties, oldest due date first, paid ones too."""
    terms, as_of = current_terms(connection), penalty_date(connection, now)
    return tuple(_bill_of(connection, row, terms, as_of) for row in records.bill_rows(connection, room))


def group_unpaid(bills: tuple[Bill, ...]) -> tuple[BillGroup, ...]:
    """Group unpaid bills by payee, the company's own before what is collected for others 代收."""
    unpaid = [bill for bill in bills if bill.to_pay_fen > 0]
    keys = dict.fromkeys((bill.collected_for_others, bill.payee) for bill in unpaid)
    groups = []
    for others, payee in sorted(keys, key=lambda key: key[0]):
        members = tuple(bill for bill in unpaid if (bill.collected_for_others, bill.payee) == (others, payee))
        total = sum(bill.to_pay_fen for bill in members)
        groups.append(BillGroup(payee=payee, collected_for_others=others, bills=members, to_pay_fen=total))
    return tuple(groups)


def find_bill(connection: sqlite3.Connection, bill_id: str, now: Reading) -> Bill:
    """Return one bill with its penalty. Raises BillUnknown."""
    row = records.bill_row(connection, bill_id)
    if row is None:
        raise BillUnknown(bill=bill_id)
    return _bill_of(connection, row, current_terms(connection), penalty_date(connection, now))


def _bill_of(connection: sqlite3.Connection, row: dict[str, Any], terms: ContractTerms, as_of: str) -> Bill:
    unpaid_fen, penalty = _standing_of(connection, row, terms, as_of)
    return Bill(
        id=row["id"],
        room=row["room"],
        item=row["item"],
        payee=row["payee"],
        period=row["period"],
        due_on=row["due_on"],
        amount_fen=row["amount_fen"],
        paid_fen=row["paid_fen"],
        unconfirmed_fen=row["unconfirmed_fen"],
        unpaid_fen=unpaid_fen,
        penalty_fen=penalty.fen,
        days=penalty.days,
        as_of=as_of,
        collected_for_others=bool(row["collected_for_others"]),
        part_allowed=bool(row["part_allowed"]),
    )


def _standing_of(
    connection: sqlite3.Connection, row: dict[str, Any], terms: ContractTerms, as_of: str
) -> tuple[int, Penalty]:
    """Lay the own payments over the record, one after the other, and reckon the penalty from there."""
    others = bool(row["collected_for_others"])
    standing = PenaltyStanding(row["penalty_due_fen"], row["penalty_on"])
    unpaid_fen = max(0, row["amount_fen"] - row["paid_fen"])
    for payment in laid_over(connection, COLLECTION, row["id"]):
        unpaid_fen = max(0, unpaid_fen - payment["amount_fen"])
        # A payment written by an earlier version of this program took the whole bill and names no day.
        if payment["as_of"]:
            standing = PenaltyStanding(payment["penalty_left_fen"], payment["as_of"])
    return unpaid_fen, penalty_due(
        unpaid_fen, row["due_on"], as_of, standing, terms, collected_for_others=others
    )
