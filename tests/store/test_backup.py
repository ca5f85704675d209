"""A backup is whole, verified, new under its name, and made while units go on."""

import asyncio
import sqlite3
from pathlib import Path

import pytest

from edge.errors import StoreError
from edge.store import journal
from edge.store.backup import back_up
from edge.store.connections import open_reader
from edge.store.unit import Unit
from tests.fakes.events import LampLit
from tests.store.conftest import Opener


def light(unit: Unit) -> int:
    return unit.record(LampLit(lamp="hall"), actor="test")


async def test_backup_beside_writing_units_is_one_snapshot(opener: Opener, tmp_path: Path) -> None:
    store = opener()
    for _ in range(300):
        await store.run(light)
    copying = asyncio.create_task(asyncio.to_thread(back_up, tmp_path / "hub.db", tmp_path / "copy.db"))
    written = 300
    while not copying.done():
        written = await store.run(light)
    head = await copying
    assert 300 <= head.seq <= written
    copy = open_reader(tmp_path / "copy.db")
    found = journal.verify(copy)
    copy.close()
    assert (found.first_bad_seq, found.head) == (None, head)
    assert not list(tmp_path.glob(".copy.db*"))


def test_backup_overwrites_nothing(opener: Opener, tmp_path: Path) -> None:
    opener()
    (tmp_path / "copy.db").write_bytes(b"mine")
    with pytest.raises(StoreError, match="overwrites nothing"):
        back_up(tmp_path / "hub.db", tmp_path / "copy.db")
    assert (tmp_path / "copy.db").read_bytes() == b"mine"


async def test_backup_of_a_broken_journal_is_none(opener: Opener, tmp_path: Path) -> None:
    store = opener()
    await store.run(light)
    await store.run(light)
    store.close()
    connection = sqlite3.connect(tmp_path / "hub.db")
    connection.execute("DROP TRIGGER journal_never_changes")
    connection.execute("UPDATE journal SET at_ms = at_ms + 1 WHERE seq = 1")
    connection.commit()
    connection.close()
    with pytest.raises(StoreError, match="does not verify"):
        back_up(tmp_path / "hub.db", tmp_path / "copy.db")
    assert not (tmp_path / "copy.db").exists()
    assert not list(tmp_path.glob(".copy.db*"))
