"""Receipts 小票: numbered, 非发票 (not an invoice), written in the unit that settles the order."""

import sqlite3
from typing import Any

import msgspec

from edge.pay import records
from edge.pay.attempts import Attempt
from edge.pay.business_day import business_date
from edge.pay.errors import ReceiptUnknown
from edge.store.unit import Unit


class ReceiptLine(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    """One line: its words, quantity and sum in fen."""

    name_zh: str
    name_en: str
    amount_fen: int
    quantity: int = 1
    unit_price_fen: int | None = None


class ReceiptBody(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the paper says below the head: lines, saving, points earned, contract version."""

    lines: tuple[ReceiptLine, ...]
    saving_fen: int = 0
    points: int = 0
    contract_version: int = 0


class Receipt(msgspec.Struct, frozen=True, kw_only=True):
    """A receipt; `number` runs without gaps, `at_ms` is marked with the trust of its clock."""

    number: int
    order_id: str
    attempt_id: str
    purpose: str
    payee: str
    total_fen: int
    business_date: str
    at_ms: int
    trust: str
    body: ReceiptBody

    @property
    def is_invoice(self) -> bool:
        """Always false: the invoice 发票 is issued by the platform on request."""
        return False


def issue_receipt(unit: Unit, attempt: Attempt, body: ReceiptBody) -> Receipt:
    """Write the receipt of a settled order under the next number and return it."""
    row: dict[str, Any] = {
        "order_id": attempt.order_id,
        "attempt_id": attempt.id,
        "purpose": attempt.purpose,
        "payee": attempt.payee,
        "total_fen": attempt.total_fen,
        "business_date": business_date(unit.connection, unit.now),
        "at_ms": unit.now.at_ms,
        "trust": str(unit.now.trust),
    }
    number = records.insert_receipt(unit.connection, {**row, "body": msgspec.json.encode(body)})
    return Receipt(number=number, body=body, **row)


def find_receipt(connection: sqlite3.Connection, number: int) -> Receipt:
    """Return a receipt by its number. Raises ReceiptUnknown."""
    row = records.receipt_row(connection, number)
    if row is None:
        raise ReceiptUnknown(number=number)
    return msgspec.convert({**row, "body": msgspec.json.decode(row["body"])}, Receipt)
