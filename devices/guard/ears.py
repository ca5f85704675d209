"""What contacts and inputs say, once they have settled, and each change once."""

from collections.abc import Callable, Iterable
from typing import NamedTuple

from devices.guard.trace import Trace

NS_PER_S = 1_000_000_000
LONGEST_NS = NS_PER_S // 5
"""A line that never settles is reported as it is after this time: a fire contact may not be waited for."""
LOOK_NS = NS_PER_S
"""Every line is read so often by itself: a kernel that listens late, or whose queue is full, loses edges."""


class Moved(NamedTuple):
    """A line, and what it says now."""

    line: int
    says: str


class Ears:
    """Hears lines by `read(line)`. `settle_ns`: how long a line must be still before it is believed; 0 where
    the kernel has waited already.
    """

    def __init__(
        self,
        *,
        read: Callable[[int], str],
        lines: Iterable[int],
        settle_ns: int,
        trace: Trace,
        boot_ns: Callable[[], int],
    ) -> None:
        self._read = read
        self._settle_ns = settle_ns
        self._trace = trace
        self._boot_ns = boot_ns
        self._moving: dict[int, tuple[int, int]] = {}  # line -> (first edge, latest edge)
        self._looked_ns = 0
        self.says = {line: "" for line in lines}
        self.read_all()

    def read_all(self) -> dict[int, str]:
        """Read every line now; returns what each says."""
        for line in self.says:
            self._settle(line)
        self._moving.clear()
        self._looked_ns = self._boot_ns()
        return dict(self.says)

    def note_edges(self, lines: Iterable[int]) -> None:
        """These lines moved just now."""
        now_ns = self._boot_ns()
        for line in lines:
            first_ns, _ = self._moving.get(line, (now_ns, now_ns))
            self._moving[line] = (first_ns, now_ns)

    def settled(self) -> list[Moved]:
        """Lines that say something else than before."""
        now_ns = self._boot_ns()
        if now_ns - self._looked_ns >= LOOK_NS:
            self._looked_ns = now_ns
            self.note_edges(line for line in self.says if self._read(line) != self.says[line])
        due = [line for line in self._moving if self._due_ns(line) <= now_ns]
        for line in due:
            del self._moving[line]
        return [Moved(line, self.says[line]) for line in due if self._settle(line)]

    def next_due_ns(self) -> int | None:
        """Boot time at which a moving line is to be read, or None."""
        return min(map(self._due_ns, self._moving), default=None)

    def _due_ns(self, line: int) -> int:
        first_ns, latest_ns = self._moving[line]
        return min(latest_ns + self._settle_ns, first_ns + LONGEST_NS)

    def _settle(self, line: int) -> bool:
        """Read one line; whether it says something new."""
        says = self._read(line)
        if self.says[line] == says:
            return False
        self.says[line] = says
        self._trace.write_input(self._boot_ns(), line, says)
        return True
