"""How far a backup that is being made or brought to its place is."""

import time
from collections.abc import Callable

import msgspec

StepProgress = Callable[[str, int, int], None]
"""Told a step, bytes done and bytes in all."""


class Doing(msgspec.Struct, frozen=True, kw_only=True):
    """A step under way: `copy` of the database, `seal`, `stick`, `send`.

    `left_s` is None while nobody can say.
    """

    step: str
    done_bytes: int
    whole_bytes: int
    left_s: int | None

    def __str__(self) -> str:
        left = "" if self.left_s is None else f", {self.left_s} s left"
        return f"{self.step} {self.done_bytes / 1e6:.1f} of {self.whole_bytes / 1e6:.1f} MB{left}"


class BackupProgress:
    """The step that is under way, None between backups. `now_s` is a clock that only rises."""

    def __init__(self, now_s: Callable[[], float] = time.monotonic) -> None:
        self._now_s = now_s
        self._began_s = 0.0
        self.doing: Doing | None = None

    def tell(self, step: str, done_bytes: int, whole_bytes: int) -> None:
        """So much of a step is done."""
        if self.doing is None or self.doing.step != step:
            self._began_s = self._now_s()
        spent_s = self._now_s() - self._began_s
        left_s = round(spent_s * (whole_bytes - done_bytes) / done_bytes) if done_bytes and spent_s else None
        self.doing = Doing(step=step, done_bytes=done_bytes, whole_bytes=whole_bytes, left_s=left_s)

    def end(self) -> None:
        """Nothing is under way any more."""
        self.doing = None
