"""The `checkout` benchmark: small, for its shape; and that the past it makes up is a true one."""

from pathlib import Path

import pytest

from edge.bench import checkout, earlier_sales, till
from edge.books import ledger
from edge.shop.lots import stock_differences
from edge.store import journal
from tests.fakes.cases import check_cases

pytestmark = pytest.mark.slow


def test_checkout_reports_time_bytes_and_the_weight_of_the_past() -> None:
    cases = checkout.run(sales=5, earlier=64)
    check_cases(cases, n=5)
    assert [each["name"] for each in cases] == [
        "checkout",
        "checkout-bytes",
        "checkout-disk-bytes",
        "checkout-after-many-sales",
        "checkout-after-64",
        "checkout-settle-commit",
        "checkout-four-commits",
        "checkout-four-commits-bytes",
        "checkout-four-commits-disk-bytes",
    ]


async def test_earlier_sales_are_counted_linked_balanced_and_off_the_shelf(tmp_path: Path) -> None:
    await earlier_sales.sell_earlier(tmp_path / "edge.db", 3 * earlier_sales.PATTERN_SALES)
    store = till.open_till(tmp_path / "edge.db")
    try:
        products = await till.load_products(store)
        await store.run(lambda unit: till.sell(unit, till.basket_of(products, 1)))
        paid = await store.read(
            lambda connection: connection.execute(
                "SELECT count(*) FROM sale_orders JOIN receipts ON number = receipt AND order_id = id"
            ).fetchone()
        )
        assert paid == (3 * earlier_sales.PATTERN_SALES + 1,)
        assert (await store.read(journal.verify)).first_bad_seq is None
        assert await store.read(ledger.verify) == []
        assert await store.read(stock_differences) == ()
    finally:
        store.close()
