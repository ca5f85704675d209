"""The guard's logic: once, not longer than its limit, not late, and all off whatever happens."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.guard.limits import NS_PER_MS, LineLimits
from devices.guard.protocol import Pulse
from devices.guard.switchboard import REMEMBERED_IDS, Switchboard
from devices.guard.trace import Trace
from edge.errors import DeviceFault

LIMIT_MS = 300
LIMITS = LineLimits(LIMIT_MS)
FOREVER = 2**62


class Bench:
    """Two lines, a clock, and pins that may break."""

    def __init__(self, trace: Path | None = None, limits: LineLimits = LIMITS) -> None:
        self.now_ns = 0
        self.pins = {17: False, 22: False}
        self.broken: set[int] = set()
        self.cycles: list[int] = []
        self.board = Switchboard(
            write=self.write,
            limits=dict.fromkeys(self.pins, limits),
            on_cycle=self.cycles.append,
            trace=Trace(trace),
            boot_ns=lambda: self.now_ns,
        )

    def write(self, line: int, on: bool) -> None:
        """A pin."""
        if line in self.broken:
            raise DeviceFault("broken")
        self.pins[line] = on

    def fire(
        self, pulse_id: str = "a", line: int = 17, pulse_ms: int = 200, late_at: int = FOREVER
    ) -> str | None:
        """Ask for a pulse."""
        return self.board.fire(Pulse(pulse_id, line, pulse_ms, late_at))

    def wait(self, ms: int) -> list[str]:
        """Let time pass; ids that ended."""
        self.now_ns += ms * NS_PER_MS
        return self.board.end_due()


def test_a_pulse_ends_by_itself() -> None:
    bench = Bench()
    assert bench.fire() is None
    assert bench.pins[17]
    assert bench.wait(199) == []
    assert bench.wait(1) == ["a"]
    assert not bench.pins[17]


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        ({"line": 4}, "unknown_line"),
        ({"pulse_ms": LIMIT_MS + 1}, "pulse_too_long"),
        ({"pulse_ms": 0}, "pulse_too_long"),
        ({"late_at": -1}, "late"),
    ],
)
def test_what_may_not_be_fired_moves_nothing(arguments: dict[str, int], why: str) -> None:
    bench = Bench()
    assert bench.fire(**arguments) == why  # type: ignore[arg-type]
    assert not any(bench.pins.values())


def test_an_id_is_fired_once_also_after_many_others() -> None:
    bench = Bench()
    bench.fire("first")
    for number in range(REMEMBERED_IDS - 1):
        bench.fire(f"n{number}")
    bench.wait(500)
    assert bench.fire("first") == "repeated"


def test_overlapping_pulses_keep_the_line_until_the_last_ends() -> None:
    bench = Bench()
    bench.fire("a")
    bench.wait(100)
    bench.fire("b")
    assert bench.wait(100) == ["a"]
    assert bench.pins[17]
    assert bench.wait(100) == ["b"]
    assert not bench.pins[17]


def test_a_hold_outlasts_a_pulse_and_all_off_ends_both() -> None:
    bench = Bench()
    bench.board.hold(17, True)
    bench.fire()
    bench.wait(300)
    assert bench.pins[17]
    bench.fire("b", line=22)
    bench.board.all_off("hub-gone")
    assert not any(bench.pins.values())
    assert bench.board.next_due_ns() is None
    assert bench.wait(1000) == []


def test_one_broken_pin_does_not_keep_another_on() -> None:
    bench = Bench()
    bench.fire("a", line=17)
    bench.fire("b", line=22)
    bench.broken.add(17)
    with pytest.raises(DeviceFault):
        bench.board.all_off("hub-gone")
    assert not bench.pins[22]


def test_the_trace_names_every_edge_and_its_cause(tmp_path: Path) -> None:
    bench = Bench(tmp_path / "trace")
    bench.board.all_off("start")
    bench.fire()
    bench.wait(200)
    bench.fire("b")
    bench.board.all_off("beat-missed")
    entries = map(json.loads, (tmp_path / "trace").read_text().splitlines())
    assert [(entry["line"], entry["level"], entry["id"]) for entry in entries] == [
        (17, 0, "start"),
        (22, 0, "start"),
        (17, 1, "a"),
        (17, 0, "a"),
        (17, 1, "b"),
        (17, 0, "beat-missed"),
    ]


@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.integers(0, 400), st.integers(0, 400)), max_size=30))
def test_a_line_is_on_exactly_while_a_pulse_of_it_runs(steps: list[tuple[str, int, int]]) -> None:
    bench = Bench()
    running: dict[str, int] = {}
    seen: set[str] = set()
    for pulse_id, pulse_ms, wait_ms in steps:
        if bench.fire(pulse_id, pulse_ms=pulse_ms) is None:
            assert pulse_id not in seen
            seen.add(pulse_id)
            running[pulse_id] = bench.now_ns + pulse_ms * NS_PER_MS
        bench.wait(wait_ms)
        running = {name: end for name, end in running.items() if end > bench.now_ns}
        assert bench.pins[17] == bool(running)
