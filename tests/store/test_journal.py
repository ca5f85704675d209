import hashlib
import json
import sqlite3

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from edge.store import journal
from edge.store.errors import EventTooLarge
from edge.store.events import Event
from edge.store.inline import InlineStore
from edge.store.journal import GENESIS, Fault, Head, VerifyResult
from edge.trust.clock import Trust
from tests.fakes.clock import FakeClock
from tests.fakes.events import LampLit


def record(store: InlineStore, event: Event, actor: str = "test") -> None:
    store.run_now(lambda unit: unit.record(event, actor=actor))


def light(store: InlineStore, *levels: int) -> None:
    for level in levels:
        record(store, LampLit(lamp="hall", level=level))


def plant(store: InlineStore, *statements: str) -> None:
    for statement in statements:
        store.connection.execute(statement)


def test_line_is_one_canonical_cloud_event(inline: InlineStore, clock: FakeClock) -> None:
    clock.trust = Trust.HOLDOVER
    light(inline, 7)
    [row] = journal.tail(inline.connection, 0)
    line = journal.line(row)
    document = json.loads(line)
    assert document == {
        "actor": "test",
        "data": {"colours": [], "lamp": "hall", "level": 7, "note": None, "warm": False},
        "id": "k1-1-1",
        "seq": 1,
        "source": "/sites/heyuanli/devices/k1/epochs/1",
        "specversion": "1.0",
        "timems": clock.at_ms,
        "timetrust": "holdover",
        "type": "community.edge.LampLit.v1",
    }
    assert rfc8785.dumps(document) == line


def test_hash_binds_the_line_to_the_one_before(inline: InlineStore) -> None:
    light(inline, 1, 2)
    first, second = journal.tail(inline.connection, 0)
    assert first.previous_hash == GENESIS
    assert second.previous_hash == first.hash
    assert second.hash == hashlib.sha256(first.hash.hex().encode() + journal.line(second)).digest()


@pytest.mark.proof
@given(st.lists(st.builds(LampLit, lamp=st.text(max_size=9), level=st.integers(-9, 2**53 - 1)), max_size=12))
def test_whatever_is_recorded_verifies(events: list[LampLit]) -> None:
    store = InlineStore.in_memory(clock=FakeClock())
    for event in events:
        record(store, event, actor="测试")
    result = journal.verify(store.connection)
    assert (result.first_bad_seq, result.count) == (None, len(events))
    assert result.head == journal.read_head(store.connection)
    store.close()


def test_empty_journal_verifies(inline: InlineStore) -> None:
    assert journal.verify(inline.connection) == VerifyResult(None, 0, Head(0, GENESIS))


def test_tail_goes_on_after_a_seq(inline: InlineStore) -> None:
    light(inline, 1, 2, 3, 4)
    assert [row.seq for row in journal.tail(inline.connection, 1, limit=2)] == [2, 3]
    assert [row.seq for row in journal.tail(inline.connection, 4)] == []


def test_verification_may_start_at_a_trusted_link(inline: InlineStore) -> None:
    light(inline, 1, 2, 3)
    second = next(journal.tail(inline.connection, 1))
    assert journal.verify(inline.connection, Head(2, second.hash)).count == 1
    assert journal.verify(inline.connection, Head(2, GENESIS)).first_bad_seq == 3


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE journal SET actor = 'other' WHERE seq = 1",
        "DELETE FROM journal WHERE seq = 2",
        "INSERT OR REPLACE INTO journal SELECT * FROM journal WHERE seq = 1",
        "INSERT INTO journal SELECT 9, id, type, version, at_ms, trust, actor, body, hash, hash FROM journal "
        "WHERE seq = 2",
        "INSERT INTO journal SELECT 3, id, type, version, at_ms, trust, actor, body, previous_hash, hash "
        "FROM journal WHERE seq = 2",
    ],
)
def test_journal_only_grows_at_its_end(inline: InlineStore, statement: str) -> None:
    light(inline, 1, 2)
    with pytest.raises(sqlite3.IntegrityError, match="journal"):
        inline.connection.execute(statement)


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE journal SET body = CAST(replace(body, '\"level\":2', '\"level\":3') AS BLOB) WHERE seq = 2",
        "UPDATE journal SET at_ms = at_ms + 1 WHERE seq = 2",
        "UPDATE journal SET trust = 'unknown' WHERE seq = 2",
        "UPDATE journal SET id = 'k1-1-9' WHERE seq = 2",
        "UPDATE journal SET id = 'nonsense' WHERE seq = 2",
        "UPDATE journal SET hash = zeroblob(32) WHERE seq = 2",
    ],
)
def test_planted_change_turns_verification_red(inline: InlineStore, change: str) -> None:
    light(inline, 1, 2, 3)
    plant(inline, "DROP TRIGGER journal_never_changes", change)
    assert journal.verify(inline.connection).first_bad_seq == 2


def test_planted_hole_turns_verification_red(inline: InlineStore) -> None:
    light(inline, 1, 2, 3)
    plant(inline, "DROP TRIGGER journal_never_shrinks", "DELETE FROM journal WHERE seq = 2")
    result = journal.verify(inline.connection)
    assert (result.first_bad_seq, result.fault) == (2, Fault.MISSING)


def test_forged_row_with_its_own_hash_is_found_at_the_next(inline: InlineStore) -> None:
    light(inline, 1, 2, 3)
    second = next(journal.tail(inline.connection, 1))
    forged = second._replace(actor="forger")
    digest = journal.chain_hash(second.previous_hash, journal.line(forged))
    plant(inline, "DROP TRIGGER journal_never_changes")
    inline.connection.execute("UPDATE journal SET actor = 'forger', hash = ? WHERE seq = 2", (digest,))
    assert journal.verify(inline.connection).first_bad_seq == 3


def test_identity_used_twice_turns_verification_red(inline: InlineStore) -> None:
    light(inline, 1)
    first = next(journal.tail(inline.connection, 0))
    again = first._replace(seq=2, previous_hash=first.hash)
    digest = journal.chain_hash(first.hash, journal.line(again))
    inline.connection.execute(
        "INSERT INTO journal VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", (*again[:9], digest)
    )
    assert journal.verify(inline.connection).first_bad_seq == 2


def test_body_over_64_kb_is_refused_and_leaves_nothing(inline: InlineStore) -> None:
    with pytest.raises(EventTooLarge):
        inline.run_now(lambda unit: unit.record(LampLit(lamp="x" * 65_536), actor="test"))
    assert journal.read_head(inline.connection).seq == 0
    inline.run_now(lambda unit: unit.record(LampLit(lamp="x" * 65_400), actor="test"))
    assert journal.verify(inline.connection).count == 1
