"""Frames of lock boards of the 8A family: five bytes, the last one the XOR of the four before.

Lock 00 means every lock of the board, and further heads open several locks or keep one energised: none of
them can be written here. Source: published instructions of 24-way RS-485 lock boards (485锁控板通讯协议).
"""

from collections.abc import Iterator
from functools import reduce
from operator import xor
from typing import NamedTuple

import msgspec

OPEN_HEAD, QUERY_HEAD, REPORT_HEAD = 0x8A, 0x80, 0x82
OPEN, QUERY = 0x11, 0x33
FRAME_BYTES = 5
LEVELS: dict[int, str] = {0x00: "00", 0x11: "11"}
"""What a lock's contact reads. Which of them is *open* depends on the lock; the walk-test finds out."""

MAX_BOARD, MAX_LOCK = 32, 50


class LockAddress(msgspec.Struct, frozen=True, order=True):
    """One lock on a bus. Raises ValueError for what is not one lock."""

    board: int
    lock: int

    def __post_init__(self) -> None:
        if not (1 <= self.board <= MAX_BOARD and 1 <= self.lock <= MAX_LOCK):
            raise ValueError(f"board {self.board} lock {self.lock}: no single lock")


class Answer(NamedTuple):
    """What a board said of one lock: to an opening, to a question, or by itself."""

    head: int
    at: LockAddress
    level: str


def open_frame(at: LockAddress) -> bytes:
    """Open one lock. The board times the pulse itself."""
    return _checked(OPEN_HEAD, at.board, at.lock, OPEN)


def query_frame(at: LockAddress) -> bytes:
    """Ask for one lock's level."""
    return _checked(QUERY_HEAD, at.board, at.lock, QUERY)


def check_byte(data: bytes) -> int:
    """The XOR of all bytes."""
    return reduce(xor, data, 0)


class FrameReader:
    """Finds answers in what comes over the wire; `noise_bytes` counts what was none."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._echo = b""
        self.noise_bytes = 0
        self.echoes = False
        """Whether the adapter gives back what was sent: an echoed opening would look like its answer."""

    def sent(self, frame: bytes) -> None:
        """A frame was written: what came before it answers nothing of it."""
        self.noise_bytes += len(self._buffer)
        self._buffer.clear()
        self._echo = frame

    def take(self, data: bytes) -> Iterator[Answer]:
        """The answers that are whole by now."""
        self._buffer += data
        while len(self._buffer) >= FRAME_BYTES:
            frame = bytes(self._buffer[:FRAME_BYTES])
            if frame == self._echo and (self.echoes or frame[3] == QUERY):
                self.echoes = True
                self._echo = b""
                del self._buffer[:FRAME_BYTES]
                continue
            answer = _read(frame)
            del self._buffer[: FRAME_BYTES if answer else 1]
            if answer is None:
                self.noise_bytes += 1
            else:
                yield answer


def _read(frame: bytes) -> Answer | None:
    head, board, lock, level, check = frame
    if head not in (OPEN_HEAD, QUERY_HEAD, REPORT_HEAD) or check_byte(frame[:4]) != check:
        return None
    if level not in LEVELS or not (1 <= board <= MAX_BOARD and 1 <= lock <= MAX_LOCK):
        return None
    return Answer(head, LockAddress(board, lock), LEVELS[level])


def _checked(*head: int) -> bytes:
    return bytes((*head, check_byte(bytes(head))))
