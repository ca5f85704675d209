"""Fee payment 缴费: chosen bills become a fee order, a paid attempt settles them, each payee on its own."""

import sqlite3

import msgspec

from edge.books.ledger import post
from edge.homes import records
from edge.homes.bills import Bill, find_bill
from edge.homes.errors import (
    BillAlreadyPaid,
    BillBeingPaid,
    BillsOfTwoPayees,
    BillUnknown,
    FeeOrderUnknown,
    NoBillChosen,
    SumChanged,
)
from edge.homes.events import BillPaid, FeePlaced
from edge.pay.attempts import Attempt, open_attempt
from edge.pay.contract import current_terms
from edge.pay.copies import own_epoch
from edge.pay.errors import OrderNotPayable
from edge.pay.receipts import Receipt, ReceiptBody, ReceiptLine, issue_receipt
from edge.store.personal import commit_person
from edge.store.unit import Unit

ACTOR = "kiosk"

#: Words of the bill items on a receipt; an item that is not here is printed as the platform names it.
ITEM_NAMES = {
    "property_fee": ("物业费", "Property fee"),
    "water": ("水费", "Water"),
    "electricity": ("电费", "Electricity"),
    "parking": ("停车费", "Parking"),
    "shared": ("公摊", "Shared costs"),
}


class FeeLine(msgspec.Struct, frozen=True, kw_only=True):
    """One bill in a fee order: principal and penalty as shown, in fen."""

    bill_id: str
    item: str
    period: str
    amount_fen: int
    penalty_fen: int


class FeeBody(msgspec.Struct, frozen=True, kw_only=True):
    """All that was fixed when the fee order was placed."""

    kiosk: str
    person: str | None = None
    payee: str
    lines: tuple[FeeLine, ...]
    contract_version: int
    collected_for_others: bool = False

    @property
    def total_fen(self) -> int:
        """Principal and penalties of all lines."""
        return sum(line.amount_fen + line.penalty_fen for line in self.lines)


class FeeOrder(msgspec.Struct, frozen=True, kw_only=True):
    """A fee order; `state` is "placed" or "paid", `receipt` its number once paid."""

    id: str
    state: str
    placed_at_ms: int
    receipt: int | None
    body: FeeBody


class PlacedFee(msgspec.Struct, frozen=True, kw_only=True):
    """What the pay screen needs of a fee order."""

    order_id: str
    payee: str
    total_fen: int


def place_fee(
    unit: Unit,
    bill_ids: tuple[str, ...],
    *,
    room: str,
    resident: str | None,
    kiosk: str,
    seen_total_fen: int | None = None,
) -> PlacedFee:
    """Place a fee order for whole bills of one room and one payee.

    `seen_total_fen` is the sum that the screen showed. Raises NoBillChosen, BillUnknown, BillAlreadyPaid,
    BillBeingPaid, BillsOfTwoPayees, SumChanged, TradeStopped.
    """
    unit.require_trade()
    bills = tuple(_payable_bill(unit, bill_id, room) for bill_id in dict.fromkeys(bill_ids))
    if not bills:
        raise NoBillChosen
    # What is collected for others is a merchant of its own, whoever the payee's record says it is.
    if len({(bill.payee, bill.collected_for_others) for bill in bills}) > 1:
        raise BillsOfTwoPayees(payees=" ".join(sorted({bill.payee for bill in bills})))
    body = FeeBody(
        kiosk=kiosk,
        person=None if resident is None else commit_person(unit, resident),
        payee=bills[0].payee,
        lines=tuple(
            FeeLine(
                bill_id=bill.id,
                item=bill.item,
                period=bill.period,
                amount_fen=bill.unpaid_fen,
                penalty_fen=bill.penalty_fen,
            )
            for bill in bills
        ),
        contract_version=current_terms(unit.connection).version,
        collected_for_others=bills[0].collected_for_others,
    )
    if seen_total_fen is not None and seen_total_fen != body.total_fen:
        raise SumChanged(total_fen=body.total_fen)
    return _write_fee(unit, body)


def _write_fee(unit: Unit, body: FeeBody) -> PlacedFee:
    order_id = unit.next_id()
    bill_ids = tuple(line.bill_id for line in body.lines)
    records.insert_fee_order(unit.connection, order_id, unit.now.at_ms, msgspec.json.encode(body), bill_ids)
    placed = FeePlaced(
        order_id=order_id,
        kiosk=body.kiosk,
        payee=body.payee,
        bill_ids=bill_ids,
        total_fen=body.total_fen,
    )
    unit.record(placed, actor=ACTOR)
    return PlacedFee(order_id=order_id, payee=body.payee, total_fen=body.total_fen)


def _payable_bill(unit: Unit, bill_id: str, room: str) -> Bill:
    bill = find_bill(unit.connection, bill_id, unit.now)
    if bill.room != room:
        raise BillUnknown(bill=bill_id)
    if bill.unpaid_fen == 0:
        raise BillAlreadyPaid(bill=bill_id)
    for order_id in records.fee_orders_of_bill(unit.connection, bill_id):
        if open_attempt(unit.connection, order_id) is not None:
            raise BillBeingPaid(bill=bill_id)
    return bill


def settle_bills(unit: Unit, attempt: Attempt) -> Receipt:
    """Settle the fee order of a paid attempt: bills, ledger, receipt, journal.

    Raises OrderNotPayable, before any write, when the order does not wait for this sum or one of its bills
    was paid meanwhile; paid by this very order, before an old copy was put back, is no such thing.
    """
    body = _payable_order(unit.connection, attempt)
    for line in body.lines:
        unpaid_fen = find_bill(unit.connection, line.bill_id, unit.now).unpaid_fen
        if unpaid_fen < line.amount_fen and not records.is_settlement_known(
            unit.connection, line.bill_id, attempt.order_id
        ):
            raise OrderNotPayable(order=attempt.order_id, bill=line.bill_id)
    principal = sum(line.amount_fen for line in body.lines)
    amounts = {"total": body.total_fen, "principal": principal, "penalty": body.total_fen - principal}
    rule = "collected" if body.collected_for_others else "fee"
    post(unit, rule, attempt.order_id, amounts, payee=body.payee)
    receipt = issue_receipt(unit, attempt, _receipt_body(body))
    for line in body.lines:
        _pay_bill(unit, attempt, body, line, receipt)
    records.mark_fee_paid(unit.connection, attempt.order_id, receipt.number)
    return receipt


def _payable_order(connection: sqlite3.Connection, attempt: Attempt) -> FeeBody:
    row = records.fee_order_row(connection, attempt.order_id)
    if row is None or row["state"] != "placed":
        raise OrderNotPayable(order=attempt.order_id)
    body = msgspec.json.decode(row["body"], type=FeeBody)
    if body.total_fen != attempt.amount_fen:
        raise OrderNotPayable(order=attempt.order_id)
    return body


def _pay_bill(unit: Unit, attempt: Attempt, body: FeeBody, line: FeeLine, receipt: Receipt) -> None:
    paid = BillPaid(
        bill_id=line.bill_id,
        order_id=attempt.order_id,
        attempt_id=attempt.id,
        person=body.person,
        payee=body.payee,
        amount_fen=line.amount_fen,
        penalty_fen=line.penalty_fen,
        contract_version=body.contract_version,
        business_date=receipt.business_date,
        receipt=receipt.number,
    )
    seq = unit.record(paid, actor=ACTOR)
    records.insert_bill_payment(
        unit.connection,
        bill=line.bill_id,
        order_id=attempt.order_id,
        amount_fen=line.amount_fen,
        epoch=own_epoch(unit.connection),
        seq=seq,
    )


def _receipt_body(body: FeeBody) -> ReceiptBody:
    lines: list[ReceiptLine] = []
    for line in body.lines:
        name_zh, name_en = ITEM_NAMES.get(line.item, (line.item, line.item))
        words = (f"{name_zh} {line.period}", f"{name_en} {line.period}")
        lines.append(ReceiptLine(name_zh=words[0], name_en=words[1], amount_fen=line.amount_fen))
        if line.penalty_fen:
            late = (f"违约金 {words[0]}", f"Late penalty, {words[1]}")
            lines.append(ReceiptLine(name_zh=late[0], name_en=late[1], amount_fen=line.penalty_fen))
    return ReceiptBody(lines=tuple(lines), contract_version=body.contract_version)


def find_fee_order(connection: sqlite3.Connection, order_id: str) -> FeeOrder:
    """Return a fee order. Raises FeeOrderUnknown."""
    row = records.fee_order_row(connection, order_id)
    if row is None:
        raise FeeOrderUnknown(order=order_id)
    return msgspec.convert({**row, "body": msgspec.json.decode(row["body"])}, FeeOrder)
