"""How many batches are taken in at once; who comes beyond that is told when it is its turn.

A device waits three seconds for an answer. Where more batches wait than can be answered in that time, each is
given up and sent again while it is still being worked on: the work is done twice, and the storm feeds itself.
"""

import asyncio
import contextlib
import math
from collections.abc import Iterator
from typing import ClassVar

from edge.errors import Refusal

WAIT_S = 1.5
"""What is let in is answered in about that time: half of a device's patience with silence."""
ALWAYS = 8
"""So many are let in however long one takes."""
FIRST_GUESS_S = 0.02
SHARE = 0.1
"""How much the newest batch counts in the mean time of one."""
LONGEST_S = 60
"""Nobody is sent away for longer; who was meant to come later is told so then."""


class TooBusy(Refusal):
    """More batches wait than can be answered in time; the header `Retry-After` says when to come again."""

    code: ClassVar[str] = "busy"

    def __init__(self, *, retry_after_s: int) -> None:
        self.retry_after_s = retry_after_s
        super().__init__(retry_after_s=retry_after_s)


class Admission:
    """Lets batches in; to others it gives turns, one after the other, as fast as the work is done."""

    def __init__(self) -> None:
        self.inside = 0
        self._each_s = FIRST_GUESS_S
        self._last_s = 0.0
        self._turn_s = 0.0

    def require_room(self) -> None:
        """Turn a batch away before its body was read. Raises TooBusy."""
        if self.inside >= ALWAYS and self.inside * self._each_s > WAIT_S:
            raise TooBusy(retry_after_s=self._give_turn(asyncio.get_running_loop().time()))

    @contextlib.contextmanager
    def entered(self) -> Iterator[None]:
        """Be inside while a batch whose body was read is taken in. Raises TooBusy."""
        self.require_room()
        if not self.inside:
            self._last_s = asyncio.get_running_loop().time()
        self.inside += 1
        try:
            yield
        finally:
            self.inside -= 1
            ended_s = asyncio.get_running_loop().time()
            self._each_s += SHARE * (min(1.0, ended_s - self._last_s) - self._each_s)
            self._last_s = ended_s

    def _give_turn(self, now_s: float) -> int:
        self._turn_s = min(max(self._turn_s, now_s + WAIT_S) + self._each_s, now_s + LONGEST_S)
        return math.ceil(self._turn_s - now_s)
