"""The real guard on pins that outlive it: every level goes to a chip in another process, which keeps it.

A killed process leaves a real line as it was (facts: unless the kernel is told otherwise); so does this chip.
`run` is the program of a process of its own.
"""

import socket
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from gpiozero import OutputDevice
from gpiozero.pins.mock import MockFactory, MockPin

from devices.guard import __main__ as guard
from devices.guard import pins, server
from devices.guard.switchboard import Switchboard


class Chip:
    """Keeps the levels of the lines, with the boot time of every change; a guard's death changes nothing."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(path))
        self._levels: dict[int, int] = {}
        self._edges: list[tuple[int, int, int]] = []

    def mark(self) -> int:
        """The number of edges up to now: the kernel keeps the datagrams in their order."""
        while self._read(0.0):
            pass
        return len(self._edges)

    def wait_for(self, line: int, level: int, *, since: int, within_s: float) -> int | None:
        """Boot time of the first edge of a line to a level since a mark; None: none in time."""
        end = time.monotonic() + within_s
        self.mark()
        while True:
            for at_ns, of_line, to in self._edges[since:]:
                if (of_line, to) == (line, level):
                    return at_ns
            if (left := end - time.monotonic()) <= 0:
                return None
            self._read(left)

    def close(self) -> None:
        """Go away."""
        self._socket.close()

    def _read(self, within_s: float) -> bool:
        self._socket.settimeout(within_s)
        try:
            line, level, at_ns = map(int, self._socket.recv(64).split())
        except (TimeoutError, BlockingIOError):
            return False
        if self._levels.get(line, 0) != level:
            self._edges.append((at_ns, line, level))
        self._levels[line] = level
        return True


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


def run(chip: Path, planted: str, arguments: Sequence[str]) -> int:
    """Plant, then run the guard as it is, in this process."""
    link = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    link.connect(str(chip))

    class ChipPin(MockPin):  # type: ignore[misc]  # gpiozero has no types
        """A mock pin whose level is kept by the chip, not by this process."""

        def _set_state(self, value: Any) -> None:
            super()._set_state(value)
            number = self.info.name.removeprefix("GPIO")
            link.send(f"{number} {int(value)} {time.clock_gettime_ns(time.CLOCK_BOOTTIME)}".encode())

    if planted in PLANTED:
        PLANTED[planted]()
    vars(pins)["MockFactory"] = partial(MockFactory, pin_class=ChipPin)
    sys.argv[1:] = ["--mock", *arguments]
    return guard.main()
