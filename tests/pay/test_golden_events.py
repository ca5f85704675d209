import pytest

from edge.homes.events import EVENTS as HOMES
from edge.pay.events import EVENTS as PAY
from edge.settlement.events import EVENTS as SETTLEMENT
from edge.shop.events import EVENTS as SHOP
from edge.shop.events import SaleSettled
from edge.store.events import Event
from tests.fakes.golden import check_golden


@pytest.mark.parametrize("event", [*PAY, *SHOP, *HOMES, *SETTLEMENT], ids=lambda event: event.TYPE)
def test_events_of_trade_keep_their_shape(event: type[Event]) -> None:
    check_golden(event)


def test_a_changed_shape_is_noticed() -> None:
    class LongerSale(SaleSettled, frozen=True, kw_only=True):
        tip_fen: int = 0

    with pytest.raises(AssertionError):
        check_golden(LongerSale)
