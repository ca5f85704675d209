"""What the payment room asks of the platform."""

from typing import Literal, Protocol

import msgspec

from edge.pay.attempts import Attempt
from edge.pay.codes import PaymentCode


class QrOffer(msgspec.Struct, frozen=True):
    """A collection QR for the screen: its text and the end of its life (epoch milliseconds)."""

    qr: str
    expires_at_ms: int


class ChannelState(msgspec.Struct, frozen=True):
    """What the channel says: captured fen, its own id, its time of the payment (0: not said).

    `state` is "waiting", "paid", "failed", "reversed" or "unknown"; `reason` while waiting: "user_paying"
    when the payer is entering a password. `order_id` is the order that the platform has under this attempt's
    id; empty when it does not say.
    """

    state: str
    amount_fen: int = 0
    channel_id: str = ""
    order_id: str = ""
    reason: str = ""
    paid_at_ms: int = 0


class RefundAsk(msgspec.Struct, frozen=True, kw_only=True):
    """A part of a refund for the channel; `part_id` is the same in every retry, and so is all the rest."""

    part_id: str
    attempt_id: str
    order_id: str
    payee: str
    channel: str
    amount_fen: int
    captured_fen: int
    reason: str


class RefundState(msgspec.Struct, frozen=True):
    """What the channel says of a part; "unknown": it did not say. Its own id and time (0: not said)."""

    state: Literal["refunding", "refunded", "failed", "unknown"]
    amount_fen: int = 0
    channel_id: str = ""
    reason: str = ""
    refunded_at_ms: int = 0


class PaymentPlatform(Protocol):
    """The platform's payment desk; every method may raise PlatformUnreachable or PlatformRejected."""

    async def ready(self) -> None:
        """Return once it is certain that ids allotted now were never allotted before by this device.

        Waits briefly for the platform to say where it stands. Raises PlatformUnreachable when it does not.
        """

    async def request(self, attempt: Attempt) -> QrOffer:
        """Ask for a collection QR; the same attempt asked twice is one attempt there."""

    async def charge(self, attempt: Attempt, code: PaymentCode) -> ChannelState:
        """Charge a payment code; the same attempt asked twice is charged once."""

    async def query(self, attempt_id: str) -> ChannelState:
        """Ask what became of an attempt; never charges."""

    async def close(self, attempt_id: str) -> ChannelState:
        """Ask to close a collection QR; the answer "failed" means that it cannot be paid any more."""

    async def reverse(self, attempt_id: str) -> ChannelState:
        """Ask to reverse (WeChat) or cancel (Alipay) a charge; "reversed": what was taken has gone back."""

    async def refund(self, ask: RefundAsk) -> RefundState:
        """Ask to give money back; the same part asked twice goes back once."""

    async def query_refund(self, part_id: str) -> RefundState:
        """Ask what became of a part; never gives anything back."""
