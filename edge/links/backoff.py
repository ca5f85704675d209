"""Waiting longer after every failure, with jitter, up to a limit."""

import random
from collections.abc import Callable


class Backoff:
    """Delays in seconds: `first_s`, doubling to `limit_s`, each taken at random from a share to the whole.

    `least` is that share: half by default; 0 is full jitter, for what many devices ask of one platform.
    `chance` gives a number from 0 to 1.
    """

    def __init__(
        self,
        *,
        first_s: float = 0.2,
        limit_s: float = 10.0,
        least: float = 0.5,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._first_s = first_s
        self._limit_s = limit_s
        self._least = least
        self.chance = chance
        self._failures = 0

    def next_s(self) -> float:
        """The delay after one more failure."""
        whole_s: float = min(self._limit_s, self._first_s * 2 ** min(self._failures, 30))
        self._failures += 1
        return whole_s * (self._least + self.chance() * (1 - self._least))

    def reset(self) -> None:
        """It worked: the next failure waits shortly again."""
        self._failures = 0
