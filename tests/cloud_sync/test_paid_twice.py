"""A bill paid at the kiosk and in the app: found online before money is taken, offline at sync; both choices.

The device's rooms and the platform's own code, in line; what goes between them is custody and feed.
"""

from typing import Any

import msgspec
import pytest

from cloud_sync.platform import bills, feed, invoices, overpayments
from cloud_sync.platform.applying import APPLIERS
from cloud_sync.platform.balances import open_account
from cloud_sync.platform.store.sqlite import open_memory
from cloud_sync.platform.stored import StoredEvent
from cloud_sync.wire.feed import AppliedThrough
from edge.books.ledger import balances, verify
from edge.errors import PlatformUnreachable
from edge.homes import overpayments as room
from edge.homes.bills import find_bill
from edge.homes.errors import BillAlreadyPaid, CreditNotAllowed, OverpaymentUnknown
from edge.homes.fees import place_fee, settle_bills
from edge.homes.freshness import refresh_bills
from edge.homes.ports import FreshBill
from edge.pay.engine import PaymentEngine
from edge.pay.invoices import ask_invoice
from edge.pay.receipts import find_receipt, reprint_receipt
from edge.pay.refunds import refunds_of
from edge.store.events import cloud_type
from edge.tables import APPLIERS as FEED
from tests.fakes.clock import FakeClock
from tests.fakes.payment_platform import FakePaymentPlatform
from tests.fakes.trade import events_of, open_store

ROOM, PERSON = "r1", "p1"
BILL: dict[str, Any] = {
    "id": "b1",
    "room": ROOM,
    "item": "property_fee",
    "payee": "property",
    "period": "2026-11",
    "due_on": "2026-11-30",
    "amount_fen": 26_880,
}


class Town:
    """One kiosk and the platform; `away`: the platform does not answer about bills."""

    def __init__(self, **bill: Any) -> None:
        self.clock = FakeClock()
        self.store = open_store(self.clock)
        self.platform = open_memory(home="heyuanli")
        self.away = False
        person = {"subject": PERSON, "room": ROOM, "name_masked": "王*"}
        feed.put_record(self.platform, "residents", PERSON, person)
        feed.put_record(self.platform, "bills", "b1", bills.author_bill(self.platform, {**BILL, **bill}))
        self.account = open_account(self.platform, PERSON, "prepaid_fee", "property")
        self.channel = FakePaymentPlatform(now_ms=self.clock.at_ms)
        self.engine = PaymentEngine(self.store, self.channel, settle={"fee": settle_bills}, clock=self.clock)
        self._sent = self._read = 0
        self.downlink()

    async def look(self, bill_id: str) -> FreshBill:
        """The device's port to the platform."""
        if self.away:
            raise PlatformUnreachable("away")
        change = bills.read_bill(self.platform, bill_id)
        return FreshBill(id=bill_id, version=change.version, data=change.data)

    async def pay(self) -> str:
        """Pay the bill at the kiosk by QR."""
        await refresh_bills(self.store, self, ("b1",))
        order = self.store.run_now(
            lambda unit: place_fee(unit, ("b1",), room=ROOM, resident=PERSON, kiosk="k1")
        )
        attempt = await self.engine.start(order.order_id, "property", order.total_fen, purpose="fee")
        self.channel.set_state(attempt.id, "paid")
        assert (await self.engine.settle(attempt.id)).state == "paid"
        return order.order_id

    def uplink(self) -> None:
        """Everything recorded here is applied there."""
        rows = self.store.connection.execute(
            "SELECT seq, type, version, body FROM journal WHERE seq > ? ORDER BY seq", (self._sent,)
        ).fetchall()
        for seq, kind, version, body in rows:
            self._sent = seq
            name = cloud_type(kind, version)
            if name in APPLIERS:
                at = AppliedThrough("k1", 1, seq)
                APPLIERS[name](self.platform, StoredEvent(at, name, self.clock.at_ms, bytes(body)))

    def downlink(self) -> None:
        """Everything the platform authored is applied here."""
        for change in feed.read_page(self.platform, self._read, 500).changes:
            self._read = change.cursor
            data = change.data
            if data is not None and change.applied_through is not None:
                data = {**data, "applied_through": msgspec.to_builtins(change.applied_through)}
            apply = FEED[change.collection]
            self.store.run_now(lambda unit, a=apply, c=change, d=data: a(unit, c.id, c.version, d))  # type: ignore[misc]

    def sync(self) -> None:
        """Up and down."""
        self.uplink()
        self.downlink()

    def pay_in_app(self) -> None:
        """The same bill, on the phone."""
        bills.pay_bill_in_app(self.platform, PERSON, "b1", now_ms=self.clock.at_ms)

    def prepaid_fen(self) -> int:
        """What the platform says of the prepaid fee."""
        row = self.platform.execute("SELECT balance_fen FROM accounts WHERE id=?", (self.account,)).fetchone()
        return int(row["balance_fen"])


async def test_online_a_bill_paid_in_the_app_is_found_before_money_is_taken() -> None:
    town = Town()
    town.pay_in_app()
    with pytest.raises(BillAlreadyPaid):
        await town.pay()
    assert find_bill(town.store.connection, "b1", town.clock.now()).to_pay_fen == 0
    assert events_of(town.store, "FeePlaced") == []


async def _twice(**bill: Any) -> tuple[Town, str]:
    town = Town(**bill)
    town.away = True
    town.pay_in_app()
    order = await town.pay()
    town.sync()
    return town, order


async def test_offline_the_second_payment_is_found_at_sync_and_waits_for_a_choice() -> None:
    town, order = await _twice()
    (waiting,) = room.open_overpayments(town.store.connection, ROOM)
    assert (waiting.order, waiting.amount_fen, waiting.account) == (order, 26_880, town.account)
    assert [event["amount_fen"] for event in events_of(town.store, "BillPaidTwice")] == [26_880]
    assert refunds_of(town.store.connection, order) == ()


async def test_refund_chosen_at_the_kiosk_goes_back_the_way_it_was_paid_once() -> None:
    town, order = await _twice()
    choose = f"{order}:b1"
    town.store.run_now(lambda unit: room.choose(unit, choose, "refund", room=ROOM, by="kiosk"))
    with pytest.raises(OverpaymentUnknown):
        town.store.run_now(lambda unit: room.choose(unit, choose, "credit", room=ROOM, by="kiosk"))
    (refund,) = refunds_of(town.store.connection, order)
    assert (refund.amount_fen, [part.kind for part in refund.parts]) == (26_880, ["channel"])
    town.sync()
    assert feed.get_record(town.platform, "overpayments", choose)["done"]  # type: ignore[index]
    assert verify(town.store.connection) == []
    assert balances(town.store.connection)["liability:refunds:property"] == -26_880
    assert town.prepaid_fen() == 0


async def test_credit_chosen_on_the_phone_becomes_a_prepayment_once() -> None:
    town, order = await _twice()
    overpayments.choose(town.platform, PERSON, f"{order}:b1", "credit")
    town.downlink()
    town.sync()
    town.sync()
    assert [event["by"] for event in events_of(town.store, "BillCredited")] == ["phone"]
    assert town.prepaid_fen() == 26_880
    assert refunds_of(town.store.connection, order) == ()
    assert balances(town.store.connection)["liability:prepaid:property"] == -26_880
    assert verify(town.store.connection) == []


async def test_what_was_collected_for_others_goes_back_without_asking() -> None:
    town, order = await _twice(collected_for_others=True, item="water", payee="property")
    assert [event["by"] for event in events_of(town.store, "BillRefunded")] == ["rule"]
    assert len(refunds_of(town.store.connection, order)) == 1
    with pytest.raises((OverpaymentUnknown, CreditNotAllowed)):
        town.store.run_now(lambda unit: room.choose(unit, f"{order}:b1", "credit", room=ROOM, by="kiosk"))


async def test_another_room_cannot_choose() -> None:
    town, order = await _twice()
    with pytest.raises(OverpaymentUnknown):
        town.store.run_now(lambda unit: room.choose(unit, f"{order}:b1", "refund", room="r2", by="kiosk"))


async def test_an_invoice_is_asked_for_issued_and_turned_red_by_a_refund() -> None:
    town, order = await _twice()
    asked = town.store.run_now(lambda unit: ask_invoice(unit, 1, actor="kiosk"))
    assert town.store.run_now(lambda unit: ask_invoice(unit, 1, actor="kiosk")) == asked
    town.sync()
    assert len(events_of(town.store, "InvoiceAsked")) == 1
    invoices.issue(town.platform, order)
    town.downlink()
    assert town.store.run_now(lambda unit: ask_invoice(unit, 1, actor="kiosk")).state == "issued"
    town.store.run_now(lambda unit: room.choose(unit, f"{order}:b1", "refund", room=ROOM, by="kiosk"))
    town.sync()
    assert town.store.run_now(lambda unit: ask_invoice(unit, 1, actor="kiosk")).state == "red"


async def test_an_invoice_is_asked_for_on_the_phone_by_the_receipts_code_alone() -> None:
    town, order = await _twice()
    code = find_receipt(town.store.connection, 1).code
    assert invoices.ask_by_code(town.platform, PERSON, code)["state"] == "asked"
    with pytest.raises(invoices.ReceiptCodeUnknown):
        invoices.ask_by_code(town.platform, PERSON, f"CE-R:{order}.guessed")


async def test_copies_of_a_receipt_are_counted_and_journalled() -> None:
    town, _ = await _twice()
    copies = [
        town.store.run_now(lambda unit: reprint_receipt(unit, 1, actor="kiosk")).reprints for _ in range(2)
    ]
    assert copies == [1, 2]
    assert [event["count"] for event in events_of(town.store, "ReceiptReprinted")] == [1, 2]
