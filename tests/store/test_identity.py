"""Epochs: restored, moved to other hardware, forked, declared true; nothing is allotted twice."""

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from edge.ids import Identity
from edge.store import journal
from edge.store.errors import IdentityQuarantined, StoreFull
from edge.store.facts import get_fact, put_fact
from edge.store.identity import (
    RESTORED_FROM,
    declare_true,
    note_epoch_seen,
    quarantine,
    quarantine_of,
    read_hardware,
    settle_identity,
)
from edge.store.inline import InlineStore
from edge.store.schema import MIGRATIONS
from edge.store.store import Store
from edge.store.unit import Unit
from tests.fakes.clock import FakeClock
from tests.store.conftest import NOTES


def settle(store: InlineStore, hardware: str | None) -> str | None:
    return store.run_now(lambda unit: settle_identity(unit, hardware=hardware))


def last_event(store: InlineStore) -> journal.JournalRow:
    return list(store.read_now(lambda c: list(journal.tail(c, 0))))[-1]


def test_the_first_hardware_is_taken_and_the_same_one_changes_nothing(inline: InlineStore) -> None:
    assert [settle(inline, "serial-a"), settle(inline, "serial-a"), settle(inline, None)] == [None] * 3
    assert inline.epoch == 1
    assert journal.read_head(inline.connection).seq == 0


def test_other_hardware_begins_an_epoch_once(inline: InlineStore) -> None:
    settle(inline, "serial-a")
    assert settle(inline, "serial-b") == "hardware_changed"
    assert settle(inline, "serial-b") is None
    assert inline.epoch == 2
    assert (last_event(inline).type, Identity.parse(last_event(inline).id).epoch) == ("EpochBegan", 2)


def test_unknown_hardware_alarms_nobody_and_forgets_nothing(inline: InlineStore) -> None:
    settle(inline, "serial-a")
    assert settle(inline, None) is None
    assert settle(inline, "serial-b") == "hardware_changed"


def test_the_serial_number_is_not_in_the_database(inline: InlineStore) -> None:
    settle(inline, "10000000abcdef01")
    assert b"10000000abcdef01" not in bytes(inline.connection.serialize())


def test_a_restored_database_begins_an_epoch_before_anything_is_allotted(
    tmp_path: Path, clock: FakeClock
) -> None:
    path = tmp_path / "hub.db"
    Store.open(path, site="heyuanli", device="k1", clock=clock, hardware="a").close()
    connection = sqlite3.connect(path)
    put_fact(connection, RESTORED_FROM, "backup.db")
    connection.commit()
    connection.close()
    for epoch in (2, 2):
        store = Store.open(path, site="heyuanli", device="k1", clock=clock, hardware="b")
        assert store.epoch == epoch
        store.close()


def test_an_epoch_is_above_every_epoch_that_was_seen_elsewhere(inline: InlineStore) -> None:
    inline.run_now(lambda unit: note_epoch_seen(unit.connection, 4))
    inline.run_now(lambda unit: note_epoch_seen(unit.connection, 3))
    assert inline.run_now(lambda unit: unit.begin_epoch("test")) == 5


def test_quarantine_stops_trade_until_a_person_declares_the_device_true(inline: InlineStore) -> None:
    assert inline.run_now(lambda unit: quarantine(unit, "fork", 7))
    assert not inline.run_now(lambda unit: quarantine(unit, "quarantined", 9))
    with pytest.raises(IdentityQuarantined) as refused:
        inline.run_now(Unit.require_trade)
    assert refused.value.details == {"reason": "fork", "seq": 7}
    assert inline.run_now(lambda unit: declare_true(unit, "the other card was destroyed")) == 2
    inline.run_now(Unit.require_trade)
    assert inline.read_now(quarantine_of) is None


@pytest.mark.parametrize("change", [lambda u: u.begin_epoch("restored"), lambda u: declare_true(u, "mine")])
def test_an_epoch_whose_commit_failed_did_not_begin_and_no_identity_comes_twice(
    clock: FakeClock, change: Callable[[Unit], object]
) -> None:
    store = InlineStore.in_memory(clock=clock, migrations=(*MIGRATIONS, NOTES))
    taken = [store.run_now(lambda unit: unit.next_id()) for _ in range(3)]
    store.run_now(lambda unit: quarantine(unit, "fork", 1))
    pages = store.connection.execute("PRAGMA page_count").fetchone()[0]
    store.connection.execute(f"PRAGMA max_page_count = {pages}")

    def too_much(unit: Unit) -> None:
        change(unit)
        unit.connection.execute("INSERT INTO notes VALUES ('n', ?)", ("x" * 1_000_000,))

    with pytest.raises(StoreFull):
        store.run_now(too_much)
    store.connection.execute("PRAGMA max_page_count = 1000000")
    assert store.epoch == 1
    assert store.run_now(lambda unit: unit.next_id()) not in taken
    assert store.run_now(change) == 2
    store.close()


def test_hardware_is_the_first_file_that_says_something(tmp_path: Path) -> None:
    empty, serial = tmp_path / "empty", tmp_path / "serial"
    empty.write_bytes(b"\0\n")
    serial.write_bytes(b"10000000abcdef01\0")
    assert read_hardware([tmp_path / "missing", empty, serial]) == "10000000abcdef01"
    assert read_hardware([tmp_path / "missing", empty]) is None


def test_the_marker_is_gone_with_the_epoch(inline: InlineStore) -> None:
    inline.run_now(lambda unit: put_fact(unit.connection, RESTORED_FROM, "b.db"))
    assert settle(inline, None) == "restored"
    assert inline.read_now(lambda c: get_fact(c, RESTORED_FROM)) is None
