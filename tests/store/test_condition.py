"""What begins trade is refused unless the store is READY; everything else goes on."""

import pytest

from edge.store.condition import Condition, Standing
from edge.store.errors import TradeStopped
from edge.store.inline import InlineStore
from edge.store.unit import Unit
from tests.fakes.events import LampLit


@pytest.mark.parametrize("condition", [each for each in Condition if each is not Condition.READY])
def test_trade_begins_in_ready_only(inline: InlineStore, condition: Condition) -> None:
    inline.run_now(Unit.require_trade)
    inline.executor.standing = Standing(condition, "a test says so")
    assert inline.condition is condition
    [refused, other] = inline.executor.run_batch(
        [Unit.require_trade, lambda unit: unit.record(LampLit(lamp="hall"), actor="test")]
    )
    assert isinstance(refused.error, TradeStopped)
    assert refused.error.details == {"condition": condition.value}
    assert other.value == 1
