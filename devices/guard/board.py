"""Everything on the guard's lines as one: locks, lamps, contacts and inputs, counts and faults."""

from collections.abc import Callable
from pathlib import Path

from devices.guard.cycles import Cycles
from devices.guard.ears import Ears
from devices.guard.pins import BOUNCE_S, Pins
from devices.guard.protocol import Hold, Pulse, Signal
from devices.guard.signals import SignalBoard
from devices.guard.switchboard import Switchboard
from devices.guard.trace import Trace
from devices.guard.wiring import Wiring


class Board:
    """The lines of one wiring. `settling`: contacts and inputs must be still before they are believed."""

    def __init__(
        self,
        wiring: Wiring,
        pins: Pins,
        *,
        trace: Trace,
        cycles_path: Path | None,
        settling: bool,
        boot_ns: Callable[[], int],
    ) -> None:
        self._wiring = wiring
        self._pins = pins
        self.faults = pins.faults
        usable = {line: of_line for line, of_line in wiring.locks.items() if pins.usable(line)}
        self.cycles = Cycles(cycles_path, usable, boot_ns())
        self.switchboard = Switchboard(
            write=pins.write, limits=usable, trace=trace, boot_ns=boot_ns, on_cycle=self.cycles.count
        )
        self.signals = SignalBoard(
            write=pins.write,
            limits_ms={line: limit for line, limit in wiring.signals.items() if pins.usable(line)},
            trace=trace,
            boot_ns=boot_ns,
        )
        self.ears = Ears(
            read=pins.read,
            lines=wiring.heard,
            settle_ns=int(BOUNCE_S * 1_000_000_000) if settling else 0,
            trace=trace,
            boot_ns=boot_ns,
        )

    def fire(self, pulse: Pulse) -> str | None:
        """Start a pulse. Returns None when it was fired, else why not."""
        return self._noted(pulse.line, self.switchboard.fire(pulse))

    def hold(self, hold: Hold) -> str | None:
        """Keep a lock's line on, or stop keeping it. Returns why not, or None."""
        return self._noted(hold.line, self.switchboard.hold(hold.line, hold.on))

    def play(self, signal: Signal) -> str | None:
        """Play a pattern. Returns why not, or None."""
        return self._noted(signal.line, self.signals.play(signal))

    def all_off(self, cause: str) -> None:
        """Everything off; raises DeviceFault after trying every line. At exit the counts are kept."""
        try:
            self.switchboard.all_off(cause)
        finally:
            self.signals.all_off()
        if cause == "exit":
            self.cycles.save()

    def next_due_ns(self) -> int | None:
        """Boot time at which something is due, or None."""
        due = (
            self.switchboard.next_due_ns(),
            self.signals.next_due_ns(),
            self.ears.next_due_ns(),
            self._save_ns(),
        )
        return min((due_ns for due_ns in due if due_ns is not None), default=None)

    def kind_of(self, line: int) -> str:
        """ "contact" or "input"."""
        return self._wiring.heard[line].kind

    def levels(self) -> dict[int, int]:
        """What the output pins are now."""
        return {line: self._pins.level(line) for line in self._wiring.outputs if self._pins.usable(line)}

    def cycles_told(self) -> dict[str, int]:
        """How often each lock's line went on."""
        return {str(line): count for line, count in self.cycles.counts.items()}

    def describe(self) -> dict[str, dict[str, str] | dict[str, int]]:
        """Fields of the hello."""
        says = self.ears.read_all()
        on = self.switchboard.levels() | self.signals.levels()
        lines = {str(line): "on" if on[line] else "off" for line in on}
        lines |= {str(line): said for line, said in says.items() if self.kind_of(line) == "contact"}
        return {
            "lines": lines,
            "inputs": {str(line): said for line, said in says.items() if self.kind_of(line) == "input"},
            "cycles": self.cycles_told(),
            "faults": {str(line): why for line, why in self.faults.items()},
        }

    def _save_ns(self) -> int | None:
        return None if self.switchboard.next_due_ns() is not None else self.cycles.due_ns()

    def _noted(self, line: int, why: str | None) -> str | None:
        if why == "unknown_line" and line in self.faults:
            return "line_fault"
        if why == "fault":
            self.faults[line] = f"line {line}: cannot be switched on"
        return why
