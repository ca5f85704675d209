"""A backlog gives way to people: while somebody buys or opens a door, it drains in part of the time only."""

import time
from collections.abc import Callable

PEOPLE_S = 1.0
"""The journal grew within this time: somebody is there."""
REST_PARTS = 7
"""So many times as long as a batch took it rests then. A sale that meets a batch takes two to three times as
long as one that meets none; at one part in eight so few do that the till's 99th percentile stays below twice
the idle one (`edge bench uplink`)."""
LONGEST_REST_S = 0.25
"""On a slow line a batch waits for the line, not for this machine: no reason to rest for long."""


class GivingWay:
    """Tells the uplink how long to rest after a batch. `now_s` is a monotonic clock."""

    def __init__(self, *, now_s: Callable[[], float] = time.monotonic) -> None:
        self._now_s = now_s
        self._head_seq: int | None = None
        self._people_until_s = 0.0

    def rest_s(self, head_seq: int, taken_s: float) -> float:
        """Seconds to rest, 0 when nobody is there: the journal's head now, and how long the batch took."""
        if self._head_seq is not None and head_seq > self._head_seq:
            self._people_until_s = self._now_s() + PEOPLE_S
        self._head_seq = head_seq
        if self._now_s() >= self._people_until_s:
            return 0.0
        return min(LONGEST_REST_S, REST_PARTS * taken_s)
