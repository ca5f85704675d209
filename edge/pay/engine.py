"""Payments from request to outcome: query, never charge again.

The engine asks the platform and writes down what it learns; every step is on disk before the next one leaves,
so that a restart goes on from the row. All that it remembers itself is where the round of late money goes on.
"""

import contextlib
from collections.abc import Callable, Mapping
from http import HTTPStatus

from edge.errors import PlatformRejected, PlatformUnreachable
from edge.pay.attempts import (
    CONFLICT,
    Attempt,
    Finding,
    Settle,
    apply_finding,
    apply_last_word,
    create_attempt,
    find_attempt,
    open_attempts,
    watched_attempts,
)
from edge.pay.errors import PaymentRefused
from edge.pay.ports import ChannelState, PaymentPlatform
from edge.pay.states import Answer, AttemptState
from edge.store.crashpoints import reach
from edge.store.store import Store
from edge.store.unit import Unit
from edge.trust.clock import Clock

#: So many attempts that were given up are asked about in one round: a long outage leaves many behind.
WATCHED_AT_ONCE = 20
WECHAT = "wechat"
OFFLINE = "offline"
CLOSED = "closed"

Conflict = Callable[[Unit, Attempt], object]

_ANSWERS = {
    "waiting": Answer.WAITING,
    "paid": Answer.PAID,
    "failed": Answer.FAILED,
    "unknown": Answer.UNSURE,
}


class PaymentEngine:
    """Requests, follows, closes and recovers payment attempts.

    `settle` names for each purpose the function that settles the order of a paid attempt, in the same unit.
    `conflict` is told, in the unit that writes it down, of an attempt whose id the platform has for another
    order: somebody of our name has used it.
    """

    def __init__(
        self,
        store: Store,
        platform: PaymentPlatform,
        *,
        settle: Mapping[str, Settle],
        clock: Clock,
        conflict: Conflict | None = None,
    ) -> None:
        self._store = store
        self._clock = clock
        self._platform = platform
        self._settle = settle
        self._watched_last = ""
        self._conflict = conflict

    async def ready(self) -> None:
        """Wait until an order may be placed for a payment; before, its id could be one of an earlier life.

        Raises PlatformUnreachable.
        """
        await self._platform.ready()

    async def start(
        self,
        order_id: str,
        payee: str,
        amount_fen: int,
        channel: str = WECHAT,
        *,
        purpose: str = "sale",
        description: str = "",
    ) -> Attempt:
        """Ask for a collection QR for an order and return the attempt with the text to show.

        The QR is shown only after the attempt with it is on disk. Raises AttemptStillOpen, OrderAlreadyPaid,
        PlatformUnreachable (an attempt that began then failed with reason "offline"), PaymentRefused.
        """
        reach("checkout.after_place")
        await self._platform.ready()
        attempt = await self._store.run(
            lambda unit: create_attempt(
                unit, order_id, payee, amount_fen, channel, purpose=purpose, description=description
            )
        )
        reach("checkout.after_attempt")
        try:
            offer = await self._platform.request(attempt)
        except PlatformUnreachable:
            await self._apply(attempt.id, Finding(answer=Answer.FAILED, reason=OFFLINE))
            raise
        except PlatformRejected as error:
            await self._apply(attempt.id, Finding(answer=Answer.FAILED, reason=error.code))
            raise PaymentRefused(order=order_id, reason=error.code) from error
        reach("checkout.after_sent")
        return await self._apply(
            attempt.id, Finding(answer=Answer.OFFERED, qr=offer.qr, expires_at_ms=offer.expires_at_ms)
        )

    async def ask(self, attempt_id: str) -> Attempt:
        """Ask what became of an attempt and act on it; also for one that was given up (late money).

        While the platform is away an attempt stays as it is; after its QR has expired it becomes unknown.
        Raises AttemptUnknown, PlatformUnreachable.
        """
        attempt = await self._store.read(lambda connection: find_attempt(connection, attempt_id))
        if attempt.state is AttemptState.PAID:
            return attempt
        try:
            return await self._ask(attempt)
        except PlatformUnreachable:
            await self._miss_answer(attempt)
            raise

    async def settle(self, attempt_id: str) -> Attempt:
        """As `ask`, but silence leaves the attempt as it stands. Raises AttemptUnknown."""
        with contextlib.suppress(PlatformUnreachable):
            return await self.ask(attempt_id)
        return await self._store.read(lambda connection: find_attempt(connection, attempt_id))

    async def close(self, attempt_id: str) -> Attempt:
        """Close an attempt, so that its QR cannot be paid any more; repeated by `settle` until answered.

        Money that arrived before the close wins: the attempt is then paid. Raises AttemptUnknown.
        """
        attempt = await self._apply(attempt_id, Finding(answer=Answer.CLOSE_ASKED, reason=CLOSED))
        if attempt.state is not AttemptState.REVERSING:
            return attempt
        try:
            return await self._ask(attempt)
        except PlatformUnreachable:
            return attempt

    async def settle_open(self) -> tuple[Attempt, ...]:
        """Settle every attempt without outcome, look for late money, and return the attempts still open.

        To be run after a restart before new payments, and from time to time. The first silence of the
        platform ends the round: the next question would wait as long.
        """
        with contextlib.suppress(PlatformUnreachable):
            await self._platform.ready()
            for attempt in await self._store.read(open_attempts):
                await self._settle_left(attempt)
            await self._look_for_late_money()
        return await self._store.read(open_attempts)

    async def _look_for_late_money(self) -> None:
        """Ask about the next attempts that were given up, in turn, until each has had its last word.

        However long nobody could be asked: the last word is an answer, not an hour. Raises
        PlatformUnreachable.
        """
        after_id = self._watched_last
        watched = await self._store.read(lambda c: watched_attempts(c, after_id, WATCHED_AT_ONCE))
        for attempt in watched:
            if self._now_ms() < attempt.watch_until_ms:
                await self._ask(attempt)
            else:
                await self._ask_last(attempt)
            self._watched_last = attempt.id
        if len(watched) < WATCHED_AT_ONCE:
            self._watched_last = ""

    async def _ask_last(self, attempt: Attempt) -> None:
        """Close an attempt for good: what nobody paid cannot be paid afterwards, and money wins."""
        try:
            finding = _finding_of(attempt, await self._platform.close(attempt.id))
        except PlatformRejected as error:
            finding = _finding_of_rejection(attempt, error)
        await self._store.run(lambda unit: apply_last_word(unit, attempt.id, finding, self._settle))

    async def _settle_left(self, attempt: Attempt) -> None:
        """Settle an attempt that may have nobody before it any more: one past its time is closed."""
        asked = await self._ask(attempt)
        if asked.state is AttemptState.SENT and self._is_past(asked):
            await self.close(asked.id)

    async def _ask(self, attempt: Attempt) -> Attempt:
        """Ask once, write down the answer. Raises PlatformUnreachable."""
        try:
            if attempt.state is AttemptState.REVERSING:
                finding = _closing_of(attempt, await self._platform.close(attempt.id))
            else:
                finding = _finding_of(attempt, await self._platform.query(attempt.id))
        except PlatformRejected as error:
            finding = _finding_of_rejection(attempt, error)
        if attempt.state is AttemptState.CREATED and finding.answer is Answer.WAITING:
            return await self.close(attempt.id)
        return await self._apply(attempt.id, finding)

    async def _miss_answer(self, attempt: Attempt) -> None:
        if attempt.state is AttemptState.SENT and self._is_past(attempt):
            await self._apply(attempt.id, Finding(answer=Answer.UNSURE, reason=OFFLINE))

    def _is_past(self, attempt: Attempt) -> bool:
        return attempt.expires_at_ms is not None and attempt.expires_at_ms <= self._now_ms()

    def _now_ms(self) -> int:
        return self._clock.now().at_ms

    async def _apply(self, attempt_id: str, finding: Finding) -> Attempt:
        attempt = await self._store.run(lambda unit: self._write(unit, attempt_id, finding))
        if attempt.state is AttemptState.PAID:
            reach("checkout.after_settle")
        return attempt

    def _write(self, unit: Unit, attempt_id: str, finding: Finding) -> Attempt:
        attempt = apply_finding(unit, attempt_id, finding, self._settle)
        if finding.reason == CONFLICT and self._conflict is not None:
            self._conflict(unit, attempt)
        return attempt


def _finding_of(attempt: Attempt, answer: ChannelState) -> Finding:
    if answer.order_id not in ("", attempt.order_id):
        return _conflict_of(attempt)
    return Finding(
        answer=_ANSWERS.get(answer.state, Answer.UNSURE),
        reason="" if answer.state == "paid" else f"channel_{answer.state}",
        amount_fen=answer.amount_fen,
        channel_id=answer.channel_id,
    )


def _conflict_of(attempt: Attempt) -> Finding:
    """What the platform says is about another order; nobody can have paid ours, unless its QR was shown."""
    return Finding(answer=Answer.UNSURE if attempt.qr else Answer.FAILED, reason=CONFLICT)


def _closing_of(attempt: Attempt, answer: ChannelState) -> Finding:
    finding = _finding_of(attempt, answer)
    if finding.answer is Answer.FAILED and finding.reason != CONFLICT:
        return Finding(answer=Answer.FAILED, reason=CLOSED, channel_id=answer.channel_id)
    return finding


def _finding_of_rejection(attempt: Attempt, error: PlatformRejected) -> Finding:
    """An attempt that the platform never had and nobody saw cannot be paid; others prove nothing."""
    never_shown = error.status == HTTPStatus.NOT_FOUND and not attempt.qr
    return Finding(answer=Answer.FAILED if never_shown else Answer.UNSURE, reason=error.code)
