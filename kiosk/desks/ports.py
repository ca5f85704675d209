"""Ports of the screens: what a session asks of the rooms. Every method may raise a Refusal, which the
screen explains in its own words; `PlatformUnreachable` means the network is away, `DeviceError` a part."""

from collections.abc import Mapping
from typing import Literal, Protocol

from kiosk.desks.views import (
    Account,
    Bank,
    Basket,
    Charge,
    ChargeState,
    Conditions,
    Entry,
    Notice,
    Pickup,
    Product,
    Receipt,
    Resident,
    Shelf,
)
from kiosk.words import Text

CodeKind = Literal["resident", "order", "visitor", "staff"]


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

    async def charge_sale(
        self, quantities: Mapping[str, int], resident: Resident | None, seen_total_fen: int
    ) -> Charge:
        """Place the order at the sum that was shown and ask the platform for a collection QR."""

    async def charge_bills(self, bills: tuple[str, ...], resident: Resident, seen_total_fen: int) -> Charge:
        """Place one payment over bills of one payee and ask for a collection QR."""

    async def ask(self, attempt_id: str) -> ChargeState:
        """What the platform knows of the attempt now."""

    async def give_up(self, attempt_id: str) -> ChargeState:
        """Close the attempt; a payment that came in meanwhile wins."""

    async def receipt(self, order_id: str) -> Receipt:
        """The receipt of a paid order."""


class LockerDesk(Protocol):
    """Pickup from lockers."""

    async def banks(self) -> tuple[Bank, ...]:
        """Every bank as it stands, with the door states last reported."""

    async def begin(self, code: str) -> Pickup:
        """Start, or resume, the pickup session of an order code."""

    async def look(self, session_id: str) -> Pickup:
        """The session as the store knows it now."""

    async def open_next(self, session_id: str) -> None:
        """Authorise and open the next cell."""

    async def retry(self, session_id: str) -> None:
        """Ask anew for the cell that did not open or is not known: only on the person's gesture."""

    async def give_up(self, session_id: str) -> None:
        """Go on without the cell that did not open: only on the person's gesture."""


class HomeDesk(Protocol):
    """Residents, their rooms and bills, notices and the directory."""

    async def kind_of(self, code: str) -> CodeKind:
        """What sort of code of this community it is; refuses forged, expired and foreign ones."""

    async def identify(self, code: str) -> Resident:
        """The resident whose fresh code this is."""

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
