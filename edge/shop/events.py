"""Journal events of the shop."""

from typing import ClassVar

import msgspec

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
    is a commitment to the buyer (`edge.store.personal`), None when nobody showed a code.
    """

    TYPE: ClassVar[str] = "SaleSettled"
    VERSION: ClassVar[int] = 2
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


class StockReceived(Event, frozen=True, kw_only=True):
    """A delivery was counted in against its note."""

    TYPE: ClassVar[str] = "StockReceived"
    delivery_id: str
    lines: tuple[ReceivedLine, ...]


EVENTS: tuple[type[Event], ...] = (OrderPlaced, OrderCancelled, SaleSettled, StockReceived)
