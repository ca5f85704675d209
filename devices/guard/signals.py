"""Lamps and buzzers: patterns that the guard plays by itself, and that end by themselves."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from devices.guard.limits import NS_PER_MS
from devices.guard.protocol import Signal
from devices.guard.trace import Trace
from edge.errors import DeviceFault

CAUSE = "signal"


class _Playing(NamedTuple):
    """What is left of a pattern; the line is on when the number of steps left is like that at the start."""

    steps: tuple[int, ...]
    at: int
    until_ns: int


class SignalBoard:
    """Plays one pattern a line. `limits_ms` is the longest pattern of each line, all its steps together."""

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
        self._playing: dict[int, _Playing] = {}
        self._on: set[int] = set()

    def play(self, signal: Signal) -> str | None:
        """Begin a pattern in place of what the line plays. Returns None, or why not."""
        limit_ms = self._limits_ms.get(signal.line)
        if limit_ms is None:
            return "unknown_line"
        if sum(signal.pattern) > limit_ms:
            return "pattern_too_long"
        if not signal.pattern:
            self._playing.pop(signal.line, None)
            self._set(signal.line, False)
            return None
        until_ns = self._boot_ns() + signal.pattern[0] * NS_PER_MS
        self._playing[signal.line] = _Playing(signal.pattern, 0, until_ns)
        self._set(signal.line, True)
        return None

    def step_due(self) -> bool:
        """Go on to the step whose time has come, on every line. Returns whether a line changed."""
        now_ns = self._boot_ns()
        due = [line for line, playing in self._playing.items() if playing.until_ns <= now_ns]
        for line in due:
            self._step(line, now_ns)
        return bool(due)

    def _step(self, line: int, now_ns: int) -> None:
        playing = self._playing.pop(line)
        at, until_ns = playing.at, playing.until_ns
        while until_ns <= now_ns:
            at += 1
            if at == len(playing.steps):
                self._set(line, False)
                return
            until_ns += playing.steps[at] * NS_PER_MS
        self._playing[line] = _Playing(playing.steps, at, until_ns)
        self._set(line, at % 2 == 0)

    def next_due_ns(self) -> int | None:
        """Boot time of the next step, or None."""
        return min((playing.until_ns for playing in self._playing.values()), default=None)

    def all_off(self) -> None:
        """Switch every line off and forget every pattern; every line is tried even if one fails."""
        self._playing.clear()
        faults: list[DeviceFault] = []
        for line in self._limits_ms:
            try:
                self._write(line, False)
            except DeviceFault as fault:
                faults.append(fault)
        self._on.clear()
        if faults:
            raise faults[0]

    def levels(self) -> dict[int, bool]:
        """Which lines are on."""
        return {line: line in self._on for line in self._limits_ms}

    def _set(self, line: int, on: bool) -> None:
        if on == (line in self._on):
            return
        self._write(line, on)
        (self._on.add if on else self._on.discard)(line)
        self._trace.write(self._boot_ns(), line, int(on), CAUSE)
