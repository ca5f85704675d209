"""A door's line that outlives whoever drives it; hub, guard and broker die in mid-pulse or mid-hold.

The same trials run on pins that another process keeps (`tests/proofs/mid_pulse.py`) and on a real gpiochip
(`tests/hardware/kills.py`). Guard, satellite and the hub's drivers are the product's own. A guard that is
only stopped (SIGSTOP) switches nothing off: that is for the hardware watchdog, and is not simulated here.
"""

import asyncio
import contextlib
import json
import signal
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random
from typing import Protocol

from devices.satellite import Satellite
from devices.settings import DoorSettings
from devices.site_broker import SiteBroker
from tests.fakes.forking import Forked
from tests.fakes.guards_hub import DOOR, SATELLITE, Hub, local_hub, remote_hub
from tests.fakes.mosquitto import Mosquitto

OFF_WITHIN_NS = 2_000_000_000
"""Invariant I6: + 2 s after a crash."""
PULSE_MS = 6_000
"""Longer than the limit, so that no pulse ends in time by itself."""
READY_S = 60.0

LOCAL = ("hub killed", "guard killed", "hub stopped", "hub silent")
REMOTE = ("broker killed", "remote hub killed")
BETWEEN_SESSIONS = ("not: wrong_nonce", "not: guard_offline", "not: device_offline")
"""What a satellite that has just let go answers for a moment."""
REMOTE_ENDINGS = frozenset(REMOTE)


class Wires(Protocol):
    """Sees the levels of the lines, with the boot time of every change."""

    def mark(self) -> int:
        """The number of edges up to now."""

    def wait_for(self, line: int, level: int, *, since: int, within_s: float) -> int | None:
        """Boot time of the first edge of a line to a level since a mark; None: none in time."""


class Rig:
    """A guard on lines that outlive it, and with `remote` a broker and a satellite before it.

    `run_guard(arguments)` is the program of a new process; `line` is the door's. `after_guard(site file)` is
    what its unit runs after every end of it, before it is started again.
    """

    def __init__(
        self,
        folder: Path,
        *,
        wires: Wires,
        run_guard: Callable[[Sequence[str]], int],
        line: int,
        remote: bool,
        after_guard: Callable[[Path], object] = lambda _: None,
    ) -> None:
        self.wires = wires
        self.line = line
        self.socket = folder / "guard.sock"
        self.trace = folder / "guard.trace"
        self._run_guard = run_guard
        self._after_guard = after_guard
        self._site = folder / "site.toml"
        self._site.write_text(
            f'[[door]]\nid = "{DOOR}"\nline = {line}\npulse_ms = {PULSE_MS}\npulses_per_minute = 60000\n'
        )
        self._guard: Forked | None = None
        self._broker = Mosquitto(folder) if remote else None
        self._satellite: Forked | None = None
        self._fired = 0

    def start(self) -> None:
        """Everything that runs between the trials."""
        self.start_guard()
        if self._broker is not None:
            self._broker.start()
            self._satellite = Forked(self._run_satellite)

    def start_guard(self) -> None:
        """Start it and wait until it listens."""
        self.socket.unlink(missing_ok=True)
        files = ("--socket", str(self.socket), "--trace", str(self.trace), "--lines", str(self._site))
        self._guard = Forked(lambda: self._run_guard(files))
        end = time.monotonic() + READY_S
        while not self.socket.exists():
            assert self._guard.poll() is None and time.monotonic() < end, "the guard does not start"
            time.sleep(0.002)

    def close(self) -> None:
        """End everything."""
        for process in (self._satellite, self._guard):
            if process is not None:
                process.kill()
        if self._broker is not None:
            self._broker.stop()

    def try_once(self, seed: int, ending: str) -> int:
        """One crash; returns after how many ns the line was off. Raises AssertionError."""
        chance = Random(seed)
        held = chance.random() < 0.5
        words = f"seed {seed}: {ending} in a {'hold' if held else 'pulse'}"
        self._fired += 1
        pulse_id = f"k1-1-{self._fired}"
        hub = self._hub(ending)
        try:
            mark = self.wires.mark()
            answer = _ask_in_session(hub, "hold" if held else f"pulse {pulse_id}")
            assert answer in ("held", "fired"), f"{words}: {answer}"
            on_ns = self.wires.wait_for(self.line, 1, since=mark, within_s=5.0)
            assert on_ns is not None, f"{words}: the line never went on"
            time.sleep(chance.uniform(0.0, 0.4))  # the random moment of the crash
            early = self.wires.wait_for(self.line, 0, since=mark, within_s=0.0)
            assert early is None, f"{words}: the line went off before the crash"
            off_ns = self._crash(hub, ending, mark, words)
        finally:
            hub.kill()
        if ending == "broker killed":
            assert self._broker is not None
            self._broker.start()
        if not held and ending != "guard killed":
            self._assert_not_fired_again(ending, pulse_id, words)
        return off_ns

    def entries(self) -> list[tuple[int, str]]:
        """Level and id of the line's entries in the guard's own trace."""
        found = map(json.loads, self.trace.read_text().splitlines())
        return [(entry["level"], entry["id"]) for entry in found if entry["line"] == self.line]

    def _hub(self, ending: str) -> Hub:
        if ending in REMOTE_ENDINGS:
            assert self._broker is not None
            return Hub(remote_hub((self._broker.host, self._broker.port), PULSE_MS))
        return Hub(local_hub(self.socket, self.line, PULSE_MS))

    def _crash(self, hub: Hub, ending: str, mark: int, words: str) -> int:
        """Do it, and assert that the line went off in time and for the right reason."""
        began_ns = time.clock_gettime_ns(time.CLOCK_BOOTTIME)
        cause = self._do(hub, ending)
        off_ns = self.wires.wait_for(self.line, 0, since=mark, within_s=4.0)
        assert off_ns is not None, f"I6 {words}: still on after 4 s"
        took_ns = off_ns - began_ns
        assert took_ns <= OFF_WITHIN_NS, f"I6 {words}: off after {took_ns / 1e9:.2f} s"
        last = self._last_entry()
        assert last == (0, cause), f"{words}: the guard's trace ends with {last}, not {cause}"
        return took_ns

    def _do(self, hub: Hub, ending: str) -> str:
        """Returns the cause that the trace must name."""
        match ending:
            case "hub killed":
                hub.send_signal(signal.SIGKILL)
                return "hub-gone"
            case "hub stopped":
                hub.send_signal(signal.SIGSTOP)
                return "beat-missed"
            case "hub silent":
                hub.ask("mute")
                return "beat-missed"
            case "remote hub killed":
                hub.send_signal(signal.SIGKILL)
                return "hub-gone"
            case "broker killed":
                assert self._broker is not None
                self._broker.stop()
                return "hub-gone"
            case _:
                assert self._guard is not None
                self._guard.kill()
                self._after_guard(self._site)
                self.start_guard()
                return "start"

    def _last_entry(self) -> tuple[int, str]:
        """The newest entry once it says off: the guard writes it right after the pin."""
        end = time.monotonic() + 1.0
        while (last := self.entries()[-1])[0] and time.monotonic() < end:
            time.sleep(0.002)
        return last

    def _assert_not_fired_again(self, ending: str, pulse_id: str, words: str) -> None:
        """A hub that comes back and says the same again moves nothing."""
        hub = self._hub(ending)
        try:
            answer = _ask_in_session(hub, f"pulse {pulse_id}")
        finally:
            hub.kill()
        assert answer == "not: repeated", f"I5 {words}: the same pulse again was answered {answer!r}"
        times = Counter(self.entries())[(1, pulse_id)]
        assert times == 1, f"I5 {words}: {pulse_id} fired {times} times"

    def _run_satellite(self) -> int:
        assert self._broker is not None
        door = DoorSettings(id=DOOR, name_zh="门", name_en=DOOR, line=self.line, pulse_ms=PULSE_MS)
        satellite = Satellite(
            SATELLITE,
            broker=SiteBroker(self._broker.host, self._broker.port, None, None, SATELLITE),
            guard_socket=self.socket,
            doors=[door],
            inputs=(),
            signals=(),
        )
        with contextlib.suppress(KeyboardInterrupt):
            asyncio.run(satellite.run())
        return 0


def _ask_in_session(hub: Hub, command: str) -> str:
    """Ask; a satellite that begins a new session at this very moment moved nothing, and is asked again."""
    for _ in range(500):
        if (answer := hub.ask(command)) not in BETWEEN_SESSIONS:
            break
        time.sleep(0.02)
    return answer
