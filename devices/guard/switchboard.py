"""Which lines are on, why, and until when: the guard's logic, without sockets or pins."""

from collections import OrderedDict
from collections.abc import Callable, Mapping

from devices.guard.protocol import Pulse
from devices.guard.trace import Trace
from edge.errors import DeviceFault

REMEMBERED_IDS = 1000
"""Pulse ids kept in the guard's life: at a pulse a second, a quarter of an hour of repeats."""
NS_PER_MS = 1_000_000


class Switchboard:
    """Times pulses and keeps holds.

    `write(line, on)` sets the pin and may raise DeviceFault; `limits_ms` maps each output line to the
    longest pulse that its configuration allows; `boot_ns` reads the boot-time clock.
    """

    def __init__(
        self,
        *,
        write: Callable[[int, bool], None],
        limits_ms: Mapping[int, int],
        trace: Trace,
        boot_ns: Callable[[], int],
    ) -> None:
        self._write = write
        self._limits_ms = limits_ms
        self._trace = trace
        self._boot_ns = boot_ns
        self._pulses: dict[str, tuple[int, int]] = {}  # id -> (line, ends at boot ns)
        self._held: set[int] = set()
        self._on: set[int] = set()
        self._fired: OrderedDict[str, None] = OrderedDict()

    def fire(self, pulse: Pulse) -> str | None:
        """Start a pulse. Returns None when it was fired, else why not, and then nothing has moved."""
        now_ns = self._boot_ns()
        why = self._objection(pulse, now_ns)
        if why is not None:
            return why
        self._fired[pulse.id] = None
        if len(self._fired) > REMEMBERED_IDS:
            self._fired.popitem(last=False)
        try:
            self._write(pulse.line, True)
        except DeviceFault:
            self.all_off("fault")
            return "fault"
        now_ns = self._boot_ns()
        self._pulses[pulse.id] = (pulse.line, now_ns + pulse.pulse_ms * NS_PER_MS)
        self._on.add(pulse.line)
        self._trace.write(now_ns, pulse.line, 1, pulse.id)
        return None

    def _objection(self, pulse: Pulse, now_ns: int) -> str | None:
        limit_ms = self._limits_ms.get(pulse.line)
        if limit_ms is None:
            return "unknown_line"
        if pulse.id in self._fired:
            return "repeated"
        if not 0 < pulse.pulse_ms <= limit_ms:
            return "pulse_too_long"
        if now_ns > pulse.not_after_boot_ns:
            return "late"
        return None

    def hold(self, line: int, on: bool) -> str | None:
        """Keep a line on, or stop keeping it. Returns why not, or None."""
        if line not in self._limits_ms:
            return "unknown_line"
        if on:
            self._held.add(line)
            try:
                self._write(line, True)
            except DeviceFault:
                self.all_off("fault")
                return "fault"
            if line not in self._on:
                self._on.add(line)
                self._trace.write(self._boot_ns(), line, 1, "hold")
        else:
            self._held.discard(line)
            self._drop_unless_needed(line, "hold")
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
        for line in self._limits_ms:
            try:
                self._write(line, False)
            except DeviceFault as fault:
                faults.append(fault)
        now_ns = self._boot_ns()
        for line in self._limits_ms if cause == "start" else sorted(self._on):
            self._trace.write(now_ns, line, 0, cause)
        self._on.clear()
        if faults:
            raise faults[0]

    def levels(self) -> dict[int, bool]:
        """Which output lines are on."""
        return {line: line in self._on for line in self._limits_ms}

    def _drop_unless_needed(self, line: int, cause: str) -> None:
        needed = line in self._held or any(line == other for other, _ in self._pulses.values())
        if not needed and line in self._on:
            self._write(line, False)
            self._on.discard(line)
            self._trace.write(self._boot_ns(), line, 0, cause)
