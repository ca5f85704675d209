"""Refunds of channels from request to end: the same identity in every try, until the channel answered."""

import contextlib
from http import HTTPStatus

from edge.errors import PlatformRejected, PlatformUnreachable
from edge.pay.ports import PaymentPlatform, RefundAsk, RefundState
from edge.pay.refunds import Outcome, RefundPart, apply_outcome, claim_part, due_parts
from edge.pay.states import PartState
from edge.store.crashpoints import reach
from edge.store.store import Store
from edge.trust.clock import Clock

#: So many parts are brought on in one round.
AT_ONCE = 20

#: Codes of the platform that no later try with the same content changes; everything else is tried again.
FINAL = frozenset(
    {"above_captured", "refund_above_captured", "refund_exists", "refund_conflict", "not_allowed"}
)

ABSENT = "absent"
"""The platform has the part and the channel does not: the request never reached it."""


class RefundDesk:
    """Asks the platform to give back what is due, and again until it is certain."""

    def __init__(self, store: Store, platform: PaymentPlatform, *, clock: Clock) -> None:
        self._store = store
        self._platform = platform
        self._clock = clock

    async def pay_back_due(self) -> None:
        """Bring on every part that is due; the first silence of the platform ends the round."""
        at_ms = self._clock.now().at_ms
        with contextlib.suppress(PlatformUnreachable):
            for part in await self._store.read(lambda connection: due_parts(connection, at_ms, AT_ONCE)):
                await self.pay_back(part.id)

    async def pay_back(self, part_id: str) -> RefundPart:
        """One try of a part, written down before it leaves. Raises RefundPartUnknown, PlatformUnreachable."""
        part = await self._store.run(lambda unit: claim_part(unit, part_id))
        if part.state not in (PartState.REQUESTED, PartState.REFUNDING):
            return part
        reach("refund.after_claim")
        outcome = await self._try(part)
        reach("refund.after_answer")
        moved = await self._store.run(lambda unit: apply_outcome(unit, part.id, outcome))
        reach("refund.after_outcome")
        return moved

    async def _try(self, part: RefundPart) -> Outcome:
        try:
            return _outcome_of(part, await self._ask(part))
        except PlatformRejected as error:
            state = PartState.FAILED if error.code in FINAL else PartState.REFUNDING
            return Outcome(state=state, reason=error.code)

    async def _ask(self, part: RefundPart) -> RefundState:
        """A part that may have been asked for is asked about; one that platform or channel never had is sent.

        Sent as itself: whoever had it after all answers with the refund that it is.
        """
        if part.state is PartState.REFUNDING:
            try:
                answer = await self._platform.query_refund(part.id)
            except PlatformRejected as error:
                if error.status != HTTPStatus.NOT_FOUND:
                    raise
            else:
                if (answer.state, answer.reason) != ("unknown", ABSENT):
                    return answer
        return await self._platform.refund(
            RefundAsk(
                part_id=part.id,
                attempt_id=part.attempt_id,
                order_id=part.order_id,
                payee=part.payee,
                channel=part.channel,
                amount_fen=part.amount_fen,
                captured_fen=part.captured_fen,
                reason=part.why,
            )
        )


def _outcome_of(part: RefundPart, answer: RefundState) -> Outcome:
    """An end counts only with our sum: another one is no end of this part, and a case for a person."""
    if answer.state == "refunded" and answer.amount_fen == part.amount_fen:
        return Outcome(
            state=PartState.REFUNDED, channel_id=answer.channel_id, refunded_at_ms=answer.refunded_at_ms
        )
    if answer.state == "refunded":
        return Outcome(state=PartState.FAILED, reason="amount_differs", channel_id=answer.channel_id)
    if answer.state == "failed":
        return Outcome(state=PartState.FAILED, reason=answer.reason or "channel_failed")
    return Outcome(state=PartState.REFUNDING)
