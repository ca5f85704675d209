"""Parts of a site that the platform's operators switch off, and what the hub makes of it."""

import pytest

from cloud_sync.wire.enrolment import PARTS
from edge.homes.errors import BillUnknown
from edge.homes.fees import place_fee, place_fee_for_another
from edge.shop.basket import Basket
from edge.shop.checkout import place_order
from edge.shop.errors import BasketEmpty
from edge.store.errors import PartOff
from edge.store.inline import InlineStore
from edge.store.parts import Part, parts_off, put_parts_off, read_parts
from tests.fakes.clock import FakeClock
from tests.fakes.trade import open_store


@pytest.fixture
def store() -> InlineStore:
    return open_store(FakeClock())


def switch_off(store: InlineStore, *parts: Part) -> None:
    """From now on."""
    store.run_now(lambda unit: put_parts_off(unit, parts))


def test_the_platform_has_a_word_for_each_and_a_newer_word_means_nothing_here() -> None:
    assert tuple(Part) == PARTS
    assert read_parts(("fees", "cinema")) == {Part.FEES}


def test_a_site_has_everything_until_something_is_switched_off_and_on_again(store: InlineStore) -> None:
    assert store.read_now(parts_off) == frozenset()
    switch_off(store, Part.SHOP, Part.DOORS)
    assert store.read_now(parts_off) == {Part.SHOP, Part.DOORS}
    switch_off(store)
    assert store.read_now(parts_off) == frozenset()


def test_no_sale_and_no_fee_payment_begins_where_they_are_off(store: InlineStore) -> None:
    def sell() -> None:
        store.run_now(lambda unit: place_order(unit, Basket(()), resident=None, kiosk="k1"))

    def pay() -> None:
        store.run_now(lambda unit: place_fee(unit, ("none",), room="r", resident=None, kiosk="k1"))

    switch_off(store, Part.SHOP)
    with pytest.raises(PartOff):
        sell()
    with pytest.raises(BillUnknown):
        pay()
    switch_off(store, Part.FEES)
    with pytest.raises(BasketEmpty):
        sell()
    with pytest.raises(PartOff):
        pay()
    with pytest.raises(PartOff):
        store.run_now(lambda unit: place_fee_for_another(unit, "CE-B:x", resident=None, kiosk="k1"))
