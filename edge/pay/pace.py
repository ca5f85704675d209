"""The pace of open payments: what was asked when, which requests are under way, and what is due by policy.

Kept in memory only. A restart forgets it and asks at once, which is never wrong: a question charges nobody.
"""

import contextlib
from collections.abc import Iterable, Iterator

from edge.pay.attempts import Attempt
from edge.pay.policy import policy_for
from edge.pay.ports import ChannelState
from edge.pay.states import AttemptState
from edge.trust.clock import Clock

PARKED_SHARE, PARKED_LONGEST_MS = 20, 60_000
"""What is parked is asked about ever more slowly: after a twentieth of its wait so far, at most a minute."""


class Pace:
    """Times are epoch milliseconds of the trusted clock."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._sending: set[str] = set()
        self._followed_at_ms: dict[str, int] = {}
        self._asked_at_ms: dict[str, int] = {}
        self._answered_at_ms: dict[str, int] = {}
        self._waiting_for: dict[str, str] = {}

    def now_ms(self) -> int:
        """The present time."""
        return self._clock.now().at_ms

    @contextlib.contextmanager
    def sending(self, attempt: Attempt) -> Iterator[None]:
        """While a request is under way nobody else asks: "never heard of it" would prove nothing yet."""
        self._sending.add(attempt.id)
        try:
            yield
        finally:
            self._sending.discard(attempt.id)
            self.note_followed(attempt)

    def is_sending(self, attempt: Attempt) -> bool:
        """Whether the attempt's first request is under way."""
        return attempt.id in self._sending

    def note_followed(self, attempt: Attempt) -> None:
        """Note that an attempt has had its turn."""
        self._followed_at_ms[attempt.id] = self.now_ms()

    def note_asked(self, attempt: Attempt) -> None:
        """Note that the platform is being asked about an attempt."""
        self._asked_at_ms[attempt.id] = self.now_ms()

    def note_answer(self, attempt_id: str, answer: ChannelState) -> None:
        """Note what the platform said; "unknown" is no answer."""
        if answer.state != "unknown":
            self._answered_at_ms[attempt_id] = self.now_ms()
        self._waiting_for[attempt_id] = answer.reason if answer.state == "waiting" else ""

    def heard(self, attempt_id: str) -> tuple[int | None, int | None]:
        """When the platform was last asked about an attempt, and when it last answered."""
        return self._asked_at_ms.get(attempt_id), self._answered_at_ms.get(attempt_id)

    def waiting_reason(self, attempt_id: str) -> str:
        """What an attempt waits for, as the channel last said."""
        return self._waiting_for.get(attempt_id, "")

    def forget_others(self, standing: Iterable[Attempt]) -> None:
        """Keep what is known of open attempts only."""
        ids = {attempt.id for attempt in standing} | self._sending
        for memory in (self._followed_at_ms, self._asked_at_ms, self._answered_at_ms, self._waiting_for):
            for attempt_id in memory.keys() - ids:
                del memory[attempt_id]

    def is_due(self, attempt: Attempt) -> bool:
        """Whether it is an open attempt's turn."""
        policy = policy_for(attempt.channel, attempt.method)
        undoing = attempt.state is AttemptState.REVERSING
        pause_ms = policy.undo_every_ms if undoing else policy.ask_every_ms
        now_ms = self.now_ms()
        if attempt.parked_at_ms is not None:
            pause_ms = max(pause_ms, min((now_ms - attempt.parked_at_ms) // PARKED_SHARE, PARKED_LONGEST_MS))
        last_ms = self._followed_at_ms.get(attempt.id)
        return last_ms is None or now_ms - last_ms >= pause_ms

    def may_undo(self, attempt: Attempt) -> bool:
        """Whether an attempt is old enough to be undone."""
        policy = policy_for(attempt.channel, attempt.method)
        return self.now_ms() >= attempt.created_at_ms + policy.undo_not_before_ms

    def is_past(self, attempt: Attempt) -> bool:
        """Whether the payer has had the time that the policy, or the QR, gives."""
        wait_ms = policy_for(attempt.channel, attempt.method).wait_ms
        ends_at_ms = attempt.expires_at_ms if wait_ms is None else attempt.created_at_ms + wait_ms
        return ends_at_ms is not None and ends_at_ms <= self.now_ms()

    def is_unanswered(self, attempt: Attempt) -> bool:
        """Whether an undoing has waited so long for an answer that the screen goes free."""
        policy = policy_for(attempt.channel, attempt.method)
        return self.now_ms() - attempt.changed_at_ms >= policy.park_after_ms
