"""Which locks' lines are on, why, and until when: the guard's logic, without sockets or pins."""

from collections import OrderedDict
from collections.abc import Callable, Mapping

from devices.guard.limits import NS_PER_MS, LineLimits, LineRecord
from devices.guard.protocol import Pulse
from devices.guard.trace import Trace
from edge.errors import DeviceFault

REMEMBERED_IDS = 1000
"""Pulse ids kept in the guard's life: at a pulse a second, a quarter of an hour of repeats."""


def _uncounted(_: int) -> None:
    return None


class Switchboard:
    """Times pulses and keeps holds.

    `write(line, on)` sets the pin and may raise DeviceFault; `limits` are those of each line; `boot_ns` reads
    the boot-time clock; `on_cycle(line)` is told each time that a line goes on.
    """

    def __init__(
        self,
        *,
        write: Callable[[int, bool], None],
        limits: Mapping[int, LineLimits],
        trace: Trace,
        boot_ns: Callable[[], int],
        on_cycle: Callable[[int], None] = _uncounted,
    ) -> None:
        self._write = write
        self._lines = {line: LineRecord(of_line) for line, of_line in limits.items()}
        self._trace = trace
        self._boot_ns = boot_ns
        self._on_cycle = on_cycle
        self._pulses: dict[str, tuple[int, int]] = {}  # id -> (line, ends at boot ns)
        self._held: set[int] = set()
        self._on: set[int] = set()
        self._broken: set[int] = set()
        self._fired: OrderedDict[str, None] = OrderedDict()

    def fire(self, pulse: Pulse) -> str | None:
        """Start a pulse. Returns None when it was fired, else why not, and then nothing has moved."""
        why = self._objection(pulse, self._boot_ns())
        if why is not None:
            return why
        self._fired[pulse.id] = None
        if len(self._fired) > REMEMBERED_IDS:
            self._fired.popitem(last=False)
        if not self._switch_on(pulse.line):
            return "fault"
        now_ns = self._boot_ns()
        self._pulses[pulse.id] = (pulse.line, now_ns + pulse.pulse_ms * NS_PER_MS)
        self._lines[pulse.line].note_pulse(now_ns)
        self._trace.write(now_ns, pulse.line, 1, pulse.id)
        return None

    def _objection(self, pulse: Pulse, now_ns: int) -> str | None:
        line = self._lines.get(pulse.line)
        if line is None:
            return "unknown_line"
        if pulse.line in self._broken:
            return "line_fault"
        if pulse.id in self._fired:
            return "repeated"
        if now_ns > pulse.not_after_boot_ns:
            return "late"
        return line.objection(pulse.pulse_ms, now_ns)

    def hold(self, line: int, on: bool) -> str | None:
        """Keep a line on, or stop keeping it. Returns why not, or None."""
        if line not in self._lines:
            return "unknown_line"
        if not on:
            self._held.discard(line)
            self._drop_unless_needed(line, "hold")
            return None
        if line in self._broken:
            return "line_fault"
        was_on = line in self._on
        if not self._switch_on(line):
            return "fault"
        self._held.add(line)
        if not was_on:
            self._trace.write(self._boot_ns(), line, 1, "hold")
        return None

    def end_due(self) -> list[str]:
        """Switch off what has run its time. Returns the ids of the pulses that ended."""
        now_ns = self._boot_ns()
        ended = [pulse_id for pulse_id, (_, ends_ns) in self._pulses.items() if ends_ns <= now_ns]
        for pulse_id in ended:
            line, _ = self._pulses.pop(pulse_id)
            self._drop_unless_needed(line, pulse_id)
        return ended

    def next_due_ns(self) -> int | None:
        """Boot time at which the next pulse ends, or None."""
        return min((ends_ns for _, ends_ns in self._pulses.values()), default=None)

    def all_off(self, cause: str) -> None:
        """Switch every line off and forget every pulse and hold; every line is tried even if one fails."""
        self._pulses.clear()
        self._held.clear()
        faults: list[DeviceFault] = []
        for line in self._lines:
            try:
                self._write(line, False)
            except DeviceFault as fault:
                faults.append(fault)
        now_ns = self._boot_ns()
        for line in self._lines if cause == "start" else sorted(self._on):
            self._trace.write(now_ns, line, 0, cause)
            self._lines[line].note_off(now_ns)
        self._on.clear()
        if faults:
            raise faults[0]

    def levels(self) -> dict[int, bool]:
        """Which lines are on."""
        return {line: line in self._on for line in self._lines}

    def _switch_on(self, line: int) -> bool:
        """Set the pin; a line that cannot be set is switched off and used no more. False: it could not."""
        try:
            self._write(line, True)
        except DeviceFault:
            self._broken.add(line)
            # Raises when it cannot be switched off either: then the whole guard starts anew, all off.
            self._write(line, False)
            self._forget(line)
            return False
        if line not in self._on:
            self._on.add(line)
            self._on_cycle(line)
        return True

    def _forget(self, line: int) -> None:
        self._pulses = {name: found for name, found in self._pulses.items() if found[0] != line}
        self._held.discard(line)
        self._drop_unless_needed(line, "fault")

    def _drop_unless_needed(self, line: int, cause: str) -> None:
        needed = line in self._held or any(line == other for other, _ in self._pulses.values())
        if not needed and line in self._on:
            self._write(line, False)
            self._on.discard(line)
            now_ns = self._boot_ns()
            self._lines[line].note_off(now_ns)
            self._trace.write(now_ns, line, 0, cause)
