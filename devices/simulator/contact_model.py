"""A door contact and its wire, as a function of time in ms: where the leaf is, and what the pin gets."""

from dataclasses import dataclass, field

BOUNCES_MS = (0, 4, 9, 13, 18)
"""When a chattering reed turns over after a movement; the last turn is the true one."""
REPEATED_AFTER_MS = 400
"""When a movement that is told twice is told again, after a moment of the contrary."""


@dataclass
class ContactModel:
    """What the contact says about the leaf.

    `cut`: its wire is cut, which reads open. `lying`: it says the contrary. `dead`: it says what it said
    last, whatever the leaf does. `drops`: the next movement does not arrive. `repeats`: each arrives twice.
    `bouncing`: it chatters at each movement. `late_ms`: how long a movement is on its way.
    """

    cut: bool = False
    lying: bool = False
    dead: bool = False
    drops: bool = False
    repeats: bool = False
    bouncing: bool = False
    late_ms: int = 0
    _arriving: list[tuple[int, bool]] = field(default_factory=list)
    _arrived: bool = False
    _said: bool | None = None

    def move(self, is_open: bool, now_ms: int) -> None:
        """The leaf has moved."""
        if self.drops:
            self.drops = False
            return
        at_ms = now_ms + self.late_ms
        turns = BOUNCES_MS if self.bouncing else (0,)
        arriving = [(at_ms + turn, is_open ^ (n % 2 == 1)) for n, turn in enumerate(turns)]
        if self.repeats:
            end_ms = arriving[-1][0]
            arriving += [
                (end_ms + REPEATED_AFTER_MS // 2, not is_open),
                (end_ms + REPEATED_AFTER_MS, is_open),
            ]
        self._arriving += arriving

    def take_due(self, now_ms: int) -> list[bool]:
        """What it says anew up to now, in order: True is open."""
        said: list[bool] = []
        due = [turn for turn in self._arriving if turn[0] <= now_ms]
        self._arriving = [turn for turn in self._arriving if turn[0] > now_ms]
        for _, is_open in due:
            self._arrived = is_open
            self._say(said)
        self._say(said)
        return said

    def forget(self) -> None:
        """Whoever listens has gone: all is said anew to the next one."""
        self._said = None

    @property
    def says_open(self) -> bool:
        """What arrives at the pin now."""
        if self.cut:
            return True
        return self._arrived ^ self.lying

    def _say(self, said: list[bool]) -> None:
        frozen = self.dead and self._said is not None
        if not frozen and self.says_open != self._said:
            self._said = self.says_open
            said.append(self._said)
