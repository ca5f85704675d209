"""The guard as a process, seen from outside: its own trace and the levels of its pins."""

import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.guard import GuardProcess, Panel

ALL_OFF = {17: 0, 22: 0, 8: 0}


class RawHub:
    """A hub that says exactly what the test wants, and beats only when told."""

    def __init__(self, path: Path) -> None:
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(5)
        self.socket.connect(str(path))
        self.lines = self.socket.makefile("rb")
        self.hello = self.read()

    def say(self, kind: str, **fields: object) -> None:
        """Send one line."""
        self.socket.sendall(json.dumps({"t": kind, **fields}).encode() + b"\n")

    def pulse(self, pulse_id: str, line: int = 17, pulse_ms: int = 300) -> None:
        """Ask for a pulse."""
        not_after_ns = time.clock_gettime_ns(time.CLOCK_BOOTTIME) + 1_000_000_000
        self.say("pulse", id=pulse_id, line=line, pulse_ms=pulse_ms, not_after_boot_ns=not_after_ns)

    def read(self) -> dict[str, object]:
        """The next line, or {} at the end."""
        line = self.lines.readline()
        return dict(json.loads(line)) if line else {}

    def close(self) -> None:
        """End the connection."""
        self.lines.close()
        self.socket.close()


@pytest.fixture
def hub(guard: GuardProcess) -> Iterator[RawHub]:
    """A hub that is connected."""
    hub = RawHub(guard.socket)
    yield hub
    hub.close()


@pytest.fixture
def panel(guard: GuardProcess) -> Iterator[Panel]:
    """A panel that saw everything off."""
    panel = Panel(guard.panel)
    assert panel.read() == ALL_OFF
    yield panel
    panel.close()


def test_a_pulse_is_seen_at_the_pin_and_ends_by_itself(
    guard: GuardProcess, hub: RawHub, panel: Panel
) -> None:
    hub.pulse("k1-1-1")
    assert hub.read()["t"] == "fired"
    assert panel.read() == {17: 1, 22: 0, 8: 0}
    assert panel.read() == ALL_OFF
    assert hub.read() == {"t": "ended", "id": "k1-1-1"}
    assert guard.edges()[-2:] == [(17, 1, "k1-1-1"), (17, 0, "k1-1-1")]
    assert 300 <= guard.on_times_ms(17)[0] <= 400


def test_everything_is_off_when_the_hub_goes_away_in_mid_pulse(
    guard: GuardProcess, hub: RawHub, panel: Panel
) -> None:
    hub.pulse("k1-1-1")
    assert panel.read() == {17: 1, 22: 0, 8: 0}
    hub.close()
    assert panel.read() == ALL_OFF
    assert guard.edges()[-1] == (17, 0, "hub-gone")


def test_everything_is_off_one_second_after_the_last_heartbeat(
    guard: GuardProcess, hub: RawHub, panel: Panel
) -> None:
    hub.say("hold", line=17, on=True)
    hub.say("beat")
    assert panel.read() == {17: 1, 22: 0, 8: 0}
    assert panel.read() == ALL_OFF
    assert guard.edges()[-1] == (17, 0, "beat-missed")
    assert 900 <= guard.on_times_ms(17)[0] <= 1500
    assert hub.read() == {}


def test_a_repeated_an_unknown_and_a_too_long_pulse_are_refused(hub: RawHub, panel: Panel) -> None:
    hub.pulse("a", pulse_ms=50)
    assert [hub.read()["t"] for _ in range(2)] == ["fired", "ended"]
    for arguments, why in (
        ({}, "repeated"),
        ({"pulse_id": "b", "line": 5}, "unknown_line"),
        ({"pulse_id": "c", "pulse_ms": 301}, "pulse_too_long"),
    ):
        hub.pulse(**({"pulse_id": "a"} | arguments))  # type: ignore[arg-type]
        assert hub.read()["why"] == why
    hub.say("pulse", id="d", line=17, pulse_ms=50, not_after_boot_ns=5)
    assert hub.read() == {"t": "refused", "id": "d", "why": "late"}


def test_nonsense_ends_the_connection_with_everything_off(
    guard: GuardProcess, hub: RawHub, panel: Panel
) -> None:
    hub.say("hold", line=22, on=True)
    assert panel.read() == {17: 0, 22: 1, 8: 0}
    hub.socket.sendall(b"open the door\n")
    assert panel.read() == ALL_OFF
    assert RawHub(guard.socket).hello["t"] == "hello"


def test_a_second_hub_is_turned_away(guard: GuardProcess, hub: RawHub) -> None:
    second = socket.socket(socket.AF_UNIX)
    second.connect(str(guard.socket))
    assert second.recv(10) == b""
    hub.pulse("a")
    assert hub.read()["t"] == "fired"


def test_the_guard_ends_with_everything_off(guard: GuardProcess, hub: RawHub, panel: Panel) -> None:
    hub.pulse("a")
    assert panel.read() == {17: 1, 22: 0, 8: 0}
    assert guard.stop(signal.SIGTERM) == 0
    assert panel.read() == ALL_OFF
    assert guard.edges()[-1] == (17, 0, "exit")


def test_a_killed_guard_shows_all_off_within_two_seconds_of_its_next_start(
    guard: GuardProcess, hub: RawHub, panel: Panel
) -> None:
    hub.pulse("a")
    assert panel.read() == {17: 1, 22: 0, 8: 0}
    guard.stop(signal.SIGKILL)
    with pytest.raises(EOFError):
        while True:
            panel.read()
    guard.start()
    assert guard.edges()[-2:] == [(17, 0, "start"), (22, 0, "start")]
    assert guard.on_times_ms(17)[0] <= 2000


def test_contacts_are_read_at_connect_and_reported_when_they_move(guard: GuardProcess, panel: Panel) -> None:
    before = RawHub(guard.socket)
    assert before.hello["lines"] == {"17": "off", "22": "off", "8": "off", "27": "open", "23": "open"}
    panel.drive(27, 0)
    assert before.read() == {"t": "contact", "line": 27, "state": "closed"}
    before.close()
    hub = RawHub(guard.socket)
    assert hub.hello["lines"] == {"17": "off", "22": "off", "8": "off", "27": "closed", "23": "open"}
    panel.drive(27, 1)
    assert hub.read() == {"t": "contact", "line": 27, "state": "open"}
    hub.close()


def test_inputs_are_told_at_connect_and_when_they_move(
    guard: GuardProcess, hub: RawHub, panel: Panel
) -> None:
    assert hub.hello["inputs"] == {"5": "idle", "6": "idle"}
    panel.drive(5, 1)
    assert hub.read() == {"t": "input", "line": 5, "state": "active"}


def test_a_lamp_plays_its_pattern_and_goes_dark_with_the_hub(
    guard: GuardProcess, hub: RawHub, panel: Panel
) -> None:
    hub.say("signal", line=8, pattern=[20, 20, 9000])
    assert [panel.read()[8] for _ in range(3)] == [1, 0, 1]
    hub.close()
    assert panel.read()[8] == 0


def test_a_second_guard_does_not_take_the_socket(guard: GuardProcess) -> None:
    command = [sys.executable, "-m", "devices.guard", "--mock", "--socket", str(guard.socket)]
    second = subprocess.run([*command, "--lines", str(guard.wiring)], capture_output=True, check=False)
    assert second.returncode == 1
    assert b"another process listens there" in second.stderr
    assert RawHub(guard.socket).hello["t"] == "hello"


def test_the_guard_stays_small(guard: GuardProcess, hub: RawHub) -> None:
    assert guard.process is not None
    status = Path(f"/proc/{guard.process.pid}/status").read_text()
    resident_kb = int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1])
    assert resident_kb <= 25_000
