"""One order as the counter sees it: what it is about, its attempts, its refunds, what may still be done."""

import sqlite3
from dataclasses import dataclass
from typing import NamedTuple

from edge.homes.errors import FeeOrderUnknown
from edge.homes.fee_orders import receipt_of
from edge.homes.fees import find_fee_order
from edge.pay import order_records
from edge.pay.attempts import Attempt, find_attempt
from edge.pay.receipts import CODE_PREFIX, Receipt, find_receipt
from edge.pay.refund_records import refund_rows
from edge.pay.refunds import Refund, RefundPart, find_refund, refundable_fen, refunds_of
from edge.pay.states import AttemptState, PartState
from edge.settlement.receipt_search import open_receipt_code
from edge.shop.checkout import find_order
from edge.shop.errors import OrderUnknown
from edge.shop.returns import ReturnableLine, returnable
from kiosk.words import Text

SLIP = "CE-S:"
"""What the code of a claim slip begins with; the order's number follows, up to the first dot."""


@dataclass(frozen=True, kw_only=True)
class Line:
    """A line of an order; `quantity` None where pieces are not counted."""

    name: Text
    amount_fen: int
    quantity: int | None = None
    sku: str = ""


@dataclass(frozen=True, kw_only=True)
class OrderView:
    """An order; `state` as its room calls it, "" for a kind whose room says nothing."""

    id: str
    purpose: str
    payee: str
    state: str
    total_fen: int
    receipt: Receipt | None
    lines: tuple[Line, ...]
    attempts: tuple[Attempt, ...]
    refunds: tuple[Refund, ...]
    refundable_fen: int
    returnable: tuple[ReturnableLine, ...]

    @property
    def open_attempt(self) -> Attempt | None:
        """The attempt without outcome, if there is one."""
        return next((attempt for attempt in self.attempts if attempt.is_open), None)

    @property
    def releasable(self) -> Attempt | None:
        """The attempt whose goods a supervisor may release: a sale, asked of the channel, no outcome."""
        found = self.open_attempt
        if found is None or self.purpose != "sale" or found.released_by or found.amount_fen == 0:
            return None
        return None if found.state is AttemptState.CREATED else found


def find_order_id(connection: sqlite3.Connection, text: str) -> str:
    """Return the order that a typed or scanned text names.

    An order's, attempt's or refund's number, a receipt's number, or the code of a receipt or claim slip.
    Raises OrderUnknown, and ReceiptUnknown for a receipt's code that is not ours.
    """
    wanted = text.strip()
    if wanted.startswith(CODE_PREFIX):
        return open_receipt_code(connection, wanted).order_id
    if wanted.startswith(SLIP):
        wanted = wanted.removeprefix(SLIP).partition(".")[0]
    if wanted.isascii() and wanted.isdecimal() and len(wanted) < 19:
        found = order_records.order_of_receipt(connection, int(wanted))
    else:
        found = (
            order_records.order_of_attempt(connection, wanted)
            or order_records.order_of_refund(connection, wanted)
            or _known_order(connection, wanted)
        )
    if found is None:
        raise OrderUnknown(order=wanted[:32])
    return found


def view_order(connection: sqlite3.Connection, order_id: str) -> OrderView:
    """Return everything about an order. Raises OrderUnknown."""
    attempts = tuple(
        find_attempt(connection, each) for each in order_records.attempt_ids(connection, order_id)
    )
    placed = _placed(connection, order_id) or _asked(attempts)
    if placed is None:
        raise OrderUnknown(order=order_id)
    return OrderView(
        id=order_id,
        purpose=placed.purpose,
        payee=placed.payee,
        state=placed.state,
        total_fen=placed.total_fen,
        receipt=None if placed.receipt is None else find_receipt(connection, placed.receipt),
        lines=placed.lines,
        attempts=attempts,
        refunds=refunds_of(connection, order_id),
        refundable_fen=refundable_fen(connection, order_id),
        returnable=_returnable(connection, order_id, placed),
    )


def failed_parts(connection: sqlite3.Connection) -> tuple[RefundPart, ...]:
    """Return the parts of refunds that a channel refused: the money is still owed to the payer."""
    refunds = (find_refund(connection, row["id"]) for row in refund_rows(connection, PartState.FAILED))
    return tuple(part for refund in refunds for part in refund.parts if part.state is PartState.FAILED)


def _returnable(
    connection: sqlite3.Connection, order_id: str, placed: "_Placed"
) -> tuple[ReturnableLine, ...]:
    """The lines of a paid sale of which pieces may still come back."""
    if (placed.purpose, placed.state) != ("sale", "paid"):
        return ()
    return tuple(line for line in returnable(connection, order_id) if line.left)


class _Placed(NamedTuple):
    """What the room of an order says."""

    purpose: str
    payee: str
    state: str
    total_fen: int
    receipt: int | None
    lines: tuple[Line, ...]


def _placed(connection: sqlite3.Connection, order_id: str) -> _Placed | None:
    try:
        sale = find_order(connection, order_id)
    except OrderUnknown:
        return _placed_fee(connection, order_id)
    lines = tuple(
        Line(
            name=Text(line.name_zh, line.name_en),
            amount_fen=line.net_fen,
            quantity=line.quantity,
            sku=line.sku,
        )
        for line in sale.body.lines
    )
    return _Placed("sale", sale.body.payee, sale.state, sale.body.total_fen, sale.receipt, lines)


def _placed_fee(connection: sqlite3.Connection, order_id: str) -> _Placed | None:
    try:
        fee = find_fee_order(connection, order_id)
    except FeeOrderUnknown:
        return None
    lines = tuple(
        Line(name=Text(line.name_zh, line.name_en), amount_fen=line.amount_fen)
        for line in receipt_of(fee.body).lines
    )
    return _Placed("fee", fee.body.payee, fee.state, fee.body.total_fen, fee.receipt, lines)


def _asked(attempts: tuple[Attempt, ...]) -> _Placed | None:
    """For an order of another room: what was asked for it."""
    if not attempts:
        return None
    newest = attempts[-1]
    return _Placed(newest.purpose, newest.payee, "", newest.total_fen, None, ())


def _known_order(connection: sqlite3.Connection, order_id: str) -> str | None:
    known = order_records.attempt_ids(connection, order_id) or _placed(connection, order_id)
    return order_id if known else None
