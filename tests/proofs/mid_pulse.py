"""Kill hub or guard in the middle of a pulse or a hold; the line's own trace says when it went off.

The real guard process drives pins that another process keeps (`tests/fakes/guard_on_chip.py`), the hub's side
is a process with the product's own client. The seed draws what runs, who dies, how and when. A guard that is
only stopped (SIGSTOP) switches nothing off: that is for the hardware watchdog, and is not simulated here.
"""

import contextlib
import json
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path
from random import Random
from unittest.mock import patch

from tests.fakes.guard_on_chip import PLANTED
from tests.fakes.guards_hub import LINE
from tests.proofs.proof import Proof, Trial

ROOT = Path(__file__).resolve().parents[2]
OFF_WITHIN_NS = 2_000_000_000
"""Invariant I6: + 2 s after a crash."""
PULSE_MS = 4_000
"""Longer than the limit, so that no pulse ends in time by itself."""
READY_S = 20.0
BUG = ""
MARK = -1
"""No line: says how far the chip has read."""

ENDINGS = ("hub killed", "hub stopped", "hub silent", "guard killed")


class Chip:
    """Keeps the levels of the lines, with the boot time of every change; a guard's death changes nothing."""

    def __init__(self, path: Path) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(path))
        self._changed = threading.Condition()
        self.edges: list[tuple[int, int]] = []
        self.written: set[int] = set()
        self._level = 0
        self._path = path
        self._marks = 0
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        while data := self._socket.recv(64):
            line, level = map(int, data.split())
            with self._changed:
                if line == MARK:
                    self._marks += 1
                else:
                    self.written.add(line)
                if line == LINE and level != self._level:
                    self._level = level
                    self.edges.append((_boot_ns(), level))
                self._changed.notify_all()

    def wait_for(self, level: int, *, within_s: float) -> int | None:
        """Boot time at which the line came to a level, now or within a time; None when it did not."""
        with self._changed:
            if not self._changed.wait_for(lambda: self._level == level, within_s):
                return None
            return self.edges[-1][0] if self.edges else 0

    def catch_up(self) -> None:
        """Take in all that was written before this call: the kernel keeps datagrams in their order."""
        with self._changed:
            awaited = self._marks + 1
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
                sender.sendto(f"{MARK} 0".encode(), str(self._path))
            assert self._changed.wait_for(lambda: self._marks >= awaited, READY_S), "the chip stands still"

    def close(self) -> None:
        """Go away."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RD)
        self._socket.close()


class Bench:
    """The folder with guard, chip and trace."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.chip = Chip(folder / "chip.sock")
        self.trace = folder / "guard.trace"
        self.fired = 0
        self._wiring = folder / "site.toml"
        self._wiring.write_text(f'[[door]]\nid = "gate"\nline = {LINE}\npulse_ms = {PULSE_MS}\n')
        self._guard: subprocess.Popen[bytes] | None = None

    def start_guard(self) -> None:
        """Start it and wait until it listens; every line must have been written before that."""
        listening = self.folder / "guard.sock"
        listening.unlink(missing_ok=True)
        self.chip.written.clear()
        files = ("--socket", str(listening), "--trace", str(self.trace), "--lines", str(self._wiring))
        self._guard = _start(
            "tests.fakes.guard_on_chip", str(self.folder / "chip.sock"), BUG, "--", "--mock", *files
        )
        end = time.monotonic() + READY_S
        while not listening.exists():
            assert self._guard.poll() is None and time.monotonic() < end, "the guard does not start"
            time.sleep(0.002)
        self.chip.catch_up()

    def hub(self) -> "Hub":
        """A hub's side, connected."""
        return Hub(self.folder / "guard.sock")

    def kill_guard(self) -> None:
        """As a crash would."""
        assert self._guard is not None
        self._guard.kill()
        self._guard.wait()

    def entries(self) -> list[tuple[int, str]]:
        """Level and id of the line's entries in the guard's own trace."""
        found = map(json.loads, self.trace.read_text().splitlines())
        return [(entry["level"], entry["id"]) for entry in found if entry["line"] == LINE]

    def last_entry(self) -> tuple[int, str]:
        """The newest entry once it says off: the guard writes it right after the pin."""
        end = time.monotonic() + 1.0
        while (last := self.entries()[-1])[0] and time.monotonic() < end:
            time.sleep(0.002)
        return last

    def close(self) -> None:
        """End everything."""
        if self._guard is not None:
            self.kill_guard()
        self.chip.close()


class Hub:
    """The process of `tests.fakes.guards_hub`."""

    def __init__(self, path: Path) -> None:
        self.process = _start("tests.fakes.guards_hub", str(path), str(PULSE_MS), piped=True)
        assert self._read() == "connected"

    def ask(self, command: str) -> str:
        """One command, its answer."""
        assert self.process.stdin is not None
        self.process.stdin.write(command.encode() + b"\n")
        self.process.stdin.flush()
        return self._read()

    def kill(self) -> None:
        """As a crash would."""
        self.process.kill()
        self.process.wait()
        for stream in (self.process.stdin, self.process.stdout):
            assert stream is not None
            stream.close()

    def _read(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().decode().strip()


def _start(module: str, *arguments: str, piped: bool = False) -> subprocess.Popen[bytes]:
    pipe = subprocess.PIPE if piped else None
    return subprocess.Popen([sys.executable, "-m", module, *arguments], cwd=ROOT, stdin=pipe, stdout=pipe)


def _boot_ns() -> int:
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME)


def _trial(bench: Bench, seed: int) -> None:
    chance = Random(seed)
    held, ending = chance.random() < 0.5, ENDINGS[seed % len(ENDINGS)]
    words = f"seed {seed}: {ending} in a {'hold' if held else 'pulse'}"
    bench.fired += 1
    pulse_id = f"k1-1-{bench.fired}"
    hub = bench.hub()
    try:
        answer = hub.ask("hold" if held else f"pulse {pulse_id}")
        assert answer in ("held", "fired"), f"{words}: {answer}"
        assert bench.chip.wait_for(1, within_s=2.0) is not None, f"{words}: the line never went on"
        time.sleep(chance.uniform(0.0, 0.4))  # the random moment of the crash
        assert bench.chip.wait_for(1, within_s=0) is not None, f"{words}: the line went off before the crash"
        cause = _crash(bench, hub, ending, words)
    finally:
        hub.kill()
    last = bench.last_entry()
    assert last == (0, cause), f"{words}: the guard's trace ends with {last}, not {cause}"
    if not held and ending != "guard killed":
        _assert_not_fired_again(bench, pulse_id, words)


def _crash(bench: Bench, hub: Hub, ending: str, words: str) -> str:
    """Do it, and assert that the line went off in time; returns the cause that the trace must name."""
    began_ns = _boot_ns()
    match ending:
        case "hub killed":
            hub.process.kill()
            cause = "hub-gone"
        case "hub stopped":
            hub.process.send_signal(signal.SIGSTOP)
            cause = "beat-missed"
        case "hub silent":
            hub.ask("mute")
            cause = "beat-missed"
        case _:
            bench.kill_guard()
            bench.start_guard()
            cause = "start"
            assert LINE in bench.chip.written, f"{words}: the guard listened before it had switched off"
    off_ns = bench.chip.wait_for(0, within_s=3.0)
    assert off_ns is not None, f"I6 {words}: still on after {(_boot_ns() - began_ns) / 1e9:.1f} s"
    assert off_ns - began_ns <= OFF_WITHIN_NS, f"I6 {words}: off after {(off_ns - began_ns) / 1e9:.2f} s"
    return cause


def _assert_not_fired_again(bench: Bench, pulse_id: str, words: str) -> None:
    """A hub that comes back and says the same again moves nothing."""
    hub = bench.hub()
    try:
        answer = hub.ask(f"pulse {pulse_id}")
    finally:
        hub.kill()
    assert answer == "not: repeated", f"I5 {words}: the same pulse again was answered {answer!r}"
    times = Counter(entry for entry in bench.entries() if entry[0] == 1)[(1, pulse_id)]
    assert times == 1, f"I5 {words}: {pulse_id} fired {times} times"
    assert bench.chip.wait_for(0, within_s=2.0) is not None


@contextmanager
def _open() -> Iterator[Trial]:
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder))

        def trial(seed: int) -> int:
            _trial(bench, seed)
            return 1

        try:
            bench.start_guard()
            yield trial
        finally:
            bench.close()


def _planted(bug: str) -> AbstractContextManager[None]:
    @contextmanager
    def plant() -> Iterator[None]:
        with patch(f"{__name__}.BUG", bug):
            yield

    return plant()


PROOF = Proof(
    name="mid-pulse",
    promise="A hub or a guard that dies in mid-pulse or mid-hold leaves no line on for more than 2 s",
    open=_open,
    suite=30,
    goal=500,
    planted={bug: partial(_planted, bug) for bug in PLANTED},
)
