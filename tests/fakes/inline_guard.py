"""The guard's own switchboard in the test's thread, on a clock in the test's hand, with its trace."""

from collections.abc import Callable

from devices.guard.limits import LineLimits
from devices.guard.protocol import Pulse
from devices.guard.switchboard import Switchboard
from devices.guard.trace import Trace
from edge.access.errors import NotMoved
from edge.errors import DeviceError, DeviceOffline
from edge.proof.evidence import Edge

NS_PER_MS = 1_000_000
LATE_MS = 2_000


class ListTrace(Trace):
    """Keeps the edges, each with the mark that `look` sets: committed seq and whether it could write."""

    def __init__(self, look: Callable[[], tuple[int, bool]]) -> None:
        super().__init__(None)
        self.edges: list[Edge] = []
        self._look = look

    def write(self, at_boot_ns: int, line: int, level: int, cause: str) -> None:
        self.edges.append(Edge(at_boot_ns / NS_PER_MS, str(line), level, cause, *self._look()))


class InlineGuard:
    """`mode` is fires, refuses, or silent (it fires, and nobody hears so)."""

    def __init__(self, lines: dict[str, int], pulse_ms: int, look: Callable[[], tuple[int, bool]]) -> None:
        self.lines, self.pulse_ms = lines, pulse_ms
        self.boot_ms = 0
        self.trace = ListTrace(look)
        self.mode = "fires"
        self._fired: dict[str, DeviceError | None] = {}
        self.start()

    def start(self) -> None:
        """A new life of the guard: it remembers nothing, and everything is off."""
        self.board = Switchboard(
            write=lambda line, on: None,
            limits=dict.fromkeys(self.lines.values(), LineLimits(self.pulse_ms)),
            trace=self.trace,
            boot_ns=lambda: self.boot_ms * NS_PER_MS,
        )
        self.board.all_off("start")

    def hub_gone(self) -> None:
        """End-of-file from the hub."""
        self.board.all_off("hub-gone")

    def advance(self, ms: int, *, alive: bool = True) -> None:
        """Let time pass; a living guard ends each pulse when it is due."""
        end_ms = self.boot_ms + ms
        while alive and (due_ns := self.board.next_due_ns()) is not None and due_ns <= end_ms * NS_PER_MS:
            self.boot_ms = max(self.boot_ms, due_ns // NS_PER_MS)
            self.board.end_due()
        self.boot_ms = end_ms

    def trigger(self, opening_id: str, door_id: str) -> None:
        """Fire at once; `pulse` of the same opening then tells what became of it."""
        try:
            self._fire(opening_id, door_id)
        except DeviceError as error:
            self._fired[opening_id] = error
        else:
            self._fired[opening_id] = None

    async def pulse(self, opening_id: str, door_id: str) -> None:
        """Fire unless the trigger did; answer as the mode says."""
        if opening_id not in self._fired:
            self._fire(opening_id, door_id)
        elif (error := self._fired.pop(opening_id)) is not None:
            raise error

    def _fire(self, opening_id: str, door_id: str) -> None:
        line = self.lines.get(door_id)
        if line is None:
            raise NotMoved("unknown_door")
        if self.mode == "refuses":
            raise NotMoved("guard_offline")
        not_after_ns = (self.boot_ms + LATE_MS) * NS_PER_MS
        pulse = Pulse(id=opening_id, line=line, pulse_ms=self.pulse_ms, not_after_boot_ns=not_after_ns)
        why = self.board.fire(pulse)
        if why is not None:
            raise NotMoved(why)
        if self.mode == "silent":
            raise DeviceOffline("no answer")

    async def hold(self, door_id: str, on: bool) -> None:
        """Hold or release, as the mode says."""
        if self.mode == "refuses":
            raise NotMoved("guard_offline")
        self.board.hold(self.lines[door_id], on)
        if self.mode == "silent":
            raise DeviceOffline("no answer")
