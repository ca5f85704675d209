"""How a door moves: released, a person pulls it after a moment, it opens, and falls shut again."""

from dataclasses import dataclass


@dataclass
class DoorModel:
    """One door and the people at it, as a function of time in ms; it knows the lock's level and nothing else.

    `jammed`: the leaf does not move although released. `deserted`: nobody pulls. `cut`: the contact's wire is
    cut, and reads open. `pushed` overrides people: "open" or "closed" by hand, only as far as the lock lets.
    """

    pull_ms: int = 600
    shut_ms: int = 3000
    level: int = 0
    is_open: bool = False
    jammed: bool = False
    deserted: bool = False
    cut: bool = False
    _released_at_ms: int | None = None
    _opened_at_ms: int | None = None

    def set_level(self, level: int, now_ms: int) -> None:
        """The relay's pin changed."""
        if level and not self.level:
            self._released_at_ms = now_ms
        elif not level:
            self._released_at_ms = None
        self.level = level

    def push(self, to_open: bool, now_ms: int) -> bool:
        """Somebody moves the leaf by hand, as far as lock and jam let. Returns whether it moved."""
        if to_open == self.is_open or self.jammed or (to_open and not self.level):
            return False
        self.is_open = to_open
        self._opened_at_ms = now_ms if to_open else None
        return True

    def advance(self, now_ms: int) -> None:
        """Let time pass up to `now_ms`."""
        if self.jammed:
            return
        if (
            not self.is_open
            and not self.deserted
            and self._released_at_ms is not None
            and now_ms - self._released_at_ms >= self.pull_ms
        ):
            self._released_at_ms = None
            self.push(True, now_ms)
        elif self.is_open and self._opened_at_ms is not None and now_ms - self._opened_at_ms >= self.shut_ms:
            self.push(False, now_ms)

    @property
    def contact_level(self) -> int:
        """What the contact puts on its pin: 0 while it is closed and its wire whole."""
        return 1 if self.cut or self.is_open else 0
