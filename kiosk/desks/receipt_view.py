"""A receipt of any kind as the screens show it."""

import sqlite3

from edge.pay.attempts import find_attempt
from edge.pay.contract import terms_of
from edge.pay.invoices import invoice_of
from edge.pay.payees import find_payee
from edge.pay.policy import ALIPAY
from edge.pay.receipts import Receipt as RoomReceipt
from edge.pay.tenders import tenders_of
from edge.settlement.receipt_search import find_receipt_of_order
from edge.shop.checkout import find_order
from kiosk.desks.views import PaidPart, Receipt, ReceiptLine
from kiosk.words import Text

WAYS: dict[str, Text] = {
    "points": Text("积分", "points"),
    "prepaid_fee": Text("预存物业费", "prepaid fee"),
    "wallet": Text("余额", "balance"),
}
WECHAT_WAY = Text("微信支付", "WeChat Pay")
ALIPAY_WAY = Text("支付宝", "Alipay")


def receipt_of(connection: sqlite3.Connection, order_id: str) -> Receipt:
    """The receipt of a paid order. Raises ReceiptUnknown."""
    receipt = find_receipt_of_order(connection, order_id)
    payee, body = find_payee(connection, receipt.payee), receipt.body
    sale = receipt.purpose == "sale"
    invoice = invoice_of(connection, order_id)
    terms = terms_of(connection, body.contract_version)
    return Receipt(
        order_id=order_id,
        payee=Text(payee.name_zh, payee.name_en),
        lines=tuple(
            ReceiptLine(Text(line.name_zh, line.name_en), line.quantity if sale else None, line.amount_fen)
            for line in body.lines
        ),
        total_fen=receipt.total_fen,
        points=body.points,
        paid_at_ms=receipt.at_ms,
        contract_version=body.contract_version or None,
        claim=receipt.code,
        saving_fen=body.saving_fen,
        number=receipt.number,
        paid_with=_paid_with(connection, receipt),
        points_after_days=terms.points_return_days,
        points_claim_days=terms.points_claim_days or None,
        points_credited=sale and bool(find_order(connection, order_id).body.points_account),
        reprint=receipt.reprints,
        invoice_state=invoice.state if invoice else "",
        invoice_number=invoice.number if invoice else "",
    )


def _paid_with(connection: sqlite3.Connection, receipt: RoomReceipt) -> tuple[PaidPart, ...]:
    attempt = find_attempt(connection, receipt.attempt_id)
    parts = [PaidPart(WAYS[part.kind], part.amount_fen) for part in tenders_of(connection, attempt.id)]
    if attempt.amount_fen:
        way = ALIPAY_WAY if attempt.channel == ALIPAY else WECHAT_WAY
        parts.append(PaidPart(way, attempt.amount_fen))
    return tuple(parts)
