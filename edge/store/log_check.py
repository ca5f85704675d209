"""Looks at the write-ahead log that an unclean stop left, before SQLite does.

SQLite reads a log up to its first bad frame and drops the rest in silence (sqlite.org/fileformat2.html,
section 4). After a power cut that is right: what was never synced may be torn. It is wrong when a whole
commit ends beyond the bad frame and the next one goes on from it, because every commit is synced before the
next begins: then written data went bad, and reading on would lose it.

What cannot be told from a power cut: a bit that turned inside the log's last commit.
"""

import struct
import sys
from array import array
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

_HEADER = struct.Struct(">8I")
_FRAME = struct.Struct(">6I")
_MAGIC = 0x377F0682
_VERSION = 3007000
_PAGE_SIZE_AT = 16
_WORD = 0xFFFFFFFF

Sum = tuple[int, int]


class Frame(NamedTuple):
    """One page of the log: where it goes, whether a commit ends here, and its bytes."""

    page: int
    pages_after_commit: int
    salts: Sum
    sums: Sum
    summed: bytes
    data: bytes


def find_lost_commits(database: Path) -> str | None:
    """Say what a damaged log would lose; None when it would lose nothing that had been written."""
    log = database.with_name(database.name + "-wal")
    try:
        size_bytes = log.stat().st_size
    except FileNotFoundError:
        return None
    if size_bytes < _HEADER.size + _FRAME.size:
        return None
    with log.open("rb") as file:
        return _look(file, database)


def _look(file: BinaryIO, database: Path) -> str | None:
    head = file.read(_HEADER.size)
    magic, version, page_bytes, _, *rest = _HEADER.unpack(head)
    salts, sums = (rest[0], rest[1]), (rest[2], rest[3])
    big = bool(magic & 1)
    computed = checksum(head[:24], (0, 0), big=big)
    if magic & ~1 != _MAGIC or version != _VERSION or computed != sums:
        return _look_under_bad_header(file, database, seeds=(sums, computed))
    chain, bad = sums, None
    frames = enumerate(_frames(file, page_bytes), start=1)
    for number, frame in frames:
        chain = checksum(frame.summed, chain, big=big)
        if frame.salts != salts or frame.sums != chain:
            bad = number
            break
    if bad is None:
        return None
    seeds = {frame.sums, chain}
    for _, follower in frames:
        ends_commit = _belongs(frame, salts) and frame.pages_after_commit > 0
        # Frames of an attempt given up may lie behind a torn end; their sums do not go on from it.
        if ends_commit and follower.sums in {checksum(follower.summed, seed, big=big) for seed in seeds}:
            return f"the log is damaged at page {bad} of it, and whole commits follow that would be lost"
        frame, seeds = follower, {follower.sums}
    return None


def _look_under_bad_header(file: BinaryIO, database: Path, seeds: tuple[Sum, Sum]) -> str | None:
    """A header torn at a restart of the log lies over pages that the database has; a damaged one does not."""
    with database.open("rb") as data:
        start = data.read(_PAGE_SIZE_AT + 2)
        if len(start) < _PAGE_SIZE_AT + 2:
            return None
        page_bytes = int.from_bytes(start[_PAGE_SIZE_AT:], "big") or 0
        page_bytes = 65536 if page_bytes == 1 else page_bytes
        if page_bytes < 512:
            return None
        for seed in seeds:
            for big in (False, True):
                file.seek(_HEADER.size)
                pages = _committed(file, page_bytes, seed, big=big)
                if pages and not all(_is_in(data, page_bytes, *page) for page in pages.items()):
                    return "the log's header is damaged, and the commits behind it would be lost"
    return None


def _committed(file: BinaryIO, page_bytes: int, chain: Sum, *, big: bool) -> dict[int, bytes]:
    """The newest committed bytes of every page of a log whose first frame follows ``chain``."""
    done: dict[int, bytes] = {}
    waiting: dict[int, bytes] = {}
    for frame in _frames(file, page_bytes):
        chain = checksum(frame.summed, chain, big=big)
        if frame.sums != chain:
            break
        waiting[frame.page] = frame.data
        if frame.pages_after_commit:
            done.update(waiting)
            waiting.clear()
    return done


def _is_in(data: BinaryIO, page_bytes: int, page: int, content: bytes) -> bool:
    data.seek((page - 1) * page_bytes)
    return data.read(page_bytes) == content


def _belongs(frame: Frame, salts: Sum) -> bool:
    """Whether a frame is of this log and not of an earlier round; one salt of the two may have gone bad."""
    return frame.salts[0] == salts[0] or frame.salts[1] == salts[1]


def _frames(file: BinaryIO, page_bytes: int) -> Iterator[Frame]:
    while len(head := file.read(_FRAME.size)) == _FRAME.size:
        data = file.read(page_bytes)
        if len(data) < page_bytes:
            return
        page, commit, *rest = _FRAME.unpack(head)
        yield Frame(page, commit, (rest[0], rest[1]), (rest[2], rest[3]), head[:8] + data, data)


def checksum(data: bytes, start: Sum, *, big: bool) -> Sum:
    """SQLite's checksum of the log (fileformat2.html, section 4.2) over whole pairs of 32-bit words."""
    words = array("I", data)
    if big != (sys.byteorder == "big"):
        words.byteswap()
    first, second = start
    pairs = iter(words)
    for one, two in zip(pairs, pairs, strict=True):
        first = (first + one + second) & _WORD
        second = (second + two + first) & _WORD
    return first, second
