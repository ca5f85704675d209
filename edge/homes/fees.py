"""Fee payment 缴费: chosen bills become a fee order, a paid attempt settles them, each payee on its own."""

import sqlite3

import msgspec

from edge.books.ledger import post
from edge.homes import records
from edge.homes.allocation import Share, allocate
from edge.homes.bill_codes import open_bill_code
from edge.homes.bills import Bill, find_bill, note_payment
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
from edge.homes.fee_orders import FeeBody, FeeLine, FeeOrder, receipt_of
from edge.pay.attempts import Attempt, open_attempt
from edge.pay.contract import current_terms
from edge.pay.errors import OrderNotPayable
from edge.pay.events import Tender
from edge.pay.receipts import Receipt, issue_receipt
from edge.pay.tenders import OrderLimits, note_spent, share_tenders, tenders_of
from edge.store.parts import Part, require_part
from edge.store.personal import commit_person, who_is
from edge.store.unit import Unit

ACTOR = "kiosk"
PROPERTY_FEE = "property_fee"


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
    part_fen: int | None = None,
) -> PlacedFee:
    """Place a fee order for bills of one room and one payee: whole, or `part_fen` of them.

    `seen_total_fen` is the sum that the screen showed for whole bills. Raises NoBillChosen, BillUnknown,
    BillAlreadyPaid, BillBeingPaid, BillsOfTwoPayees, SumChanged, TradeStopped, PartOff, and what `allocate`
    raises.
    """
    unit.require_trade()
    require_part(unit.connection, Part.FEES)
    bills = tuple(_payable_bill(unit, bill_id) for bill_id in dict.fromkeys(bill_ids))
    for bill in bills:
        if bill.room != room:
            raise BillUnknown(bill=bill.id)
    body = fee_body(unit, bills, part_fen, kiosk=kiosk, resident=resident, for_another=False)
    if part_fen is None and seen_total_fen is not None and seen_total_fen != body.total_fen:
        raise SumChanged(total_fen=body.total_fen)
    return _write_fee(unit, body)


def place_fee_for_another(
    unit: Unit,
    code: str,
    *,
    resident: str | None,
    kiosk: str,
    seen_total_fen: int | None = None,
    part_fen: int | None = None,
) -> PlacedFee:
    """Place a fee order 代缴 for the bill whose printed code was shown; the payer may be nobody we know.

    Raises BillCodeUnknown, and all that `place_fee` raises.
    """
    unit.require_trade()
    require_part(unit.connection, Part.FEES)
    bill = _payable_bill(unit, open_bill_code(unit.connection, code))
    body = fee_body(unit, (bill,), part_fen, kiosk=kiosk, resident=resident, for_another=True)
    if part_fen is None and seen_total_fen is not None and seen_total_fen != body.total_fen:
        raise SumChanged(total_fen=body.total_fen)
    return _write_fee(unit, body)


def fee_body(
    unit: Unit,
    bills: tuple[Bill, ...],
    part_fen: int | None,
    *,
    kiosk: str,
    resident: str | None,
    for_another: bool,
) -> FeeBody:
    """Fix what a fee order pays: whole bills, or `part_fen` of them. Raises what `place_fee` raises."""
    if not bills:
        raise NoBillChosen
    # What is collected for others is a merchant of its own, whoever the payee's record says it is.
    if len({(bill.payee, bill.collected_for_others) for bill in bills}) > 1:
        raise BillsOfTwoPayees(payees=" ".join(sorted({bill.payee for bill in bills})))
    terms = current_terms(unit.connection)
    amount_fen = sum(bill.to_pay_fen for bill in bills) if part_fen is None else part_fen
    shares = allocate([bill.owed for bill in bills], amount_fen, terms.allocation)
    by_id = {bill.id: bill for bill in bills}
    return FeeBody(
        kiosk=kiosk,
        person=None if resident is None else commit_person(unit, resident),
        payee=bills[0].payee,
        lines=tuple(_line_of(by_id[share.bill_id], share) for share in shares),
        contract_version=terms.version,
        collected_for_others=bills[0].collected_for_others,
        for_another=for_another,
    )


def _line_of(bill: Bill, share: Share) -> FeeLine:
    return FeeLine(
        bill_id=bill.id,
        item=bill.item,
        period=bill.period,
        amount_fen=share.principal_fen,
        penalty_fen=share.penalty_fen,
        as_of=bill.as_of,
        left_fen=bill.unpaid_fen - share.principal_fen,
        penalty_left_fen=bill.penalty_fen - share.penalty_fen,
    )


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


def _payable_bill(unit: Unit, bill_id: str) -> Bill:
    bill = find_bill(unit.connection, bill_id, unit.now)
    if bill.to_pay_fen == 0:
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
        if _is_asked_for(unit, line) or records.is_settlement_known(
            unit.connection, line.bill_id, attempt.order_id
        ):
            continue
        raise OrderNotPayable(order=attempt.order_id, bill=line.bill_id)
    post_fee(unit, attempt.order_id, body, held_fen=attempt.held_fen)
    receipt = issue_receipt(unit, attempt, receipt_of(body))
    held = tenders_of(unit.connection, attempt.id)
    shares = share_tenders(held, [line.amount_fen + line.penalty_fen for line in body.lines])
    for line, tenders in zip(body.lines, shares, strict=True):
        _pay_bill(unit, attempt, body, line, receipt, tenders)
    records.mark_fee_paid(unit.connection, attempt.order_id, receipt.number)
    return receipt


def post_fee(unit: Unit, order_id: str, body: FeeBody, *, held_fen: int) -> None:
    """Post a paid fee order; `held_fen` of it came out of accounts."""
    principal_fen = sum(line.amount_fen for line in body.lines)
    amounts = {
        "total": body.total_fen - held_fen,
        "tenders": held_fen,
        "principal": principal_fen,
        "penalty": body.total_fen - principal_fen,
    }
    rule = "collected" if body.collected_for_others else "fee"
    post(unit, rule, order_id, amounts, payee=body.payee)


def _is_asked_for(unit: Unit, line: FeeLine) -> bool:
    """Whether the bill still asks for what this line pays.

    A penalty beside principal is not looked at: it was right on the day that the payer saw.
    """
    bill = find_bill(unit.connection, line.bill_id, unit.now)
    return bill.unpaid_fen >= line.amount_fen and (
        line.amount_fen > 0 or bill.penalty_fen >= line.penalty_fen
    )


def _payable_order(connection: sqlite3.Connection, attempt: Attempt) -> FeeBody:
    row = records.fee_order_row(connection, attempt.order_id)
    if row is None or row["state"] != "placed":
        raise OrderNotPayable(order=attempt.order_id)
    body = msgspec.json.decode(row["body"], type=FeeBody)
    if body.total_fen != attempt.total_fen:
        raise OrderNotPayable(order=attempt.order_id)
    return body


def _pay_bill(
    unit: Unit, attempt: Attempt, body: FeeBody, line: FeeLine, receipt: Receipt, tenders: tuple[Tender, ...]
) -> None:
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
        as_of=line.as_of,
        penalty_left_fen=line.penalty_left_fen,
        tenders=tenders,
        claim_hash=receipt.claim_hash,
    )
    unit.record(paid, actor=ACTOR)
    note_payment(unit, line)
    note_spent(unit, tenders)


def fee_limits(connection: sqlite3.Connection, order_id: str) -> OrderLimits:
    """Return what accounts may pay of a fee order: nothing of what is collected for others 代收.

    A prepaid fee pays property fee and the penalty on it alone. Raises FeeOrderUnknown.
    """
    body = find_fee_order(connection, order_id).body
    own = () if body.collected_for_others else body.lines
    property_fen = sum(line.amount_fen + line.penalty_fen for line in own if line.item == PROPERTY_FEE)
    own_fen = sum(line.amount_fen + line.penalty_fen for line in own)
    return OrderLimits(
        subject=None if body.person is None else who_is(connection, body.person),
        payee=body.payee,
        total_fen=body.total_fen,
        points_fen=own_fen,
        prepaid_fee_fen=property_fen,
        wallet_fen=own_fen,
    )


def paid_order_of_bill(connection: sqlite3.Connection, bill_id: str, *, room: str) -> str:
    """Return the newest order that paid a bill of a room here. Raises BillUnknown, FeeOrderUnknown."""
    row = records.bill_row(connection, bill_id)
    if row is None or row["room"] != room:
        raise BillUnknown(bill=bill_id)
    order_id = records.paid_fee_order_of_bill(connection, bill_id)
    if order_id is None:
        raise FeeOrderUnknown(bill=bill_id)
    return order_id


def find_fee_order(connection: sqlite3.Connection, order_id: str) -> FeeOrder:
    """Return a fee order. Raises FeeOrderUnknown."""
    row = records.fee_order_row(connection, order_id)
    if row is None:
        raise FeeOrderUnknown(order=order_id)
    return msgspec.convert({**row, "body": msgspec.json.decode(row["body"])}, FeeOrder)
