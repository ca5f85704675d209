"""What the hub has on its disk, and what its guards wrote down: read beside it, never through it."""

import sqlite3
import tomllib
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from edge.proof import records
from edge.proof.collect import read_contacts, read_edges
from edge.proof.evidence import Edge, Evidence, Link, Says
from edge.proof.store import StoreCollector
from edge.store.connections import open_reader


class HubBooks:
    """Reads the hub's database again and again; each line of the journal once.

    Every look has a connection of its own: a database that is put back or restored in between is the one that
    is read next, and nobody who does that has to wait for a reader.
    """

    def __init__(self, database: Path) -> None:
        self._database = database
        self._collector: StoreCollector | None = None
        self._seen: tuple[Link, int] | None = None

    def acknowledged_seq(self) -> int:
        """Up to where the hub believes the platform to have everything. Raises sqlite3.Error."""
        with closing(open_reader(self._database)) as connection:
            return records.read_acknowledged(connection)

    def look(self) -> Evidence:
        """Everything of one snapshot. Raises sqlite3.Error.

        A journal that does not go on from where it was read to is read anew: `seen` is then what was there,
        until a new epoch says that an older copy goes on.
        """
        with closing(open_reader(self._database)) as connection:
            if self._collector is not None and not _goes_on(self._collector, connection):
                link, epoch = self._collector.link, self._collector.journal.entries[-1].epoch
                if self._seen is None or self._seen[0].seq < link.seq:
                    self._seen = link, epoch
                self._collector = None
            if self._collector is None:
                self._collector = StoreCollector(connection)
            self._collector.go_on(connection)
            evidence = self._collector.collect()
        entries = evidence.journal.entries
        if self._seen is not None and entries and entries[-1].epoch > self._seen[1]:
            self._seen = None
        evidence.seen = None if self._seen is None else self._seen[0]
        return evidence


def _goes_on(collector: StoreCollector, connection: sqlite3.Connection) -> bool:
    seq = collector.journal.head_seq
    return not seq or records.read_hashes(connection, seq - 1).get(seq) == collector.journal.head_hash


@dataclass
class TraceReader:
    """Reads a guard's trace on from where it was read to; also when it began anew meanwhile."""

    path: Path
    prefix: str = ""
    edges: list[Edge] = field(default_factory=list)
    contacts: list[Says] = field(default_factory=list)
    gaps: int = 0
    """Entries that the guard could not write down: a full disk."""
    _inode: int = 0
    _offset: int = 0

    def look(self) -> None:
        """Read what is new."""
        if not self.path.exists():
            return
        aside = self.path.with_name(self.path.name + ".1")
        with self.path.open("rb") as trace:
            inode = _inode(self.path)
            if inode != self._inode:
                if aside.exists() and (not self._inode or _inode(aside) == self._inode):
                    with aside.open("rb") as before:
                        before.seek(self._offset)
                        self._take(before.read())
                self._inode, self._offset = inode, 0
            trace.seek(self._offset)
            self._offset += self._take(trace.read())

    def _take(self, text: bytes) -> int:
        whole = text[: text.rfind(b"\n") + 1]
        self.edges += read_edges(whole, self.prefix)
        self.contacts += read_contacts(whole, self.prefix)
        self.gaps += whole.count(b'"lost":')
        return len(whole)


@dataclass(frozen=True)
class Wiring:
    """What configuration files say of the lines that guards drive and hear."""

    pulse_ms: dict[str, int]
    contact_of: dict[str, str]

    @classmethod
    def read(cls, files: dict[str, Path]) -> "Wiring":
        """By what stands before the lines of each file's guard."""
        pulses: dict[str, int] = {}
        contacts: dict[str, str] = {}
        for prefix, door in _doors(files):
            pulses[f"{prefix}{door['line']}"] = int(door["pulse_ms"])
            if "contact_line" in door:
                contacts[f"door:{door['id']}"] = f"{prefix}{door['contact_line']}"
        return cls(pulses, contacts)


def _doors(files: dict[str, Path]) -> Iterator[tuple[str, dict[str, str]]]:
    for prefix, file in files.items():
        for door in tomllib.loads(file.read_text("utf-8"))["door"]:
            if "line" in door:
                yield prefix, door


def _inode(path: Path) -> int:
    return path.stat().st_ino
