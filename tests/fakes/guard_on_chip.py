"""The real guard on pins that outlive it: every level goes to a chip in another process, which keeps it.

`python -m tests.fakes.guard_on_chip CHIP_SOCKET PLANTED_BUG -- ARGUMENTS OF devices.guard`. A killed process
leaves a real line as it was (facts: unless the kernel is told otherwise); so does this chip.
"""

import socket
import sys
from collections.abc import Callable
from functools import partial
from typing import Any

from gpiozero import OutputDevice
from gpiozero.pins.mock import MockFactory, MockPin

from devices.guard import __main__ as guard
from devices.guard import pins, server
from devices.guard.switchboard import Switchboard

_chip = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)


class ChipPin(MockPin):  # type: ignore[misc]  # gpiozero has no types
    """A mock pin whose level is kept by the chip, not by this process."""

    def _set_state(self, value: Any) -> None:
        super()._set_state(value)
        _chip.send(f"{self.info.name.removeprefix('GPIO')} {int(value)}".encode())


def _end_of_file_ignored() -> None:
    lose = server.GuardServer._lose_hub

    def deaf(self: server.GuardServer, cause: str) -> None:
        if cause != "hub-gone":
            lose(self, cause)
        elif self._hub is not None:
            self._selector.unregister(self._hub.connection)

    server.GuardServer._lose_hub = deaf  # type: ignore[method-assign]


def _heartbeat_not_watched() -> None:
    server.BEAT_LIMIT_NS = 10**15


def _not_all_off_at_start() -> None:
    all_off = Switchboard.all_off

    def later(self: Switchboard, cause: str) -> None:
        if cause != "start":
            all_off(self, cause)

    Switchboard.all_off = later  # type: ignore[method-assign]

    def untouched(line: int, *, initial_value: bool, pin_factory: Any) -> Any:
        return OutputDevice(line, initial_value=None, pin_factory=pin_factory)

    vars(pins)["OutputDevice"] = untouched


def _repeated_id_fires_again() -> None:
    fire = Switchboard.fire

    def forgetful(self: Switchboard, pulse: Any) -> str | None:
        self._fired.clear()
        return fire(self, pulse)

    Switchboard.fire = forgetful  # type: ignore[method-assign]


PLANTED: dict[str, Callable[[], None]] = {
    "end-of-file ignored": _end_of_file_ignored,
    "heartbeat not watched": _heartbeat_not_watched,
    "not all off at start": _not_all_off_at_start,
    "a repeated id fires again": _repeated_id_fires_again,
}


def main() -> int:
    """Plant, then run the guard as it is."""
    chip, planted, _, *arguments = sys.argv[1:]
    _chip.connect(chip)
    if planted:
        PLANTED[planted]()
    vars(pins)["MockFactory"] = partial(MockFactory, pin_class=ChipPin)
    sys.argv[1:] = arguments
    return guard.main()


if __name__ == "__main__":
    sys.exit(main())
