"""Invoices 发票: asked for at a kiosk or by the receipt's code, issued here, taken back after a refund.

The real tax platform is not part of the reference platform: `issue` gives the invoice a number, and a refund
of an order whose invoice is out turns it red (红冲).
"""

from typing import Any, ClassVar

import msgspec

from cloud_sync.platform import feed
from cloud_sync.platform.store.port import Connection
from cloud_sync.platform.stored import StoredEvent
from cloud_sync.wire.accounts import hash_token
from edge.errors import Refusal

COLLECTION = "invoices"
CODE_PREFIX = "CE-R:"


class ReceiptCodeUnknown(Refusal):
    """No receipt that we know of has this code; a wrong token sounds the same."""

    code: ClassVar[str] = "receipt_code_unknown"


class InvoiceUnknown(Refusal):
    """Nobody asked for an invoice of this order."""

    code: ClassVar[str] = "invoice_unknown"


class InvoiceAsked(msgspec.Struct, frozen=True):
    """What we read of it."""

    order_id: str


def apply_invoice_asked(connection: Connection, event: StoredEvent) -> None:
    """Somebody asked at the kiosk."""
    asked = msgspec.json.decode(event.body, type=InvoiceAsked)
    _ask(connection, asked.order_id)


def turn_red(connection: Connection, order_id: str) -> None:
    """Take back the invoice of an order that is refunded, if one is out."""
    invoice = feed.get_record(connection, COLLECTION, order_id)
    if invoice is not None and invoice["state"] == "issued":
        feed.put_record(connection, COLLECTION, order_id, {**invoice, "state": "red"})


def keep_claim_hash(connection: Connection, order_id: str, claim_hash: str) -> None:
    """Remember the hash of the token on an order's receipt."""
    if claim_hash:
        connection.execute(
            "INSERT INTO receipt_hashes (order_id, claim_hash) VALUES (?,?) ON CONFLICT DO NOTHING",
            (order_id, claim_hash),
        )


def ask_by_code(connection: Connection, subject: str, code: str) -> dict[str, Any]:
    """Ask by the code in a receipt's QR, once an order. Raises ReceiptCodeUnknown."""
    order_id, _, token = code.removeprefix(CODE_PREFIX).rpartition(".")
    row = connection.execute("SELECT claim_hash FROM receipt_hashes WHERE order_id=?", (order_id,)).fetchone()
    if not code.startswith(CODE_PREFIX) or row is None or row["claim_hash"] != hash_token(token):
        raise ReceiptCodeUnknown()
    connection.execute(
        "INSERT INTO invoice_askers (order_id, subject) VALUES (?,?) ON CONFLICT DO NOTHING",
        (order_id, subject),
    )
    return _ask(connection, order_id)


def issue(connection: Connection, order_id: str) -> dict[str, Any]:
    """Issue what was asked for; issued again, it is the same. Raises InvoiceUnknown."""
    invoice = feed.get_record(connection, COLLECTION, order_id)
    if invoice is None:
        raise InvoiceUnknown(order=order_id)
    if invoice["state"] == "asked":
        invoice = {**invoice, "state": "issued", "number": f"SIM-{order_id}"}
        feed.put_record(connection, COLLECTION, order_id, invoice)
    return invoice


def list_invoices(connection: Connection, subject: str) -> list[dict[str, Any]]:
    """Return the invoices that a person asked for on the phone."""
    rows = connection.execute("SELECT order_id FROM invoice_askers WHERE subject=? ORDER BY 1", (subject,))
    found = [feed.get_record(connection, COLLECTION, row["order_id"]) for row in rows.fetchall()]
    return [invoice for invoice in found if invoice is not None]


def _ask(connection: Connection, order_id: str) -> dict[str, Any]:
    invoice = feed.get_record(connection, COLLECTION, order_id)
    if invoice is None:
        invoice = {"id": order_id, "state": "asked"}
        feed.put_record(connection, COLLECTION, order_id, invoice)
    return invoice
