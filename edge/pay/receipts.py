"""Receipts 小票: numbered, 非发票 (not an invoice), written in the unit that settles the order.

A receipt carries a random token. Its QR `CE-R:<order>.<token>` proves that somebody holds the paper (points,
returns, invoice); the journal and the platform hold no more than the token's hash.
"""

import hashlib
import hmac
import secrets
import sqlite3
from typing import Any

import msgspec

from edge.pay import records
from edge.pay.attempts import Attempt
from edge.pay.business_day import business_date
from edge.pay.errors import ReceiptUnknown
from edge.pay.events import ReceiptReprinted
from edge.store.unit import Unit

CODE_PREFIX = "CE-R:"
CODE_LIMIT = 200
"""Characters; what is longer was never printed here."""
TOKEN_BYTES = 16
TOKEN_HASH_HEX = 32
"""Hex digits kept of a token's SHA-256: 128 bits, as long as the token itself."""


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
    """A receipt; `number` runs without gaps, `at_ms` is marked with the trust of its clock.

    `reprints` counts the copies after the first print; each of them says 补打. `token` is empty on receipts
    of earlier versions of this program.
    """

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
    token: str = ""
    reprints: int = 0

    @property
    def code(self) -> str:
        """The text of its QR; without a token the order's number alone, which proves nothing."""
        return f"{CODE_PREFIX}{self.order_id}.{self.token}" if self.token else self.order_id

    @property
    def claim_hash(self) -> str:
        """What the journal holds of the token; empty where there is none."""
        return hash_token(self.token) if self.token else ""

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
        "token": secrets.token_urlsafe(TOKEN_BYTES),
    }
    number = records.insert_receipt(unit.connection, {**row, "body": msgspec.json.encode(body)})
    return Receipt(number=number, body=body, **row)


def find_receipt(connection: sqlite3.Connection, number: int) -> Receipt:
    """Return a receipt by its number. Raises ReceiptUnknown."""
    row = records.receipt_row(connection, number)
    if row is None:
        raise ReceiptUnknown(number=number)
    return msgspec.convert({**row, "body": msgspec.json.decode(row["body"])}, Receipt)


def reprint_receipt(unit: Unit, number: int, *, actor: str) -> Receipt:
    """Count one more copy 补打 of a receipt, write it into the journal and return the receipt to print.

    Raises ReceiptUnknown.
    """
    receipt = find_receipt(unit.connection, number)
    count = receipt.reprints + 1
    records.count_reprint(unit.connection, number)
    unit.record(ReceiptReprinted(receipt=number, order_id=receipt.order_id, count=count), actor=actor)
    return msgspec.structs.replace(receipt, reprints=count)


def hash_token(token: str) -> str:
    """Return what is kept of a token elsewhere: the first 32 hex digits of its SHA-256."""
    return hashlib.sha256(token.encode()).hexdigest()[:TOKEN_HASH_HEX]


def split_code(text: str) -> tuple[str, str]:
    """Return order and token of a receipt's code. Raises ReceiptUnknown when it is none."""
    order_id, dot, token = text.removeprefix(CODE_PREFIX).rpartition(".")
    if not text.startswith(CODE_PREFIX) or not dot or not token or len(text) > CODE_LIMIT:
        raise ReceiptUnknown
    return order_id, token


def holds_paper(receipt: Receipt, token: str) -> bool:
    """Whether a token is the receipt's own; compared in constant time."""
    return bool(receipt.token) and hmac.compare_digest(receipt.token.encode(), token.encode())
