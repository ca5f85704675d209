"""Lock boards of the 8A family: frames, a wire that is late, torn, noisy or lies, and what is made of it."""

import asyncio

import pytest

from devices.serial.frames import (
    MAX_BOARD,
    MAX_LOCK,
    QUERY_HEAD,
    Answer,
    FrameReader,
    LockAddress,
    check_byte,
    open_frame,
    query_frame,
)
from devices.settings import BankSettings
from edge.access.contacts import ContactState
from edge.access.errors import NotMoved
from edge.errors import DeviceOffline
from tests.fakes.lock_wire import BANK, IMPATIENT, LockStand
from tests.fakes.waiting import until

FIRST = LockAddress(1, 1)


def test_frames_are_those_of_the_family() -> None:
    assert open_frame(FIRST) == bytes.fromhex("8a0101119b")
    assert query_frame(FIRST) == bytes.fromhex("80010133b3")
    (answer,) = FrameReader().take(bytes.fromhex("8a0101008a"))
    assert answer == Answer(0x8A, FIRST, "00")


@pytest.mark.parametrize(("board", "lock"), [(1, 0), (0, 1), (33, 1), (1, 51), (1, 256), (1, -1)])
def test_what_is_no_single_lock_cannot_be_written(board: int, lock: int) -> None:
    with pytest.raises(ValueError, match="no single lock"):
        LockAddress(board, lock)


def test_no_frame_that_can_be_written_opens_more_than_its_lock() -> None:
    seen = set()
    for board in range(1, MAX_BOARD + 1):
        for lock in range(1, MAX_LOCK + 1):
            at = LockAddress(board, lock)
            for frame in (open_frame(at), query_frame(at)):
                assert frame[2] == lock != 0 and frame[0] in (0x8A, 0x80) and check_byte(frame) == 0
                seen.add(frame)
    assert len(seen) == 2 * MAX_BOARD * MAX_LOCK


def test_answers_are_found_in_noise_and_halves_and_a_wrong_check_is_none() -> None:
    reader = FrameReader()
    good = bytes.fromhex("8001010080")
    assert list(reader.take(b"\xff\x8a\x80" + good[:2])) == []
    assert [answer.at for answer in reader.take(good[2:] + good[:4] + b"\x00" + good)] == [FIRST, FIRST]
    assert list(reader.take(bytes.fromhex("8001010081"))) == []
    assert list(reader.take(bytes.fromhex("8001012293") + b"\x00" * 9)) == []
    assert reader.noise_bytes > 0


def test_an_adapter_that_echoes_does_not_answer_for_the_board() -> None:
    reader = FrameReader()
    reader.sent(query_frame(FIRST))
    answers = list(reader.take(query_frame(FIRST) + bytes.fromhex("8001011191")))
    assert answers == [Answer(QUERY_HEAD, FIRST, "11")] and reader.echoes
    reader.sent(open_frame(FIRST))
    assert list(reader.take(open_frame(FIRST))) == []
    assert len(list(reader.take(open_frame(FIRST)))) == 1


async def test_cells_are_unknown_until_a_level_is_proved_closed() -> None:
    stand = LockStand()
    async with stand.running():
        await until(lambda: stand.banks.levels("bank-a") == {"A01": "00", "A02": "00", "B01": "00"})
        assert ("bank:bank-a", "board_unproven") in stand.found()
        with pytest.raises(NotMoved, match="board_unproven"):
            await stand.banks.open_cell("k1-1-1", "bank-a", "A01")
        assert stand.reports == [] and stand.openings()["A01"] == 0
        stand.banks.prove("bank-a", "00")
        await until(lambda: stand.last("A01") is ContactState.CLOSED)
        stand.banks.prove("bank-a", None)
        assert stand.last("A01") is ContactState.UNKNOWN


@pytest.mark.parametrize("open_level", [0x00, 0x11])
async def test_an_opening_is_taken_once_and_the_contact_says_the_rest(open_level: int) -> None:
    stand = LockStand(open_level=open_level)
    async with stand.running():
        stand.banks.prove("bank-a", f"{open_level ^ 0x11:02x}")
        await until(lambda: stand.last("B01") is ContactState.CLOSED)
        await stand.banks.open_cell("k1-1-1", "bank-a", "A02")
        await until(lambda: stand.last("A02") is ContactState.OPEN)
        with pytest.raises(NotMoved, match="repeated"):
            await stand.banks.open_cell("k1-1-1", "bank-a", "A02")
        stand.wire.move(stand.board, 2, False)
        await until(lambda: stand.last("A02") is ContactState.CLOSED)
        assert stand.openings() == {"A01": 0, "A02": 1, "B01": 0}


@pytest.mark.slow
@pytest.mark.parametrize("fault", ["silent", "half_frames", "bad_check", "wrong_board", "wrong_lock"])
async def test_a_board_that_answers_nothing_useful_is_silent_and_opens_are_never_repeated(fault: str) -> None:
    stand = LockStand(timing=IMPATIENT)
    async with stand.running():
        stand.banks.prove("bank-a", "00")
        await until(lambda: stand.last("A01") is ContactState.CLOSED)
        stand.board.faults.set({fault: True})
        with pytest.raises((DeviceOffline, NotMoved)):
            await stand.banks.open_cell("k1-1-1", "bank-a", "A01")
        await until(lambda: stand.banks.online("bank-a") is False)
        torn = fault in ("half_frames", "bad_check")
        assert ("bus:/dev/bus/board-1", "board_nonsense" if torn else "board_silent") in stand.found()
        assert {stand.last(cell) for cell in BANK.cells()} == {ContactState.UNKNOWN}
        with pytest.raises(NotMoved, match="board_offline"):
            await stand.banks.open_cell("k1-1-2", "bank-a", "A01")
        await until(lambda: stand.banks.online("bank-b"))
        opens = [frame for frame in stand.wire.heard if frame[0] == 0x8A]
        assert len(opens) <= 1
        stand.board.faults.set({fault: False})
        await until(lambda: stand.last("A02") is ContactState.CLOSED)
        assert not any(device.endswith("board-1") for device, _ in stand.found())


async def test_noise_and_late_answers_slow_nothing_but_their_lock() -> None:
    stand = LockStand()
    stand.board.faults.set({"noise": True, "doubled": True, "late_ms": 10})
    async with stand.running():
        stand.banks.prove("bank-a", "00")
        await until(lambda: stand.last("A01") is ContactState.CLOSED)
        await stand.banks.open_cell("k1-1-1", "bank-a", "A01")
        await until(lambda: stand.last("A01") is ContactState.OPEN)
        assert stand.openings()["A01"] == 1


async def test_an_unplugged_bus_makes_everything_unknown_and_comes_back() -> None:
    stand = LockStand()
    async with stand.running():
        stand.banks.prove("bank-a", "00")
        await until(lambda: stand.last("A01") is ContactState.CLOSED)
        stand.unplug()
        await until(lambda: stand.last("A01") is ContactState.UNKNOWN)
        assert stand.banks.online("bank-a") is None
        await until(lambda: ("bus:/dev/bus", "bus_lost") in stand.found())
        with pytest.raises(NotMoved, match="bus_lost"):
            await stand.banks.open_cell("k1-1-1", "bank-a", "A01")
        stand.plugged = True
        await until(lambda: stand.last("A01") is ContactState.CLOSED)
        assert not {code for _, code in stand.found()} & {"bus_lost", "board_silent"}


async def test_a_report_of_the_board_itself_is_taken_at_once() -> None:
    stand = LockStand()
    stand.board.faults.set({"reports": True})
    async with stand.running():
        stand.banks.prove("bank-a", "00")
        await until(lambda: stand.last("A01") is ContactState.CLOSED)
        stand.wire.move(stand.board, 3, True)
        await until(lambda: stand.last("B01") is ContactState.OPEN)


async def test_whoever_gives_up_waiting_is_not_obeyed_later() -> None:
    stand = LockStand()
    async with stand.running():
        stand.banks.prove("bank-a", "00")
        await until(lambda: stand.last("A01") is ContactState.CLOSED)
        asking = asyncio.create_task(stand.banks.open_cell("k1-1-1", "bank-a", "A01"))
        await asyncio.sleep(0)
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)
        await stand.banks.open_cell("k1-1-2", "bank-a", "A02")
        assert stand.openings() == {"A01": 0, "A02": 1, "B01": 0}


@pytest.mark.parametrize(
    "wrong",
    [
        {"board": None},
        {"port": ""},
        {"port": "ttyUSB0"},
        {"locks": {"A01": 1}},
        {"locks": {"A01": 1, "A02": 1, "B01": 2}},
        {"driver": "mqtt"},
    ],
    ids=str,
)
def test_a_bank_that_does_not_fit_its_board_is_a_fault(wrong: dict[str, object]) -> None:
    fields: dict[str, object] = {
        "id": "bank-a",
        "device": "board-1",
        "driver": "8a",
        "port": "/dev/bus",
        "board": 1,
        "columns": BANK.columns,
    }
    with pytest.raises(ValueError, match=r"(port|locks|board)"):
        BankSettings(**(fields | wrong))  # type: ignore[arg-type]
