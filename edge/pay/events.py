"""Journal events of the payment room."""

from typing import ClassVar

from edge.store.events import Event


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


EVENTS: tuple[type[Event], ...] = (
    PaymentRequested,
    PaymentUnknown,
    PaymentPaid,
    PaymentFailed,
    PaymentReversed,
    RefundRequested,
)
