"""The simulated door: it sees the lock's level and nothing else."""

from pathlib import Path

from devices.simulator.contact_model import REPEATED_AFTER_MS, ContactModel
from devices.simulator.door_model import DoorModel
from devices.simulator.door_wires import DoorWire, InputWire, read_wires


def test_a_released_door_is_pulled_opens_and_falls_shut() -> None:
    door = DoorModel(pull_ms=600, shut_ms=3000)
    door.set_level(1, 0)
    door.advance(599)
    assert (door.is_open, door.contact.says_open) == (False, False)
    door.advance(600)
    assert (door.is_open, door.contact.take_due(600)) == (True, [True])
    door.set_level(0, 700)
    door.advance(3599)
    assert door.is_open
    door.advance(3600)
    assert not door.is_open


def test_one_release_opens_once() -> None:
    door = DoorModel(pull_ms=600, shut_ms=100)
    door.set_level(1, 0)
    door.advance(600)
    door.advance(700)
    door.advance(5000)
    assert not door.is_open


def test_a_door_locked_again_before_anybody_pulls_stays_shut() -> None:
    door = DoorModel()
    door.set_level(1, 0)
    door.set_level(0, 500)
    door.advance(5000)
    assert not door.is_open


def test_a_jammed_or_deserted_door_does_not_move() -> None:
    for door in (DoorModel(jammed=True), DoorModel(deserted=True)):
        door.set_level(1, 0)
        door.advance(5000)
        assert (door.is_open, door.contact.says_open) == (False, False)


def test_a_hand_opens_only_a_released_door() -> None:
    door = DoorModel(deserted=True)
    assert not door.push(True, 0)
    door.set_level(1, 0)
    assert door.push(True, 1)
    assert door.push(False, 2)


def test_a_cut_contact_reads_open_all_along() -> None:
    contact = ContactModel(cut=True)
    assert contact.take_due(0) == [True]
    contact.move(True, 10)
    assert contact.take_due(20) == []
    contact.cut = False
    contact.move(False, 30)
    assert contact.take_due(30) == [False]


def test_a_door_is_forced_only_by_a_hand_and_held_open_only_by_what_stands_in_it() -> None:
    door = DoorModel(shut_ms=100, forced=True, held=True)
    door.advance(50)
    assert not door.is_open
    assert door.push(True, 60)
    door.advance(5000)
    assert door.is_open
    door.held = False
    door.advance(5001)
    assert not door.is_open


def test_a_contact_says_each_movement_once_and_all_anew_to_a_new_listener() -> None:
    contact = ContactModel()
    assert contact.take_due(0) == [False]
    contact.move(True, 5)
    assert (contact.take_due(5), contact.take_due(6)) == ([True], [])
    contact.forget()
    assert contact.take_due(7) == [True]


def test_a_chattering_contact_ends_with_the_truth() -> None:
    contact = ContactModel(bouncing=True)
    contact.take_due(0)
    contact.move(True, 100)
    assert contact.take_due(118) == [True, False, True, False, True]


def test_a_late_a_dropped_and_a_repeated_movement() -> None:
    late, dropping, repeating = (
        ContactModel(late_ms=500),
        ContactModel(drops=True),
        ContactModel(repeats=True),
    )
    for contact in (late, dropping, repeating):
        contact.take_due(0)
        contact.move(True, 0)
    assert (late.take_due(499), late.take_due(500)) == ([], [True])
    assert dropping.take_due(9000) == []
    dropping.move(False, 9000)
    assert dropping.take_due(9000) == [], "it was never heard to open"
    assert repeating.take_due(REPEATED_AFTER_MS) == [True, False, True]


def test_a_contact_that_lies_and_one_that_is_dead() -> None:
    lying, dead = ContactModel(lying=True), ContactModel(dead=True)
    assert (lying.take_due(0), dead.take_due(0)) == ([True], [False])
    for contact in (lying, dead):
        contact.move(True, 1)
    assert (lying.take_due(1), dead.take_due(1)) == ([False], [])


def test_the_wires_are_read_off_the_site_file(tmp_path: Path) -> None:
    site = tmp_path / "site.toml"
    site.write_text(
        '[[door]]\nid = "gate"\nline = 17\ncontact_line = 27\ncontact_polarity = "closed_high"\n'
        '[[door]]\nid = "hall"\nline = 22\nfail = "safe"\n'
        '[[door]]\nid = "far"\ndriver = "mqtt"\n'
        '[[input]]\nid = "fire"\nkind = "fire"\nline = 5\n'
        '[[input]]\nid = "out"\nkind = "exit_button"\nline = 6\ndoors = ["gate"]\n'
        '[[input]]\nid = "loop"\nkind = "loop"\nline = 7\ndoors = ["gate"]\n'
    )
    wires = read_wires(site)
    assert wires.doors == {"gate": DoorWire(17, 27, 0, False), "hall": DoorWire(22, None, 1, True)}
    assert wires.inputs == {
        "fire": InputWire("fire", 5, 1, ("hall",)),
        "out": InputWire("exit_button", 6, 0, ("gate",)),
        "loop": InputWire("loop", 7, 0, ()),
    }
