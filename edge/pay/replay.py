"""What payments did to the tables, done again from their events after a restore (docs/adr/0033).

An attempt whose end was not in custody yet stays open, and is asked about as after any restart.
"""

from collections.abc import Mapping

import msgspec

from edge.pay import records
from edge.pay.attempts import LATE
from edge.pay.events import PaymentFailed, PaymentPaid, PaymentRequested, PaymentReversed
from edge.pay.records import Row
from edge.store.history import PastEvent, Replay
from edge.store.unit import Unit

SALE = "sale"


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


def replay_paid(unit: Unit, past: PastEvent) -> None:
    """The channel has the money.

    A sale's attempt is paid once its settlement was read back, too: where custody ends between the two it is
    asked about again, and the money goes back.
    """
    event = msgspec.json.decode(past.body, type=PaymentPaid)
    row = records.attempt_row(unit.connection, event.attempt_id)
    waits = row is not None and row["purpose"] == SALE and not event.late
    _change(
        unit,
        event.attempt_id,
        past,
        state="unknown" if waits else "paid",
        reason=LATE if event.late else "",
        captured_fen=event.amount_fen,
        channel_id=event.channel_id,
        paid_at_ms=event.paid_at_ms,
    )


def mark_settled(unit: Unit, attempt_id: str, past: PastEvent) -> None:
    """The order of an attempt was settled."""
    _change(unit, attempt_id, past, state="paid")


def replay_failed(unit: Unit, past: PastEvent) -> None:
    """It ended without money."""
    event = msgspec.json.decode(past.body, type=PaymentFailed)
    _change(unit, event.attempt_id, past, state="failed", reason=event.reason)


def replay_reversed(unit: Unit, past: PastEvent) -> None:
    """It was reversed."""
    event = msgspec.json.decode(past.body, type=PaymentReversed)
    _change(unit, event.attempt_id, past, state="reversed")


def _change(unit: Unit, attempt_id: str, past: PastEvent, **changes: object) -> None:
    row = records.attempt_row(unit.connection, attempt_id)
    if row is not None:
        records.update_attempt(unit.connection, {**row, **changes, "changed_at_ms": past.at_ms})


REPLAYS: Mapping[str, Replay] = {
    "PaymentRequested": replay_requested,
    "PaymentPaid": replay_paid,
    "PaymentFailed": replay_failed,
    "PaymentReversed": replay_reversed,
}
"""By event type."""
