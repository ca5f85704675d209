"""A disk as a power cut leaves it: only what was synced is sure, of the rest any part may be there.

The model is as strict as POSIX allows: a file's bytes are sure after its own sync, its name only after a sync
of the folder, renamings and removals likewise, in their order. Un-synced writes may be missing, cut off at a
sector, or there without the ones before them. After a sync that *failed* the system takes the pages for
clean: later syncs say nothing about them any more.
"""

import random
from dataclasses import dataclass, field
from pathlib import Path

from tests.faults.recorder import Record

SECTORS = (512, 4096)
"""What a card or drive writes as one piece; SQLite itself relies on nothing more."""

KEEPING = ("nothing", "all", "prefix", "some", "torn")


@dataclass
class Inode:
    """Bytes that are sure, and changes that are not: pending ones a sync makes sure, doomed ones never."""

    sure: bytearray = field(default_factory=bytearray)
    doomed: list[Record] = field(default_factory=list)
    pending: list[Record] = field(default_factory=list)

    def sync(self) -> None:
        """The pending changes are sure now; what was doomed below them is overwritten."""
        for change in self.pending:
            _apply(self.sure, change)
            self.doomed = [part for each in self.doomed for part in _uncovered(each, change)]
        self.pending.clear()

    def fail(self) -> None:
        """A sync failed: what was pending is lost or not, and no later sync tells."""
        self.doomed += self.pending
        self.pending.clear()


class Disk:
    """Follows a log; `cut` says what may be found after the power comes back."""

    def __init__(self, files: dict[str, bytes] | None = None) -> None:
        self._names: dict[str, Inode] = {
            name: Inode(bytearray(content)) for name, content in (files or {}).items()
        }
        self._sure_names = dict(self._names)
        self._changed_names: list[dict[str, Inode]] = []

    def follow(self, record: Record) -> None:
        """Take one record."""
        match record.kind:
            case "W" | "T":
                self._inode(record.path).pending.append(record)
            case "S" if record.path in self._names:
                self._names[record.path].sync()
            case "F" if record.path in self._names:
                self._names[record.path].fail()
            case "S":
                self._sure_names = dict(self._names)
                self._changed_names.clear()
            case "F":
                pass  # The folder's: its names are as unsure as before, until a sync of it goes well.
            case "U":
                self._names.pop(record.path, None)
                self._changed_names.append(dict(self._names))
            case "R":
                self._names[record.data.decode()] = self._names.pop(record.path)
                self._changed_names.append(dict(self._names))

    def cut(self, rng: random.Random) -> dict[str, bytes]:
        """The files after a power cut here, by one of the ways in which disks lose things."""
        kept = rng.choice(KEEPING)
        sector = rng.choice(SECTORS)
        changed = rng.randrange(len(self._changed_names) + 1) if kept != "nothing" else 0
        names = self._changed_names[changed - 1] if changed else self._sure_names
        return {name: _remains(inode, kept, sector, rng) for name, inode in names.items()}

    def _inode(self, path: str) -> Inode:
        if path not in self._names:
            self._names[path] = Inode()
            self._changed_names.append(dict(self._names))
        return self._names[path]


def write_files(files: dict[str, bytes], folder: Path) -> None:
    """Lay files down."""
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)


def _remains(inode: Inode, kept: str, sector: int, rng: random.Random) -> bytes:
    content = bytearray(inode.sure)
    for change in _chosen(inode, kept, rng):
        for piece in _torn(change, sector, rng) if kept == "torn" else (change,):
            _apply(content, piece)
    return bytes(content)


def _chosen(inode: Inode, kept: str, rng: random.Random) -> list[Record]:
    unsure = inode.doomed + inode.pending
    match kept:
        case "nothing":
            return []
        case "prefix":
            return unsure[: rng.randrange(len(unsure) + 1)]
        case "some":
            return [change for change in unsure if rng.random() < 0.5]
        case _:
            return unsure


def _torn(change: Record, sector: int, rng: random.Random) -> list[Record]:
    """The sectors of a write that reached the disk; boundaries are those of the disk, not of the write."""
    if change.kind == "T":
        return [change] if rng.random() < 0.5 else []
    pieces = []
    start, end = change.offset, change.offset + len(change.data)
    while start < end:
        stop = min(end, (start // sector + 1) * sector)
        if rng.random() < 0.5:
            data = change.data[start - change.offset : stop - change.offset]
            pieces.append(Record("W", change.path, start, data))
        start = stop
    return pieces


def _uncovered(older: Record, newer: Record) -> list[Record]:
    """The parts of an older change that a newer one leaves; of truncations the newest counts."""
    if older.kind == "T" or newer.kind == "T":
        return [] if older.kind == "T" or older.offset >= newer.offset else [older]
    start, end = newer.offset, newer.offset + len(newer.data)
    before = older.data[: max(0, start - older.offset)]
    after = older.data[max(0, end - older.offset) :]
    parts = [
        Record("W", older.path, older.offset, before),
        Record("W", older.path, max(older.offset, end), after),
    ]
    return [part for part in parts if part.data]


def _apply(content: bytearray, change: Record) -> None:
    if change.kind == "T":
        del content[change.offset :]
        content.extend(bytes(change.offset - len(content)))
        return
    content.extend(bytes(max(0, change.offset - len(content))))
    content[change.offset : change.offset + len(change.data)] = change.data
