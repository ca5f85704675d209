"""The disk of the power-cut proof loses what a disk may lose, and keeps what was synced."""

import random
from collections.abc import Iterable

from tests.faults.disk import Disk
from tests.faults.recorder import Record

CUTS = 400


def found(records: Iterable[Record], name: str = "x") -> set[bytes | None]:
    """Everything that many cuts after these records leave in one file; None where it is not there."""
    disk = Disk()
    for record in records:
        disk.follow(record)
    return {disk.cut(random.Random(seed)).get(name) for seed in range(CUTS)}


def write(offset: int, data: bytes) -> Record:
    return Record("W", "x", offset, data)


def call(kind: str, path: str = "x", data: bytes = b"") -> Record:
    return Record(kind, path, 0, data)


MADE = (write(0, b"aa"), call("S"), call("S", ""))


def test_what_was_synced_stays_and_what_was_not_may_go() -> None:
    assert found(MADE) == {b"aa"}
    assert found([*MADE, write(1, b"b")]) == {b"aa", b"ab"}
    assert found([*MADE, write(1, b"b"), write(0, b"c")]) == {b"aa", b"ab", b"cb", b"ca"}


def test_a_name_stays_only_when_its_folder_was_synced() -> None:
    assert found([write(0, b"aa"), call("S")]) == {b"aa", None}
    assert found([*MADE, call("U")]) == {b"aa", None}
    assert found([*MADE, call("U"), call("S", "")]) == {None}


def test_a_large_write_may_be_torn_at_a_sector() -> None:
    left = found([*MADE, write(0, b"b" * 1024)])
    assert b"b" * 512 in left
    assert b"aa" + bytes(510) + b"b" * 512 in left


def test_no_later_sync_saves_what_a_failed_one_left() -> None:
    lost = [*MADE, write(0, b"b"), call("F")]
    assert found([*lost, call("S")]) == {b"aa", b"ba"}
    assert found([*lost, write(0, b"c"), call("S")]) == {b"ca"}
