"""Ports of the screens: what a session asks of the rooms. Every method may raise a Refusal, which the
screen explains in its own words; `PlatformUnreachable` means the network is away, `DeviceError` a part."""

from collections.abc import Mapping
from typing import Literal, Protocol

from kiosk.desks.money_views import (
    AccountKind,
    Book,
    Channel,
    Charge,
    Claimed,
    Double,
    Part,
    Payable,
)
from kiosk.desks.views import (
    Account,
    Basket,
    Conditions,
    Entry,
    InvoiceState,
    Notice,
    PrintedBill,
    Product,
    Receipt,
    Resident,
    ShareOfBill,
    Shelf,
)
from kiosk.words import Text

CodeKind = Literal["resident", "order", "visitor", "staff", "deposit"]


class ShopDesk(Protocol):
    """Goods and their prices."""

    async def find(self, code: str) -> Product:
        """The product with this barcode; refuses unknown ones and expired lots."""

    async def categories(self) -> tuple[tuple[str, Text], ...]:
        """Category ids and names in shelf order."""

    async def shelf(self, category: str, page: int, size: int) -> Shelf:
        """One page of a category."""

    async def search(self, typed: str, page: int, size: int) -> Shelf:
        """Products whose name, pinyin or initials match what was typed."""

    async def price(self, quantities: Mapping[str, int]) -> Basket:
        """The basket of sku → pieces, priced with promotions and points."""


class TillDesk(Protocol):
    """Payments. `ask` never charges: it asks what became of an attempt."""

    async def place_sale(
        self, quantities: Mapping[str, int], resident: Resident | None, seen_total_fen: int
    ) -> Payable:
        """Place the order at the sum that was shown; nothing is asked of a channel yet."""

    async def place_bills(
        self,
        bills: tuple[str, ...],
        resident: Resident,
        seen_total_fen: int,
        part_fen: int | None = None,
    ) -> Payable:
        """Place one payment over bills of one payee, of a part of them when `part_fen` is given.

        The platform is asked first whether one of them was paid in the app meanwhile.
        """

    async def place_printed_bill(
        self, code: str, resident: Resident | None, seen_total_fen: int, part_fen: int | None = None
    ) -> Payable:
        """Place the payment of the bill whose printed code was shown, asked about in the same way."""

    async def collect(self, order: Payable, parts: tuple[Part, ...], channel: Channel) -> Charge:
        """Hold the parts and ask for a collection QR for the rest. Raises PlatformUnreachable."""

    async def take_code(self, order: Payable, parts: tuple[Part, ...], code: str) -> Charge:
        """Hold the parts and charge the payer's code with the rest.

        The code is a bearer secret: it goes to the platform and nowhere else. An outcome that is not known
        is an answer, not an error.
        """

    async def pay_from_accounts(self, order: Payable, parts: tuple[Part, ...]) -> None:
        """Settle an order that the parts pay in full; needs no network within the leases."""

    def code_channel(self, text: str) -> str:
        """Whose payment code this text is: wechat, alipay, other (not taken here), or empty: none."""

    async def ask(self, attempt_id: str, *, at_once: bool = False) -> Charge:
        """What is known of the attempt now; the platform is asked at the channel's pace, or at once.

        Raises PlatformUnreachable when the last question had no answer.
        """

    async def give_up(self, attempt_id: str) -> Charge:
        """Close or take back the attempt; a payment that came in meanwhile wins."""

    async def park(self, attempt_id: str) -> None:
        """The payer goes on with a slip: the attempt is followed without anybody here."""

    async def drop(self, order: Payable) -> None:
        """Give up an order that nobody has paid and that has no open attempt."""

    async def receipt(self, order_id: str) -> Receipt:
        """The receipt of a paid order."""


class FeeDesk(Protocol):
    """Bills beyond one's own list: printed ones, parts of them, receipts once more, invoices."""

    async def printed_bill(self, code: str) -> PrintedBill:
        """What the holder of a printed bill may see of it."""

    async def shares(self, bills: tuple[str, ...], part_fen: int) -> tuple[ShareOfBill, ...]:
        """How a sum would be spread over bills, oldest first; refuses what cannot be paid so."""

    async def receipt_again(self, bill: str, resident: Resident) -> Receipt:
        """The receipt of a bill of the resident's room that was paid here: one more copy, counted."""

    async def ask_invoice(self, order_id: str) -> InvoiceState:
        """Ask the platform for the invoice of a paid order; once, however often it is asked."""


class AccountDesk(Protocol):
    """Points, wallets and prepaid fees of the identified resident."""

    async def books(self, resident: Resident, kind: AccountKind) -> tuple[Book, ...]:
        """Accounts of that kind, by issuer."""

    async def claim_points(self, resident: Resident, receipt: str) -> Claimed:
        """Credit the points of a receipt whose code was shown."""

    async def place_top_up(self, resident: Resident, account: str, amount_fen: int) -> Payable:
        """Place a top-up 充值 of an account, to be paid at a channel."""

    async def doubles(self, resident: Resident) -> tuple[Double, ...]:
        """Bills paid twice about which the resident has still to choose."""

    async def choose(self, resident: Resident, double: str, choice: Literal["refund", "credit"]) -> None:
        """Send the money back, or keep it as prepaid fee."""


class HomeDesk(Protocol):
    """Residents, their rooms and bills, notices and the directory."""

    async def kind_of(self, code: str) -> CodeKind:
        """What sort of code of this community it is; refuses forged, expired and foreign ones."""

    async def identify(self, code: str) -> Resident:
        """The resident whose fresh code this is."""

    async def identify_by_card(self, number: str) -> Resident:
        """The resident whose card or fob was held to the reader."""

    async def identify_by_pin(self, room: str, pin: str) -> Resident:
        """The resident behind a room and PIN, with lock-out."""

    async def account(self, room: str) -> Account:
        """The bills of a room."""

    async def notices(self) -> tuple[Notice, ...]:
        """Notices of today, newest first."""

    async def directory(self) -> tuple[Entry, ...]:
        """The service directory."""


class HealthDesk(Protocol):
    """What is away at present."""

    def conditions(self) -> Conditions:
        """Parts that are away, the gravest first."""
