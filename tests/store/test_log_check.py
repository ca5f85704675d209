"""A damaged log is told from a torn one: written commits are never dropped in silence."""

import os
import random
import sqlite3
from pathlib import Path

import pytest

from edge.store.connections import open_writer
from edge.store.errors import DatabaseDamaged, DatabaseMissing
from edge.store.log_check import find_lost_commits
from edge.store.quarantine import check_before_opening, read_damage
from tests.store.conftest import Opener

FRAME_BYTES = 24 + 4096
COMMITS = 8


@pytest.fixture
def stopped(tmp_path: Path) -> Path:
    """A database with a log of some commits, as a kill leaves it."""
    path = tmp_path / "kept.db"
    sqlite3.connect(path).close()
    path.touch()
    connection = open_writer(path)
    connection.execute("CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT NOT NULL) STRICT")
    for number in range(COMMITS):
        connection.execute("INSERT INTO notes VALUES (?, ?)", (number, f"{number}" * 3000))
    for suffix in ("", "-wal"):
        (tmp_path / f"hub.db{suffix}").write_bytes((tmp_path / f"kept.db{suffix}").read_bytes())
    connection.close()
    return tmp_path / "hub.db"


def log_of(path: Path) -> Path:
    return path.with_name(path.name + "-wal")


def kept(path: Path) -> int:
    connection = sqlite3.connect(path)
    try:
        return int(connection.execute("SELECT count(*) FROM notes").fetchone()[0])
    except sqlite3.OperationalError:
        return -1
    finally:
        connection.close()


def test_whole_log_loses_nothing(stopped: Path) -> None:
    assert find_lost_commits(stopped) is None
    assert kept(stopped) == COMMITS


def test_bit_that_turned_in_the_log_is_found_or_loses_the_last_commit_at_most(stopped: Path) -> None:
    whole = log_of(stopped).read_bytes()
    database = stopped.read_bytes()
    found = 0
    for seed in range(150):
        turned = bytearray(whole)
        bit = random.Random(seed).randrange(len(whole) * 8)
        turned[bit // 8] ^= 1 << bit % 8
        stopped.write_bytes(database)
        log_of(stopped).write_bytes(turned)
        if find_lost_commits(stopped) is not None:
            found += 1
            continue
        assert kept(stopped) >= COMMITS - 1, f"bit {bit} loses commits in silence"
    assert found > 100


def test_every_bit_of_the_headers_counts(stopped: Path) -> None:
    whole = log_of(stopped).read_bytes()
    database = stopped.read_bytes()
    for bit in (*range(32 * 8), *range((32 + FRAME_BYTES) * 8, (32 + FRAME_BYTES + 24) * 8)):
        turned = bytearray(whole)
        turned[bit // 8] ^= 1 << bit % 8
        stopped.write_bytes(database)
        log_of(stopped).write_bytes(turned)
        assert find_lost_commits(stopped) is not None or kept(stopped) == COMMITS, f"bit {bit}"


def test_torn_end_is_no_damage(stopped: Path) -> None:
    whole = log_of(stopped).read_bytes()
    for cut in range(1, FRAME_BYTES, 97):
        log_of(stopped).write_bytes(whole[:-cut])
        assert find_lost_commits(stopped) is None
        log_of(stopped).write_bytes(whole[:-cut] + os.urandom(cut))
        assert find_lost_commits(stopped) is None


def test_damaged_log_is_refused_and_stays_refused(stopped: Path) -> None:
    turned = bytearray(log_of(stopped).read_bytes())
    turned[32 + FRAME_BYTES + 100] ^= 1
    log_of(stopped).write_bytes(turned)
    for _ in range(2):
        with pytest.raises(DatabaseDamaged, match="restore a backup"):
            check_before_opening(stopped, owner="heyuanli/k1")
    assert read_damage(stopped) is not None
    assert log_of(stopped).read_bytes() == turned


@pytest.mark.parametrize("loss", ["gone", "empty"])
def test_lost_database_is_never_begun_anew(opener: Opener, tmp_path: Path, loss: str) -> None:
    opener().close()
    path = tmp_path / "hub.db"
    if loss == "gone":
        path.unlink()
    else:
        path.write_bytes(b"")
    for _ in range(2):
        with pytest.raises(DatabaseMissing, match=r"heyuanli/k1.*restore a backup"):
            opener()


def test_cut_off_database_is_refused(opener: Opener, tmp_path: Path) -> None:
    opener().close()
    path = tmp_path / "hub.db"
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(DatabaseDamaged, match="restore a backup"):
        opener()


def test_frames_of_an_attempt_given_up_behind_a_torn_end_are_no_damage(stopped: Path) -> None:
    """They carry the same salts and lie behind the commit that was cut off over them; nothing is lost."""
    log = log_of(stopped)
    frames = log.read_bytes()
    ends = [end for end in range(32 + FRAME_BYTES, len(frames), FRAME_BYTES) if _commits(frames, end)]
    end = ends[len(ends) // 2]
    given_up = frames[end : end + FRAME_BYTES]
    torn = bytearray(frames[:end])
    # The frame before is a commit of which only the head arrived, over other bytes of the same page.
    torn[-4096:] = bytes(4096)
    log.write_bytes(bytes(torn) + _with_other_sums(given_up))
    assert find_lost_commits(stopped) is None


def _commits(frames: bytes, end: int) -> bool:
    """Whether the frame that ends here ends a commit."""
    start = end - FRAME_BYTES
    return int.from_bytes(frames[start + 4 : start + 8], "big") > 0


def _with_other_sums(frames: bytes) -> bytes:
    """Frames whose sums go on from something else."""
    changed = bytearray(frames)
    for start in range(0, len(changed), FRAME_BYTES):
        changed[start + 16] ^= 1
    return bytes(changed)
