"""What a lock's line may be asked for: the longest pulse, the least rest, pulses in a minute."""

from collections import deque
from typing import NamedTuple

NS_PER_MS = 1_000_000
MINUTE_NS = 60_000 * NS_PER_MS


class LineLimits(NamedTuple):
    """`longest_ms`: no pulse may be longer. `rest_ms`: least time off before it goes on again, 0 for none.
    `per_minute`: pulses in any 60 s.
    """

    longest_ms: int
    rest_ms: int = 0
    per_minute: int = 60_000


class LineRecord:
    """What one line was asked for lately, against its limits."""

    def __init__(self, limits: LineLimits) -> None:
        self._limits = limits
        self._fired_ns: deque[int] = deque(maxlen=limits.per_minute)
        self._off_since_ns: int | None = None
        self._on = False

    def objection(self, pulse_ms: int, now_ns: int) -> str | None:
        """Why a pulse may not begin now, or None."""
        limits = self._limits
        if not 0 < pulse_ms <= limits.longest_ms:
            return "pulse_too_long"
        if limits.rest_ms and (self._on or self._rested_ns(now_ns) < limits.rest_ms * NS_PER_MS):
            return "resting"
        full = len(self._fired_ns) == limits.per_minute
        if full and now_ns - self._fired_ns[0] < MINUTE_NS:
            return "too_often"
        return None

    def note_pulse(self, now_ns: int) -> None:
        """A pulse began."""
        self._fired_ns.append(now_ns)
        self._on = True

    def note_off(self, now_ns: int) -> None:
        """The line went off."""
        self._on = False
        self._off_since_ns = now_ns

    def _rested_ns(self, now_ns: int) -> int:
        return MINUTE_NS * 60 if self._off_since_ns is None else now_ns - self._off_since_ns
