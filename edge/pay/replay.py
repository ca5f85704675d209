"""What payments did to the tables, done again from their events after a restore (docs/adr/0033).

An attempt whose order was not settled in what custody holds stays open, and is asked about as after any
restart. Refunds and top-ups are in `replay_refunds` and `replay_top_ups`.
"""

from collections.abc import Iterable, Mapping

import msgspec

from edge.books.ledger import post
from edge.pay import account_records, records
from edge.pay.attempts import LATE, RELEASED
from edge.pay.events import (
    InvoiceAsked,
    PaymentFailed,
    PaymentPaid,
    PaymentReleased,
    PaymentRequested,
    PaymentReversed,
    PaymentUnknown,
    ReceiptReprinted,
    Tender,
)
from edge.pay.receipts import ReceiptBody
from edge.pay.records import Row
from edge.pay.tenders import in_order_of_use, issuer_of, spend
from edge.store.history import PastEvent, Replay
from edge.store.unit import Unit

_OPEN = ("created", "sent", "unknown", "reversing")


def replay_requested(unit: Unit, past: PastEvent) -> None:
    """An attempt that the backup does not know is on its way."""
    event = msgspec.json.decode(past.body, type=PaymentRequested)
    if records.attempt_row(unit.connection, event.attempt_id) is not None:
        return
    row: Row = {
        "id": event.attempt_id,
        "order_id": event.order_id,
        "purpose": event.purpose,
        "payee": event.payee,
        "amount_fen": event.amount_fen,
        "held_fen": event.held_fen,
        "channel": event.channel,
        "method": event.method,
        "description": "",
        "state": "unknown",
        "reason": "",
        "qr": "",
        "expires_at_ms": None,
        "channel_id": "",
        "captured_fen": 0,
        "paid_at_ms": 0,
        "created_at_ms": past.at_ms,
        "changed_at_ms": past.at_ms,
        "parked_at_ms": None,
        "released_by": "",
    }
    records.insert_attempt(unit.connection, row)
    _hold_again(unit, past, event.attempt_id, event.tenders, payee=event.payee)


def replay_unknown(unit: Unit, past: PastEvent) -> None:
    """Nobody waits for it before the screen any more."""
    event = msgspec.json.decode(past.body, type=PaymentUnknown)
    row = records.attempt_row(unit.connection, event.attempt_id)
    if row is not None and row["state"] in _OPEN and row["parked_at_ms"] is None:
        _change(unit, event.attempt_id, past, parked_at_ms=past.at_ms)


def replay_paid(unit: Unit, past: PastEvent) -> None:
    """The channel has the money.

    The attempt is paid once the settlement of its order was read back, too: where custody ends between the
    two it is asked about again, and its order is settled then or the money goes back.
    """
    event = msgspec.json.decode(past.body, type=PaymentPaid)
    row = records.attempt_row(unit.connection, event.attempt_id)
    if row is None:
        return
    released = bool(row["released_by"])
    changes = {
        "captured_fen": event.amount_fen,
        "channel_id": event.channel_id,
        "paid_at_ms": event.paid_at_ms,
    }
    if event.late or released:
        late = RELEASED if released else LATE
        _change(unit, event.attempt_id, past, state="paid", reason=late if event.late else "", **changes)
    else:
        _change(unit, event.attempt_id, past, state="unknown", reason="", **changes)
    if released:
        post(unit, "receivable_paid", event.attempt_id, {"total": event.amount_fen}, payee=event.payee)


def mark_settled(unit: Unit, attempt_id: str, past: PastEvent) -> None:
    """The order of an attempt was settled; one whose goods were released before its money stays open."""
    if not is_unpaid_release(unit, attempt_id):
        _change(unit, attempt_id, past, state="paid")


def is_unpaid_release(unit: Unit, attempt_id: str) -> bool:
    """Whether an order is settled that the channel has not paid: its goods were released."""
    row = records.attempt_row(unit.connection, attempt_id)
    return row is not None and row["amount_fen"] > 0 and row["captured_fen"] == 0


def replay_failed(unit: Unit, past: PastEvent) -> None:
    """It ended without money."""
    event = msgspec.json.decode(past.body, type=PaymentFailed)
    _change(unit, event.attempt_id, past, state="failed", reason=event.reason)
    account_records.set_holds(unit.connection, event.attempt_id, "released")


def replay_reversed(unit: Unit, past: PastEvent) -> None:
    """It was reversed."""
    event = msgspec.json.decode(past.body, type=PaymentReversed)
    _change(unit, event.attempt_id, past, state="reversed")
    account_records.set_holds(unit.connection, event.attempt_id, "released")


def replay_released(unit: Unit, past: PastEvent) -> None:
    """A supervisor gave the goods out."""
    event = msgspec.json.decode(past.body, type=PaymentReleased)
    _change(unit, event.attempt_id, past, released_by=event.supervisor)


def replay_reprinted(unit: Unit, past: PastEvent) -> None:
    """The next copy of the receipt says which one it is."""
    event = msgspec.json.decode(past.body, type=ReceiptReprinted)
    records.count_reprint(unit.connection, event.receipt)


def replay_invoice(unit: Unit, past: PastEvent) -> None:
    """An invoice was asked for."""
    event = msgspec.json.decode(past.body, type=InvoiceAsked)
    records.insert_asked_invoice(unit.connection, event.order_id)


def spend_again(
    unit: Unit, past: PastEvent, attempt_id: str, tenders: Iterable[Tender], *, payee: str
) -> None:
    """Take out of accounts and leases what they paid of an attempt."""
    _hold_again(unit, past, attempt_id, _joined(tenders), payee=payee)
    spend(unit, attempt_id, past)


def _hold_again(
    unit: Unit, past: PastEvent, attempt_id: str, tenders: Iterable[Tender], *, payee: str
) -> None:
    """Hold on accounts what an attempt has of them, where it is not held already.

    A lease that the copy does not know, or knows smaller, was granted in the part that was lost.
    """
    held = {row["lease"] for row in account_records.holds_of(unit.connection, attempt_id)}
    for place, tender in enumerate(in_order_of_use(tuple(tenders)), 1):
        lease = account_records.lease_row(unit.connection, tender.lease)
        granted_fen = 0 if lease is None else lease["spent_fen"] + lease["held_fen"]
        granted_fen += 0 if tender.lease in held else tender.amount_fen
        told = {"account": tender.account, "epoch": past.epoch, "granted_fen": granted_fen}
        account_records.raise_lease(unit.connection, {"id": tender.lease, **told})
        if tender.lease not in held:
            row = {
                **msgspec.structs.asdict(tender),
                "issuer": issuer_of(unit.connection, tender, payee),
            }
            account_records.insert_hold(unit.connection, attempt_id, place, row)


def _joined(tenders: Iterable[Tender]) -> list[Tender]:
    """Parts of one account as one: each bill of an order tells its own part."""
    found: dict[tuple[str, str, str], int] = {}
    for tender in tenders:
        key = (tender.kind, tender.account, tender.lease)
        found[key] = found.get(key, 0) + tender.amount_fen
    return [
        Tender(kind=kind, account=account, lease=lease, amount_fen=amount_fen)
        for (kind, account, lease), amount_fen in found.items()
    ]


def put_past_receipt(
    unit: Unit, past: PastEvent, attempt: Row, *, number: int, business_date: str, body: ReceiptBody
) -> None:
    """Write a receipt under its number, from which numbers go on.

    The token is on the paper only, so its QR proves nothing here any more.
    """
    row = {
        "number": number,
        "order_id": attempt["order_id"],
        "attempt_id": attempt["id"],
        "purpose": attempt["purpose"],
        "payee": attempt["payee"],
        "total_fen": attempt["amount_fen"] + attempt["held_fen"],
        "business_date": business_date,
        "at_ms": past.at_ms,
        "trust": past.trust,
        "body": msgspec.json.encode(body),
    }
    records.put_receipt(unit.connection, row)


def _change(unit: Unit, attempt_id: str, past: PastEvent, **changes: object) -> None:
    row = records.attempt_row(unit.connection, attempt_id)
    if row is not None:
        records.update_attempt(unit.connection, {**row, **changes, "changed_at_ms": past.at_ms})


REPLAYS: Mapping[str, Replay] = {
    "PaymentRequested": replay_requested,
    "PaymentUnknown": replay_unknown,
    "PaymentPaid": replay_paid,
    "PaymentFailed": replay_failed,
    "PaymentReversed": replay_reversed,
    "PaymentReleased": replay_released,
    "ReceiptReprinted": replay_reprinted,
    "InvoiceAsked": replay_invoice,
}
"""By event type."""
