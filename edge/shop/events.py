"""Journal events of the shop."""

from typing import ClassVar

import msgspec

from edge.pay.events import Tender
from edge.store.events import Event


class SoldLine(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a sale; `net_fen` is its sum after its part of the saving."""

    sku: str
    quantity: int
    price_fen: int
    net_fen: int


class ReceivedLine(msgspec.Struct, frozen=True, kw_only=True):
    """One counted line of a delivery; `expected` is what the note says."""

    sku: str
    lot: str
    expires_on: str | None
    quantity: int
    expected: int


class OrderPlaced(Event, frozen=True, kw_only=True):
    """An order waits for its money; its pieces are reserved."""

    TYPE: ClassVar[str] = "OrderPlaced"
    order_id: str
    kiosk: str
    payee: str
    total_fen: int


class OrderCancelled(Event, frozen=True, kw_only=True):
    """An order without payment was given up; its pieces are free again."""

    TYPE: ClassVar[str] = "OrderCancelled"
    order_id: str


class SaleSettled(Event, frozen=True, kw_only=True):
    """An order is paid: stock moved, ledger posted, receipt issued.

    `points` are fen-worth points earned, pending; `contract_version` is that of every figure here. `person`
    is a commitment to the buyer (`edge.store.personal`), None when nobody showed a code. `tenders` is what
    accounts paid, none when the channel paid all. `points_account` is empty when nobody was identified: then
    the points may be claimed with the receipt, whose token has `claim_hash`.
    """

    TYPE: ClassVar[str] = "SaleSettled"
    VERSION: ClassVar[int] = 3
    order_id: str
    attempt_id: str
    kiosk: str
    person: str | None
    payee: str
    lines: tuple[SoldLine, ...]
    gross_fen: int
    saving_fen: int
    total_fen: int
    points: int
    promotion_id: str | None
    contract_version: int
    business_date: str
    receipt: int
    tenders: tuple[Tender, ...]
    points_account: str
    claim_hash: str


class ReturnedLine(msgspec.Struct, frozen=True, kw_only=True):
    """Pieces of one product that came back; `restocked` of them can be sold again."""

    sku: str
    quantity: int
    net_fen: int
    restocked: int


class GoodsReturned(Event, frozen=True, kw_only=True):
    """Goods came back: stock, ledger, points and refund in one unit.

    `total_fen` is what they had cost after their part of a saving; `refund_fen` goes back, which is less by
    `shortfall_fen` where points that they had earned are spent already. `points` is what they had earned,
    `points_back` what of it is taken from an account; `points_account` is empty when only the platform knows
    who claimed them. `staff` decided, for the `reason` (a code).
    """

    TYPE: ClassVar[str] = "GoodsReturned"
    return_id: str
    order_id: str
    refund_id: str
    payee: str
    person: str | None
    lines: tuple[ReturnedLine, ...]
    gross_fen: int
    saving_fen: int
    total_fen: int
    shortfall_fen: int
    refund_fen: int
    points: int
    points_back: int
    points_account: str
    staff: str
    reason: str
    contract_version: int
    business_date: str


class StockReceived(Event, frozen=True, kw_only=True):
    """A delivery was counted in against its note."""

    TYPE: ClassVar[str] = "StockReceived"
    delivery_id: str
    lines: tuple[ReceivedLine, ...]


EVENTS: tuple[type[Event], ...] = (OrderPlaced, OrderCancelled, SaleSettled, GoodsReturned, StockReceived)
