"""The three-way match of real payments against the real platform and the bills of its simulated channels."""

from collections.abc import AsyncIterator

import pytest

from cloud_sync.platform.channels import sim_payer
from cloud_sync.settlement import HttpSettlementPlatform, read_line
from cloud_sync.wire import payments as wire
from edge.errors import PlatformUnreachable
from edge.pay.attempts import Attempt
from edge.pay.engine import PaymentEngine
from edge.pay.refunding import RefundDesk
from edge.settlement.cases import open_cases
from edge.settlement.matching import Matcher, matched_days
from edge.shop.catalogue import Product
from edge.shop.checkout import place_order, settle_sale
from edge.shop.returns import return_goods
from tests.cloud_sync.conftest import World, http_port
from tests.fakes.trade import basket_of, put_product

TODAY = "2026-11-22"


class Till:
    """A device that sells soy sauce for 12.80 through the real platform, and matches its days."""

    def __init__(self, world: World, soy: Product) -> None:
        self.world = world
        self.soy = soy
        port = http_port(world)
        self.engine = PaymentEngine(world.store, port, settle={"sale": settle_sale}, clock=world.clock)
        self.refunds = RefundDesk(world.store, port, clock=world.clock)
        self.matcher = Matcher(
            store=world.store, clock=world.clock, platform=HttpSettlementPlatform(world.http)
        )

    async def sell(self) -> Attempt:
        """One bottle, paid by phone."""
        order = self.world.store.run_now(
            lambda unit: place_order(unit, basket_of((self.soy, 1)), resident=None, kiosk="k1")
        )
        attempt = await self.engine.start(order.order_id, order.payee, order.total_fen)
        await self.world.platform.database.write(
            lambda c: sim_payer.pay_qr(c, "res", attempt.qr, "confirm", now_ms=self.world.clock.at_ms)
        )
        return await self.engine.ask(attempt.id)

    async def switch(self, fault: str) -> None:
        """Make the channels misbehave, as the platform's page does."""
        answer = await self.world.client.post("/sim/channels", json={"fault": fault})
        assert answer.status < 300, await answer.text()

    def kinds(self) -> list[tuple[str, int | None, int | None, int | None]]:
        """The open cases."""
        cases = open_cases(self.world.store.connection)
        return [(case.kind.value, case.here_fen, case.channel_fen, case.platform_fen) for case in cases]


@pytest.fixture
async def till(world: World) -> AsyncIterator[Till]:
    yield Till(world, put_product(world.store, 1, pieces=20, payee="shop"))


async def test_a_day_of_sales_and_a_refund_agrees_to_the_fen(till: Till) -> None:
    for _ in range(2):
        await till.sell()
    sold = await till.sell()
    till.world.store.run_now(
        lambda unit: return_goods(
            unit, sold.order_id, {till.soy.sku: 1}, staff="s", reason="other", resalable=True
        )
    )
    await till.refunds.pay_back_due()
    till.world.clock.advance(days=1)
    await till.refunds.pay_back_due()
    assert await till.matcher.match_due() == (TODAY,)
    days = [day for day in matched_days(till.world.store.connection, TODAY) if day.here_lines]
    assert till.kinds() == []
    assert [(day.payee, day.state, day.agreed) for day in days] == [("shop", "matched", days[0].here_lines)]
    assert days[0].here_fen == days[0].channel_fen == days[0].platform_fen


@pytest.mark.parametrize(
    ("fault", "found"),
    [
        ("bill_missing", [("missing_at_channel", 1280, None, 1280)]),
        ("bill_differs", [("amount_differs", 1280, 1281, 1280)]),
    ],
)
async def test_a_bill_with_a_mistake_makes_a_case(
    till: Till, fault: str, found: list[tuple[str, int | None, int | None, int | None]]
) -> None:
    await till.sell()
    await till.switch(fault)
    till.world.clock.advance(days=1)
    await till.matcher.match_due()
    assert till.kinds() == found


async def test_a_line_that_nobody_knows_makes_a_case_for_its_payee(till: Till) -> None:
    await till.sell()
    await till.switch("bill_extra")
    till.world.clock.advance(days=1)
    await till.matcher.match_due()
    kinds = {(kind, here_fen, platform_fen) for kind, here_fen, _, platform_fen in till.kinds()}
    assert kinds and {kind for kind, _, _ in kinds} <= {"missing_here", "twice_at_channel", "payee_differs"}
    assert {(here_fen, platform_fen) for _, here_fen, platform_fen in kinds} == {(None, None)}


async def test_a_day_that_is_not_over_waits_for_its_bill_unless_the_channel_has_it(till: Till) -> None:
    await till.sell()
    await till.matcher.match(TODAY)
    assert {day.state for day in matched_days(till.world.store.connection, TODAY)} == {"waiting"}
    await till.switch("bill_now")
    await till.matcher.match(TODAY)
    assert {day.state for day in matched_days(till.world.store.connection, TODAY)} == {"matched"}
    assert till.kinds() == []


async def test_with_the_network_away_nothing_is_judged(till: Till) -> None:
    await till.sell()
    await till.world.http.close()
    till.world.http._url = "http://127.0.0.1:9"
    with pytest.raises(PlatformUnreachable):
        await till.matcher.match(TODAY)


def test_a_reversal_on_a_bill_is_told_by_its_attempt() -> None:
    line = wire.BillLine("wechat", "shop", "refund", "k1-1-7", "", "12.80", "c", 0)
    assert (read_line(line).line, read_line(line).subject) == ("refund", "k1-1-7")
