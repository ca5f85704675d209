import sqlite3
from pathlib import Path

import pytest

from edge.errors import StoreError
from edge.store.errors import DatabaseTooNew
from edge.store.migrate import Migration, apply, bring_up_to_date, pending

ONE = Migration("a-001", "CREATE TABLE a (x INTEGER) STRICT;\nCREATE TABLE b (y TEXT DEFAULT ';') STRICT;")
TRIGGER = Migration(
    "a-002",
    """
    CREATE TRIGGER a_full BEFORE INSERT ON a BEGIN
        SELECT RAISE(ABORT, 'full');
        SELECT 1;
    END;
    INSERT INTO b VALUES ('done');
    """,
)
BROKEN = Migration("a-003", "CREATE TABLE c (x INTEGER) STRICT;\nCREATE TABLE c (x INTEGER) STRICT;")


def tables(path: Path) -> set[str]:
    connection = sqlite3.connect(path)
    names = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    connection.close()
    return names


def test_steps_are_taken_once_and_in_order(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    assert apply(path, [ONE]) == ["a-001"]
    assert apply(path, [ONE, TRIGGER]) == ["a-002"]
    assert apply(path, [ONE, TRIGGER]) == []
    assert {"a", "b"} <= tables(path)


def test_failing_step_leaves_nothing_of_itself(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    with pytest.raises(sqlite3.OperationalError, match="already exists"):
        apply(path, [ONE, BROKEN])
    assert "a" in tables(path)
    assert "c" not in tables(path)
    assert pending(sqlite3.connect(path), [ONE, BROKEN]) == ["a-003"]


@pytest.mark.slow
def test_short_lived_process_does_the_same(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    bring_up_to_date(path, [ONE])
    bring_up_to_date(path, [ONE, TRIGGER])
    assert {"a", "b"} <= tables(path)
    with pytest.raises(StoreError, match="already exists"):
        bring_up_to_date(path, [ONE, TRIGGER, BROKEN])


def test_unknown_step_means_a_newer_program_wrote_it(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    apply(path, [ONE, TRIGGER])
    for judge in (apply, bring_up_to_date):
        with pytest.raises(DatabaseTooNew) as caught:
            judge(path, [ONE])
        assert caught.value.database_version == "a-002 (2 steps)"
        assert caught.value.program_version == "a-001 (1 steps)"


def test_a_step_cut_off_by_a_power_cut_is_rolled_back_and_taken_again(tmp_path: Path) -> None:
    """The rollback journal that is left cannot be undone by a reader."""
    whole, cut = tmp_path / "x.db", tmp_path / "cut.db"
    apply(whole, [ONE])
    connection = sqlite3.connect(whole, isolation_level=None)
    connection.execute("PRAGMA cache_size = 1")
    connection.execute("BEGIN IMMEDIATE")
    connection.executemany("INSERT INTO a VALUES (?)", [(number,) for number in range(5000)])
    for name in ("", "-journal"):
        (tmp_path / f"cut.db{name}").write_bytes((tmp_path / f"x.db{name}").read_bytes())
    connection.close()
    bring_up_to_date(cut, [ONE, TRIGGER])
    reader = sqlite3.connect(cut)
    assert reader.execute("SELECT count(*) FROM a").fetchone() == (0,)
    assert reader.execute("SELECT y FROM b").fetchone() == ("done",)
    reader.close()
