"""The simulated door: it sees the lock's level and nothing else."""

from devices.simulator.door_model import DoorModel


def test_a_released_door_is_pulled_opens_and_falls_shut() -> None:
    door = DoorModel(pull_ms=600, shut_ms=3000)
    door.set_level(1, 0)
    door.advance(599)
    assert (door.is_open, door.contact_level) == (False, 0)
    door.advance(600)
    assert (door.is_open, door.contact_level) == (True, 1)
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
        assert (door.is_open, door.contact_level) == (False, 0)


def test_a_hand_opens_only_a_released_door() -> None:
    door = DoorModel(deserted=True)
    assert not door.push(True, 0)
    door.set_level(1, 0)
    assert door.push(True, 1)
    assert door.push(False, 2)


def test_a_cut_contact_reads_open_all_along() -> None:
    door = DoorModel(cut=True)
    assert door.contact_level == 1
    door.set_level(1, 0)
    door.advance(600)
    assert door.contact_level == 1
