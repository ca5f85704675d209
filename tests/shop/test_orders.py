import pytest

from edge.shop.errors import OrderUnknown
from edge.shop.events import OrderCancelled
from edge.shop.orders import apply_order, find_cell_order, find_cells, mark_collected, orders_of
from edge.store.inline import InlineStore
from edge.store.unit import Unit
from tests.fakes.clock import FakeClock
from tests.fakes.trade import open_store

CELLS = [
    {"bank": "bank-a", "cell": "A03", "parcel": "p1", "items_zh": "酱油", "items_en": "Soy sauce"},
    {"bank": "bank-a", "cell": "C04", "parcel": "p2", "items_zh": "大米", "items_en": "Rice"},
]


def put(store: InlineStore, version: int, **changes: object) -> None:
    data = {"id": "o1", "subject": "res-1", "state": "in_cells", "cells": CELLS, **changes}
    store.run_now(lambda unit: apply_order(unit, "o1", version, data))


@pytest.fixture
def store() -> InlineStore:
    store = open_store(FakeClock())
    put(store, 1)
    return store


def collect(unit: Unit) -> None:
    """Mark the order as collected in the unit that journals it; the event stands in the journal at seq 1."""
    unit.record(OrderCancelled(order_id="any"), actor="test")
    mark_collected(unit, "o1")


def covering(device: str, epoch: int, seq: int) -> dict[str, object]:
    return {"device": device, "epoch": epoch, "seq": seq}


def test_an_order_names_its_cells_until_it_is_collected(store: InlineStore) -> None:
    assert [cell.cell for cell in find_cells(store.connection, "o1")] == ["A03", "C04"]
    store.run_now(collect)
    assert find_cells(store.connection, "o1") == ()
    order = find_cell_order(store.connection, "o1")
    assert (order.state, order.unconfirmed) == ("collected", True)


@pytest.mark.parametrize(
    ("position", "still_laid_over"),
    [
        (None, True),
        (covering("k1", 1, 0), True),
        (covering("k2", 1, 99), True),
        (covering("k1", 1, 1), False),
        (covering("k1", 2, 1), False),
    ],
)
def test_only_a_record_that_covers_our_event_ends_the_overlay(
    store: InlineStore, position: dict[str, object] | None, still_laid_over: bool
) -> None:
    store.run_now(collect)
    put(store, 2, **({"applied_through": position} if position else {}))
    assert find_cell_order(store.connection, "o1").unconfirmed is still_laid_over


def test_the_platform_s_own_word_ends_it_too(store: InlineStore) -> None:
    store.run_now(collect)
    put(store, 2, state="collected")
    order = find_cell_order(store.connection, "o1")
    assert (order.state, order.unconfirmed) == ("collected", False)


def test_an_older_version_ends_nothing(store: InlineStore) -> None:
    put(store, 5)
    store.run_now(collect)
    put(store, 4, applied_through=covering("k1", 1, 1))
    assert find_cell_order(store.connection, "o1").unconfirmed


def test_orders_of_a_person(store: InlineStore) -> None:
    assert [order.id for order in orders_of(store.connection, "res-1")] == ["o1"]
    assert orders_of(store.connection, "res-2") == ()
    store.run_now(lambda unit: apply_order(unit, "o1", 9, None))
    with pytest.raises(OrderUnknown):
        find_cell_order(store.connection, "o1")
    assert find_cells(store.connection, "o1") == ()
