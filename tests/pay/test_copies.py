from edge.pay.business_day import business_date, date_of
from edge.pay.copies import applied_through, copy_as_of, note_feed
from edge.pay.payees import apply_payee, find_payee
from edge.trust.clock import Trust
from tests.fakes.clock import START_MS, FakeClock
from tests.fakes.trade import open_store


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
