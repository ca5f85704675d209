"""In the guest: the chip, its wires, and the relay guard on it as on a Raspberry Pi."""

import json
import signal
import socket
import sys
import time
from pathlib import Path
from typing import Any

from devices.guard import off
from devices.lines import InputSettings, SignalSettings
from devices.settings import DoorSettings
from edge.access.inputs import InputKind
from tests.fakes.forking import Forked
from tests.hardware.cp2112 import Chip, World
from tests.hardware.pi_guard import run_on_a_pi

RUN = Path("/run")
READY_S = 60.0
SLACK_MS = 150
"""The interpreter of the guest is some thirty times slower than a machine: how much later things may be."""

GATE = DoorSettings(id="gate", name_zh="门", name_en="gate", line=0, contact_line=1, pulse_ms=300)
HALL = DoorSettings(id="hall", name_zh="厅", name_en="hall", line=2, pulse_ms=4000)
LACKING = DoorSettings(id="lacking", name_zh="无", name_en="lacking", line=9, pulse_ms=300)
DOORS = (GATE, HALL, LACKING)
FIRE = InputSettings(id="fire", kind=InputKind.FIRE, line=3)
INPUTS = (
    FIRE,
    InputSettings(id="button", kind=InputKind.EXIT_BUTTON, line=4, doors=("gate",)),
)
SIGNALS = (SignalSettings(id="lamp", kind="lamp_green", line=5, door="gate"),)
FREE_OUTPUT, FREE_INPUT = 6, 7


def boot_ns() -> int:
    """Nanoseconds since the guest started."""
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME)


class Wires:
    """What hangs on the chip: sees its outputs with their times, puts levels on its inputs."""

    def __init__(self, path: Path) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.connect(str(path))
        self._rest = b""
        self.levels: dict[int, int] = {}
        self.edges: list[tuple[int, int, int]] = []  # boot ns, line, level
        self._read(READY_S)

    def put(self, line: int, level: int) -> None:
        """Put a level on an input."""
        self._socket.sendall(json.dumps({"line": line, "level": level}).encode() + b"\n")

    def mark(self) -> int:
        """The number of edges up to now."""
        while self._read(0):
            pass
        return len(self.edges)

    def wait_for(self, line: int, level: int, *, since: int, within_s: float = READY_S) -> int | None:
        """Boot time of the first edge of an output to a level since a mark; None: none in time."""
        end = time.monotonic() + within_s
        while True:
            for at_ns, of_line, to in self.edges[since:]:
                if (of_line, to) == (line, level):
                    return at_ns
            left = end - time.monotonic()
            if left <= 0:
                return None
            self._read(left)

    def levels_of(self, line: int, *, since: int, count: int, within_s: float = READY_S) -> list[int]:
        """The first levels that an output came to since a mark, so many or fewer when time runs out."""
        end = time.monotonic() + within_s
        while (left := end - time.monotonic()) > 0:
            levels = [to for _, of_line, to in self.edges[since:] if of_line == line]
            if len(levels) >= count:
                break
            self._read(left)
        return levels

    def _read(self, within_s: float) -> bool:
        self._socket.settimeout(max(within_s, 0.001))
        try:
            data = self._socket.recv(65536)
        except TimeoutError:
            return False
        *lines, self._rest = (self._rest + data).split(b"\n")
        for text in lines:
            told = json.loads(text)
            for name, level in told["levels"].items():
                line = int(name)
                if self.levels.get(line) != level:
                    self.levels[line] = level
                    self.edges.append((told["at_boot_ns"], line, level))
        return bool(data)


class Bench:
    """Chip, wires and guard: the product's own program, given only the revision of a Pi."""

    def __init__(self) -> None:
        self._plug_in()
        self.site = RUN / "site.toml"
        self.site.write_text(_site_file(), "utf-8")
        self.socket = RUN / "guard.sock"
        self.trace = RUN / "guard.trace"
        self.guard: Forked | None = None

    def renew_chip(self) -> None:
        """Pull the chip out and plug in another, with no guard on it.

        The driver polls for edges, and older ones stop that for all lines once a first line is let go of
        (`cp2112_gpio_irq_shutdown`, mended upstream in 2023); a Pi's chip has interrupts.
        """
        self.kill_guard()
        self._chip.kill()
        await_that(lambda: not Path("/dev/gpiochip0").exists(), "the end of the chip")
        self._plug_in()

    def _plug_in(self) -> None:
        (RUN / "chip.sock").unlink(missing_ok=True)
        self._chip = Forked(lambda: World(Chip(), RUN / "chip.sock").run())
        await_that(lambda: (RUN / "chip.sock").exists() and Path("/dev/gpiochip0").exists(), "the chip")
        self.wires = Wires(RUN / "chip.sock")

    def start_guard(self) -> None:
        """Start it and wait until it listens."""
        self.socket.unlink(missing_ok=True)
        files = ("--socket", self.socket, "--trace", self.trace, "--lines", self.site)
        arguments = [str(argument) for argument in (*files, "--cycles", RUN / "guard.cycles")]
        self.guard = Forked(lambda: run_on_a_pi(arguments))
        await_that(self.socket.exists, "the guard")

    def signal_guard(self, number: signal.Signals) -> None:
        """Send it a signal."""
        assert self.guard is not None
        self.guard.send_signal(number)

    def kill_guard(self) -> None:
        """As a crash would, if one runs."""
        if self.guard is not None:
            self.guard.kill()

    def entries(self) -> list[dict[str, Any]]:
        """The guard's trace."""
        return [json.loads(line) for line in self.trace.read_text("utf-8").splitlines()]

    def close(self) -> None:
        """End everything."""
        self.kill_guard()
        self._chip.kill()


def switch_off(site: Path) -> int:
    """Run the program of the unit's `ExecStopPost=`; returns its exit code."""

    def main() -> int:
        sys.argv[1:] = ["--lines", str(site)]
        return off.main()

    return Forked(main).wait()


def await_that(condition: Any, what: str) -> None:
    """Wait until it is so."""
    end = time.monotonic() + READY_S
    while not condition():
        assert time.monotonic() < end, f"{what} is not ready"
        time.sleep(0.005)


def _site_file() -> str:
    doors = (
        f'[[door]]\nid = "{door.id}"\nline = {door.line}\npulse_ms = {door.pulse_ms}\n'
        + (f"contact_line = {door.contact_line}\n" if door.contact_line is not None else "")
        for door in DOORS
    )
    inputs = (f'[[input]]\nid = "{one.id}"\nkind = "{one.kind}"\nline = {one.line}\n' for one in INPUTS)
    signals = (f'[[signal]]\nid = "{one.id}"\nline = {one.line}\n' for one in SIGNALS)
    return "".join((*doors, *inputs, *signals))
