"""Spoils journals, in a file and in the database, and asks every verifier for the first bad entry."""

import importlib.util
import random
import sqlite3
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

from edge.store import archive, checkpoints, journal
from edge.store.facts import get_int
from edge.store.journal import Fault, Head

ROOT = Path(__file__).resolve().parents[2]
WRITE_PROTECTION = ("journal_never_changes", "journal_never_shrinks")
MUTATIONS_A_FILE = 6

Spoil = Callable[[random.Random, list[bytes]], int]
"""Spoils the lines of a file (the first is the header); returns the place of the first bad line."""


def independent() -> ModuleType:
    """The verifier that auditors get, loaded from its file as they would."""
    spec = importlib.util.spec_from_file_location("verify_journal", ROOT / "docs/verify_journal.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


_INDEPENDENT = independent()


def judge(path: Path) -> int | None:
    """The first bad entry of a file, None when it holds. AssertionError when the verifiers disagree."""
    own = archive.verify_file(path).first_bad_seq
    try:
        _INDEPENDENT.verify(path)
        other = None
    except _INDEPENDENT.Bad as bad:
        other = bad.seq
    assert own == other, f"{path.name}: the product says entry {own}, the independent verifier entry {other}"
    return own


def flip(chosen: random.Random, lines: list[bytes]) -> int:
    """Change one bit."""
    place = _some(chosen, lines, 0)
    line = bytearray(lines[place])
    line[chosen.randrange(len(line))] ^= 1 << chosen.randrange(8)
    lines[place] = bytes(line)
    return place


def drop(chosen: random.Random, lines: list[bytes]) -> int:
    """Leave a line out."""
    place = _some(chosen, lines, 0)
    del lines[place]
    return place


def double(chosen: random.Random, lines: list[bytes]) -> int:
    """Write a line twice."""
    place = _some(chosen, lines, 1)
    lines.insert(place, lines[place])
    return place + 1


def swap(chosen: random.Random, lines: list[bytes]) -> int:
    """Let two neighbours change places; the last two, when there is only one entry, cannot."""
    if len(lines) < 3:
        return drop(chosen, lines)
    place = chosen.randrange(1, len(lines) - 1)
    lines[place], lines[place + 1] = lines[place + 1], lines[place]
    return place


def cut_off(chosen: random.Random, lines: list[bytes]) -> int:
    """End the file early, perhaps within a line."""
    place = _some(chosen, lines, 1)
    rest = lines[place]
    del lines[place:]
    if chosen.random() < 0.5:
        lines.append(rest[: chosen.randrange(1, len(rest))])
    return place


SPOILS: tuple[Spoil, ...] = (flip, flip, drop, double, swap, cut_off)


def spoil_file(chosen: random.Random, connection: sqlite3.Connection, folder: Path) -> None:
    """Export what is kept; whole it must hold, spoilt every verifier must name the right entry."""
    path = folder / "export.ndjson"
    header = archive.make_header(connection)
    rows = list(journal.tail(connection, header.first_seq - 1))
    whole = [archive.header_line(header), *(archive.entry_line(row) for row in rows)]
    path.write_bytes(b"".join(whole))
    assert judge(path) is None, f"a whole export is called bad at entry {judge(path)}"
    for _ in range(MUTATIONS_A_FILE):
        spoil = chosen.choice(SPOILS)
        lines = list(whole)
        place = spoil(chosen, lines)
        if lines == whole:
            continue
        path.write_bytes(b"".join(lines))
        expected = 0 if place == 0 else header.first_seq + place - 1
        named = judge(path)
        assert named == expected, f"{spoil.__name__} of entry {expected}: the verifiers name {named}"


def spoil_database(chosen: random.Random, connection: sqlite3.Connection) -> None:
    """Spoil one entry of the table, take away the newest, or write the history anew from some entry on."""
    for trigger in WRITE_PROTECTION:
        connection.execute(f"DROP TRIGGER IF EXISTS {trigger}")
    spoils = (_change_entry, _change_entry, _delete_entry, _truncate, _rewrite)
    expected = chosen.choice(spoils)(chosen, connection)
    if expected is None:
        return
    found = journal.verify(connection)
    assert found.first_bad_seq == expected[0], (
        f"{expected[1]} at entry {expected[0]}: verification names {found.first_bad_seq} ({found.fault})"
    )


def _change_entry(chosen: random.Random, connection: sqlite3.Connection) -> tuple[int, str]:
    seq = _some_seq(chosen, connection)
    column = chosen.choice(("id", "type", "version", "at_ms", "actor", "body", "previous_hash", "hash"))
    (value,) = connection.execute(f"SELECT {column} FROM journal WHERE seq = ?", (seq,)).fetchone()
    if isinstance(value, bytes):
        spoilt: object = bytes([value[0] ^ 1]) + value[1:]
    else:
        spoilt = value + 1 if isinstance(value, int) else f"{value}0"
    connection.execute(f"UPDATE journal SET {column} = ? WHERE seq = ?", (spoilt, seq))
    return seq, f"a changed {column}"


def _delete_entry(chosen: random.Random, connection: sqlite3.Connection) -> tuple[int, str] | None:
    first, last = journal.first_kept(connection).seq + 1, journal.read_head(connection).seq
    if first + 1 >= last:
        return None
    seq = chosen.randrange(first + 1, last)
    connection.execute("DELETE FROM journal WHERE seq = ?", (seq,))
    return seq, f"{Fault.MISSING} entry"


def _truncate(chosen: random.Random, connection: sqlite3.Connection) -> tuple[int, str] | None:
    signed = checkpoints.newest(connection)
    known = max(get_int(connection, journal.ACKNOWLEDGED), 0 if signed is None else signed.seq)
    first = journal.first_kept(connection).seq + 1
    if known <= first:
        return None
    seq = chosen.randint(first, known - 1)
    connection.execute("DELETE FROM journal WHERE seq > ?", (seq,))
    return seq + 1, f"{Fault.TRUNCATED} journal"


def _rewrite(chosen: random.Random, connection: sqlite3.Connection) -> tuple[int, str] | None:
    """Every hash is right again; only what the platform signed tells."""
    before = journal.first_kept(connection)
    signed = [
        seq
        for (seq,) in connection.execute("SELECT seq FROM checkpoints WHERE seq > ? ORDER BY 1", before[:1])
    ]
    if not signed:
        return None
    start = chosen.randint(before.seq + 1, signed[-1])
    rows = list(journal.tail(connection, start - 1))
    head = Head(start - 1, rows[0].previous_hash)
    for row in rows:
        forged = row._replace(actor="forger", previous_hash=head.hash)
        head = Head(row.seq, journal.chain_hash(head.hash, journal.line(forged)))
        connection.execute(
            "UPDATE journal SET actor = 'forger', previous_hash = ?, hash = ? WHERE seq = ?",
            (forged.previous_hash, head.hash, row.seq),
        )
    return next(seq for seq in signed if seq >= start), "a history written anew"


def _some_seq(chosen: random.Random, connection: sqlite3.Connection) -> int:
    """Any entry that is kept; every third time the last one."""
    last = journal.read_head(connection).seq
    return last if chosen.random() < 1 / 3 else chosen.randint(journal.first_kept(connection).seq + 1, last)


def _some(chosen: random.Random, lines: list[bytes], low: int) -> int:
    """Any line from a place on; every third time the last one."""
    return len(lines) - 1 if chosen.random() < 1 / 3 else chosen.randrange(low, len(lines))
