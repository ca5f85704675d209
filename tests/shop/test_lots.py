import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from edge.errors import StoreError
from edge.shop.checkout import cancel_order, find_order, place_order
from edge.shop.errors import LotExpired, OutOfStock, RestrictedGoods, UnknownProduct
from edge.shop.lots import Allocation, lots_of, scan_product, stock_differences, take_sold
from edge.shop.records import mark_paid
from edge.store.inline import InlineStore
from edge.store.unit import Unit
from edge.trust.clock import Trust
from tests.fakes.clock import FakeClock
from tests.fakes.trade import basket_of, ean_of, on_hand, open_store, put_lot, put_product


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def store(clock: FakeClock) -> InlineStore:
    return open_store(clock)


def test_a_scan_tells_the_date_of_the_lot_to_be_sold_first(store: InlineStore, clock: FakeClock) -> None:
    put_product(store, 1)
    put_lot(store, "s1", 3, lot="late", expires_on="2027-08-30")
    put_lot(store, "s1", 2, lot="soon", expires_on="2026-12-01")
    put_lot(store, "s1", 1, lot="never", expires_on=None)
    scanned = scan_product(store.connection, ean_of(1), clock.now())
    assert (scanned.product.sku, scanned.expires_on, scanned.free) == ("s1", "2026-12-01", 6)


@pytest.mark.parametrize(("date", "sold"), [("2026-11-21", False), ("2026-11-22", True)])
def test_a_lot_is_sold_on_its_last_day_and_not_after(
    store: InlineStore, clock: FakeClock, date: str, sold: bool
) -> None:
    put_product(store, 1)
    put_lot(store, "s1", 3, expires_on=date)
    if sold:
        assert scan_product(store.connection, ean_of(1), clock.now()).free == 3
        return
    with pytest.raises(LotExpired) as refusal:
        scan_product(store.connection, ean_of(1), clock.now())
    assert refusal.value.details["expires_on"] == date


def test_the_last_day_ends_at_the_site_s_midnight(store: InlineStore, clock: FakeClock) -> None:
    put_product(store, 1)
    put_lot(store, "s1", 3, expires_on="2026-11-22")
    clock.advance(seconds=14 * 3600 - 1)
    assert scan_product(store.connection, ean_of(1), clock.now()).free == 3
    clock.advance(seconds=1)
    with pytest.raises(LotExpired):
        scan_product(store.connection, ean_of(1), clock.now())


def test_with_the_time_unknown_the_clock_s_floor_judges(store: InlineStore, clock: FakeClock) -> None:
    clock.trust = Trust.UNKNOWN
    put_product(store, 1)
    put_lot(store, "s1", 3, expires_on="2026-11-21")
    with pytest.raises(LotExpired):
        scan_product(store.connection, ean_of(1), clock.now())


def test_expired_pieces_do_not_make_up_the_number(store: InlineStore, clock: FakeClock) -> None:
    put_product(store, 1)
    put_lot(store, "s1", 2, lot="old", expires_on="2026-01-01")
    put_lot(store, "s1", 2, lot="fresh")
    assert scan_product(store.connection, ean_of(1), clock.now(), wanted=2).free == 2
    with pytest.raises(LotExpired):
        scan_product(store.connection, ean_of(1), clock.now(), wanted=3)


def test_an_empty_shelf_says_how_many_there_are(store: InlineStore, clock: FakeClock) -> None:
    put_product(store, 1, pieces=2)
    with pytest.raises(OutOfStock) as refusal:
        scan_product(store.connection, ean_of(1), clock.now(), wanted=3)
    assert refusal.value.details["available"] == 2


def test_unknown_and_restricted_goods_are_refused(store: InlineStore, clock: FakeClock) -> None:
    put_product(store, 1, pieces=2, restricted="tobacco")
    with pytest.raises(RestrictedGoods):
        scan_product(store.connection, ean_of(1), clock.now())
    with pytest.raises(UnknownProduct):
        scan_product(store.connection, ean_of(7), clock.now())


def test_pieces_of_a_waiting_order_are_not_sold_twice(store: InlineStore, clock: FakeClock) -> None:
    product = put_product(store, 1, pieces=2)
    order = store.run_now(lambda unit: place_order(unit, basket_of((product, 2)), resident=None, kiosk="k1"))
    with pytest.raises(OutOfStock):
        scan_product(store.connection, ean_of(1), clock.now())
    store.run_now(lambda unit: cancel_order(unit, order.order_id))
    assert scan_product(store.connection, ean_of(1), clock.now()).free == 2


def test_stock_never_goes_below_nothing(store: InlineStore) -> None:
    put_product(store, 1, pieces=2)
    lot = lots_of(store.connection, "s1")[0]
    with pytest.raises(StoreError):
        store.run_now(lambda unit: take_sold(unit, (Allocation(lot.id, 3),), "o-1"))
    assert on_hand(store, "s1") == 2
    assert stock_differences(store.connection) == ()


def test_a_move_that_is_missing_is_noticed(store: InlineStore) -> None:
    put_product(store, 1, pieces=2)
    store.connection.execute("UPDATE lots SET on_hand = 5")
    assert stock_differences(store.connection) == ("s1 L1",)


class ShelfMachine(RuleBasedStateMachine):
    """Lots come in, days pass, pieces are sold: never expired ones, never more than there are."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = FakeClock()
        self.store = open_store(self.clock)
        self.product = put_product(self.store, 1)
        self.received = 0
        self.sold = 0

    @rule(pieces=st.integers(1, 5), day=st.integers(20, 28))
    def receive(self, pieces: int, day: int) -> None:
        self.received += pieces
        put_lot(self.store, "s1", pieces, lot=f"L{self.received}", expires_on=f"2026-11-{day}")

    @rule()
    def sleep(self) -> None:
        self.clock.advance(days=1)

    @precondition(lambda self: self.received)
    @rule(wanted=st.integers(1, 6))
    def sell(self, wanted: int) -> None:
        today = f"2026-11-{22 + (self.clock.at_ms - FakeClock().at_ms) // 86_400_000:02d}"
        fresh = self.store.connection.execute(
            "SELECT coalesce(sum(on_hand), 0) FROM lots WHERE expires_on >= ?", (today,)
        ).fetchone()[0]
        try:
            order = self.store.run_now(
                lambda unit: place_order(unit, basket_of((self.product, wanted)), resident=None, kiosk="k1")
            )
        except (OutOfStock, LotExpired):
            assert fresh < wanted
            return
        assert fresh >= wanted
        self.store.run_now(lambda unit: take_all(unit, order.order_id))
        self.sold += wanted

    @invariant()
    def the_shelf_adds_up(self) -> None:
        assert on_hand(self.store, "s1") == self.received - self.sold
        assert stock_differences(self.store.connection) == ()

    def teardown(self) -> None:
        self.store.close()


def take_all(unit: Unit, order_id: str) -> None:
    """Take the pieces of an order and end it, as its settlement would."""
    for line in find_order(unit.connection, order_id).body.lines:
        take_sold(unit, line.allocations, order_id)
    mark_paid(unit.connection, order_id, 1, 1)


TestShelf = pytest.mark.slow(pytest.mark.proof(ShelfMachine.TestCase))
