"""What refunds did to the tables, done again from their events after a restore (docs/adr/0033).

A part of the channel whose end is not in custody is asked for again, as itself.
"""

from collections.abc import Mapping

import msgspec

from edge.books.ledger import post
from edge.pay import account_records, records, refund_records
from edge.pay.attempts import LATE
from edge.pay.business_day import business_date
from edge.pay.events import RefundFailed, RefundPaid, RefundRequested
from edge.pay.records import Row
from edge.pay.refunds import CHANNEL, give_back_parts
from edge.pay.states import PartState
from edge.store.history import PastEvent, Replay
from edge.store.unit import Unit
from edge.trust.clock import Reading, Trust


def replay_requested(unit: Unit, past: PastEvent) -> None:
    """Captured money goes back. Of an attempt that settled nothing, this is also its end."""
    event = msgspec.json.decode(past.body, type=RefundRequested)
    attempt = records.attempt_row(unit.connection, event.attempt_id)
    known = refund_records.refund_row(unit.connection, event.refund_id)
    if attempt is None or known is not None:
        return
    reading = Reading(past.at_ms, Trust(past.trust))
    row: Row = {
        "id": event.refund_id,
        "attempt_id": event.attempt_id,
        "order_id": event.order_id,
        "payee": event.payee,
        "amount_fen": event.amount_fen,
        "reason": event.reason,
        "business_date": business_date(unit.connection, reading),
        "at_ms": past.at_ms,
    }
    refund_records.insert_refund(unit.connection, row)
    for place, part in enumerate(event.parts, 1):
        of_channel = part.kind == CHANNEL
        written = {
            **msgspec.structs.asdict(part),
            "id": part.part_id,
            "refund_id": event.refund_id,
            "place": place,
            "attempt_id": event.attempt_id,
            "channel": attempt["channel"] if of_channel else "",
            "captured_fen": attempt["captured_fen"] if of_channel else 0,
            "state": PartState.REQUESTED if of_channel else PartState.REFUNDED,
            "next_at_ms": past.at_ms,
            "refunded_at_ms": 0 if of_channel else past.at_ms,
        }
        refund_records.insert_part(unit.connection, written)
    give_back_parts(unit, event.payee, event.parts, past)
    if attempt["state"] != "paid" or attempt["reason"] == LATE:
        _end_unsettled(unit, past, event, attempt)


def _end_unsettled(unit: Unit, past: PastEvent, event: RefundRequested, attempt: Row) -> None:
    ended = {**attempt, "state": "paid", "reason": event.reason, "changed_at_ms": past.at_ms}
    records.update_attempt(unit.connection, ended)
    account_records.set_holds(unit.connection, event.attempt_id, "released")
    post(unit, "refund_due", event.refund_id, {"total": event.amount_fen}, payee=event.payee)


def replay_paid(unit: Unit, past: PastEvent) -> None:
    """The channel gave a part back."""
    event = msgspec.json.decode(past.body, type=RefundPaid)
    part = refund_records.part_row(unit.connection, event.part_id)
    if part is None or part["state"] == PartState.REFUNDED:
        return
    told = {"channel_id": event.channel_id, "refunded_at_ms": event.refunded_at_ms, "reason": ""}
    refund_records.update_part(unit.connection, {**part, **told, "state": PartState.REFUNDED})
    post(unit, "refund_paid", event.part_id, {"total": event.amount_fen}, payee=event.payee)


def replay_failed(unit: Unit, past: PastEvent) -> None:
    """The channel refused a part for good."""
    event = msgspec.json.decode(past.body, type=RefundFailed)
    part = refund_records.part_row(unit.connection, event.part_id)
    if part is not None:
        failed = {**part, "state": PartState.FAILED, "reason": event.reason}
        refund_records.update_part(unit.connection, failed)


REPLAYS: Mapping[str, Replay] = {
    "RefundRequested": replay_requested,
    "RefundPaid": replay_paid,
    "RefundFailed": replay_failed,
}
"""By event type."""
