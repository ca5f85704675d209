"""Bills paid twice: paid here while the app paid them too, found when the platform and we are in step again.

The payer chooses: the money goes back by the tenders that paid, or becomes a prepayment 预存物业费. A choice
made on the phone comes down with the record, one made here is done at once; either way it is done here, once,
and told by an event. Money of a bill that was paid for another room 代缴, or for which there is no account to
credit, goes back without asking: nobody here may decide about it.
"""

import sqlite3
from typing import Any, Literal

import msgspec

from edge.books.ledger import post
from edge.homes import records
from edge.homes.errors import CreditNotAllowed, OverpaymentUnknown
from edge.homes.events import BillCredited, BillPaidTwice, BillRefunded
from edge.homes.fee_orders import FeeBody
from edge.pay.accounts import note_move
from edge.pay.records import delete, upsert
from edge.pay.refunds import request_refund
from edge.store.unit import Unit

ACTOR = "feed"
BY_PHONE, BY_RULE = "phone", "rule"
REASON = "paid_twice"
TOPIC = "overpayments"
Choice = Literal["refund", "credit"]


class Overpayment(msgspec.Struct, frozen=True, kw_only=True):
    """What an order brought beyond its bill: `amount_fen`, of it `penalty_fen` penalty.

    `account` is the prepaid fee that could be credited, empty where there is none.
    """

    id: str
    order: str
    bill: str
    payee: str
    amount_fen: int
    penalty_fen: int = 0
    account: str = ""
    choice: Literal["", "refund", "credit"] = ""
    done: bool = False


def apply_overpayment(unit: Unit, record_id: str, version: int, data: dict[str, Any] | None) -> None:
    """Take a bill paid twice from the feed, and do at once what needs no choice or has one.

    One of an order that this database does not know stays with the platform. Raises msgspec.ValidationError.
    """
    if data is None:
        delete(unit.connection, "overpayments", record_id)
        return
    found = msgspec.convert({**data, "id": record_id}, Overpayment)
    body = _order_of(unit.connection, found)
    if body is None:
        return
    known = records.overpayment_row(unit.connection, record_id)
    row = {**msgspec.structs.asdict(found), "order_id": found.order, "version": version}
    del row["order"]
    upsert(unit.connection, "overpayments", row)
    if known is None:
        told = BillPaidTwice(
            order_id=found.order, bill_id=found.bill, payee=found.payee, amount_fen=found.amount_fen
        )
        unit.record(told, actor=ACTOR)
    unit.hint(TOPIC)
    if found.done or records.is_overpayment_ended(unit.connection, record_id):
        return
    if found.choice:
        _end(unit, found, body, found.choice, by=BY_PHONE)
    elif not found.account or body.for_another:
        _end(unit, found, body, "refund", by=BY_RULE)


def choose(unit: Unit, overpayment_id: str, choice: Choice, *, room: str, by: str) -> None:
    """Do what a person of the bill's room wants with the money, once.

    Raises OverpaymentUnknown when none of that room waits, CreditNotAllowed.
    """
    found = next((one for one in open_overpayments(unit.connection, room) if one.id == overpayment_id), None)
    body = None if found is None else _order_of(unit.connection, found)
    if found is None or body is None:
        raise OverpaymentUnknown(overpayment=overpayment_id)
    if choice == "credit" and not found.account:
        raise CreditNotAllowed(overpayment=overpayment_id)
    _end(unit, found, body, choice, by=by)


def open_overpayments(connection: sqlite3.Connection, room: str) -> tuple[Overpayment, ...]:
    """Return the bills of a room that were paid twice and wait for a choice."""
    rows = records.open_overpayment_rows(connection, room)
    return tuple(_overpayment_of(row) for row in rows)


def _end(unit: Unit, found: Overpayment, body: FeeBody, choice: Choice, *, by: str) -> None:
    principal_fen = found.amount_fen - found.penalty_fen
    amounts = {"total": found.amount_fen, "principal": principal_fen, "penalty": found.penalty_fen}
    told = {"order_id": found.order, "bill_id": found.bill, "amount_fen": found.amount_fen}
    if choice == "refund":
        refund = request_refund(unit, found.order, found.amount_fen, REASON, actor=by)
        post(unit, refund_rule(body), refund.id, amounts, payee=found.payee)
        unit.record(msgspec.convert({**told, "refund_id": refund.id, "by": by}, BillRefunded), actor=by)
    else:
        credit_id = unit.next_id()
        post(unit, "fee_credited", credit_id, amounts, payee=found.payee)
        more = {"credit_id": credit_id, "account": found.account, "payee": found.payee, "by": by}
        unit.record(msgspec.convert({**told, **more}, BillCredited), actor=by)
        note_move(unit, found.account, found.amount_fen)
    records.end_overpayment(unit.connection, found.id, choice, unit.now.at_ms)
    unit.hint(TOPIC)


def refund_rule(body: FeeBody) -> str:
    """The posting rule for money of a fee order that goes back."""
    return "collected_refund" if body.collected_for_others else "fee_refund"


def _order_of(connection: sqlite3.Connection, found: Overpayment) -> FeeBody | None:
    row = records.fee_order_row(connection, found.order)
    return None if row is None else msgspec.json.decode(row["body"], type=FeeBody)


def _overpayment_of(row: dict[str, Any]) -> Overpayment:
    return msgspec.convert({**row, "order": row["order_id"]}, Overpayment, strict=False)
