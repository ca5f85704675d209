"""The real relay guard with mock pins, and a panel that plays the doors by hand."""

import json
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

from devices.lines import InputSettings, SignalSettings
from devices.settings import DoorSettings
from edge.access.inputs import InputKind

READY_S = 10.0

WIRED = (("gate", "南门", 17, 27), ("building-3", "3号楼", 22, 23))
DOORS = tuple(
    DoorSettings(
        id=door,
        name_zh=name,
        name_en=door,
        line=line,
        contact_line=contact,
        pulse_ms=300,
        contact_timeout_s=2,
        revocation_age_h=0,
    )
    for door, name, line, contact in WIRED
)


INPUTS = (
    InputSettings(id="fire", kind=InputKind.FIRE, line=5),
    InputSettings(id="button", kind=InputKind.EXIT_BUTTON, line=6, doors=("gate",)),
)
SIGNALS = (SignalSettings(id="lamp", kind="lamp_green", line=8, door="gate"),)


class GuardProcess:
    """`python -m devices.guard --mock` in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.socket = folder / "guard.sock"
        self.panel = folder / "panel.sock"
        self.trace = folder / "guard.trace"
        self._wiring = folder / "site.toml"
        self._wiring.write_text(
            "".join(
                f'[[door]]\nid = "{door.id}"\nline = {door.line}\ncontact_line = {door.contact_line}\n'
                f"pulse_ms = {door.pulse_ms}\n"
                for door in DOORS
            )
            + "".join(
                f'[[input]]\nid = "{heard.id}"\nkind = "{heard.kind}"\nline = {heard.line}\n'
                for heard in INPUTS
            )
            + "".join(f'[[signal]]\nid = "{shown.id}"\nline = {shown.line}\n' for shown in SIGNALS),
            "utf-8",
        )
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def wiring(self) -> Path:
        """The file with the `[[door]]` sections."""
        return self._wiring

    def start(self) -> None:
        """Start it and wait until it listens."""
        for path in (self.socket, self.panel):
            path.unlink(missing_ok=True)
        arguments = ["--socket", self.socket, "--trace", self.trace, "--lines", self._wiring]
        self.process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "devices.guard",
                "--mock",
                "--panel",
                str(self.panel),
                *map(str, arguments),
            ]
        )
        end = time.monotonic() + READY_S
        while not (self.socket.exists() and self.panel.exists()):
            assert time.monotonic() < end, "the guard does not listen"
            assert self.process.poll() is None, "the guard ended"
            time.sleep(0.02)

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """End it; returns its exit code."""
        assert self.process is not None
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.process.wait(READY_S)

    def edges(self) -> list[tuple[int, int, str]]:
        """The trace as (line, level, id)."""
        entries = map(json.loads, self.trace.read_text("utf-8").splitlines())
        return [(entry["line"], entry["level"], entry["id"]) for entry in entries if "level" in entry]

    def on_times_ms(self, line: int) -> list[float]:
        """How long the line was on each time, by the guard's own trace."""
        times: list[float] = []
        began_ns: int | None = None
        for entry in map(json.loads, self.trace.read_text("utf-8").splitlines()):
            if entry["line"] != line or "level" not in entry:
                continue
            if entry["level"] and began_ns is None:
                began_ns = entry["at_boot_ns"]
            elif not entry["level"] and began_ns is not None:
                times.append((entry["at_boot_ns"] - began_ns) / 1e6)
                began_ns = None
        return times


class Panel:
    """Sees the levels of output pins, and drives contact pins; knows nothing else."""

    def __init__(self, path: Path) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.connect(str(path))
        self._socket.settimeout(READY_S)
        self._rest = b""
        self.levels: dict[int, int] = {}

    def drive(self, line: int, level: int) -> None:
        """Put a level on a contact's pin: 0 is closed."""
        self._socket.sendall(json.dumps({"line": line, "level": level}).encode() + b"\n")

    def read(self) -> dict[int, int]:
        """Wait for the next report of levels."""
        while b"\n" not in self._rest:
            data = self._socket.recv(4096)
            if not data:
                raise EOFError
            self._rest += data
        line, self._rest = self._rest.split(b"\n", 1)
        self.levels = {int(pin): level for pin, level in json.loads(line)["levels"].items()}
        return self.levels

    def close(self) -> None:
        """Go away."""
        self._socket.close()
