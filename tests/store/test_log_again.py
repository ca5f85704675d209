"""Writing the log again changes nothing for SQLite; tests/proofs/nth_write.py proves what it is good for."""

import sqlite3
from pathlib import Path

from edge.store.connections import open_writer
from edge.store.log_again import write_log_again


def test_the_log_holds_the_same_bytes_and_readers_go_on(tmp_path: Path) -> None:
    path, log = tmp_path / "x.db", tmp_path / "x.db-wal"
    writer = open_writer(path)
    writer.execute("CREATE TABLE t (x INTEGER) STRICT")
    writer.executemany("INSERT INTO t VALUES (?)", [(number,) for number in range(1000)])
    reader = sqlite3.connect(f"file:{path}?mode=ro", uri=True, isolation_level=None)
    reader.execute("BEGIN")
    assert reader.execute("SELECT count(*) FROM t").fetchone() == (1000,)
    before = log.read_bytes()
    write_log_again(path)
    assert log.read_bytes() == before
    writer.execute("INSERT INTO t VALUES (1)")
    assert reader.execute("SELECT count(*) FROM t").fetchone() == (1000,)
    reader.close()
    writer.close()


def test_without_a_log_there_is_nothing_to_do(tmp_path: Path) -> None:
    write_log_again(tmp_path / "x.db")
