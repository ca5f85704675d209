"""kill -9 of a real process at every named point of the checkout; the next process settles what is left."""

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from edge.books.ledger import verify
from edge.pay.engine import PaymentEngine
from edge.shop.basket import Basket
from edge.shop.catalogue import apply_product, find_product
from edge.shop.checkout import cancel_abandoned, place_order, settle_sale
from edge.shop.lots import stock_differences
from edge.shop.receiving import apply_delivery, receive_delivery
from edge.store.crashpoints import VARIABLE
from edge.store.journal import verify as verify_chain
from edge.store.store import Store
from edge.store.unit import Unit
from tests.fakes.clock import FakeClock
from tests.fakes.payment_platform import FakePaymentPlatform
from tests.fakes.trade import MIGRATIONS, product_data

POINTS = ("before_commit", "after_place", "after_attempt", "after_sent", "before_settle", "after_settle")
#: Where the channel has taken the money before the power goes.
AFTER_CAPTURE = ("before_settle", "after_settle")


def open_store(path: Path) -> Store:
    return Store.open(path, site="heyuanli", device="k1", clock=FakeClock(), migrations=MIGRATIONS)


def stock_shelf(unit: Unit) -> None:
    apply_product(unit, "s1", 1, product_data(1))
    apply_delivery(unit, "d1", 1, {"lines": [{"sku": "s1", "lot": "L1", "quantity": 5}]})
    receive_delivery(unit, "d1", actor="staff-1")


async def sell(path: Path) -> None:
    """Sell one bottle to a payer who pays at once."""
    store = open_store(path)
    await store.run(stock_shelf)
    product = await store.read(lambda connection: find_product(connection, "s1"))
    platform = FakePaymentPlatform()
    engine = PaymentEngine(store, platform, settle={"sale": settle_sale}, clock=FakeClock())
    basket = Basket().add(product)
    order = await store.run(lambda unit: place_order(unit, basket, resident=None, kiosk="k1"))
    attempt = await engine.start(order.order_id, order.payee, order.total_fen)
    platform.set_state(attempt.id, "paid")
    await engine.settle(attempt.id)
    store.close()


async def recover(path: Path, captured: bool) -> tuple[list[str], list[str], int]:
    """Go on after the power cut; return the states of orders and attempts, and the pieces on the shelf."""
    store = open_store(path)
    platform = FakePaymentPlatform()
    engine = PaymentEngine(store, platform, settle={"sale": settle_sale}, clock=FakeClock())
    known = await store.read(
        lambda connection: connection.execute("SELECT id, amount_fen, state FROM attempts").fetchall()
    )
    for attempt_id, amount_fen, state in known:
        if state != "created":
            platform.hold(attempt_id, amount_fen, "paid" if captured else "waiting")
    open_left = await engine.settle_open()
    for attempt in open_left:
        await engine.close(attempt.id)
    await store.run(lambda unit: cancel_abandoned(unit, placed_before_ms=unit.now.at_ms + 1))
    try:
        return await store.read(
            lambda connection: (
                [row[0] for row in connection.execute("SELECT state FROM sale_orders")],
                [row[0] for row in connection.execute("SELECT state FROM attempts")],
                check_books(connection),
            )
        )
    finally:
        store.close()


def check_books(connection: sqlite3.Connection) -> int:
    """Check chain, ledger and stock; return the pieces on the shelf."""
    assert verify_chain(connection).first_bad_seq is None
    assert verify(connection) == []
    assert stock_differences(connection) == ()
    return int(connection.execute("SELECT sum(on_hand) FROM lots").fetchone()[0])


@pytest.mark.slow
@pytest.mark.parametrize("point", POINTS)
def test_a_sale_survives_a_kill_at(point: str, tmp_path: Path) -> None:
    path = tmp_path / "edge.db"
    killed = subprocess.run(
        [sys.executable, __file__, str(path)],
        env={**os.environ, VARIABLE: f"checkout.{point}", "PYTHONPATH": os.pathsep.join(sys.path)},
        check=False,
        timeout=60,
    )
    assert killed.returncode == -signal.SIGKILL
    captured = point in AFTER_CAPTURE
    orders, attempts, pieces = asyncio.run(recover(path, captured))
    if point == "before_commit":
        assert (orders, attempts, pieces) == ([], [], 5)
    elif captured:
        assert (orders, attempts, pieces) == (["paid"], ["paid"], 4)
    else:
        assert orders == ["cancelled"]
        assert attempts == ([] if point == "after_place" else ["failed"])
        assert pieces == 5


@pytest.mark.slow
def test_without_a_kill_the_sale_is_settled(tmp_path: Path) -> None:
    path = tmp_path / "edge.db"
    asyncio.run(sell(path))
    assert asyncio.run(recover(path, captured=True)) == (["paid"], ["paid"], 4)


if __name__ == "__main__":
    asyncio.run(sell(Path(sys.argv[1])))
