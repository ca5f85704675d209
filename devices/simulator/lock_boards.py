"""Lock boards of the 8A family as their firmware would behave, and misbehave. Bytes in, bytes out."""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields

from devices.serial.frames import FRAME_BYTES, OPEN, OPEN_HEAD, QUERY, QUERY_HEAD, REPORT_HEAD, check_byte

NOBODY = 31
"""With this number a board answers while it has the wrong one, unless it has a neighbour's."""

MAX_NOISE_BYTES = 12


@dataclass
class Lock:
    """One lock and its door. `jammed`: the latch releases nothing. `stuck`: its contact never moves.

    `never_closed`: the demo person leaves it open. `swapped_with`: the wire of another lock.
    """

    is_open: bool = False
    jammed: bool = False
    stuck: bool = False
    never_closed: bool = False
    swapped_with: int = 0
    opened_at_ms: int = 0
    openings: int = 0


@dataclass
class BoardFaults:
    """How a board misbehaves. `late_ms`: it answers so much later. `lying`: says it opened, opens nothing."""

    silent: bool = False
    half_frames: bool = False
    noise: bool = False
    bad_check: bool = False
    wrong_board: bool = False
    wrong_lock: bool = False
    doubled: bool = False
    lying: bool = False
    echo: bool = False
    reports: bool = False
    late_ms: int = 0

    def set(self, wanted: Mapping[str, bool | int]) -> None:
        """Turn some of them on or off. Raises KeyError for what is no fault."""
        names = {each.name for each in fields(self)}
        for name, value in wanted.items():
            if name not in names:
                raise KeyError(name)
            setattr(self, name, value)


@dataclass
class LockBoard:
    """One board. `open_level` is what its contacts read while a door is open: 0x00 or 0x11 by the locks."""

    number: int
    locks: dict[int, Lock]
    open_level: int = 0x11
    faults: BoardFaults = field(default_factory=BoardFaults)
    opened_all: int = 0

    def level(self, number: int) -> int:
        """What the contact of a lock reads."""
        lock = self.locks[number]
        is_open = lock.is_open and not lock.stuck
        return self.open_level if is_open else self.open_level ^ 0x11


Send = Callable[[bytes, int], None]
"""Puts bytes on the wire after some milliseconds."""


class LockWire:
    """The boards of one bus. `send` gets every answer; `chance` draws noise and where frames are cut."""

    def __init__(
        self, boards: list[LockBoard], *, send: Send, now_ms: Callable[[], int], chance: random.Random
    ) -> None:
        self.boards = {board.number: board for board in boards}
        self.heard: list[bytes] = []
        self.answered: list[tuple[int, int, int, int]] = []
        """Head, board, lock and level of every answer that left a board as it should."""
        self._send = send
        self._now_ms = now_ms
        self._chance = chance
        self._buffer = bytearray()

    def take(self, data: bytes) -> None:
        """Take what the hub wrote."""
        if any(board.faults.echo for board in self.boards.values()):
            self._send(data, 0)
        self._buffer += data
        while len(self._buffer) >= FRAME_BYTES:
            frame = bytes(self._buffer[:FRAME_BYTES])
            if frame[0] in (OPEN_HEAD, QUERY_HEAD) and check_byte(frame[:4]) == frame[4]:
                del self._buffer[:FRAME_BYTES]
                self._obey(frame)
            else:
                del self._buffer[0]

    def move(self, board: LockBoard, number: int, is_open: bool) -> None:
        """A door moves: by its latch, by the person, or by a hand."""
        lock = board.locks[number]
        if lock.is_open == is_open:
            return
        lock.is_open = is_open
        if is_open:
            lock.opened_at_ms = self._now_ms()
            lock.openings += 1
        if board.faults.reports and not board.faults.silent:
            self._answer(board, REPORT_HEAD, number, board.level(number))

    def advance(self, after_ms: int) -> None:
        """Let the simulated person close what has been open for so long."""
        for board in self.boards.values():
            for number, lock in board.locks.items():
                if lock.is_open and not lock.never_closed and self._now_ms() - lock.opened_at_ms >= after_ms:
                    self.move(board, number, False)

    def _obey(self, frame: bytes) -> None:
        self.heard.append(frame)
        head, number, lock, function, _ = frame
        board = self.boards.get(number)
        if board is None or board.faults.silent:
            return
        if head == OPEN_HEAD and function == OPEN:
            targets = list(board.locks) if lock == 0 else [lock]
            board.opened_all += lock == 0
            for target in targets:
                self._release(board, target)
            if lock in board.locks:
                self._answer(board, OPEN_HEAD, lock, board.level(lock))
        elif head == QUERY_HEAD and function == QUERY and lock in board.locks:
            self._answer(board, QUERY_HEAD, lock, board.level(lock))

    def _release(self, board: LockBoard, number: int) -> None:
        lock = board.locks.get(number)
        if lock is None or lock.jammed or board.faults.lying:
            return
        self.move(board, lock.swapped_with or number, True)

    def _answer(self, board: LockBoard, head: int, number: int, level: int) -> None:
        faults, chance = board.faults, self._chance
        others = [number for number in self.boards if number != board.number]
        said_board = (others or [NOBODY])[0] if faults.wrong_board else board.number
        said_lock = max(board.locks) + 1 if faults.wrong_lock else number
        frame = bytes((head, said_board, said_lock, level))
        frame += bytes((check_byte(frame) ^ (0x5A if faults.bad_check else 0),))
        if faults.half_frames:
            frame = frame[: chance.randrange(1, FRAME_BYTES)]
        if faults.noise:
            frame = chance.randbytes(chance.randrange(1, MAX_NOISE_BYTES)) + frame
        if not (faults.wrong_board or faults.wrong_lock or faults.bad_check or faults.half_frames):
            self.answered.append((head, board.number, number, level))
        self._send(frame * (2 if faults.doubled else 1), faults.late_ms)
