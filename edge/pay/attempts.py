"""Payment attempts: created on disk before anything leaves, moved by answers, paid out to the order's room.

Everything here runs inside a unit of work. What is asked of the platform, and when, is in `edge.pay.engine`.
"""

import sqlite3
from collections.abc import Callable, Mapping

import msgspec

from edge.books.ledger import post
from edge.errors import Refusal
from edge.pay import records
from edge.pay.business_day import business_date
from edge.pay.errors import AttemptStillOpen, AttemptUnknown, OrderAlreadyPaid
from edge.pay.events import (
    PaymentFailed,
    PaymentPaid,
    PaymentRequested,
    PaymentReversed,
    PaymentUnknown,
    RefundRequested,
)
from edge.pay.states import OPEN_STATES, Answer, AttemptState, next_state
from edge.store.crashpoints import reach
from edge.store.unit import Unit

ACTOR = "pay"
TOPIC = "payments"
LATE = "late"
CONFLICT = records.CONFLICT
"""Reason of an attempt whose id the platform has for another order: what it says of that id is not ours."""

#: For so long after a QR's end a channel may still tell of money that was paid for it: one day (ours).
WATCH_MS = 86_400_000


class Attempt(msgspec.Struct, frozen=True, kw_only=True):
    """One try to collect `amount_fen` for an order; times in epoch milliseconds, `qr` is the text to show."""

    id: str
    order_id: str
    purpose: str
    payee: str
    amount_fen: int
    channel: str
    description: str
    state: AttemptState
    reason: str
    qr: str
    expires_at_ms: int | None
    channel_id: str
    created_at_ms: int
    changed_at_ms: int

    @property
    def is_open(self) -> bool:
        """Whether the outcome is still to come."""
        return self.state in OPEN_STATES

    @property
    def watch_until_ms(self) -> int:
        """From here on the platform's "failed" is its last word: the channel, too, has had its time."""
        return (self.expires_at_ms or self.created_at_ms) + WATCH_MS


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """An answer with what came along: a reason code, the captured fen, the channel's id, the QR offer."""

    answer: Answer
    reason: str = ""
    amount_fen: int = 0
    channel_id: str = ""
    qr: str = ""
    expires_at_ms: int | None = None


#: Settles the order of a paid attempt. Raises a Refusal *before its first write* when it cannot.
Settle = Callable[[Unit, Attempt], object]


def create_attempt(
    unit: Unit,
    order_id: str,
    payee: str,
    amount_fen: int,
    channel: str,
    *,
    purpose: str = "sale",
    description: str = "",
) -> Attempt:
    """Record a new attempt for an order.

    Raises AttemptStillOpen while an earlier one has no outcome, OrderAlreadyPaid after a success.
    """
    standing = standing_attempt(unit.connection, order_id)
    if standing is not None and standing.is_open:
        raise AttemptStillOpen(order=order_id, attempt=standing.id)
    if standing is not None:
        raise OrderAlreadyPaid(order=order_id)
    attempt = Attempt(
        id=unit.next_id(),
        order_id=order_id,
        purpose=purpose,
        payee=payee,
        amount_fen=amount_fen,
        channel=channel,
        description=description,
        state=AttemptState.CREATED,
        reason="",
        qr="",
        expires_at_ms=None,
        channel_id="",
        created_at_ms=unit.now.at_ms,
        changed_at_ms=unit.now.at_ms,
    )
    records.insert_attempt(unit.connection, msgspec.structs.asdict(attempt))
    unit.record(
        PaymentRequested(
            attempt_id=attempt.id,
            order_id=order_id,
            purpose=purpose,
            payee=payee,
            amount_fen=amount_fen,
            channel=channel,
        ),
        actor=ACTOR,
    )
    unit.hint(TOPIC)
    return attempt


def apply_finding(unit: Unit, attempt_id: str, finding: Finding, settle: Mapping[str, Settle]) -> Attempt:
    """Move an attempt by what was learned and, once it is paid, settle its order in the same unit.

    A captured sum that differs from the asked one leaves the attempt unknown, for a person to judge. Money
    for an attempt that was given up, or for an order that cannot be settled any more, becomes a refund.
    Raises AttemptUnknown; KeyError when no settlement is wired for the attempt's purpose.
    """
    attempt = find_attempt(unit.connection, attempt_id)
    if attempt.is_open and finding.answer is Answer.PAID and finding.amount_fen != attempt.amount_fen:
        finding = Finding(answer=Answer.UNSURE, reason="amount_differs", channel_id=finding.channel_id)
    state = next_state(attempt.state, finding.answer)
    if state is attempt.state:
        return attempt
    late = state is AttemptState.PAID and not attempt.is_open
    moved = msgspec.structs.replace(
        attempt,
        state=state,
        reason=LATE if late else finding.reason,
        qr=finding.qr or attempt.qr,
        expires_at_ms=finding.expires_at_ms or attempt.expires_at_ms,
        channel_id=finding.channel_id or attempt.channel_id,
        changed_at_ms=unit.now.at_ms,
    )
    records.update_attempt(unit.connection, msgspec.structs.asdict(moved))
    _record_move(unit, moved, finding, late=late)
    if late:
        _request_refund(unit, moved, finding.amount_fen, LATE)
    elif state is AttemptState.PAID:
        moved = _pay_out(unit, moved, settle)
    unit.hint(TOPIC)
    return moved


def _pay_out(unit: Unit, attempt: Attempt, settle: Mapping[str, Settle]) -> Attempt:
    """Settle the order; when its room refuses, it keeps the code and the money goes back."""
    reach("checkout.before_settle")
    try:
        settle[attempt.purpose](unit, attempt)
    except Refusal as refusal:
        refused = msgspec.structs.replace(attempt, reason=refusal.code)
        records.update_attempt(unit.connection, msgspec.structs.asdict(refused))
        _request_refund(unit, refused, attempt.amount_fen, refusal.code)
        return refused
    return attempt


def _request_refund(unit: Unit, attempt: Attempt, amount_fen: int, reason: str) -> None:
    refund_id = unit.next_id()
    records.insert_refund(
        unit.connection,
        {
            "id": refund_id,
            "attempt_id": attempt.id,
            "order_id": attempt.order_id,
            "payee": attempt.payee,
            "amount_fen": amount_fen,
            "reason": reason,
            "business_date": business_date(unit.connection, unit.now),
            "at_ms": unit.now.at_ms,
        },
    )
    post(unit, "refund_due", refund_id, {"total": amount_fen}, payee=attempt.payee)
    unit.record(
        RefundRequested(
            refund_id=refund_id,
            attempt_id=attempt.id,
            order_id=attempt.order_id,
            payee=attempt.payee,
            amount_fen=amount_fen,
            reason=reason,
        ),
        actor=ACTOR,
    )


def _record_move(unit: Unit, attempt: Attempt, finding: Finding, *, late: bool) -> None:
    ids = {"attempt_id": attempt.id, "order_id": attempt.order_id}
    match attempt.state:
        case AttemptState.UNKNOWN:
            unit.record(PaymentUnknown(**ids, reason=attempt.reason), actor=ACTOR)
        case AttemptState.FAILED:
            unit.record(PaymentFailed(**ids, reason=attempt.reason), actor=ACTOR)
        case AttemptState.REVERSED:
            unit.record(PaymentReversed(**ids), actor=ACTOR)
        case AttemptState.PAID:
            paid = PaymentPaid(
                **ids,
                payee=attempt.payee,
                amount_fen=finding.amount_fen,
                channel=attempt.channel,
                channel_id=attempt.channel_id,
                late=late,
            )
            unit.record(paid, actor=ACTOR)
        case _:
            pass


def find_attempt(connection: sqlite3.Connection, attempt_id: str) -> Attempt:
    """Return one attempt. Raises AttemptUnknown."""
    row = records.attempt_row(connection, attempt_id)
    if row is None:
        raise AttemptUnknown(attempt=attempt_id)
    return msgspec.convert(row, Attempt)


def standing_attempt(connection: sqlite3.Connection, order_id: str) -> Attempt | None:
    """Return the order's attempt without outcome or its success, if there is one."""
    row = records.standing_row(connection, order_id)
    return None if row is None else msgspec.convert(row, Attempt)


def open_attempt(connection: sqlite3.Connection, order_id: str) -> Attempt | None:
    """Return the order's attempt without outcome, if there is one."""
    standing = standing_attempt(connection, order_id)
    return standing if standing is not None and standing.is_open else None


def open_attempts(connection: sqlite3.Connection) -> tuple[Attempt, ...]:
    """Return every attempt without outcome."""
    return tuple(msgspec.convert(row, Attempt) for row in records.open_attempt_rows(connection))


def watched_attempts(connection: sqlite3.Connection, after_id: str, count: int) -> tuple[Attempt, ...]:
    """Return at most `count` attempts that were given up and could still turn out to be paid, in order.

    They follow the one with `after_id` (empty: from the first).
    """
    rows = records.watched_rows(connection, after_id, count)
    return tuple(msgspec.convert(row, Attempt) for row in rows)


def apply_last_word(unit: Unit, attempt_id: str, finding: Finding, settle: Mapping[str, Settle]) -> None:
    """As `apply_finding`, for an answer after the watch's end: "failed" ends the watch, nothing else does."""
    apply_finding(unit, attempt_id, finding, settle)
    if finding.answer is Answer.FAILED:
        records.end_watch(unit.connection, attempt_id)
