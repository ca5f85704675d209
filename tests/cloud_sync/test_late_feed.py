"""A feed that comes late, over the real protocol: what happened here is shown until the platform has it."""

from typing import Any

import pytest

from cloud_sync.downlink import Downlink
from cloud_sync.platform import feed
from cloud_sync.platform.balances import Cause, open_account
from cloud_sync.platform.leases import credit
from cloud_sync.platform.store.port import Connection
from edge.access.events import OrderCollected
from edge.homes.bills import Bill, find_bill
from edge.homes.fees import place_fee
from edge.pay.accounts import Account, find_account
from edge.pay.attempts import create_attempt
from edge.pay.copies import laid_over
from edge.pay.top_up import place_top_up
from edge.shop.orders import find_cell_order, find_cells, mark_collected
from edge.store.unit import Unit
from edge.tables import APPLIERS
from tests.cloud_sync.conftest import RESIDENT, World
from tests.cloud_sync.test_applying import drain
from tests.cloud_sync.test_downlink import read_all
from tests.fakes.accounts import end
from tests.fakes.trade import put_contract

pytestmark = pytest.mark.one_store

CELLS = [{"bank": "bank-a", "cell": "A03", "parcel": "p1", "items_zh": "酱油", "items_en": "Soy sauce"}]


class Hub:
    """A hub that pays a bill, tops an account up and gives an order out while its uplink is cut."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.store = world.store
        self.account = ""

    async def open(self) -> None:
        """The platform's records, read."""
        put_contract(self.store, version=9, wallet_limit_fen=50_000)
        order = {"id": "o1", "subject": RESIDENT, "state": "in_cells", "cells": CELLS}

        def author(c: Connection) -> str:
            feed.put_record(c, "orders", "o1", order)
            return open_account(c, RESIDENT, "wallet", "shop")

        self.account = await self.world.platform.database.write(author)
        await self.read_feed()

    async def read_feed(self) -> None:
        await read_all(Downlink(store=self.store, http=self.world.http, appliers=APPLIERS))

    def settle(self, order: Any, purpose: str) -> None:
        attempt = self.store.run_now(
            lambda unit: create_attempt(
                unit, order.order_id, order.payee, order.total_fen, "wechat", purpose=purpose
            )
        )
        end(self.store, attempt)

    def work_alone(self) -> None:
        """A bill, a top-up, a pickup."""
        fee = self.store.run_now(
            lambda unit: place_fee(unit, ("b1",), room="r-3-1203", resident=RESIDENT, kiosk="k1")
        )
        self.settle(fee, "fee")
        top_up = self.store.run_now(
            lambda unit: place_top_up(unit, self.account, 5000, resident=RESIDENT, kiosk="k1")
        )
        self.settle(top_up, "top_up")

        def collect(unit: Unit) -> None:
            unit.record(OrderCollected(order_id="o1", session="s-1"), actor="test")
            mark_collected(unit, "o1")

        self.store.run_now(collect)

    async def author_meanwhile(self) -> None:
        """New versions of all three records by somebody who knows nothing of what happened here."""
        now_ms = self.world.clock.at_ms

        def author(c: Connection) -> None:
            for collection, record, change in (("bills", "b1", {"part_allowed": True}), ("orders", "o1", {})):
                known = feed.get_record(c, collection, record)
                assert known is not None
                feed.put_record(c, collection, record, {**known, **change, "keep_until_ms": 0})
            credit(c, self.account, "opening", 700, Cause("by the app", now_ms))

        await self.world.platform.database.write(author)

    @property
    def bill(self) -> Bill:
        return find_bill(self.store.connection, "b1", self.world.clock.now())

    @property
    def wallet(self) -> Account:
        return find_account(self.store.connection, self.account)

    def laid(self) -> list[int]:
        records = (("bills", "b1"), ("accounts", self.account), ("orders", "o1"))
        return [len(laid_over(self.store.connection, *record)) for record in records]


async def test_what_was_done_alone_counts_once_before_and_after_the_platform_knows(world: World) -> None:
    hub = Hub(world)
    await hub.open()
    asked_fen = hub.bill.unpaid_fen
    hub.work_alone()
    await hub.author_meanwhile()
    await hub.read_feed()
    assert hub.bill.part_allowed, "the late version is here"
    assert (hub.bill.unpaid_fen, hub.bill.unconfirmed_fen) == (0, asked_fen)
    assert (hub.wallet.balance_fen, hub.wallet.unconfirmed_fen) == (5700, 5000)
    assert (find_cells(hub.store.connection, "o1"), hub.laid()) == ((), [1, 1, 1])

    await drain(world)
    assert hub.laid() == [1, 1, 1], "custody alone ends nothing here"
    await hub.read_feed()
    assert (hub.bill.unpaid_fen, hub.bill.unconfirmed_fen, hub.bill.paid_fen) == (0, 0, asked_fen)
    assert (hub.wallet.balance_fen, hub.wallet.unconfirmed_fen) == (5700, 0)
    order = find_cell_order(hub.store.connection, "o1")
    assert (order.state, order.unconfirmed, hub.laid()) == ("collected", False, [0, 0, 0])
