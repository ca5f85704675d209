"""Lines of the site taken together: one thing on one line, all on the board, every fault told at once."""

from pathlib import Path

import pytest

from devices.guard.limits import LineLimits
from devices.guard.wiring import read_wiring
from devices.lines import InputSettings, SignalSettings, door_faults, line_faults
from devices.settings import DoorSettings, GuardSettings
from devices.simulator import door_wires
from edge.access.inputs import InputKind
from edge.config import Config, Section, load
from edge.errors import ConfigError

SECTIONS = {
    "guard": Section(GuardSettings, required=False),
    "door": Section(DoorSettings, many=True, required=False),
    "input": Section(InputSettings, many=True, required=False),
    "signal": Section(SignalSettings, many=True, required=False),
}
GATE = '[[door]]\nid = "gate"\nname_zh = "南门"\nname_en = "Gate"\nline = 17\ncontact_line = 27\n'


def read(folder: Path, text: str) -> Config:
    path = folder / "site.toml"
    path.write_text(text, "utf-8")
    return load(path, SECTIONS, (line_faults, door_faults))


def faults_of(folder: Path, text: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        read(folder, text)
    return [str(fault) for fault in caught.value.faults]


def test_inputs_and_signals_come_back_with_the_level_that_says_active(tmp_path: Path) -> None:
    fire = '[[input]]\nid = "fire"\nkind = "fire"\nline = 5\n'
    button = '[[input]]\nid = "button"\nkind = "exit_button"\nline = 6\ndoors = ["gate"]\n'
    odd = '[[input]]\nid = "odd"\nkind = "tamper"\nline = 7\nactive = "low"\n'
    lamp = '[[signal]]\nid = "lamp"\nkind = "lamp_green"\nline = 8\ndoor = "gate"\n'
    config = read(tmp_path, GATE + fire + button + odd + lamp)
    assert [heard.active_level for heard in config.many("input", InputSettings)] == [1, 0, 0]
    assert config.many("input", InputSettings)[1].to_input().doors == ("gate",)
    assert config.many("signal", SignalSettings)[0].limit_ms == 10_000


def test_every_fault_of_the_lines_is_told_with_its_place(tmp_path: Path) -> None:
    text = (
        GATE
        + '[[input]]\nid = "fire"\nkind = "fire"\nline = 27\n'
        + '[[input]]\nid = "button"\nkind = "exit_button"\nline = 28\ndoors = ["cellar"]\n'
        + '[[signal]]\nid = "lamp"\nkind = "buzzer"\nline = 17\ndoor = "attic"\n'
    )
    assert faults_of(tmp_path, text) == [
        "line 10: input.0.line: line 27 is used by door gate already",
        "line 14: input.1.line: the board has lines 0 to 27, not 28",
        "line 15: input.1.doors: there is no door 'cellar'",
        "line 19: signal.0.line: line 17 is used by door gate already",
        "line 20: signal.0.door: there is no door 'attic'",
    ]


def test_a_barrier_needs_its_loop_and_fire_a_door_that_it_can_hold(tmp_path: Path) -> None:
    fire = '[[input]]\nid = "fire"\nkind = "fire"\nline = 5\ndoors = ["gate"]\n'
    loop = '[[input]]\nid = "loop"\nkind = "loop"\nline = 6\ndoors = ["gate"]\n'
    assert faults_of(tmp_path, GATE + 'lock = "barrier"\n' + fire) == [
        "line 7: door.0.lock: a barrier needs an [[input]] of kind loop to come down",
        "line 12: input.0.doors: door 'gate' has fail = \"secure\": only its wiring opens it in a fire",
    ]
    read(tmp_path, GATE + 'lock = "barrier"\nfail = "safe"\n' + fire + loop)


def test_faults_of_one_table_and_of_all_together_stand_in_one_list(tmp_path: Path) -> None:
    text = (
        GATE + '[[input]]\nid = "a"\nkind = "bell"\nline = 4\n[[input]]\nid = "b"\nkind = "fire"\nline = 17\n'
    )
    assert [fault.split(": ")[1] for fault in faults_of(tmp_path, text)] == ["input.0.kind", "input.1.line"]


def test_an_exit_button_without_a_door_and_a_maglock_that_locks_without_power_are_refused(
    tmp_path: Path,
) -> None:
    [button] = faults_of(tmp_path, GATE + '[[input]]\nid = "b"\nkind = "exit_button"\nline = 4\n')
    assert "belongs to at least one door" in button
    [lock] = faults_of(tmp_path, GATE + 'lock = "maglock"\n')
    assert "lets go without power" in lock


def test_hub_guard_and_simulator_read_the_same_out_of_a_file(tmp_path: Path) -> None:
    kinds = "".join(
        f'[[input]]\nid = "i{line}"\nkind = "{kind}"\nline = {line}\ndoors = ["gate"]\n'
        for line, kind in enumerate(InputKind, 1)
    )
    lamp = '[[signal]]\nid = "lamp"\nkind = "lamp_green"\nline = 8\ndoor = "gate"\n'
    far = '[[door]]\nid = "far"\nname_zh = "远"\nname_en = "Far"\ndriver = "mqtt"\ndevice = "sat-1"\n'
    config = read(tmp_path, GATE + 'fail = "safe"\n' + far + kinds + lamp)
    wiring, wires = read_wiring(tmp_path / "site.toml"), door_wires.read_wires(tmp_path / "site.toml")
    gate = config.many("door", DoorSettings)[0]
    assert wiring.locks == {17: LineLimits(gate.pulse_ms, gate.rest_ms, gate.pulses_per_minute)}
    assert wiring.signals == {8: config.many("signal", SignalSettings)[0].limit_ms}
    for heard in config.many("input", InputSettings):
        assert heard.line is not None
        line = wiring.heard[heard.line]
        assert (
            (line.at_high == "active")
            == bool(heard.active_level)
            == bool(wires.inputs[heard.id].active_level)
        )
    assert wiring.heard[27].at_low == "closed" and wires.doors["gate"].open_level == 1
