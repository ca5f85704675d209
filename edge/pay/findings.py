"""What an answer of the platform says about an attempt: pure functions from answers to findings."""

from http import HTTPStatus

from edge.errors import PlatformRejected
from edge.pay.attempts import CONFLICT, Attempt, Finding
from edge.pay.policy import Method
from edge.pay.ports import ChannelState
from edge.pay.states import Answer

OFFLINE = "offline"
CLOSED = "closed"

_ANSWERS = {
    "waiting": Answer.WAITING,
    "paid": Answer.PAID,
    "failed": Answer.FAILED,
    "reversed": Answer.REVERSED,
    "unknown": Answer.UNSURE,
}


def finding_of(attempt: Attempt, answer: ChannelState) -> Finding:
    """What a question's answer says; a state that this program does not know says nothing."""
    if answer.order_id not in ("", attempt.order_id):
        return conflict_of(attempt)
    paid = answer.state == "paid"
    return Finding(
        answer=_ANSWERS.get(answer.state, Answer.UNSURE),
        reason="" if paid else answer.reason or f"channel_{answer.state}",
        amount_fen=answer.amount_fen if paid else 0,
        channel_id=answer.channel_id,
        paid_at_ms=answer.paid_at_ms if paid else 0,
    )


def conflict_of(attempt: Attempt) -> Finding:
    """What the platform says is about another order; nobody can have paid ours, unless its QR was shown."""
    return Finding(answer=Answer.UNSURE if attempt.qr else Answer.FAILED, reason=CONFLICT)


def finding_of_undo(attempt: Attempt, answer: ChannelState) -> Finding:
    """What the answer to a close or reversal says: "failed" is the end that we asked for."""
    finding = finding_of(attempt, answer)
    if finding.answer is Answer.FAILED and finding.reason != CONFLICT:
        return Finding(answer=Answer.FAILED, reason=CLOSED, channel_id=answer.channel_id)
    return finding


def finding_of_rejection(attempt: Attempt, error: PlatformRejected) -> Finding:
    """An attempt that the platform never had and nobody saw cannot be paid; others prove nothing."""
    never_shown = error.status == HTTPStatus.NOT_FOUND and not attempt.qr
    return Finding(answer=Answer.FAILED if never_shown else Answer.UNSURE, reason=error.code)


def finding_of_charge(attempt: Attempt, answer: ChannelState) -> Finding:
    """What the answer to a charge says: while it waits, or did not say, the attempt is with the channel."""
    finding = finding_of(attempt, answer)
    if finding.answer in (Answer.WAITING, Answer.UNSURE) and finding.reason != CONFLICT:
        return Finding(answer=Answer.OFFERED)
    return finding


def is_code(attempt: Attempt) -> bool:
    """Whether a payment code was charged: what the channel began, it may still end."""
    return attempt.method is Method.PAYMENT_CODE
