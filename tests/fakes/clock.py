"""A clock that a test sets by hand."""

from edge.trust.clock import Reading, Trust

START_MS = 1_795_312_800_000
"""2026-11-22 02:00:00 UTC, 10:00 in China."""


class FakeClock:
    """Stands still until told; ``trust`` may be changed too."""

    def __init__(self, at_ms: int = START_MS, trust: Trust = Trust.SYNCED) -> None:
        self.at_ms = at_ms
        self.trust = trust

    def now(self) -> Reading:
        """Read the time that the test set."""
        return Reading(self.at_ms, self.trust)

    def advance(self, *, ms: int = 0, seconds: int = 0, days: int = 0) -> None:
        """Let time pass."""
        self.at_ms += ms + seconds * 1000 + days * 86_400_000
