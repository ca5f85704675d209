"""Printed bills, part payments, receipts once more and invoices as the screens see them."""

import sqlite3

from edge.homes.allocation import allocate
from edge.homes.bill_codes import find_printed_bill
from edge.homes.bills import find_bill
from edge.homes.fees import paid_order_of_bill
from edge.pay.contract import current_terms
from edge.pay.invoices import ask_invoice
from edge.pay.payees import find_payee
from edge.pay.receipts import reprint_receipt
from edge.settlement.receipt_search import find_receipt_of_order
from edge.store.store import Store
from edge.store.unit import Unit
from edge.trust.clock import Clock
from kiosk.desks.receipt_view import receipt_of
from kiosk.desks.views import InvoiceState, PrintedBill, Receipt, Resident, ShareOfBill
from kiosk.words import Text

ACTOR = "kiosk"


class RoomFeeDesk:
    """`kiosk.desks.ports.FeeDesk` over homes and the payment room."""

    def __init__(self, *, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def printed_bill(self, code: str) -> PrintedBill:
        """The bill whose printed code was shown. Raises BillCodeUnknown."""
        now = self._clock.now()

        def look(connection: sqlite3.Connection) -> PrintedBill:
            bill = find_printed_bill(connection, code, now)
            payee = find_payee(connection, bill.payee)
            return PrintedBill(
                code=code,
                bill_id=bill.bill_id,
                name=bill.name_masked,
                item=bill.item,
                period=bill.period,
                payee_name=Text(payee.name_zh, payee.name_en),
                for_others=bill.collected_for_others,
                to_pay_fen=bill.to_pay_fen,
                penalty_fen=bill.penalty_fen,
                part_allowed=bill.part_allowed,
            )

        return await self._store.read(look)

    async def shares(self, bills: tuple[str, ...], part_fen: int) -> tuple[ShareOfBill, ...]:
        """How a sum is spread. Raises SumNotPositive, SumTooLarge, PartNotAllowed, BillUnknown."""
        now = self._clock.now()

        def look(connection: sqlite3.Connection) -> tuple[ShareOfBill, ...]:
            found = {bill: find_bill(connection, bill, now) for bill in bills}
            order = current_terms(connection).allocation
            return tuple(
                ShareOfBill(
                    bill_id=share.bill_id,
                    item=found[share.bill_id].item,
                    period=found[share.bill_id].period,
                    principal_fen=share.principal_fen,
                    penalty_fen=share.penalty_fen,
                    left_fen=found[share.bill_id].to_pay_fen - share.principal_fen - share.penalty_fen,
                )
                for share in allocate([bill.owed for bill in found.values()], part_fen, order)
            )

        return await self._store.read(look)

    async def receipt_again(self, bill: str, resident: Resident) -> Receipt:
        """One more copy of the newest receipt of a bill. Raises BillUnknown, ReceiptUnknown."""

        def copy(unit: Unit) -> Receipt:
            order_id = paid_order_of_bill(unit.connection, bill, room=resident.room)
            reprint_receipt(unit, find_receipt_of_order(unit.connection, order_id).number, actor=ACTOR)
            return receipt_of(unit.connection, order_id)

        return await self._store.run(copy)

    async def ask_invoice(self, order_id: str) -> InvoiceState:
        """Ask for an invoice. Raises ReceiptUnknown."""

        def ask(unit: Unit) -> InvoiceState:
            number = find_receipt_of_order(unit.connection, order_id).number
            return ask_invoice(unit, number, actor=ACTOR).state

        return await self._store.run(ask)
