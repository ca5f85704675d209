"""Journal events of the homes room. Bills and persons are opaque ids; rooms are not named."""

from typing import ClassVar

from edge.pay.events import Tender
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
    """A bill was paid, or a part of it: `amount_fen` of its principal, `penalty_fen` beside it.

    `person` is a commitment to the payer (`edge.store.personal`), None when nobody showed a code. The penalty
    was counted up to the day `as_of`; `penalty_left_fen` of it is still owed. `tenders` is what accounts paid
    of this bill, `claim_hash` the hash of the receipt's token, the same for all bills of an order.
    """

    TYPE: ClassVar[str] = "BillPaid"
    VERSION: ClassVar[int] = 3
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
    as_of: str
    penalty_left_fen: int
    tenders: tuple[Tender, ...]
    claim_hash: str


class BillPaidTwice(Event, frozen=True, kw_only=True):
    """The platform found that an order of ours paid what its bill no longer asked for: `amount_fen` of it."""

    TYPE: ClassVar[str] = "BillPaidTwice"
    order_id: str
    bill_id: str
    payee: str
    amount_fen: int


class BillRefunded(Event, frozen=True, kw_only=True):
    """The second payment of a bill goes back, by the refund that is named; `by` is who chose."""

    TYPE: ClassVar[str] = "BillRefunded"
    order_id: str
    bill_id: str
    refund_id: str
    amount_fen: int
    by: str


class BillCredited(Event, frozen=True, kw_only=True):
    """The second payment of a bill became a prepayment 预存物业费 on an account; `by` is who chose."""

    TYPE: ClassVar[str] = "BillCredited"
    credit_id: str
    order_id: str
    bill_id: str
    account: str
    payee: str
    amount_fen: int
    by: str


EVENTS: tuple[type[Event], ...] = (FeePlaced, BillPaid, BillPaidTwice, BillRefunded, BillCredited)
"""Events of this room, for the table in `edge.app`."""
