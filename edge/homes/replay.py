"""What fees did to the tables, done again from their events after a restore (docs/adr/0033).

A fee order is one payment of several bills, and each tells its own part: what they did is done when the
last of them was read back. Where custody ends before, the attempt is asked about again, and its order is
settled as it was placed.
"""

import sqlite3
from collections.abc import Mapping
from typing import NamedTuple

import msgspec

from edge.books.ledger import post
from edge.homes import records
from edge.homes.bills import find_bill, note_payment
from edge.homes.events import BillCredited, BillPaid, BillRefunded, FeePlaced
from edge.homes.fee_orders import FeeBody, FeeLine, receipt_of
from edge.homes.fees import fee_body, post_fee
from edge.homes.overpayments import refund_rule
from edge.pay import records as pay_records
from edge.pay.accounts import note_move
from edge.pay.replay import mark_settled, put_past_receipt, spend_again
from edge.pay.tenders import note_spent
from edge.store import journal
from edge.store.history import PastEvent, Replay
from edge.store.unit import Unit
from edge.trust.clock import Reading, Trust

MOST_BILLS = 500
"""As many as one order may have been for; its entries stand one after the other."""


class _Paid(NamedTuple):
    seq: int
    event: BillPaid


def replay_placed(unit: Unit, past: PastEvent) -> None:
    """Bills were chosen for one payment; it can be settled when its money turns out to be there."""
    event = msgspec.json.decode(past.body, type=FeePlaced)
    if records.fee_order_row(unit.connection, event.order_id) is not None:
        return
    then = Reading(past.at_ms, Trust(past.trust))
    bills = tuple(find_bill(unit.connection, bill_id, then) for bill_id in event.bill_ids)
    body = fee_body(unit, bills, event.total_fen, kiosk=event.kiosk, resident=None, for_another=False)
    _insert(unit, past, event.order_id, body)


def _insert(unit: Unit, past: PastEvent, order_id: str, body: FeeBody) -> None:
    bills = tuple(line.bill_id for line in body.lines)
    records.insert_fee_order(unit.connection, order_id, past.at_ms, msgspec.json.encode(body), bills)


def replay_paid(unit: Unit, past: PastEvent) -> None:
    """A bill was paid; with the last one of its order, as `edge.homes.fees.settle_bills` does it."""
    event = msgspec.json.decode(past.body, type=BillPaid)
    attempt = pay_records.attempt_row(unit.connection, event.attempt_id)
    order = records.fee_order_row(unit.connection, event.order_id)
    if attempt is None or (order is not None and order["state"] == "paid"):
        return
    paid = _paid_so_far(unit.connection, past.seq, event.order_id)
    total_fen = sum(each.event.amount_fen + each.event.penalty_fen for each in paid)
    if total_fen < attempt["amount_fen"] + attempt["held_fen"]:
        return
    body = _body_of(unit.connection, paid) if order is None else _known_body(order["body"], event)
    if order is None:
        _insert(unit, past, event.order_id, body)
    post_fee(unit, event.order_id, body, held_fen=attempt["held_fen"])
    put_past_receipt(
        unit,
        past,
        attempt,
        number=event.receipt,
        business_date=event.business_date,
        body=receipt_of(body),
    )
    for line, each in zip(body.lines, paid, strict=True):
        told = past._replace(seq=each.seq)
        note_payment(unit, line, told)
        note_spent(unit, each.event.tenders, told)
    records.mark_fee_paid(unit.connection, event.order_id, event.receipt)
    mark_settled(unit, event.attempt_id, past)
    tenders = [tender for each in paid for tender in each.event.tenders]
    spend_again(unit, past, event.attempt_id, tenders, payee=event.payee)


def _paid_so_far(connection: sqlite3.Connection, seq: int, order_id: str) -> list[_Paid]:
    """The entries of an order's bills up to one of them; they follow each other."""
    found: list[_Paid] = []
    for row in journal.tail(connection, max(0, seq - MOST_BILLS), MOST_BILLS):
        if row.type == BillPaid.TYPE and row.seq <= seq:
            paid = msgspec.json.decode(row.body, type=BillPaid)
            if paid.order_id == order_id:
                found.append(_Paid(row.seq, paid))
    return found


def _known_body(body: bytes, event: BillPaid) -> FeeBody:
    """As it was placed; who paid is told with the money."""
    return msgspec.structs.replace(msgspec.json.decode(body, type=FeeBody), person=event.person)


def _body_of(connection: sqlite3.Connection, paid: list[_Paid]) -> FeeBody:
    """An order of which the copy knows nothing: its bills may have come after the backup, too."""
    event = paid[0].event
    payee = pay_records.platform_row(connection, "payees", event.payee)
    bills = [records.bill_row(connection, each.event.bill_id) for each in paid]
    others = any(bill["collected_for_others"] for bill in bills if bill is not None)
    return FeeBody(
        kiosk="",
        person=event.person,
        payee=event.payee,
        lines=tuple(
            FeeLine(
                bill_id=each.event.bill_id,
                item="" if bill is None else bill["item"],
                period="" if bill is None else bill["period"],
                amount_fen=each.event.amount_fen,
                penalty_fen=each.event.penalty_fen,
                as_of=each.event.as_of,
                penalty_left_fen=each.event.penalty_left_fen,
            )
            for each, bill in zip(paid, bills, strict=True)
        ),
        contract_version=event.contract_version,
        collected_for_others=others or (payee is not None and payee["kind"] == "collected_for_others"),
    )


def replay_refunded(unit: Unit, past: PastEvent) -> None:
    """The second payment of a bill went back: its books, and that it does not go back again."""
    event = msgspec.json.decode(past.body, type=BillRefunded)
    order = records.fee_order_row(unit.connection, event.order_id)
    if order is None:
        return
    body = msgspec.json.decode(order["body"], type=FeeBody)
    amounts = _end(unit, past, event.order_id, event.bill_id, event.amount_fen, "refund")
    post(unit, refund_rule(body), event.refund_id, amounts, payee=body.payee)


def replay_credited(unit: Unit, past: PastEvent) -> None:
    """The second payment of a bill became a prepayment."""
    event = msgspec.json.decode(past.body, type=BillCredited)
    amounts = _end(unit, past, event.order_id, event.bill_id, event.amount_fen, "credit")
    post(unit, "fee_credited", event.credit_id, amounts, payee=event.payee)
    note_move(unit, event.account, event.amount_fen, past)


def _end(
    unit: Unit, past: PastEvent, order_id: str, bill: str, amount_fen: int, choice: str
) -> dict[str, int]:
    """Note what was done about a bill paid twice; returns what is posted of it.

    A record that the copy does not have comes down as done.
    """
    found = records.overpayment_of(unit.connection, order_id, bill)
    penalty_fen = 0 if found is None else int(found["penalty_fen"])
    if found is not None and not records.is_overpayment_ended(unit.connection, found["id"]):
        records.end_overpayment(unit.connection, found["id"], choice, past.at_ms)
    return {"total": amount_fen, "principal": amount_fen - penalty_fen, "penalty": penalty_fen}


REPLAYS: Mapping[str, Replay] = {
    "FeePlaced": replay_placed,
    "BillPaid": replay_paid,
    "BillRefunded": replay_refunded,
    "BillCredited": replay_credited,
}
"""By event type."""
