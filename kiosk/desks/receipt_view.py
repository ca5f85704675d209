"""A receipt of either kind as the screens show it."""

import sqlite3

from edge.homes.fees import find_fee_order
from edge.pay.payees import find_payee
from edge.pay.receipts import find_receipt
from edge.shop.checkout import find_order
from edge.shop.errors import OrderUnknown
from kiosk.desks.views import Receipt, ReceiptLine
from kiosk.words import Text


def receipt_of(connection: sqlite3.Connection, order_id: str) -> Receipt:
    """The receipt of a paid order. Raises OrderUnknown, FeeOrderUnknown, ReceiptUnknown."""
    try:
        number = find_order(connection, order_id).receipt
    except OrderUnknown:
        number = find_fee_order(connection, order_id).receipt
    receipt = find_receipt(connection, number or 0)
    payee, body = find_payee(connection, receipt.payee), receipt.body
    return Receipt(
        order_id=order_id,
        payee=Text(payee.name_zh, payee.name_en),
        lines=tuple(
            ReceiptLine(
                Text(line.name_zh, line.name_en),
                line.quantity if receipt.purpose == "sale" else None,
                line.amount_fen,
            )
            for line in body.lines
        ),
        total_fen=receipt.total_fen,
        points=body.points,
        paid_at_ms=receipt.at_ms,
        contract_version=body.contract_version or None,
        claim=order_id,
        saving_fen=body.saving_fen,
        number=receipt.number,
    )
