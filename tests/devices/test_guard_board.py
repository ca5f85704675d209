"""The guard's lines beside its pulses: limits, lamps, contacts that chatter, counts, bad lines."""

import json
from pathlib import Path

import pytest

from devices.guard.board import Board
from devices.guard.cycles import SAVE_EVERY_NS, Cycles
from devices.guard.ears import Ears
from devices.guard.limits import NS_PER_MS, LineLimits, LineRecord
from devices.guard.pins import Pins
from devices.guard.protocol import Hold, Pulse, Signal
from devices.guard.trace import Trace
from devices.guard.wiring import read_wiring
from edge.errors import DeviceFault

SITE = """\
[[door]]
id = "gate"
line = 17
contact_line = 27
pulse_ms = 300
[[door]]
id = "barrier"
line = 22
contact_line = 23
contact_polarity = "closed_high"
pulse_ms = 300
rest_ms = 1000
[[input]]
id = "fire"
kind = "fire"
line = 5
[[input]]
id = "button"
kind = "exit_button"
line = 6
[[signal]]
id = "lamp"
line = 8
limit_ms = 500
"""
FOREVER = 2**62


class Bench:
    """A board on mock pins, and a clock in hand."""

    def __init__(self, folder: Path, site: str = SITE) -> None:
        self.now_ns = 0
        (folder / "site.toml").write_text(site, "utf-8")
        wiring = read_wiring(folder / "site.toml")
        self.pins = Pins(wiring, mock=True, on_edge=lambda line: self.board.ears.note_edges([line]))
        self.trace = folder / "trace"
        self.board = Board(
            wiring,
            self.pins,
            trace=Trace(self.trace),
            cycles_path=folder / "cycles",
            settling=True,
            boot_ns=lambda: self.now_ns,
        )

    def fire(self, pulse_id: str, line: int) -> str | None:
        return self.board.fire(Pulse(pulse_id, line, 200, FOREVER))

    def wait(self, ms: int) -> None:
        self.now_ns += ms * NS_PER_MS
        self.board.switchboard.end_due()
        self.board.signals.step_due()


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def test_a_line_that_must_rest_is_not_fired_while_on_nor_too_soon(bench: Bench) -> None:
    assert bench.fire("a", 22) is None
    assert bench.fire("b", 22) == "resting"
    bench.wait(200)
    bench.wait(999)
    assert bench.fire("b", 22) == "resting"
    bench.wait(1)
    assert bench.fire("b", 22) is None
    assert bench.fire("c", 17) is None
    assert bench.fire("d", 17) is None, "a line without rest is fired again at once"


def test_no_more_pulses_in_a_minute_than_allowed() -> None:
    line = LineRecord(LineLimits(300, per_minute=2))
    for at_ms in (0, 30_000):
        assert line.objection(300, at_ms * NS_PER_MS) is None
        line.note_pulse(at_ms * NS_PER_MS)
    assert line.objection(300, 59_999 * NS_PER_MS) == "too_often"
    assert line.objection(300, 60_000 * NS_PER_MS) is None


def test_a_pattern_is_played_and_ends_dark(bench: Bench) -> None:
    assert bench.board.play(Signal(8, (100, 50, 200))) is None
    seen = []
    for _ in range(8):
        seen.append(bench.board.levels()[8])
        bench.wait(50)
    assert seen == [1, 1, 0, 1, 1, 1, 1, 0]
    assert bench.board.next_due_ns() is None


def test_a_pattern_is_bounded_replaced_stopped_and_ended_by_all_off(bench: Bench) -> None:
    assert bench.board.play(Signal(8, (400, 101))) == "pattern_too_long"
    assert bench.board.play(Signal(17, (100,))) == "unknown_line", "no pattern moves a lock"
    assert bench.board.levels() == {17: 0, 22: 0, 8: 0}
    for stopped_by_all_off in (False, True):
        bench.board.play(Signal(8, (100, 50, 200)))
        bench.board.play(Signal(8, (500,)))
        bench.wait(120)
        assert bench.board.levels()[8] == 1
        if stopped_by_all_off:
            bench.board.all_off("hub-gone")
        else:
            bench.board.play(Signal(8, ()))
        assert bench.board.levels()[8] == 0
        bench.wait(400)
        assert bench.board.levels()[8] == 0


def test_a_lamp_is_no_door(bench: Bench) -> None:
    assert bench.fire("a", 8) == "unknown_line"
    assert bench.board.hold(Hold(8, True)) == "unknown_line"


def test_contacts_and_inputs_say_their_words_whichever_level_means_it(bench: Bench) -> None:
    hello = bench.board.describe()
    assert hello["lines"] == {"17": "off", "22": "off", "8": "off", "27": "open", "23": "open"}
    assert hello["inputs"] == {"5": "idle", "6": "idle"}
    for line, level in ((27, 0), (23, 1), (5, 1), (6, 0)):
        bench.pins.drive(line, level)
    hello = bench.board.describe()
    assert [hello["lines"][line] for line in ("27", "23")] == ["closed", "closed"]
    assert hello["inputs"] == {"5": "active", "6": "active"}


def test_a_contact_that_chatters_is_told_once_it_is_still(bench: Bench) -> None:
    for level in (0, 1, 0, 1, 0):
        bench.pins.drive(27, level)
        bench.wait(5)
        assert bench.board.ears.settled() == []
    bench.wait(25)
    assert bench.board.ears.settled() == [(27, "closed")]
    assert bench.board.next_due_ns() is None


def test_an_input_that_never_settles_is_told_as_it_is_after_a_while() -> None:
    now_ns, says = 0, "idle"
    ears = Ears(
        read=lambda _: says, lines=[5], settle_ns=30 * NS_PER_MS, trace=Trace(None), boot_ns=lambda: now_ns
    )
    says, told = "active", []
    for _ in range(25):
        ears.note_edges([5])
        now_ns += 10 * NS_PER_MS
        told += ears.settled()
    assert told == [(5, "active")]


def test_a_move_whose_edge_was_lost_is_heard_all_the_same() -> None:
    now_ns, says = 0, "closed"
    ears = Ears(
        read=lambda _: says, lines=[27], settle_ns=30 * NS_PER_MS, trace=Trace(None), boot_ns=lambda: now_ns
    )
    says, told = "open", []
    for _ in range(110):
        now_ns += 10 * NS_PER_MS
        told += ears.settled()
    assert told == [(27, "open")]


def test_the_trace_has_every_change_of_contacts_and_inputs(bench: Bench) -> None:
    bench.pins.drive(5, 1)
    bench.wait(30)
    bench.board.ears.settled()
    entries = [json.loads(line) for line in bench.trace.read_text().splitlines()]
    says = [(entry["line"], entry["input"]) for entry in entries if "input" in entry]
    assert says == [(27, "open"), (23, "open"), (5, "idle"), (6, "idle"), (5, "active")]


def test_cycles_are_counted_by_switching_on_and_outlast_the_guard(bench: Bench, tmp_path: Path) -> None:
    bench.fire("a", 17)
    bench.fire("b", 17)
    bench.wait(300)
    bench.fire("c", 17)
    bench.board.hold(Hold(22, True))
    bench.board.all_off("exit")
    assert Bench(tmp_path).board.describe()["cycles"] == {"17": 2, "22": 1}


def test_counts_are_saved_once_a_minute_and_a_torn_file_counts_from_nought(tmp_path: Path) -> None:
    path = tmp_path / "cycles"
    path.write_text('{"17": 4')
    cycles = Cycles(path, [17], 0)
    assert (cycles.counts, cycles.due_ns()) == ({17: 0}, None)
    cycles.count(17)
    assert not cycles.save_if_due(SAVE_EVERY_NS - 1)
    assert cycles.save_if_due(SAVE_EVERY_NS)
    assert json.loads(path.read_text()) == {"17": 1}
    path.write_text('{"17": 4, "4": 9}')
    again = Cycles(path, [17], 0)
    again.count(17)
    again.save()
    assert json.loads(path.read_text()) == {"4": 9, "17": 5}, "a line that was taken out keeps its count"


def test_a_line_that_cannot_be_had_leaves_the_others_alone(tmp_path: Path) -> None:
    # The mock board has GPIO 0 to 27, as the header has.
    bench = Bench(tmp_path, SITE.replace("line = 22", "line = 40").replace("line = 5", "line = 41"))
    hello = bench.board.describe()
    assert set(hello["faults"]) == {"40", "41"}
    assert hello["inputs"] == {"41": "unknown", "6": "idle"}
    assert bench.fire("a", 40) == "line_fault"
    assert bench.board.hold(Hold(40, True)) == "line_fault"
    assert bench.fire("b", 17) is None
    bench.board.all_off("exit")


def test_no_output_at_all_is_a_fault_of_the_board(tmp_path: Path) -> None:
    with pytest.raises(DeviceFault, match="cannot open the lines"):
        Bench(tmp_path, '[[door]]\nid = "gate"\nline = 40\n')


def test_a_line_that_fails_when_switched_on_is_used_no_more(bench: Bench) -> None:
    write = bench.pins.write

    def broken(line: int, on: bool) -> None:
        if (line, on) == (17, True):
            raise DeviceFault("broken")
        write(line, on)

    bench.board.switchboard._write = broken
    bench.board.hold(Hold(22, True))
    assert bench.fire("a", 17) == "fault"
    assert bench.fire("b", 17) == "line_fault"
    assert "cannot be switched on" in bench.board.faults[17]
    assert bench.board.levels() == {17: 0, 22: 1, 8: 0}, "the other door stays held"


def test_a_line_that_cannot_be_let_go_of_keeps_no_other_one(bench: Bench) -> None:
    def busy() -> None:
        raise OSError("GPIO busy")

    outputs = bench.pins._outputs
    outputs[17].close = busy
    bench.pins.close()
    assert outputs[22].closed and outputs[8].closed
    del outputs[17].close  # its end of life would close it once more
