"""Invoices 发票: asked for with the receipt, issued and red-lettered 红冲 by the platform alone."""

import sqlite3
from typing import Any, Literal

import msgspec

from edge.pay import records
from edge.pay.events import InvoiceAsked
from edge.pay.receipts import find_receipt
from edge.store.unit import Unit


class Invoice(msgspec.Struct, frozen=True, kw_only=True):
    """The invoice of an order: asked for, issued under a number, or taken back by a red-letter one."""

    id: str
    state: Literal["asked", "issued", "red"]
    number: str = ""


def ask_invoice(unit: Unit, receipt_number: int, *, actor: str) -> Invoice:
    """Ask for the invoice of a receipt, once; asked again, return how it stands. Raises ReceiptUnknown."""
    receipt = find_receipt(unit.connection, receipt_number)
    if records.insert_asked_invoice(unit.connection, receipt.order_id):
        asked = InvoiceAsked(
            receipt=receipt.number,
            order_id=receipt.order_id,
            payee=receipt.payee,
            total_fen=receipt.total_fen,
        )
        unit.record(asked, actor=actor)
    invoice = invoice_of(unit.connection, receipt.order_id)
    assert invoice is not None
    return invoice


def apply_invoice(unit: Unit, record_id: str, version: int, data: dict[str, Any] | None) -> None:
    """Take what the platform says of an invoice; the record's id is the order. Raises ValidationError."""
    if data is None:
        records.delete(unit.connection, "invoices", record_id)
        return
    invoice = msgspec.convert({**data, "id": record_id}, Invoice)
    records.upsert(unit.connection, "invoices", {**msgspec.structs.asdict(invoice), "version": version})


def invoice_of(connection: sqlite3.Connection, order_id: str) -> Invoice | None:
    """Return how the invoice of an order stands, None when nobody asked for one."""
    row = records.platform_row(connection, "invoices", order_id)
    return None if row is None else msgspec.convert(row, Invoice)
