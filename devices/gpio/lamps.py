"""Lamps and buzzers at the doors: what a reader answered, and a door's alarm, as patterns the guard plays."""

import contextlib
from collections.abc import Callable, Iterable, Mapping

from devices.lines import SignalSettings
from edge.access.credentials.answers import Outcome, ReaderAnswer
from edge.errors import DeviceError

Play = Callable[[str, tuple[int, ...]], None]
"""Plays a pattern (ms on, off, on, ...) on a signal by its id; () switches it off. Raises DeviceError."""

PATTERNS: Mapping[Outcome, Mapping[str, tuple[int, ...]]] = {
    Outcome.GRANTED: {"lamp_green": (2000,), "lamp_red": (), "buzzer": (120,)},
    Outcome.OPENED: {"lamp_green": (1000,), "lamp_red": ()},
    Outcome.REFUSED: {
        "lamp_green": (),
        "lamp_red": (250, 150, 250, 150, 250),
        "buzzer": (80, 80, 80, 80, 80),
    },
    Outcome.UNKNOWN: {"lamp_green": (), "lamp_red": (800, 400, 800), "buzzer": (500,)},
}
"""What each kind of signal plays for an answer; a kind that is not named goes on as it was."""


class DoorLamps:
    """The `Signals` of answers, and the sounder of door alarms; a guard that is away shows nothing."""

    def __init__(self, signals: Iterable[SignalSettings], play: Play) -> None:
        self._signals = tuple(signals)
        self._play = play

    def show(self, answer: ReaderAnswer) -> None:
        """Show an answer at its door."""
        patterns = PATTERNS[answer.outcome]
        for signal in self._signals:
            if signal.door == answer.door and signal.kind in patterns:
                self._send(signal, patterns[signal.kind])

    def sound(self, door: str, pattern_ms: tuple[int, ...]) -> None:
        """Play a pattern on a door's buzzers, () to stop."""
        for signal in self._signals:
            if signal.door == door and signal.kind == "buzzer":
                self._send(signal, pattern_ms)

    def _send(self, signal: SignalSettings, pattern_ms: tuple[int, ...]) -> None:
        with contextlib.suppress(DeviceError):
            self._play(signal.id, fit(pattern_ms, signal.limit_ms))


def fit(pattern_ms: tuple[int, ...], limit_ms: int) -> tuple[int, ...]:
    """As many whole steps of a pattern as its limit allows; a first step that is too long is shortened."""
    fitting: list[int] = []
    for step in pattern_ms:
        if sum(fitting) + step > limit_ms:
            break
        fitting.append(step)
    return tuple(fitting) or tuple(min(step, limit_ms) for step in pattern_ms[:1])
