"""How far a backlog has drained: for the command line, the health of the uplink and the counter's page."""

import time
from collections import deque
from collections.abc import Callable

import msgspec

WINDOW_S = 10.0
_MARKS_LIMIT = 4_096


class Progress(msgspec.Struct, frozen=True):
    """`waiting` events are not with the platform, `sent` left since the last time that nothing waited.

    `rate_per_s` is the mean of the last ten seconds; `left_s` how long it takes at that rate, None when
    nothing moves.
    """

    waiting: int
    sent: int
    rate_per_s: float
    left_s: int | None

    @property
    def share(self) -> float:
        """What part of the backlog has left, 0 to 1."""
        whole = self.sent + self.waiting
        return self.sent / whole if whole else 1.0


class Meter:
    """Counts what leaves. `now_s` is a clock that only rises."""

    def __init__(self, now_s: Callable[[], float] = time.monotonic) -> None:
        self._now_s = now_s
        self._sent = 0
        self._marks: deque[tuple[float, int]] = deque(maxlen=_MARKS_LIMIT)

    def note(self, events: int, *, waiting: int) -> None:
        """So many events are with the platform now, so many still wait."""
        if not self._marks:
            self._marks.append((self._now_s(), 0))
        self._sent += events
        self._marks.append((self._now_s(), events))
        if waiting == 0:
            self._sent = 0

    def progress(self, waiting: int) -> Progress:
        """How it stands, with so many events waiting."""
        now_s = self._now_s()
        while self._marks and now_s - self._marks[0][0] > WINDOW_S:
            self._marks.popleft()
        events = sum(count for _, count in self._marks)
        span_s = max(now_s - self._marks[0][0], 0.001) if self._marks else WINDOW_S
        rate = events / max(span_s, 1.0)
        left_s = None if not waiting or not events else round(waiting / rate)
        return Progress(waiting, self._sent, round(rate, 1), 0 if not waiting else left_s)
