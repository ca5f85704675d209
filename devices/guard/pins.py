"""The pins themselves: gpiozero over lgpio, or gpiozero's own mock pins."""

import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from gpiozero import DigitalInputDevice, GPIOZeroError, OutputDevice
from gpiozero.pins.mock import MockFactory

from devices.guard.wiring import Wire
from edge.errors import DeviceFault

BOUNCE_S = 0.03
"""A reed contact chatters for a few milliseconds; a door does not open twice in thirty."""


class Pins:
    """Outputs low from the first moment, contacts with pull-up: low = closed, a cut wire reads open.

    `on_contact(line)` is called on any edge, from the pin library's own thread.
    """

    def __init__(self, wires: Iterable[Wire], *, mock: bool, on_contact: Callable[[int], None]) -> None:
        wires = tuple(wires)
        try:
            self._factory = MockFactory() if mock else _real_factory()
            self._outputs = {
                wire.line: OutputDevice(wire.line, initial_value=False, pin_factory=self._factory)
                for wire in wires
            }
            self._contacts = {
                line: DigitalInputDevice(
                    line, pull_up=True, bounce_time=None if mock else BOUNCE_S, pin_factory=self._factory
                )
                for wire in wires
                if (line := wire.contact_line) is not None
            }
        except (GPIOZeroError, OSError) as error:
            raise DeviceFault(f"cannot open the lines: {error}") from error
        for line, contact in self._contacts.items():
            contact.when_activated = contact.when_deactivated = lambda line=line: on_contact(line)

    def write(self, line: int, on: bool) -> None:
        """Set an output. Raises DeviceFault."""
        try:
            self._outputs[line].value = int(on)
        except (GPIOZeroError, OSError) as error:
            raise DeviceFault(f"line {line} cannot be set: {error}") from error

    def level(self, line: int) -> int:
        """What the output pin is now, read back from the pin and not from what was asked of it."""
        return int(self._outputs[line].pin.state)

    def contact(self, line: int) -> str:
        """ "closed" while the contact pulls its line low, else "open". Raises DeviceFault."""
        try:
            return "closed" if self._contacts[line].is_active else "open"
        except (GPIOZeroError, OSError) as error:
            raise DeviceFault(f"contact {line} cannot be read: {error}") from error

    def contact_lines(self) -> tuple[int, ...]:
        """Lines with a contact."""
        return tuple(self._contacts)

    def drive(self, line: int, level: int) -> None:
        """Mock only: what the world outside puts on a contact's pin."""
        pin = self._contacts[line].pin
        if level:
            pin.drive_high()
        else:
            pin.drive_low()

    def close(self) -> None:
        """Release every line."""
        for device in (*self._outputs.values(), *self._contacts.values()):
            device.close()
        self._factory.close()


def _real_factory() -> Any:
    os.environ.setdefault("LG_WD", os.environ.get("RUNTIME_DIRECTORY", str(Path.cwd())))
    from gpiozero.pins.lgpio import LGPIOFactory

    return LGPIOFactory()
