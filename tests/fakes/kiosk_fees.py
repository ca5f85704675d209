"""Bills beyond one's own list, on paper: printed ones, part payments, receipts again, invoices."""

from dataclasses import dataclass, field

from edge.homes.allocation import Owed, allocate
from edge.homes.errors import BillCodeUnknown
from edge.pay.errors import ReceiptUnknown
from kiosk.desks.views import Account, InvoiceState, PrintedBill, Receipt, ReceiptLine, Resident, ShareOfBill
from kiosk.words import Text
from tests.fakes.kiosk_desks import DAY_MS, PROPERTY, START_MS, a_year_of_bills

BILL_CODE = "CE-B:n7.m3xJ0w9fQe2VbU8sT1yKzA"
PRINTED = PrintedBill(
    BILL_CODE,
    "n7",
    "张*",
    "property_fee",
    "2026-11",
    PROPERTY,
    False,
    19_840,
    penalty_fen=0,
    part_allowed=True,
)


@dataclass
class PaperFees:
    """One printed bill; every bill of the account may be asked about."""

    account: Account = field(default_factory=a_year_of_bills)
    printed: PrintedBill = PRINTED
    copies: int = 0
    asked: set[str] = field(default_factory=set)

    async def printed_bill(self, code: str) -> PrintedBill:
        """See the port."""
        if code != self.printed.code:
            raise BillCodeUnknown
        return self.printed

    async def shares(self, bills: tuple[str, ...], part_fen: int) -> tuple[ShareOfBill, ...]:
        """See the port."""
        known = {bill.id: bill for bill in self.account.open}
        owed = [
            Owed(bill.id, bill.due_on, bill.open_fen, bill.penalty_fen, bill.part_allowed)
            for bill in known.values()
            if bill.id in bills
        ]
        if self.printed.bill_id in bills:
            owed.append(Owed(self.printed.bill_id, "2026-11-30", self.printed.to_pay_fen, 0, True))
        left = {bill.bill_id: bill.total_fen for bill in owed}
        names = {bill.id: (bill.item, bill.period) for bill in known.values()}
        names[self.printed.bill_id] = (self.printed.item, self.printed.period)
        return tuple(
            ShareOfBill(
                share.bill_id,
                *names[share.bill_id],
                share.principal_fen,
                share.penalty_fen,
                left[share.bill_id] - share.principal_fen - share.penalty_fen,
            )
            for share in allocate(owed, part_fen, "penalty_first")
        )

    async def receipt_again(self, bill: str, resident: Resident) -> Receipt:
        """See the port."""
        del resident
        if not bill.startswith("p"):
            raise ReceiptUnknown
        self.copies += 1
        return Receipt(
            order_id="k1-1-31",
            payee=PROPERTY,
            lines=(ReceiptLine(Text("物业费 2026-10", "Property fee 2026-10"), None, 26_880),),
            total_fen=26_880,
            points=0,
            paid_at_ms=START_MS - DAY_MS,
            claim="CE-R:k1-1-31.paper",
            number=31,
            reprint=self.copies,
        )

    async def ask_invoice(self, order_id: str) -> InvoiceState:
        """See the port."""
        self.asked.add(order_id)
        return "asked"
