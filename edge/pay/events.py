"""Journal events of the payment room."""

from typing import ClassVar

import msgspec

from edge.store.events import Event


class Tender(msgspec.Struct, frozen=True, kw_only=True):
    """What one account paid: `kind` is points, wallet or prepaid_fee; accounts and leases are opaque ids."""

    kind: str
    account: str
    lease: str
    amount_fen: int


class PaymentRequested(Event, frozen=True, kw_only=True):
    """An attempt exists on disk; the request leaves after this."""

    TYPE: ClassVar[str] = "PaymentRequested"
    attempt_id: str
    order_id: str
    purpose: str
    payee: str
    amount_fen: int
    channel: str


class PaymentUnknown(Event, frozen=True, kw_only=True):
    """The outcome of an attempt is not known; its order is parked."""

    TYPE: ClassVar[str] = "PaymentUnknown"
    attempt_id: str
    order_id: str
    reason: str


class PaymentPaid(Event, frozen=True, kw_only=True):
    """The channel has the money; `late` means that the attempt had been given up before."""

    TYPE: ClassVar[str] = "PaymentPaid"
    attempt_id: str
    order_id: str
    payee: str
    amount_fen: int
    channel: str
    channel_id: str
    late: bool


class PaymentFailed(Event, frozen=True, kw_only=True):
    """The attempt ended without money; `reason` is a stable code."""

    TYPE: ClassVar[str] = "PaymentFailed"
    attempt_id: str
    order_id: str
    reason: str


class PaymentReversed(Event, frozen=True, kw_only=True):
    """The channel confirmed that the attempt was reversed."""

    TYPE: ClassVar[str] = "PaymentReversed"
    attempt_id: str
    order_id: str


class RefundRequested(Event, frozen=True, kw_only=True):
    """Captured money has no order to settle and goes back to the payer."""

    TYPE: ClassVar[str] = "RefundRequested"
    refund_id: str
    attempt_id: str
    order_id: str
    payee: str
    amount_fen: int
    reason: str


class LeaseReturned(Event, frozen=True, kw_only=True):
    """A lease is given back: `spent_fen` is all that was ever spent of it, and nothing more will be."""

    TYPE: ClassVar[str] = "LeaseReturned"
    lease: str
    account: str
    spent_fen: int


class PointsClaimed(Event, frozen=True, kw_only=True):
    """The points of a sale without a known buyer were claimed by its receipt, into an account.

    `points` is what the sale earned less what went back with returned goods; `person` is a commitment.
    """

    TYPE: ClassVar[str] = "PointsClaimed"
    claim_id: str
    order_id: str
    payee: str
    account: str
    person: str
    points: int
    contract_version: int
    business_date: str


class TopUpPlaced(Event, frozen=True, kw_only=True):
    """Money is to be added to an account; it waits for its payment."""

    TYPE: ClassVar[str] = "TopUpPlaced"
    order_id: str
    kiosk: str
    payee: str
    kind: str
    account: str
    amount_fen: int


class TopUpSettled(Event, frozen=True, kw_only=True):
    """Money was added to a wallet or a prepaid fee of the payee; `person` is a commitment."""

    TYPE: ClassVar[str] = "TopUpSettled"
    order_id: str
    attempt_id: str
    kiosk: str
    person: str
    payee: str
    kind: str
    account: str
    amount_fen: int
    contract_version: int
    business_date: str
    receipt: int


EVENTS: tuple[type[Event], ...] = (
    PaymentRequested,
    PaymentUnknown,
    PaymentPaid,
    PaymentFailed,
    PaymentReversed,
    RefundRequested,
    LeaseReturned,
    PointsClaimed,
    TopUpPlaced,
    TopUpSettled,
)
