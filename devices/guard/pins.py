"""The pins themselves: gpiozero over lgpio, or gpiozero's own mock pins."""

import contextlib
import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from gpiozero import DigitalInputDevice, GPIOZeroError, OutputDevice
from gpiozero.pins.mock import MockFactory

from devices.guard.wiring import Heard, Wiring
from edge.errors import DeviceFault

BOUNCE_S = 0.03
"""A reed contact chatters for a few milliseconds; a door does not open twice in thirty. On a real chip the
kernel waits for it; a mock pin leaves it to the guard's loop."""
UNKNOWN = "unknown"


class Pins:
    """Outputs low from the first moment; contacts and inputs with the board's pull.

    A line that cannot be had stands in `faults` with the reason, and leaves the others alone. `on_edge(line)`
    is called on any edge, from the pin library's own thread. Raises DeviceFault when no output can be had.
    """

    def __init__(self, wiring: Wiring, *, mock: bool, on_edge: Callable[[int], None]) -> None:
        self.faults: dict[int, str] = {}
        self._mock = mock
        self._library_faults: tuple[type[Exception], ...] = (GPIOZeroError, OSError)
        self._factory = self._make_factory()
        self._heard = wiring.heard
        self._outputs: dict[int, Any] = {}
        self._inputs: dict[int, Any] = {}
        # Outputs first: until then a line may be on since the last life of the guard.
        for line in wiring.outputs:
            self._claim(self._outputs, line, partial(self._open_output, line))
        if wiring.outputs and not self._outputs:
            raise DeviceFault(f"cannot open the lines: {'; '.join(self.faults.values())}")
        for line, heard in wiring.heard.items():
            self._claim(self._inputs, line, partial(self._open_input, heard))
        for line, device in self._inputs.items():
            device.when_activated = device.when_deactivated = partial(on_edge, line)

    def write(self, line: int, on: bool) -> None:
        """Set an output. Raises DeviceFault."""
        try:
            self._outputs[line].value = int(on)
        except self._library_faults as error:
            raise DeviceFault(f"line {line} cannot be set: {error}") from error

    def level(self, line: int) -> int:
        """What the output pin is now, read back from the pin and not from what was asked of it."""
        return int(self._outputs[line].pin.state)

    def read(self, line: int) -> str:
        """What the line of a contact or input says now; "unknown" when it cannot be read."""
        heard = self._heard[line]
        if line not in self._inputs:
            return UNKNOWN
        try:
            return heard.at_high if self._inputs[line].pin.state else heard.at_low
        except self._library_faults:
            return UNKNOWN

    def usable(self, line: int) -> bool:
        """Whether the output could be had."""
        return line in self._outputs

    def drive(self, line: int, level: int) -> None:
        """Mock only: what the world outside puts on a contact's or input's pin."""
        pin = self._inputs[line].pin
        if level:
            pin.drive_high()
        else:
            pin.drive_low()

    def close(self) -> None:
        """Release every line; one that cannot be had back is left to the kernel, which does so at the end.

        lgpio claims a line once more as it lets go of it, and finds it busy while its own thread still waits
        for an edge on it.
        """
        for device in (*self._outputs.values(), *self._inputs.values(), self._factory):
            with contextlib.suppress(*self._library_faults):
                device.close()

    def _make_factory(self) -> Any:
        if self._mock:
            return MockFactory()
        os.environ.setdefault("LG_WD", os.environ.get("RUNTIME_DIRECTORY", str(Path.cwd())))
        import lgpio
        from gpiozero.pins.lgpio import LGPIOFactory

        # lgpio's own error is neither an OSError nor known to gpiozero.
        self._library_faults = (*self._library_faults, lgpio.error)
        try:
            return LGPIOFactory()
        except self._library_faults as error:
            raise DeviceFault(f"cannot open the gpiochip: {error}") from error

    def _claim(self, into: dict[int, Any], line: int, claim: Callable[[], Any]) -> None:
        try:
            into[line] = claim()
        except self._library_faults as error:
            self.faults[line] = f"line {line}: {error}"

    def _open_output(self, line: int) -> Any:
        return OutputDevice(line, initial_value=False, pin_factory=self._factory)

    def _open_input(self, heard: Heard) -> Any:
        bounce_s = None if self._mock else BOUNCE_S
        device = DigitalInputDevice(
            heard.line, pull_up=heard.pull_up, bounce_time=bounce_s, pin_factory=self._factory
        )
        if self._mock and heard.kind == "input" and heard.at_low == "idle":
            # A closed loop is whole until the world outside says that it is cut.
            device.pin.drive_low()
        return device
