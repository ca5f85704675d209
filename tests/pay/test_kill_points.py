"""kill -9 of a real process between every two steps of pay, reverse and refund by payment code.

The channel is a world of its own, in a file that no kill touches: it says afterwards what was really taken.
"""

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest

from edge.books.ledger import balance, post, verify
from edge.pay.attempts import Attempt
from edge.pay.codes import CodeTable
from edge.pay.engine import PaymentEngine
from edge.pay.ports import RefundAsk
from edge.pay.refunding import RefundDesk
from edge.pay.refunds import request_refund
from edge.shop.basket import Basket
from edge.shop.catalogue import find_product
from edge.shop.checkout import place_order, settle_sale
from edge.store.crashpoints import VARIABLE
from edge.store.journal import verify as verify_chain
from edge.store.store import Store
from edge.store.unit import Unit
from tests.fakes.clock import FakeClock
from tests.fakes.payment_platform import FakePaymentPlatform, Held
from tests.fakes.trade import MIGRATIONS
from tests.pay.test_crash_points import stock_shelf

PAY = ("pay.after_attempt", "pay.after_charge", "pay.after_answer", "checkout.before_settle")
REVERSE = ("reverse.after_asked", "reverse.after_undo", "reverse.after_outcome")
REFUND = ("refund.after_claim", "refund.after_answer", "refund.after_outcome")
CODE = "134567890123456789"
BACK_FEN = 500


class _World(msgspec.Struct):
    held: dict[str, dict[str, Any]]
    refunds: dict[str, RefundAsk]
    states: dict[str, str]


class WorldInAFile(FakePaymentPlatform):
    """The platform of the tests; what it did is on disk before it answers."""

    file: Path

    @classmethod
    def open(cls, file: Path) -> "WorldInAFile":
        """Go on with what the file says."""
        platform = cls()
        platform.file = file
        if file.exists():
            world = msgspec.json.decode(file.read_bytes(), type=_World)
            platform.held = {name: Held(**held) for name, held in world.held.items()}
            platform.refunds, platform.refund_states = world.refunds, world.states
        return platform

    def _answer(self) -> None:
        held = {name: vars(each) for name, each in self.held.items()}
        self.file.write_bytes(msgspec.json.encode(_World(held, self.refunds, self.refund_states)))
        super()._answer()


class Site:
    """A store on disk, its clock, the engine and the channel's world."""

    def __init__(self, folder: Path) -> None:
        self.clock = FakeClock()
        self.store = Store.open(
            folder / "edge.db", site="heyuanli", device="k1", clock=self.clock, migrations=MIGRATIONS
        )
        self.platform = WorldInAFile.open(folder / "world.json")
        self.engine = PaymentEngine(self.store, self.platform, settle={"sale": settle_sale}, clock=self.clock)
        self.refunds = RefundDesk(self.store, self.platform, clock=self.clock)

    async def charge(self, comes_to: str) -> Attempt:
        """Sell one bottle by a payment code."""
        self.platform.charge_state = comes_to
        await self.store.run(stock_shelf)
        product = await self.store.read(lambda connection: find_product(connection, "s1"))
        basket = Basket().add(product)
        order = await self.store.run(lambda unit: place_order(unit, basket, resident=None, kiosk="k1"))
        code = CodeTable().read(CODE)
        return await self.engine.charge(order.order_id, order.payee, order.total_fen, code)

    async def take_back(self, order_id: str) -> None:
        """Give a part of an order's money back."""

        def work(unit: Unit) -> None:
            refund = request_refund(unit, order_id, BACK_FEN, "return")
            amounts = {"total": BACK_FEN, "goods": BACK_FEN}
            post(unit, "sale_refund", refund.id, amounts, payee=refund.payee)

        await self.store.run(work)
        await self.refunds.pay_back_due()


async def act(folder: Path, what: str) -> None:
    """What the process does until it is killed."""
    site = Site(folder)
    attempt = await site.charge("waiting" if what == "reverse" else "paid")
    if what == "reverse":
        site.clock.advance(seconds=31)
        await site.engine.follow(attempt.id)
    elif what == "refund":
        await site.take_back(attempt.order_id)
    site.store.close()


async def recover(folder: Path) -> dict[str, int]:
    """Go on after the kill as a hub does, and hold the books against the channel's world."""
    site = Site(folder)
    site.clock.advance(seconds=40)
    left = await site.engine.settle_open()
    site.clock.advance(seconds=10)
    for attempt in left:
        await site.engine.follow(attempt.id)
    await site.refunds.pay_back_due()

    def read(connection: Any) -> dict[str, int]:
        assert verify_chain(connection).first_bad_seq is None
        assert verify(connection) == []

        def count(query: str) -> int:
            return int(connection.execute(query).fetchone()[0])

        return {
            "open": count(
                "SELECT count(*) FROM attempts WHERE state IN ('created','sent','unknown','reversing')"
            ),
            "settled": count("SELECT count(*) FROM receipts"),
            "attempts": count("SELECT count(*) FROM attempts"),
            "parts": count("SELECT count(*) FROM refund_parts"),
            "parts_open": count("SELECT count(*) FROM refund_parts WHERE state != 'refunded'"),
            "channel_fen": balance(connection, "assets:channel:shop"),
        }

    try:
        found = await site.store.read(read)
    finally:
        site.store.close()
    platform = site.platform
    assert all(each.charges <= 1 for each in platform.held.values())
    assert found["open"] == found["parts_open"] == 0
    assert found["channel_fen"] == platform.captured_fen() - platform.refunded_fen()
    assert found["parts"] == len(platform.refunds)
    return found


def kill(folder: Path, what: str, point: str) -> None:
    killed = subprocess.run(
        [sys.executable, __file__, str(folder), what],
        env={**os.environ, VARIABLE: point, "PYTHONPATH": os.pathsep.join(sys.path)},
        check=False,
        timeout=60,
    )
    assert killed.returncode == -signal.SIGKILL, f"{point} was not reached"


@pytest.mark.slow
@pytest.mark.parametrize("point", PAY)
def test_a_charge_survives_a_kill_at(point: str, tmp_path: Path) -> None:
    kill(tmp_path, "pay", point)
    found = asyncio.run(recover(tmp_path))
    assert found["settled"] == (0 if point == "pay.after_attempt" else 1)


@pytest.mark.slow
@pytest.mark.parametrize("point", REVERSE)
def test_a_reversal_survives_a_kill_at(point: str, tmp_path: Path) -> None:
    kill(tmp_path, "reverse", point)
    found = asyncio.run(recover(tmp_path))
    assert (found["settled"], found["channel_fen"]) == (0, 0)


@pytest.mark.slow
@pytest.mark.parametrize("point", REFUND)
def test_a_refund_survives_a_kill_at(point: str, tmp_path: Path) -> None:
    kill(tmp_path, "refund", point)
    found = asyncio.run(recover(tmp_path))
    assert (found["settled"], found["parts"]) == (1, 1)
    world = WorldInAFile.open(tmp_path / "world.json")
    assert world.refunded_fen() == BACK_FEN


@pytest.mark.slow
def test_a_refund_under_a_new_identity_would_be_found(tmp_path: Path) -> None:
    """The same kill, and a recovery that asks for the money once more as another part."""
    kill(tmp_path, "refund", "refund.after_answer")
    world = WorldInAFile.open(tmp_path / "world.json")
    (known,) = world.refunds.values()
    asyncio.run(world.refund(msgspec.structs.replace(known, part_id="k1-1-999")))
    with pytest.raises(AssertionError):
        asyncio.run(recover(tmp_path))


if __name__ == "__main__":
    asyncio.run(act(Path(sys.argv[1]), sys.argv[2]))
