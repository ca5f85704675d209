"""How a door moves: released, a person pulls it after a moment, it opens, and falls shut again."""

from dataclasses import dataclass, field

from devices.simulator.contact_model import ContactModel


@dataclass
class DoorModel:
    """One door and the people at it, as a function of time in ms; it knows the lock's level and nothing else.

    `jammed`: the leaf does not move although released. `deserted`: nobody pulls. `forced`: a push opens it
    although it is locked. `held`: something stands in it, it does not fall shut by itself.
    """

    pull_ms: int = 600
    shut_ms: int = 3000
    level: int = 0
    is_open: bool = False
    jammed: bool = False
    deserted: bool = False
    forced: bool = False
    held: bool = False
    contact: ContactModel = field(default_factory=ContactModel)
    _released_at_ms: int | None = None
    _opened_at_ms: int | None = None

    def set_level(self, level: int, now_ms: int) -> None:
        """The lock is released (1) or locked (0), by the relay or by a wire of its own."""
        if level and not self.level:
            self._released_at_ms = now_ms
        elif not level:
            self._released_at_ms = None
        self.level = level

    def push(self, to_open: bool, now_ms: int) -> bool:
        """Somebody moves the leaf by hand, as far as lock and jam let. Returns whether it moved."""
        locked = not self.level and not self.forced
        if to_open == self.is_open or self.jammed or (to_open and locked):
            return False
        self.is_open = to_open
        self._opened_at_ms = now_ms if to_open else None
        self.contact.move(to_open, now_ms)
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
        elif (
            self.is_open
            and not self.held
            and self._opened_at_ms is not None
            and now_ms - self._opened_at_ms >= self.shut_ms
        ):
            self.push(False, now_ms)
