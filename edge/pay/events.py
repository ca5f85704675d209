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
    """An attempt exists on disk; the request leaves after this.

    `amount_fen` is asked of the channel by `method`, `held_fen` is held on accounts: `tenders` says on which,
    so that a successor holds it, too (nothing in entries of earlier versions).
    """

    TYPE: ClassVar[str] = "PaymentRequested"
    VERSION: ClassVar[int] = 3
    attempt_id: str
    order_id: str
    purpose: str
    payee: str
    amount_fen: int
    held_fen: int
    channel: str
    method: str
    tenders: tuple[Tender, ...] = ()


class PaymentUnknown(Event, frozen=True, kw_only=True):
    """The outcome of an attempt is not known; its order is parked."""

    TYPE: ClassVar[str] = "PaymentUnknown"
    attempt_id: str
    order_id: str
    reason: str


class PaymentPaid(Event, frozen=True, kw_only=True):
    """The channel has the money; `late` means that the attempt had been given up before.

    `amount_fen` is what the channel took, at `paid_at_ms` by its own time (0: it did not say); `held_fen` is
    what accounts paid beside it, nothing when late.
    """

    TYPE: ClassVar[str] = "PaymentPaid"
    VERSION: ClassVar[int] = 2
    attempt_id: str
    order_id: str
    payee: str
    amount_fen: int
    held_fen: int
    channel: str
    method: str
    channel_id: str
    paid_at_ms: int
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


class PaymentReleased(Event, frozen=True, kw_only=True):
    """A supervisor gave the goods of an open payment out; `amount_fen` is owed until the channel paid."""

    TYPE: ClassVar[str] = "PaymentReleased"
    attempt_id: str
    order_id: str
    payee: str
    amount_fen: int
    supervisor: str
    reason: str


class PartAsked(msgspec.Struct, frozen=True, kw_only=True):
    """A part of a refund: `kind` is "channel" or an account's; `part_id` is the same in every retry."""

    part_id: str
    kind: str
    account: str
    lease: str
    amount_fen: int


class RefundRequested(Event, frozen=True, kw_only=True):
    """Captured money goes back to the payer, whole or in part, by the tenders that paid it, last one first.

    Parts of accounts are done with this event; a part of the channel ends with RefundPaid or RefundFailed.
    """

    TYPE: ClassVar[str] = "RefundRequested"
    VERSION: ClassVar[int] = 2
    refund_id: str
    attempt_id: str
    order_id: str
    payee: str
    amount_fen: int
    reason: str
    parts: tuple[PartAsked, ...]


class RefundPaid(Event, frozen=True, kw_only=True):
    """The channel gave a part of a refund back, at `refunded_at_ms` by its own time (0: it did not say)."""

    TYPE: ClassVar[str] = "RefundPaid"
    part_id: str
    refund_id: str
    attempt_id: str
    order_id: str
    payee: str
    amount_fen: int
    channel: str
    channel_id: str
    refunded_at_ms: int


class RefundFailed(Event, frozen=True, kw_only=True):
    """The channel refused a part of a refund for good; a person has to see to it."""

    TYPE: ClassVar[str] = "RefundFailed"
    part_id: str
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


class ReceiptReprinted(Event, frozen=True, kw_only=True):
    """A copy of a receipt was printed, marked 补打; `count` is how many there are now."""

    TYPE: ClassVar[str] = "ReceiptReprinted"
    receipt: int
    order_id: str
    count: int


class InvoiceAsked(Event, frozen=True, kw_only=True):
    """Somebody who holds the receipt asked for its invoice 发票; the platform issues it."""

    TYPE: ClassVar[str] = "InvoiceAsked"
    receipt: int
    order_id: str
    payee: str
    total_fen: int


EVENTS: tuple[type[Event], ...] = (
    PaymentRequested,
    PaymentUnknown,
    PaymentPaid,
    PaymentFailed,
    PaymentReversed,
    PaymentReleased,
    RefundRequested,
    RefundPaid,
    RefundFailed,
    LeaseReturned,
    PointsClaimed,
    TopUpPlaced,
    TopUpSettled,
    ReceiptReprinted,
    InvoiceAsked,
)
