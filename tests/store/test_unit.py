import sqlite3

import pytest

from edge.errors import StoreError
from edge.ids import Identity
from edge.store import journal
from edge.store.connections import claim
from edge.store.errors import StoreFull
from edge.store.facts import get_int
from edge.store.inline import InlineStore
from edge.store.kept import LIMIT
from edge.store.migrate import apply_to
from edge.store.schema import MIGRATIONS
from edge.store.unit import ID_BLOCK, Executor, Unit
from tests.fakes.clock import FakeClock
from tests.fakes.connections import FailingConnection
from tests.fakes.events import LampLit


def note(unit: Unit, text: str) -> str:
    identity = unit.next_id()
    unit.connection.execute("INSERT INTO notes VALUES (?, ?)", (identity, text))
    unit.record(LampLit(lamp=text), actor="test")
    return identity


def fail(unit: Unit) -> str:
    note(unit, "lost")
    raise LookupError("no")


def texts(store: InlineStore) -> list[str]:
    return [text for (text,) in store.connection.execute("SELECT text FROM notes ORDER BY id")]


def test_rows_and_events_of_a_unit_commit_together(inline: InlineStore) -> None:
    assert inline.run_now(lambda unit: note(unit, "one")) == "k1-1-1"
    assert texts(inline) == ["one"]
    assert journal.verify(inline.connection).count == 1
    assert not inline.connection.in_transaction


def test_failed_unit_leaves_nothing_and_its_error_comes_back(inline: InlineStore) -> None:
    with pytest.raises(LookupError, match="no"):
        inline.run_now(fail)
    assert texts(inline) == []
    assert journal.verify(inline.connection).count == 0


def test_failed_unit_does_not_touch_its_neighbours_in_the_same_commit(inline: InlineStore) -> None:
    executor = inline.executor
    outcomes = executor.run_batch([lambda unit: note(unit, "one"), fail, lambda unit: note(unit, "two")])
    assert [type(outcome.error) for outcome in outcomes] == [type(None), LookupError, type(None)]
    assert texts(inline) == ["one", "two"]
    result = journal.verify(inline.connection)
    assert (result.first_bad_seq, result.count) == (None, 2)


def test_broken_constraint_comes_back_as_a_store_error(inline: InlineStore) -> None:
    def break_it(unit: Unit) -> None:
        unit.connection.execute("INSERT INTO notes VALUES ('a', NULL)")

    with pytest.raises(StoreError, match="NOT NULL") as caught:
        inline.run_now(break_it)
    assert isinstance(caught.value.__cause__, sqlite3.IntegrityError)


def test_identities_rise_and_their_block_is_on_disk_before_they_leave(inline: InlineStore) -> None:
    given = [inline.run_now(lambda unit: unit.next_id()) for _ in range(2 * ID_BLOCK + 3)]
    counters = [Identity.parse(text).counter for text in given]
    assert counters == sorted(set(counters))
    assert get_int(inline.connection, "id_ceiling") >= counters[-1]


def test_restart_never_allots_an_identity_again(clock: FakeClock, inline: InlineStore) -> None:
    before = [inline.run_now(lambda unit: unit.next_id()) for _ in range(5)]
    again = Executor(inline.connection, site="heyuanli", device="k1", clock=clock)
    [outcome] = again.run_batch([lambda unit: unit.next_id()])
    assert Identity.parse(outcome.value).counter > Identity.parse(before[-1]).counter


def test_new_epoch_names_the_old_head_first(inline: InlineStore) -> None:
    inline.run_now(lambda unit: note(unit, "old"))
    old = journal.read_head(inline.connection)
    assert inline.run_now(lambda unit: unit.begin_epoch("restored")) == 2
    assert inline.epoch == 2
    [row] = journal.tail(inline.connection, old.seq)
    assert (row.id, row.type, row.previous_hash) == ("k1-2-1", "EpochBegan", old.hash)
    assert f'"previous_hash":"{old.hash.hex()}"'.encode() in row.body
    assert inline.run_now(lambda unit: unit.next_id()) == "k1-2-2"
    assert journal.verify(inline.connection).first_bad_seq is None


def test_epoch_of_a_failed_unit_did_not_begin(inline: InlineStore) -> None:
    def begin_and_fail(unit: Unit) -> None:
        unit.begin_epoch("restored")
        raise LookupError

    inline.run_now(lambda unit: note(unit, "one"))
    with pytest.raises(LookupError):
        inline.run_now(begin_and_fail)
    assert inline.epoch == 1
    assert Identity.parse(inline.run_now(lambda unit: unit.next_id())).epoch == 1


@pytest.mark.parametrize(
    ("code", "kind", "reopen"),
    [(sqlite3.SQLITE_FULL, StoreFull, False), (sqlite3.SQLITE_IOERR, StoreError, True)],
)
def test_failed_commit_fails_every_unit_of_it(
    clock: FakeClock, code: int, kind: type[StoreError], reopen: bool
) -> None:
    connection = sqlite3.connect(":memory:", isolation_level=None, factory=FailingConnection)
    apply_to(connection, MIGRATIONS)
    claim(connection, site="heyuanli", device="k1")
    executor = Executor(connection, site="heyuanli", device="k1", clock=clock)
    light = LampLit(lamp="hall")
    executor.run_batch([lambda unit: unit.record(light, actor="test")])
    connection.failing, connection.code = True, code
    outcomes = executor.run_batch([lambda unit: unit.record(light, actor="test")] * 3)
    assert {type(outcome.error) for outcome in outcomes} == {kind}
    assert executor.needs_reopening is reopen
    connection.failing = False
    [outcome] = executor.run_batch([lambda unit: unit.record(light, actor="test")])
    assert outcome.value == 2
    assert journal.verify(connection).count == 2


def test_unit_that_ends_the_transaction_fails_its_whole_commit(inline: InlineStore) -> None:
    def end_it(unit: Unit) -> str:
        unit.connection.execute("ROLLBACK")
        raise LookupError

    outcomes = inline.executor.run_batch(
        [lambda unit: note(unit, "one"), end_it, lambda unit: note(unit, "two")]
    )
    assert [type(outcome.error) for outcome in outcomes] == [StoreError, LookupError, StoreError]
    assert texts(inline) == []
    inline.run_now(lambda unit: note(unit, "three"))
    assert texts(inline) == ["three"]
    assert journal.verify(inline.connection).first_bad_seq is None


def test_connection_that_breaks_inside_a_unit_fails_every_unit_once(inline: InlineStore) -> None:
    def close_it(unit: Unit) -> str:
        unit.connection.close()
        raise LookupError

    outcomes = inline.executor.run_batch(
        [lambda unit: note(unit, "one"), close_it, lambda unit: note(unit, "two")]
    )
    assert [type(outcome.error) for outcome in outcomes] == [StoreError] * 3
    assert inline.executor.needs_reopening


def test_error_that_no_future_can_carry_is_told_as_another(inline: InlineStore) -> None:
    def stop(unit: Unit) -> None:
        next(iter(()))

    with pytest.raises(RuntimeError, match="StopIteration"):
        inline.run_now(stop)


def test_disk_that_fills_up_is_a_clear_refusal(inline: InlineStore) -> None:
    def write_much(unit: Unit) -> None:
        unit.connection.executemany(
            "INSERT INTO notes VALUES (?, ?)", ((str(number), "x" * 900) for number in range(200))
        )

    pages = inline.connection.execute("PRAGMA page_count").fetchone()[0]
    inline.connection.execute(f"PRAGMA max_page_count = {pages + 4}")
    with pytest.raises(StoreFull):
        inline.run_now(write_much)
    inline.run_now(lambda unit: note(unit, "fits"))
    assert texts(inline) == ["fits"]


async def test_topics_are_told_after_the_commit_only(inline: InlineStore) -> None:
    def hint(unit: Unit) -> None:
        unit.hint("doors")
        note(unit, "lit")

    def hint_and_fail(unit: Unit) -> None:
        unit.hint("lockers")
        raise LookupError

    with inline.notifier.subscribe("doors", "lockers", "journal") as told:
        with pytest.raises(LookupError):
            await inline.run(hint_and_fail)
        await inline.run(hint)
        assert [await told.wait(0.01) for _ in range(3)] == ["doors", "journal", None]


def test_an_effect_comes_after_the_commit_of_its_unit(inline: InlineStore) -> None:
    seen: list[bool] = []

    def work(unit: Unit) -> None:
        note(unit, "one")
        unit.after_commit(lambda: seen.append(inline.connection.in_transaction))
        assert seen == []

    inline.run_now(work)
    assert seen == [False]


def test_a_unit_that_is_not_on_disk_has_no_effect(inline: InlineStore) -> None:
    seen: list[str] = []

    def spoilt(unit: Unit) -> None:
        unit.after_commit(lambda: seen.append("spoilt"))
        fail(unit)

    def good(unit: Unit) -> None:
        unit.after_commit(lambda: seen.append("good"))

    inline.executor.run_batch([spoilt, good])
    assert seen == ["good"]

    def spoils_the_commit(unit: Unit) -> None:
        unit.connection.execute("COMMIT")

    inline.executor.run_batch([good, spoils_the_commit])
    assert seen == ["good"]


def test_what_units_keep_is_read_once_until_its_change_is_told(inline: InlineStore) -> None:
    reads: list[int] = []

    def look() -> int:
        reads.append(len(texts(inline)))
        return reads[-1]

    def read(unit: Unit) -> int:
        return unit.kept.read("notes", look)

    def change(unit: Unit) -> int:
        note(unit, "one")
        unit.kept.forget("notes")
        return read(unit)

    assert [inline.run_now(each) for each in (read, read, change, read)] == [0, 0, 1, 1]
    assert reads == [0, 1]


def test_nothing_is_kept_that_an_undone_unit_had_changed_itself(inline: InlineStore) -> None:
    def change_and_fail(unit: Unit) -> None:
        note(unit, "lost")
        unit.kept.forget("notes")
        assert unit.kept.read("notes", lambda: len(texts(inline))) == 1
        raise LookupError("no")

    with pytest.raises(LookupError):
        inline.run_now(change_and_fail)
    assert inline.run_now(lambda unit: unit.kept.read("notes", lambda: len(texts(inline)))) == 0


def test_units_keep_a_bounded_number_of_things(inline: InlineStore) -> None:
    for number in range(LIMIT + 1):
        inline.run_now(lambda unit, name=str(number): unit.kept.read(name, lambda: name))  # type: ignore[misc]
    assert len(inline.executor.kept) == 1
