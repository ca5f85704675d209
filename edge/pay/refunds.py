"""Refunds: captured money goes back by the tenders that paid it, the last one first.

Points, prepaid fee and wallet pay before the channel does, so the channel gives back first, then wallet,
prepaid fee, points; whole fen, and of each at most what it paid. Everything here runs inside a unit of work;
what is asked of the channel is in `edge.pay.refunding`.
"""

import sqlite3
from collections.abc import Iterable

import msgspec

from edge.books.ledger import post
from edge.pay import records, refund_records
from edge.pay.business_day import business_date
from edge.pay.errors import AmountInvalid, NothingToRefund, RefundAboveCaptured, RefundPartUnknown
from edge.pay.events import PartAsked, RefundFailed, RefundPaid, RefundRequested
from edge.pay.policy import MOST_FEN, refund_pause_ms
from edge.pay.states import PART_TRANSITIONS, PartState
from edge.pay.tenders import Tender, give_back, tenders_of
from edge.store.history import PastEvent
from edge.store.unit import Unit

ACTOR = "pay"
TOPIC = "refunds"
CHANNEL = "channel"

#: In which order tenders get their money back: reverse of the order in which they paid.
BACK_ORDER = (CHANNEL, "wallet", "prepaid_fee", "points")


class Paid(msgspec.Struct, frozen=True, kw_only=True):
    """What one tender paid of an attempt, in fen; `account` and `lease` are empty for the channel."""

    kind: str
    amount_fen: int
    account: str = ""
    lease: str = ""


class RefundPart(msgspec.Struct, frozen=True, kw_only=True):
    """What goes back to one tender. `id` is its identity at the channel, the same in every retry.

    `captured_fen` is what the channel took for the attempt, `why` the reason of the refund, `reason` the
    code of a refusal; `refunded_at_ms` the channel's time, 0 until then and where it did not say.
    """

    id: str
    refund_id: str
    attempt_id: str
    order_id: str
    payee: str
    kind: str
    account: str
    lease: str
    channel: str
    captured_fen: int
    amount_fen: int
    why: str
    state: PartState
    reason: str
    tries: int
    next_at_ms: int
    channel_id: str
    refunded_at_ms: int


class Refund(msgspec.Struct, frozen=True, kw_only=True):
    """A refund of one attempt's money, with its parts in the order in which they go back."""

    id: str
    attempt_id: str
    order_id: str
    payee: str
    amount_fen: int
    reason: str
    business_date: str
    at_ms: int
    parts: tuple[RefundPart, ...]

    @property
    def state(self) -> PartState:
        """Refunded once all parts are, failed when one was refused for good, refunding otherwise."""
        states = {part.state for part in self.parts}
        if PartState.FAILED in states:
            return PartState.FAILED
        return PartState.REFUNDED if states == {PartState.REFUNDED} else PartState.REFUNDING


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What was learned about a part: refunding (no end yet), refunded or failed."""

    state: PartState
    reason: str = ""
    channel_id: str = ""
    refunded_at_ms: int = 0


def split_refund(paid: tuple[Paid, ...], back: dict[tuple[str, str], int], amount_fen: int) -> list[Paid]:
    """Return how `amount_fen` divides over what tenders paid less what went back, last tender first.

    Raises RefundAboveCaptured.
    """
    left = amount_fen
    parts: list[Paid] = []
    for tender in sorted(paid, key=lambda each: BACK_ORDER.index(each.kind)):
        part_fen = min(left, tender.amount_fen - back.get((tender.kind, tender.account), 0))
        if part_fen > 0:
            parts.append(msgspec.structs.replace(tender, amount_fen=part_fen))
            left -= part_fen
    if left:
        raise RefundAboveCaptured(left_fen=amount_fen - left)
    return parts


def request_refund(unit: Unit, order_id: str, amount_fen: int, reason: str, *, actor: str = ACTOR) -> Refund:
    """Give back part or all of what was paid for an order; the caller posts what it takes back of the sale.

    Account parts are done in this unit. Raises AmountInvalid, NothingToRefund, RefundAboveCaptured.
    """
    if type(amount_fen) is not int or not 0 < amount_fen <= MOST_FEN:
        raise AmountInvalid
    attempt = records.standing_row(unit.connection, order_id)
    if attempt is None or attempt["state"] != "paid":
        raise NothingToRefund(order=order_id)
    paid = _paid_of(unit.connection, attempt)
    back = refund_records.gone_back(unit.connection, attempt["id"])
    return _write(unit, attempt, split_refund(paid, back, amount_fen), reason, actor)


def refund_capture(unit: Unit, attempt: records.Row, reason: str) -> Refund:
    """Give back what the channel took for an attempt that settles nothing: late, or refused by its order.

    `attempt` is the row as it stands now.
    """
    captured = [Paid(kind=CHANNEL, amount_fen=attempt["captured_fen"])]
    refund = _write(unit, attempt, captured, reason, ACTOR)
    post(unit, "refund_due", refund.id, {"total": refund.amount_fen}, payee=refund.payee)
    return refund


def refundable_fen(connection: sqlite3.Connection, order_id: str) -> int:
    """Return how much may still go back of what was paid for an order, in fen; 0 when nothing was."""
    attempt = records.standing_row(connection, order_id)
    if attempt is None or attempt["state"] != "paid":
        return 0
    paid_fen = sum(each.amount_fen for each in _paid_of(connection, attempt))
    return paid_fen - sum(refund_records.gone_back(connection, attempt["id"]).values())


def _paid_of(connection: sqlite3.Connection, attempt: records.Row) -> tuple[Paid, ...]:
    held = tuple(
        Paid(kind=each.kind, account=each.account, lease=each.lease, amount_fen=each.amount_fen)
        for each in tenders_of(connection, attempt["id"])
    )
    if not attempt["captured_fen"]:
        return held
    return (*held, Paid(kind=CHANNEL, amount_fen=attempt["captured_fen"]))


def _write(unit: Unit, attempt: records.Row, parts: list[Paid], reason: str, actor: str) -> Refund:
    refund_id = unit.next_id()
    row = {
        "id": refund_id,
        "attempt_id": attempt["id"],
        "order_id": attempt["order_id"],
        "payee": attempt["payee"],
        "amount_fen": sum(part.amount_fen for part in parts),
        "reason": reason,
        "business_date": business_date(unit.connection, unit.now),
        "at_ms": unit.now.at_ms,
    }
    refund_records.insert_refund(unit.connection, row)
    asked = [_write_part(unit, attempt, refund_id, place, part) for place, part in enumerate(parts, 1)]
    unit.record(
        RefundRequested(
            refund_id=refund_id,
            attempt_id=row["attempt_id"],
            order_id=row["order_id"],
            payee=row["payee"],
            amount_fen=row["amount_fen"],
            reason=reason,
            parts=tuple(asked),
        ),
        actor=actor,
    )
    give_back_parts(unit, row["payee"], asked)
    unit.hint(TOPIC)
    return find_refund(unit.connection, refund_id)


def give_back_parts(
    unit: Unit, payee: str, parts: Iterable[PartAsked], past: PastEvent | None = None
) -> None:
    """Do the parts of accounts of the refund that was just recorded, or read back (`past`)."""
    for part in parts:
        if part.kind != CHANNEL:
            tender = Tender(
                kind=part.kind, account=part.account, lease=part.lease, amount_fen=part.amount_fen
            )
            give_back(unit, part.part_id, payee, tender, past)


def _write_part(unit: Unit, attempt: records.Row, refund_id: str, place: int, part: Paid) -> PartAsked:
    part_id = unit.next_id()
    of_channel = part.kind == CHANNEL
    refund_records.insert_part(
        unit.connection,
        {
            "id": part_id,
            "refund_id": refund_id,
            "place": place,
            "attempt_id": attempt["id"],
            "kind": part.kind,
            "account": part.account,
            "lease": part.lease,
            "channel": attempt["channel"] if of_channel else "",
            "captured_fen": attempt["captured_fen"] if of_channel else 0,
            "amount_fen": part.amount_fen,
            "state": PartState.REQUESTED if of_channel else PartState.REFUNDED,
            "next_at_ms": unit.now.at_ms,
            "refunded_at_ms": 0 if of_channel else unit.now.at_ms,
        },
    )
    return PartAsked(
        part_id=part_id,
        kind=part.kind,
        account=part.account,
        lease=part.lease,
        amount_fen=part.amount_fen,
    )


def find_refund(connection: sqlite3.Connection, refund_id: str) -> Refund:
    """Return one refund. Raises RefundPartUnknown."""
    row = refund_records.refund_row(connection, refund_id)
    if row is None:
        raise RefundPartUnknown(part=refund_id)
    parts = refund_records.part_rows(connection, refund_id)
    return msgspec.convert({**row, "parts": parts}, Refund)


def refunds_of(connection: sqlite3.Connection, order_id: str) -> tuple[Refund, ...]:
    """Return the refunds of an order, oldest first."""
    return tuple(find_refund(connection, each) for each in refund_records.refund_ids(connection, order_id))


def find_part(connection: sqlite3.Connection, part_id: str) -> RefundPart:
    """Return one part. Raises RefundPartUnknown."""
    row = refund_records.part_row(connection, part_id)
    if row is None:
        raise RefundPartUnknown(part=part_id)
    return msgspec.convert(row, RefundPart)


def due_parts(connection: sqlite3.Connection, at_ms: int, count: int) -> tuple[RefundPart, ...]:
    """Return at most `count` parts of channels that are due to be asked about."""
    rows = refund_records.due_part_rows(connection, at_ms, count)
    return tuple(msgspec.convert(row, RefundPart) for row in rows)


def claim_part(unit: Unit, part_id: str) -> RefundPart:
    """Note that a part is about to be asked for; from here on it may have been. Returns it as it was before.

    The next try is put off first, so that a part that kills the process holds up no other.
    """
    part = find_part(unit.connection, part_id)
    if part.state in (PartState.REQUESTED, PartState.REFUNDING):
        tried = msgspec.structs.replace(
            part,
            state=PartState.REFUNDING,
            tries=part.tries + 1,
            next_at_ms=unit.now.at_ms + refund_pause_ms(part.tries),
        )
        refund_records.update_part(unit.connection, msgspec.structs.asdict(tried))
    return part


def apply_outcome(unit: Unit, part_id: str, outcome: Outcome) -> RefundPart:
    """Move a part by what was learned; an answer that its state does not take changes nothing."""
    part = find_part(unit.connection, part_id)
    if outcome.state not in PART_TRANSITIONS[part.state]:
        return part
    moved = msgspec.structs.replace(
        part,
        state=outcome.state,
        reason=outcome.reason,
        channel_id=outcome.channel_id or part.channel_id,
        refunded_at_ms=outcome.refunded_at_ms,
    )
    refund_records.update_part(unit.connection, msgspec.structs.asdict(moved))
    if moved.state is PartState.REFUNDED:
        post(unit, "refund_paid", moved.id, {"total": moved.amount_fen}, payee=moved.payee)
        _record_paid(unit, moved)
    elif moved.state is PartState.FAILED:
        _record_failed(unit, moved)
    unit.hint(TOPIC)
    return moved


def ask_again(unit: Unit, part_id: str) -> RefundPart:
    """Let a part that the channel refused be asked for once more, as itself. Raises RefundPartUnknown."""
    part = find_part(unit.connection, part_id)
    if part.state is not PartState.FAILED:
        return part
    again = msgspec.structs.replace(
        part, state=PartState.REQUESTED, reason="", tries=0, next_at_ms=unit.now.at_ms
    )
    refund_records.update_part(unit.connection, msgspec.structs.asdict(again))
    unit.hint(TOPIC)
    return again


def _record_paid(unit: Unit, part: RefundPart) -> None:
    paid = RefundPaid(
        part_id=part.id,
        refund_id=part.refund_id,
        attempt_id=part.attempt_id,
        order_id=part.order_id,
        payee=part.payee,
        amount_fen=part.amount_fen,
        channel=part.channel,
        channel_id=part.channel_id,
        refunded_at_ms=part.refunded_at_ms,
    )
    unit.record(paid, actor=ACTOR)


def _record_failed(unit: Unit, part: RefundPart) -> None:
    failed = RefundFailed(
        part_id=part.id,
        refund_id=part.refund_id,
        attempt_id=part.attempt_id,
        order_id=part.order_id,
        payee=part.payee,
        amount_fen=part.amount_fen,
        reason=part.reason,
    )
    unit.record(failed, actor=ACTOR)
