import pytest

from edge.shop.errors import DeliveryAlreadyReceived, DeliveryUnknown
from edge.shop.receiving import apply_delivery, expected_deliveries, find_delivery, receive_delivery
from edge.store.inline import InlineStore
from tests.fakes.clock import START_MS, FakeClock
from tests.fakes.trade import events_of, on_hand, open_store

LINES: list[dict[str, object]] = [
    {"sku": "s1", "lot": "A", "expires_on": "2027-01-01", "quantity": 6},
    {"sku": "s2", "lot": "B", "expires_on": None, "quantity": 2},
]


@pytest.fixture
def store() -> InlineStore:
    store = open_store(FakeClock())
    store.run_now(lambda unit: apply_delivery(unit, "d1", 1, {"id": "d1", "lines": LINES}))
    return store


def test_a_delivery_is_expected_until_it_is_counted_in(store: InlineStore) -> None:
    assert [delivery.id for delivery in expected_deliveries(store.connection)] == ["d1"]
    assert on_hand(store, "s1") == 0
    done = store.run_now(lambda unit: receive_delivery(unit, "d1", actor="staff-1"))
    assert done.received_at_ms == START_MS
    assert expected_deliveries(store.connection) == ()
    assert (on_hand(store, "s1"), on_hand(store, "s2")) == (6, 2)


def test_what_was_counted_goes_in_and_what_was_expected_is_recorded(store: InlineStore) -> None:
    store.run_now(lambda unit: receive_delivery(unit, "d1", actor="staff-1", counted={("s1", "A"): 5}))
    (event,) = events_of(store, "StockReceived")
    assert [(line["quantity"], line["expected"]) for line in event["lines"]] == [(5, 6), (2, 2)]
    assert on_hand(store, "s1") == 5


def test_a_delivery_is_received_once(store: InlineStore) -> None:
    store.run_now(lambda unit: receive_delivery(unit, "d1", actor="staff-1"))
    with pytest.raises(DeliveryAlreadyReceived):
        store.run_now(lambda unit: receive_delivery(unit, "d1", actor="staff-1"))
    assert on_hand(store, "s1") == 6


def test_the_feed_does_not_change_or_remove_what_was_counted(store: InlineStore) -> None:
    store.run_now(lambda unit: receive_delivery(unit, "d1", actor="staff-1"))
    store.run_now(lambda unit: apply_delivery(unit, "d1", 2, None))
    store.run_now(lambda unit: apply_delivery(unit, "d1", 3, {"lines": LINES[:1]}))
    assert len(find_delivery(store.connection, "d1").lines) == 2


def test_a_withdrawn_note_is_unknown(store: InlineStore) -> None:
    store.run_now(lambda unit: apply_delivery(unit, "d1", 2, None))
    with pytest.raises(DeliveryUnknown):
        store.run_now(lambda unit: receive_delivery(unit, "d1", actor="staff-1"))


@pytest.mark.parametrize("change", [{"quantity": 0}, {"expires_on": "1 May"}])
def test_a_bad_note_is_refused(store: InlineStore, change: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="lines"):
        store.run_now(lambda unit: apply_delivery(unit, "d2", 1, {"lines": [{**LINES[0], **change}]}))
