"""Receipts by what stands on them: the number of an order of any kind, or the code in the QR."""

import sqlite3

from edge.homes.errors import FeeOrderUnknown
from edge.homes.fees import find_fee_order
from edge.pay.errors import ReceiptUnknown
from edge.pay.receipts import Receipt, find_receipt, holds_paper, split_code
from edge.pay.top_up import top_up_receipt
from edge.shop.checkout import find_order
from edge.shop.errors import OrderUnknown


def find_receipt_of_order(connection: sqlite3.Connection, order_id: str) -> Receipt:
    """Return the receipt of a settled order, goods, fees or a top-up. Raises ReceiptUnknown."""
    number = _number_of(connection, order_id)
    if number is None:
        raise ReceiptUnknown(order=order_id)
    return find_receipt(connection, number)


def open_receipt_code(connection: sqlite3.Connection, text: str) -> Receipt:
    """Return the receipt whose QR was shown; a wrong token sounds like no receipt. Raises ReceiptUnknown."""
    order_id, token = split_code(text)
    receipt = find_receipt_of_order(connection, order_id)
    if not holds_paper(receipt, token):
        raise ReceiptUnknown
    return receipt


def _number_of(connection: sqlite3.Connection, order_id: str) -> int | None:
    try:
        return find_order(connection, order_id).receipt
    except OrderUnknown:
        pass
    try:
        return find_fee_order(connection, order_id).receipt
    except FeeOrderUnknown:
        return top_up_receipt(connection, order_id)
