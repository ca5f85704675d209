"""A bit flipped anywhere in the database: a finding, or the same journal."""

import random
import sqlite3
from pathlib import Path

from edge.jobs import check_database
from edge.store.connections import open_reader
from edge.store.store import Store
from edge.store.unit import Unit
from edge.tables import MIGRATIONS
from tests.fakes.clock import FakeClock
from tests.fakes.events import LampLit

FLIPS = 60


def contents(path: Path) -> list[tuple[object, ...]]:
    connection = open_reader(path)
    try:
        return connection.execute("SELECT * FROM journal ORDER BY seq").fetchall()
    finally:
        connection.close()


async def test_flipped_bit_is_found_or_leaves_the_journal_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "hub.db"
    store = Store.open(path, site="heyuanli", device="k1", clock=FakeClock(), migrations=MIGRATIONS)

    def light(unit: Unit) -> int:
        return unit.record(LampLit(lamp="x" * 2000), actor="test")

    for _ in range(300):
        await store.run(light)
    store.close()
    whole, expected = path.read_bytes(), contents(path)
    assert check_database(path)["wrong"] == []
    found = 0
    for seed in range(FLIPS):
        turned = bytearray(whole)
        bit = random.Random(seed).randrange(len(whole) * 8)
        turned[bit // 8] ^= 1 << bit % 8
        path.write_bytes(turned)
        wrong = check_database(path)["wrong"]
        if wrong:
            found += 1
            assert all(each["mend"] for each in wrong)
            continue
        try:
            assert contents(path) == expected, f"bit {bit} changes the journal in silence"
        except sqlite3.Error:
            found += 1
    assert found > FLIPS // 4
