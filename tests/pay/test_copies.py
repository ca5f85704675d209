from collections.abc import Callable, Mapping
from random import Random
from typing import Any, NamedTuple

import pytest

from edge.pay import accounts, copies, overlay_records
from edge.pay import records as pay_records
from edge.pay.accounts import apply_account, find_account, note_move
from edge.pay.business_day import business_date, date_of
from edge.pay.copies import applied_through, copy_as_of, note_feed
from edge.pay.events import ReceiptReprinted
from edge.pay.payees import apply_payee, find_payee
from edge.store.connections import open_writer
from edge.store.journal import read_head
from edge.store.migrate import apply_to
from edge.store.unit import Unit
from edge.trust.clock import Trust
from tests.fakes.clock import START_MS, FakeClock
from tests.fakes.trade import MIGRATIONS, open_store


def test_the_age_of_the_copy_is_known_after_the_first_feed() -> None:
    clock = FakeClock()
    store = open_store(clock)
    assert copy_as_of(store.connection) is None
    store.run_now(note_feed)
    clock.advance(seconds=60)
    assert copy_as_of(store.connection) == START_MS


def test_only_a_position_in_our_own_journal_counts() -> None:
    store = open_store(FakeClock())
    own = {"applied_through": {"device": "k1", "epoch": 2, "seq": 7}}
    other = {"applied_through": {"device": "k2", "epoch": 2, "seq": 7}}
    assert store.run_now(lambda unit: applied_through(unit, own)) == (2, 7)
    assert store.run_now(lambda unit: applied_through(unit, other)) is None
    assert store.run_now(lambda unit: applied_through(unit, {"id": "b1"})) is None


class Version(NamedTuple):
    """A version of an account as the platform wrote it: what it holds of ours, and what of the app's."""

    version: int
    ours_fen: int
    apps_fen: int
    mark: dict[str, object] | None

    @property
    def data(self) -> dict[str, Any]:
        balance_fen = self.ours_fen + self.apps_fen
        held = {"subject": "res-1", "kind": "wallet", "issuer": "shop", "balance_fen": balance_fen}
        return held if self.mark is None else {**held, "applied_through": self.mark}


class LateFeed:
    """An account that hub and app both move; the platform applies our events when it likes.

    What it writes reaches the hub in any order, any number of times.
    """

    def __init__(self) -> None:
        self.store = open_store(FakeClock())
        self.moves: list[tuple[int, int]] = []
        self.applied = self.apps_fen = 0
        self.written: list[Version] = []
        self.newest = 0
        self.write()
        self.deliver(0)

    def move_here(self, fen: int) -> None:
        def use_case(unit: Unit) -> int:
            seq = unit.record(ReceiptReprinted(receipt=1, order_id="o", count=1), actor="test")
            note_move(unit, "a-1", fen)
            return seq

        self.moves.append((self.store.run_now(use_case), fen))

    def move_by_app(self, fen: int) -> None:
        self.apps_fen += fen
        self.write()

    def apply(self, count: int) -> None:
        """The platform applies the next events of ours."""
        self.applied = min(len(self.moves), self.applied + abs(count))
        self.write()

    def write(self) -> None:
        """A record that holds nothing of ours may bear another device's mark."""
        mark: dict[str, object] = {"device": "k2", "epoch": 9, "seq": 10**6}
        if self.applied:
            mark = {"device": "k1", "epoch": 1, "seq": self.moves[self.applied - 1][0]}
        ours_fen = sum(fen for _, fen in self.moves[: self.applied])
        self.written.append(Version(len(self.written) + 1, ours_fen, self.apps_fen, mark))

    def deliver(self, number: int) -> None:
        """Some version, an old one too, arrives."""
        found = self.written[number % len(self.written)]
        self.newest = max(self.newest, found.version)
        self.store.run_now(lambda unit: apply_account(unit, "a-1", found.version, found.data))

    def check(self) -> None:
        """Shown is what the newest version that came says of the app, and all that was done here."""
        shown = find_account(self.store.connection, "a-1").balance_fen
        assert shown == self.written[self.newest - 1].apps_fen + sum(fen for _, fen in self.moves)


def play() -> None:
    """Thirty plays of a late feed, the same ones each time."""
    for number in range(30):
        random, world = Random(number), LateFeed()
        for _ in range(12):
            name = random.choice(("move_here", "move_here", "move_by_app", "apply", "deliver", "deliver"))
            getattr(world, name)(random.choice((-7, -1, 1, 2, 5)))
            world.check()


def test_whatever_comes_late_our_own_events_count_once() -> None:
    play()


def laid_before(unit: Unit, account: str, fen: int) -> None:
    """A bug: the effect is laid one entry too early, as if before its event."""
    head = read_head(unit.connection)
    overlay_records.insert_effect(
        unit.connection, "accounts", account, (1, head.seq - 1), {"amount_fen": fen}
    )


def takes_old_versions(
    unit: Unit, collection: str, table: str, row: Mapping[str, Any], data: Mapping[str, Any]
) -> bool:
    """A bug: a version that comes again is taken for news."""
    return copies.take_record(unit, collection, table, {**row, "version": 10**9}, data)


def ends_by_another_device(unit: Unit, data: Mapping[str, Any]) -> tuple[int, int] | None:
    """A bug: whose journal the place is in is not looked at."""
    mark = data.get("applied_through")
    return None if mark is None else (mark["epoch"], mark["seq"])


def ends_at_once(
    unit: Unit, collection: str, table: str, row: Mapping[str, Any], data: Mapping[str, Any]
) -> bool:
    """A bug: whatever the platform sends is believed to hold everything."""
    written = pay_records.upsert(unit.connection, table, row)
    overlay_records.delete_effects(unit.connection, collection, row["id"])
    return written


@pytest.mark.parametrize(
    ("place", "name", "bug"),
    [
        (__name__, "note_move", laid_before),
        (copies, "applied_through", ends_by_another_device),
        (accounts, "take_record", ends_at_once),
        (accounts, "take_record", takes_old_versions),
    ],
)
def test_a_planted_bug_of_the_overlay_is_seen(
    place: Any, name: str, bug: Callable[..., object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(f"{place}.{name}" if isinstance(place, str) else f"{place.__name__}.{name}", bug)
    with pytest.raises(AssertionError):
        play()


def test_what_lay_over_records_before_still_does() -> None:
    """Databases of earlier versions kept it in a table of each room."""
    connection = open_writer(":memory:")
    old = [step for step in MIGRATIONS if step.name not in ("pay-006", "shop-004", "homes-006")]
    apply_to(connection, old)
    run = connection.execute
    run("INSERT INTO account_moves VALUES ('a-1', 1, 7, -550), ('a-1', 1, 9, 20)")
    run(
        "INSERT INTO bill_payments (bill, order_id, amount_fen, epoch, seq, as_of) VALUES"
        " ('b1', 'o-1', 300, 1, 8, '2026-11-20'), ('b1', 'o-2', 200, 1, 8, '')"
    )
    run(
        "INSERT INTO cell_orders (id, version, subject, state, cells, collected_epoch, collected_seq)"
        " VALUES ('c-1', 1, '', 'in_cells', '[]', 2, 5), ('c-2', 1, '', 'in_cells', '[]', NULL, NULL)"
    )
    apply_to(connection, MIGRATIONS)
    laid = {
        record: copies.laid_over(connection, collection, record)
        for collection, record in (("accounts", "a-1"), ("bills", "b1"), ("orders", "c-1"), ("orders", "c-2"))
    }
    assert laid["a-1"] == [{"amount_fen": -550}, {"amount_fen": 20}]
    assert [(each["amount_fen"], each["as_of"]) for each in laid["b1"]] == [(300, "2026-11-20"), (200, "")]
    assert (laid["c-1"], laid["c-2"]) == ([{"state": "collected"}], [])


def test_dates_are_those_of_the_site() -> None:
    midnight_ms = 1_795_276_800_000
    assert (date_of(midnight_ms - 1), date_of(midnight_ms)) == ("2026-11-21", "2026-11-22")


def test_without_a_shift_an_unknown_time_books_on_the_floor() -> None:
    clock = FakeClock(trust=Trust.UNKNOWN)
    store = open_store(clock)
    assert business_date(store.connection, clock.now()) == "2026-11-22"


def test_a_payee_is_named_by_the_feed_and_by_its_id_before() -> None:
    store = open_store(FakeClock())
    assert find_payee(store.connection, "shop").name_zh == "shop"
    data = {"id": "shop", "name_zh": "和园便民店", "name_en": "Heyuan Shop", "kind": "goods"}
    store.run_now(lambda unit: apply_payee(unit, "shop", 1, data))
    assert find_payee(store.connection, "shop").name_zh == "和园便民店"
    store.run_now(lambda unit: apply_payee(unit, "shop", 2, None))
    assert find_payee(store.connection, "shop").name_zh == "shop"
