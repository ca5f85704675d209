"""Payments from request to outcome: query, never charge again.

The engine asks the platform and writes down what it learns; every step is on disk before the next one leaves,
so that a restart goes on from the row. What it remembers itself is only pace (`edge.pay.pace`) and where the
round of late money goes on.
"""

import contextlib
import sqlite3
from collections.abc import Callable, Mapping

from edge.errors import PlatformRejected, PlatformUnreachable
from edge.pay.attempts import (
    AMOUNT_DIFFERS,
    CONFLICT,
    Attempt,
    Finding,
    Settle,
    apply_finding,
    apply_last_word,
    create_attempt,
    find_attempt,
    open_attempts,
    park,
    watched_attempts,
)
from edge.pay.codes import PaymentCode
from edge.pay.errors import PaymentRefused
from edge.pay.findings import (
    CLOSED,
    OFFLINE,
    finding_of,
    finding_of_charge,
    finding_of_rejection,
    finding_of_undo,
    is_code,
)
from edge.pay.pace import Pace
from edge.pay.policy import NO_CHANNEL, WECHAT, Method, policy_for
from edge.pay.ports import ChannelState, PaymentPlatform
from edge.pay.states import Answer, AttemptState
from edge.pay.tenders import OrderLimits, Tender
from edge.store.crashpoints import reach
from edge.store.store import Store
from edge.store.unit import Unit
from edge.trust.clock import Clock

#: So many attempts that were given up are asked about in one round: a long outage leaves many behind.
WATCHED_AT_ONCE = 20
LEFT = "left"
"""Reason of an attempt whose payer went on with a slip; also of one whose undoing nobody answers."""

Conflict = Callable[[Unit, Attempt], object]
Limits = Callable[[sqlite3.Connection, str], OrderLimits]
"""What accounts may pay of an order, as its room says."""


class PaymentEngine:
    """Requests, charges, follows, undoes and recovers payment attempts.

    `settle` names for each purpose the function that settles the order of a paid attempt, in the same unit,
    `limits` the one that says what accounts may pay of it; an order of a purpose without pays by channel.
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
        limits: Mapping[str, Limits] | None = None,
    ) -> None:
        self._store = store
        self._platform = platform
        self._settle = settle
        self._limits = limits or {}
        self._watched_last = ""
        self._conflict = conflict
        self._pace = Pace(clock)

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
        held: tuple[Tender, ...] = (),
    ) -> Attempt:
        """Ask for a collection QR for an order and return the attempt with the text to show.

        `amount_fen` is the channel's part; `held` is held on accounts first. The QR is shown only after the
        attempt with it is on disk. Raises what `create_attempt` raises, PlatformUnreachable (an attempt that
        began then failed with reason "offline"), PaymentRefused.
        """
        reach("checkout.after_place")
        await self._platform.ready()
        attempt = await self._store.run(
            lambda unit: create_attempt(
                unit,
                order_id,
                payee,
                amount_fen,
                channel,
                held=held,
                limits=self._limits_of(unit, purpose, order_id, held),
                purpose=purpose,
                description=description,
            )
        )
        reach("checkout.after_attempt")
        with self._pace.sending(attempt):
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

    async def charge(
        self,
        order_id: str,
        payee: str,
        amount_fen: int,
        code: PaymentCode,
        *,
        purpose: str = "sale",
        description: str = "",
        held: tuple[Tender, ...] = (),
    ) -> Attempt:
        """Charge a payment code for an order, once, and return the attempt; `follow` it while it is open.

        Silence is no answer: the attempt stays open and is asked about, never charged again. Raises what
        `create_attempt` raises, PlatformUnreachable before anything left, PaymentRefused.
        """
        await self._platform.ready()
        attempt = await self._store.run(
            lambda unit: create_attempt(
                unit,
                order_id,
                payee,
                amount_fen,
                code.channel,
                method=Method.PAYMENT_CODE,
                held=held,
                limits=self._limits_of(unit, purpose, order_id, held),
                purpose=purpose,
                description=description,
            )
        )
        reach("pay.after_attempt")
        with self._pace.sending(attempt):
            try:
                answer = await self._platform.charge(attempt, code)
            except PlatformUnreachable:
                answer = ChannelState("unknown")
            except PlatformRejected as error:
                await self._apply(attempt.id, Finding(answer=Answer.FAILED, reason=error.code))
                raise PaymentRefused(order=order_id, reason=error.code) from error
            reach("pay.after_charge")
            self._pace.note_answer(attempt.id, answer)
            charged = await self._apply(attempt.id, finding_of_charge(attempt, answer))
            reach("pay.after_answer")
            return charged

    async def pay_from_accounts(
        self, order_id: str, payee: str, held: tuple[Tender, ...], *, purpose: str = "sale"
    ) -> Attempt:
        """Pay an order from accounts alone: held, spent and settled in one unit, online or offline.

        Raises what `create_attempt` raises. An order that cannot be settled leaves the attempt with the
        reason and nothing held.
        """

        def pay(unit: Unit) -> Attempt:
            limits = self._limits_of(unit, purpose, order_id, held)
            attempt = create_attempt(
                unit, order_id, payee, 0, NO_CHANNEL, held=held, limits=limits, purpose=purpose
            )
            return apply_finding(unit, attempt.id, Finding(answer=Answer.PAID), self._settle)

        return await self._store.run(pay)

    async def follow(self, attempt_id: str) -> Attempt:
        """Bring an attempt on by its policy, at its pace: ask, and once its time is over undo it.

        To be called as often as a screen likes; silence of the platform leaves the attempt as it stands.
        Raises AttemptUnknown.
        """
        attempt = await self._find(attempt_id)
        with contextlib.suppress(PlatformUnreachable):
            return await self._follow(attempt)
        return await self._find(attempt_id)

    def heard(self, attempt_id: str) -> tuple[int | None, int | None]:
        """When the platform was last asked about an open attempt and when it last answered (epoch ms)."""
        return self._pace.heard(attempt_id)

    def waiting_reason(self, attempt_id: str) -> str:
        """What an open attempt waits for, as the channel last said: "user_paying" or ""."""
        return self._pace.waiting_reason(attempt_id)

    async def ask(self, attempt_id: str) -> Attempt:
        """Ask what became of an attempt and act on it; also for one that was given up (late money).

        While the platform is away an attempt stays as it is; after its time it becomes unknown, or is undone
        if that takes no answer. Raises AttemptUnknown, PlatformUnreachable.
        """
        attempt = await self._find(attempt_id)
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
        return await self._find(attempt_id)

    async def close(self, attempt_id: str) -> Attempt:
        """Undo an attempt, so that it cannot be paid any more; repeated by `follow` until answered.

        Money that arrived before a QR was closed wins: the attempt is then paid. Raises AttemptUnknown.
        """
        attempt = await self._apply(attempt_id, Finding(answer=Answer.CLOSE_ASKED, reason=CLOSED))
        if attempt.state is not AttemptState.REVERSING:
            return attempt
        reach("reverse.after_asked" if is_code(attempt) else "close.after_asked")
        try:
            return await self._ask(attempt)
        except PlatformUnreachable:
            return attempt

    async def park(self, attempt_id: str, reason: str = LEFT) -> Attempt:
        """Free the screen of an open attempt; phone and counter get its outcome. Raises AttemptUnknown."""
        return await self._store.run(lambda unit: park(unit, attempt_id, reason))

    async def settle_open(self) -> tuple[Attempt, ...]:
        """Settle every attempt without outcome, look for late money, and return the attempts still open.

        To be run after a restart before new payments, and from time to time. The first silence of the
        platform ends the round: the next question would wait as long.
        """
        with contextlib.suppress(PlatformUnreachable):
            await self._platform.ready()
            for attempt in await self._store.read(open_attempts):
                if not self._pace.is_sending(attempt):
                    await self._settle_left(attempt)
            await self._look_for_late_money()
        return await self._store.read(open_attempts)

    async def follow_open(self) -> None:
        """Follow every attempt without outcome, whoever stands before it; asks only about those due.

        The first silence of the platform ends the round.
        """
        standing = await self._store.read(open_attempts)
        with contextlib.suppress(PlatformUnreachable):
            for attempt in standing:
                await self._follow(attempt)
        self._pace.forget_others(standing)

    async def look_for_late_money(self) -> None:
        """One round of questions about attempts that were given up; ends at the platform's first silence."""
        with contextlib.suppress(PlatformUnreachable):
            await self._platform.ready()
            await self._look_for_late_money()

    async def _look_for_late_money(self) -> None:
        """Ask about the next attempts that were given up, in turn, until each has had its last word.

        However long nobody could be asked: the last word is an answer, not an hour. Raises
        PlatformUnreachable.
        """
        after_id = self._watched_last
        watched = await self._store.read(lambda c: watched_attempts(c, after_id, WATCHED_AT_ONCE))
        for attempt in watched:
            if self._pace.now_ms() < attempt.watch_until_ms:
                await self._ask(attempt)
            else:
                await self._ask_last(attempt)
            self._watched_last = attempt.id
        if len(watched) < WATCHED_AT_ONCE:
            self._watched_last = ""

    async def _ask_last(self, attempt: Attempt) -> None:
        """Close an attempt for good: what nobody paid cannot be paid afterwards, and money wins."""
        try:
            finding = finding_of(attempt, await self._platform.close(attempt.id))
        except PlatformRejected as error:
            finding = finding_of_rejection(attempt, error)
        await self._store.run(lambda unit: apply_last_word(unit, attempt.id, finding, self._settle))

    async def _follow(self, attempt: Attempt) -> Attempt:
        if not attempt.is_open or self._pace.is_sending(attempt) or not self._pace.is_due(attempt):
            return attempt
        self._pace.note_followed(attempt)
        return await self._bring_on(attempt)

    async def _settle_left(self, attempt: Attempt) -> None:
        """Settle an attempt that may have nobody before it any more: one past its time is undone."""
        await self._end_if_past(await self._ask(attempt))

    async def _bring_on(self, attempt: Attempt) -> Attempt:
        """One step of an open attempt by its policy. Raises PlatformUnreachable."""
        try:
            asked = await self._ask(attempt)
        except PlatformUnreachable:
            await self._miss_answer(attempt)
            raise
        if asked.state is AttemptState.REVERSING and self._pace.is_unanswered(asked):
            return await self.park(asked.id)
        return await self._end_if_past(asked)

    async def _end_if_past(self, attempt: Attempt) -> Attempt:
        ending = attempt.state is AttemptState.SENT or (
            attempt.state is AttemptState.UNKNOWN and is_code(attempt) and attempt.reason != AMOUNT_DIFFERS
        )
        if ending and not attempt.released_by and self._pace.is_past(attempt):
            return await self.close(attempt.id)
        return attempt

    async def _ask(self, attempt: Attempt) -> Attempt:
        """Ask once, or undo where that is due, and write down the answer. Raises PlatformUnreachable."""
        undoing = attempt.state is AttemptState.REVERSING and self._pace.may_undo(attempt)
        self._pace.note_asked(attempt)
        try:
            if undoing:
                answer = await self._undo(attempt)
                reach("reverse.after_undo" if is_code(attempt) else "close.after_undo")
                finding = finding_of_undo(attempt, answer)
            else:
                answer = await self._platform.query(attempt.id)
                finding = finding_of(attempt, answer)
            self._pace.note_answer(attempt.id, answer)
        except PlatformRejected as error:
            finding = finding_of_rejection(attempt, error)
        if attempt.state is AttemptState.CREATED and finding.answer is Answer.WAITING:
            return await self.close(attempt.id)
        moved = await self._apply(attempt.id, finding)
        if undoing:
            reach("reverse.after_outcome" if is_code(attempt) else "close.after_outcome")
        return moved

    async def _undo(self, attempt: Attempt) -> ChannelState:
        if policy_for(attempt.channel, attempt.method).undo == "close":
            return await self._platform.close(attempt.id)
        return await self._platform.reverse(attempt.id)

    async def _miss_answer(self, attempt: Attempt) -> None:
        """Silence past the time: a shown QR may have been paid, a charge is to be undone."""
        if attempt.state is AttemptState.REVERSING and self._pace.is_unanswered(attempt):
            await self.park(attempt.id)
        elif attempt.state is AttemptState.SENT and self._pace.is_past(attempt):
            answer = Answer.CLOSE_ASKED if is_code(attempt) else Answer.UNSURE
            await self._apply(attempt.id, Finding(answer=answer, reason=OFFLINE))

    def _limits_of(
        self, unit: Unit, purpose: str, order_id: str, held: tuple[Tender, ...]
    ) -> OrderLimits | None:
        of_purpose = self._limits.get(purpose)
        return None if of_purpose is None or not held else of_purpose(unit.connection, order_id)

    async def _find(self, attempt_id: str) -> Attempt:
        return await self._store.read(lambda connection: find_attempt(connection, attempt_id))

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
