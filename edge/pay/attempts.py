"""Payment attempts: created on disk before anything leaves, moved by answers, paid out to the order's room.

Everything here runs inside a unit of work. What is asked of the platform, and when, is in `edge.pay.engine`.
"""

import sqlite3
from collections.abc import Callable, Mapping

import msgspec

from edge.books.ledger import post
from edge.errors import Refusal
from edge.pay import records
from edge.pay.errors import (
    AmountInvalid,
    AttemptStillOpen,
    AttemptUnknown,
    ChannelUnsupported,
    OrderAlreadyPaid,
)
from edge.pay.events import (
    PaymentFailed,
    PaymentPaid,
    PaymentRequested,
    PaymentReversed,
    PaymentUnknown,
)
from edge.pay.policy import CHANNELS, MOST_FEN, NO_CHANNEL, Method
from edge.pay.refunds import refund_capture
from edge.pay.states import OPEN_STATES, Answer, AttemptState, next_state
from edge.pay.tenders import OrderLimits, Tender, hold, release, spend
from edge.store.crashpoints import reach
from edge.store.unit import Unit

ACTOR = "pay"
TOPIC = "payments"
LATE = "late"
RELEASED = "released"
AMOUNT_DIFFERS = "amount_differs"
CONFLICT = records.CONFLICT
"""Reason of an attempt whose id the platform has for another order: what it says of that id is not ours."""

#: For so long after a QR's end a channel may still tell of money that was paid for it: one day (ours).
WATCH_MS = 86_400_000


class Attempt(msgspec.Struct, frozen=True, kw_only=True):
    """One try to collect money for an order; times in epoch milliseconds, `qr` is the text to show.

    amount_fen: asked of the channel by `method`; zero only where accounts pay everything (channel "")
    held_fen: held on accounts beside it
    captured_fen, paid_at_ms: what the channel took, and when by its own time (0: nothing, not said)
    parked_at_ms: when the order was parked: the screen went on, the outcome goes to phone and counter
    released_by: the supervisor who gave the goods out before the outcome; "" for nobody
    """

    id: str
    order_id: str
    purpose: str
    payee: str
    amount_fen: int
    held_fen: int = 0
    channel: str
    method: Method = Method.COLLECTION_QR
    description: str
    state: AttemptState
    reason: str
    qr: str
    expires_at_ms: int | None
    channel_id: str
    captured_fen: int = 0
    paid_at_ms: int = 0
    created_at_ms: int
    changed_at_ms: int
    parked_at_ms: int | None = None
    released_by: str = ""

    @property
    def total_fen(self) -> int:
        """What the order gets: the channel's part and what accounts hold for it."""
        return self.amount_fen + self.held_fen

    @property
    def is_open(self) -> bool:
        """Whether the outcome is still to come."""
        return self.state in OPEN_STATES

    @property
    def watch_until_ms(self) -> int:
        """From here on the platform's "failed" is its last word: the channel, too, has had its time."""
        return (self.expires_at_ms or self.created_at_ms) + WATCH_MS


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """An answer with what came along: a reason code, the captured fen, the channel's id and time, the QR."""

    answer: Answer
    reason: str = ""
    amount_fen: int = 0
    channel_id: str = ""
    paid_at_ms: int = 0
    qr: str = ""
    expires_at_ms: int | None = None


#: Settles the order of a paid attempt, `attempt.total_fen` in all. With `released_by` the channel's part is
#: owed instead of captured. Raises a Refusal *before its first write* when it cannot.
Settle = Callable[[Unit, Attempt], object]


def create_attempt(
    unit: Unit,
    order_id: str,
    payee: str,
    amount_fen: int,
    channel: str,
    *,
    method: Method = Method.COLLECTION_QR,
    held: tuple[Tender, ...] = (),
    limits: OrderLimits | None = None,
    purpose: str = "sale",
    description: str = "",
) -> Attempt:
    """Record a new attempt for an order; `amount_fen` is the channel's part, `held` is reserved first.

    `limits` is what the order's room lets accounts pay of it; without it they pay nothing.

    Raises AmountInvalid, ChannelUnsupported, AttemptStillOpen while an earlier one has no outcome,
    OrderAlreadyPaid after a success, and what `edge.pay.tenders.hold` raises.
    """
    held_fen = sum(tender.amount_fen for tender in held)
    _check_amount(amount_fen, held_fen, channel)
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
        held_fen=held_fen,
        channel=channel,
        method=method if channel else Method.NONE,
        description=description,
        state=AttemptState.CREATED,
        reason="",
        qr="",
        expires_at_ms=None,
        channel_id="",
        created_at_ms=unit.now.at_ms,
        changed_at_ms=unit.now.at_ms,
    )
    if held:
        hold(unit, attempt.id, amount_fen, held, limits or _nothing(payee, attempt.total_fen))
    records.insert_attempt(unit.connection, msgspec.structs.asdict(attempt))
    unit.record(_requested(attempt, held), actor=ACTOR)
    unit.hint(TOPIC)
    return attempt


def _nothing(payee: str, total_fen: int) -> OrderLimits:
    return OrderLimits(subject=None, payee=payee, total_fen=total_fen)


def _check_amount(amount_fen: int, held_fen: int, channel: str) -> None:
    """A sum may come from a list or a screen: whatever is no whole number of fen in bounds ends here."""
    if channel not in (*CHANNELS, NO_CHANNEL):
        raise ChannelUnsupported(channel=channel)
    whole = type(amount_fen) is int and type(held_fen) is int
    if not whole or amount_fen < 0 or held_fen < 0 or not 0 < amount_fen + held_fen <= MOST_FEN:
        raise AmountInvalid
    if (amount_fen == 0) != (channel == NO_CHANNEL):
        raise AmountInvalid


def _requested(attempt: Attempt, held: tuple[Tender, ...]) -> PaymentRequested:
    return PaymentRequested(
        attempt_id=attempt.id,
        order_id=attempt.order_id,
        purpose=attempt.purpose,
        payee=attempt.payee,
        amount_fen=attempt.amount_fen,
        held_fen=attempt.held_fen,
        channel=attempt.channel,
        method=str(attempt.method),
        tenders=held,
    )


def apply_finding(unit: Unit, attempt_id: str, finding: Finding, settle: Mapping[str, Settle]) -> Attempt:
    """Move an attempt by what was learned and, once it is paid, settle its order in the same unit.

    A captured sum that differs from the asked one leaves the attempt unknown, for a person to judge. Money
    for an attempt that was given up, or for an order that cannot be settled any more, becomes a refund; what
    accounts held is spent with the settling and released without it.
    Raises AttemptUnknown; KeyError when no settlement is wired for the attempt's purpose.
    """
    attempt = find_attempt(unit.connection, attempt_id)
    if attempt.is_open and finding.answer is Answer.PAID and finding.amount_fen != attempt.amount_fen:
        finding = Finding(answer=Answer.UNSURE, reason=AMOUNT_DIFFERS, channel_id=finding.channel_id)
    state = next_state(attempt.state, finding.answer)
    if state is attempt.state:
        return attempt
    late = state is AttemptState.PAID and not attempt.is_open
    moved = _moved(unit, attempt, finding, state)
    records.update_attempt(unit.connection, msgspec.structs.asdict(moved))
    _record_move(unit, moved, late=late)
    if moved.released_by:
        _clear_release(unit, moved)
    elif late:
        refund_capture(unit, msgspec.structs.asdict(moved), LATE)
    elif state is AttemptState.PAID:
        moved = _pay_out(unit, moved, settle)
    elif not moved.is_open and moved.held_fen:
        release(unit, moved.id)
    unit.hint(TOPIC)
    return moved


def _moved(unit: Unit, attempt: Attempt, finding: Finding, state: AttemptState) -> Attempt:
    paid = state is AttemptState.PAID
    late = RELEASED if attempt.released_by else LATE
    parked_at_ms = attempt.parked_at_ms
    if state is AttemptState.UNKNOWN and parked_at_ms is None:
        parked_at_ms = unit.now.at_ms
    return msgspec.structs.replace(
        attempt,
        state=state,
        reason=late if paid and not attempt.is_open else finding.reason,
        qr=finding.qr or attempt.qr,
        expires_at_ms=finding.expires_at_ms or attempt.expires_at_ms,
        channel_id=finding.channel_id or attempt.channel_id,
        captured_fen=finding.amount_fen if paid else attempt.captured_fen,
        paid_at_ms=finding.paid_at_ms if paid else attempt.paid_at_ms,
        changed_at_ms=unit.now.at_ms,
        parked_at_ms=parked_at_ms,
    )


def _pay_out(unit: Unit, attempt: Attempt, settle: Mapping[str, Settle]) -> Attempt:
    """Settle the order; when its room refuses, it keeps the code and the money goes back."""
    reach("checkout.before_settle")
    try:
        settle[attempt.purpose](unit, attempt)
    except Refusal as refusal:
        refused = msgspec.structs.replace(attempt, reason=refusal.code)
        records.update_attempt(unit.connection, msgspec.structs.asdict(refused))
        if refused.held_fen:
            release(unit, refused.id)
        if refused.captured_fen:
            refund_capture(unit, msgspec.structs.asdict(refused), refusal.code)
        return refused
    if attempt.held_fen:
        spend(unit, attempt.id)
    return attempt


def _clear_release(unit: Unit, attempt: Attempt) -> None:
    """The goods are out already: money for them, however late, clears what is owed."""
    if attempt.state is AttemptState.PAID:
        post(unit, "receivable_paid", attempt.id, {"total": attempt.captured_fen}, payee=attempt.payee)


def park(unit: Unit, attempt_id: str, reason: str) -> Attempt:
    """Note that nobody waits before the screen any more while the outcome is open; once, with its event.

    Raises AttemptUnknown.
    """
    attempt = find_attempt(unit.connection, attempt_id)
    if not attempt.is_open or attempt.parked_at_ms is not None:
        return attempt
    parked = msgspec.structs.replace(attempt, parked_at_ms=unit.now.at_ms)
    records.update_attempt(unit.connection, msgspec.structs.asdict(parked))
    unit.record(PaymentUnknown(attempt_id=attempt.id, order_id=attempt.order_id, reason=reason), actor=ACTOR)
    unit.hint(TOPIC)
    return parked


def _record_move(unit: Unit, attempt: Attempt, *, late: bool) -> None:
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
                amount_fen=attempt.captured_fen,
                held_fen=0 if late else attempt.held_fen,
                channel=attempt.channel,
                method=str(attempt.method),
                channel_id=attempt.channel_id,
                paid_at_ms=attempt.paid_at_ms,
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
    """As `apply_finding`, for an answer after the watch's end: only "failed" and "reversed" end the watch."""
    apply_finding(unit, attempt_id, finding, settle)
    if finding.answer in (Answer.FAILED, Answer.REVERSED):
        records.end_watch(unit.connection, attempt_id)
