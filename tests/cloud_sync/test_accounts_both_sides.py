"""Accounts from both sides: what the device spends, gives back, claims and tops up is what the platform has.

The device's own figures (record and overlay, leases) and the platform's (its own SQL over the events) are
compared after every step, over the real protocol.
"""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from cloud_sync.downlink import Downlink
from cloud_sync.leases import HttpLeasePlatform
from cloud_sync.platform.balances import Cause, open_account
from cloud_sync.platform.leases import credit, recall
from cloud_sync.platform.penalty import keep_figures
from cloud_sync.uplink import Uplink
from edge.books.verification import verify_books
from edge.pay.accounts import find_account
from edge.pay.attempts import create_attempt
from edge.pay.errors import BalanceExceeded
from edge.pay.leases import LeaseDesk, find_lease, live_lease
from edge.pay.receipts import find_receipt
from edge.pay.tenders import Tender
from edge.pay.top_up import place_top_up
from edge.shop.catalogue import find_product
from edge.shop.checkout import PlacedOrder, find_order, place_order
from edge.shop.claims import claim_points
from edge.shop.returns import return_goods
from edge.store.inline import InlineStore
from edge.tables import APPLIERS
from tests.cloud_sync.conftest import RESIDENT, World, open_world
from tests.fakes.accounts import begin, end, pay
from tests.fakes.clock import FakeClock
from tests.fakes.trade import basket_of, put_contract, put_product

TERMS: dict[str, Any] = {
    "points_ppm": 10_000,
    "points_return_days": 7,
    "points_claim_days": 30,
    "wallet_limit_fen": 50_000,
}


class Sides:
    """One resident's points and wallet at a device and at its platform."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.store: InlineStore = world.store
        self.points = self.wallet = ""
        self._uplink = Uplink(store=world.store, http=world.http)
        kept = {name: APPLIERS[name] for name in ("accounts", "leases")}
        self._downlink = Downlink(store=world.store, http=world.http, appliers=kept)
        self.desk = LeaseDesk(world.store, HttpLeasePlatform(world.http))

    async def open(self) -> None:
        """Terms on both sides, 5.00 in points, 30.00 in the shop's wallet, leases of at most 4.00."""
        put_contract(self.store, version=7, **TERMS)
        figures = {"version": 7, **TERMS, "lease_limit_fen": 400}
        await self.world.platform.database.write(lambda c: keep_figures(c, figures))
        self.points = await self.account("points", "property", 500)
        self.wallet = await self.account("wallet", "shop", 3000)
        put_product(self.store, 1, pieces=90, price_fen=1000, points_ppm=None)
        self.world.record(1)
        await self.sync()

    async def account(self, kind: str, issuer: str, fen: int) -> str:
        def make(c: Any) -> str:
            account = open_account(c, RESIDENT, kind, issuer)
            credit(c, account, "opening", fen, Cause(f"seed:{account}", self.world.clock.at_ms))
            return account

        return await self.world.platform.database.write(make)

    async def sync(self) -> None:
        """Everything up, applied there, everything down."""
        while await self._uplink.send_next():
            pass
        async with asyncio.timeout(5):
            while not await self._is_applied():
                await asyncio.sleep(0.01)
        while await self._downlink.read_next():
            pass

    async def _is_applied(self) -> bool:
        figures = await self.world.figures()
        assert all(device["parked"] == 0 for device in figures["devices"])
        return all(device["applied_seq"] == device["head_seq"] for device in figures["devices"])

    async def theirs(self, account: str) -> tuple[int, int]:
        """Balance and pending sum by the platform's own lines."""
        row = await self.world.platform.database.read(
            lambda c: c.execute(
                "SELECT coalesce(sum(amount_fen * (1 - pending)), 0), coalesce(sum(amount_fen * pending), 0)"
                " FROM account_lines WHERE account = ?",
                (account,),
            ).fetchone()
        )
        return int(row[0]), int(row[1])

    async def agree(self, account: str) -> tuple[int, int]:
        """Sync, and return what both sides then say: balance and pending."""
        await self.sync()
        ours = find_account(self.store.connection, account)
        assert ours.unconfirmed_fen == 0
        assert (ours.balance_fen, ours.pending_fen) == await self.theirs(account)
        return ours.balance_fen, ours.pending_fen

    def place(self, pieces: int = 1, resident: str | None = RESIDENT) -> PlacedOrder:
        goods = find_product(self.store.connection, "s1")
        return self.store.run_now(
            lambda unit: place_order(unit, basket_of((goods, pieces)), resident=resident, kiosk="k1")
        )

    async def part(self, kind: str, amount_fen: int) -> Tender:
        account = self.points if kind == "points" else self.wallet
        lease = await self.desk.cover(account, amount_fen)
        return Tender(kind=kind, account=account, lease=lease.id, amount_fen=amount_fen)


@pytest.fixture
async def sides(tmp_path: Path, clock: FakeClock) -> AsyncIterator[Sides]:
    async with open_world(tmp_path, clock) as world:
        made = Sides(world)
        await made.open()
        yield made


async def test_spends_are_counted_once_and_the_lease_renews_itself(sides: Sides) -> None:
    lease = live_lease(sides.store.connection, sides.points)
    assert lease is not None
    assert (lease.granted_fen, lease.left_fen) == (400, 400)
    pay(sides.store, sides.place(), await sides.part("points", 150), await sides.part("wallet", 400))
    assert find_account(sides.store.connection, sides.points).balance_fen == 350
    assert await sides.agree(sides.points) == (350, 8)  # 1 % of the 8.50 that points did not pay
    assert await sides.agree(sides.wallet) == (2600, 0)
    lease = live_lease(sides.store.connection, sides.points)
    assert lease is not None
    assert (lease.granted_fen, lease.spent_fen, lease.left_fen) == (500, 150, 350)


async def test_more_than_the_lease_is_raised_online_and_more_than_the_balance_refused(sides: Sides) -> None:
    pay(sides.store, sides.place(3), await sides.part("wallet", 2900))
    assert await sides.agree(sides.wallet) == (100, 0)
    with pytest.raises(BalanceExceeded):
        await sides.part("wallet", 101)
    await sides.part("wallet", 100)


async def test_goods_that_come_back_put_everything_back(sides: Sides) -> None:
    order = sides.place(2)
    pay(sides.store, order, await sides.part("points", 500), await sides.part("wallet", 1000))
    assert await sides.agree(sides.points) == (0, 15)
    for balance, pending in ((0, 7), (500, 0)):  # 8 of the 15 go back, then 7
        sides.store.run_now(
            lambda unit: return_goods(
                unit, order.order_id, {"s1": 1}, staff="staff-1", reason="quality", resalable=True
            )
        )
        assert await sides.agree(sides.points) == (balance, pending)
    assert await sides.agree(sides.wallet) == (3000, 0)
    assert verify_books(sides.store.connection).differences == ()


async def test_a_claim_and_a_top_up_arrive(sides: Sides) -> None:
    order = sides.place(resident=None)
    pay(sides.store, order)
    await sides.sync()
    number = find_order(sides.store.connection, order.order_id).receipt
    assert number is not None
    code = find_receipt(sides.store.connection, number).code
    sides.store.run_now(lambda unit: claim_points(unit, code, resident=RESIDENT))
    assert await sides.agree(sides.points) == (500, 10)
    placed = sides.store.run_now(
        lambda unit: place_top_up(unit, sides.wallet, 2000, resident=RESIDENT, kiosk="k1")
    )
    attempt = sides.store.run_now(
        lambda unit: create_attempt(unit, placed.order_id, "shop", 2000, "wechat", purpose="top_up")
    )
    end(sides.store, attempt)
    assert find_account(sides.store.connection, sides.wallet).balance_fen == 5000
    assert await sides.agree(sides.wallet) == (5000, 0)


async def test_a_recalled_lease_comes_back_after_its_hold_and_a_new_one_is_granted(sides: Sides) -> None:
    part = await sides.part("points", 100)
    attempt = begin(sides.store, sides.place(), part)
    await sides.world.platform.database.write(lambda c: recall(c, part.lease))
    await sides.sync()
    assert live_lease(sides.store.connection, sides.points) is None
    end(sides.store, attempt)
    assert await sides.agree(sides.points) == (400, 9)
    old = find_lease(sides.store.connection, part.lease)
    assert old is not None
    assert (old.returned, old.closed, old.spent_fen) == (True, True, 100)
    fresh = live_lease(sides.store.connection, sides.points)
    assert fresh is not None
    assert (fresh.id, fresh.granted_fen) == (part.lease.replace("#1", "#2"), 400)
