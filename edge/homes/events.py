"""Journal events of the homes room. Bills and persons are opaque ids; rooms are not named."""

from typing import ClassVar

from edge.store.events import Event


class FeePlaced(Event, frozen=True, kw_only=True):
    """Bills were chosen for one payment; `total_fen` is principal and penalties together."""

    TYPE: ClassVar[str] = "FeePlaced"
    order_id: str
    kiosk: str
    payee: str
    bill_ids: tuple[str, ...]
    total_fen: int


class BillPaid(Event, frozen=True, kw_only=True):
    """A bill was paid: `amount_fen` of its principal, `penalty_fen` beside it.

    `person` is a commitment to the payer (`edge.store.personal`), None when nobody showed a code.
    """

    TYPE: ClassVar[str] = "BillPaid"
    VERSION: ClassVar[int] = 2
    bill_id: str
    order_id: str
    attempt_id: str
    person: str | None
    payee: str
    amount_fen: int
    penalty_fen: int
    contract_version: int
    business_date: str
    receipt: int


EVENTS: tuple[type[Event], ...] = (FeePlaced, BillPaid)
"""Events of this room, for the table in `edge.app`."""
