"""What the payment room asks of the platform."""

from typing import Protocol

import msgspec

from edge.pay.attempts import Attempt


class QrOffer(msgspec.Struct, frozen=True):
    """A collection QR for the screen: its text and the end of its life (epoch milliseconds)."""

    qr: str
    expires_at_ms: int


class ChannelState(msgspec.Struct, frozen=True):
    """What the channel says: state "waiting", "paid", "failed" or "unknown", captured fen, its own id.

    `order_id` is the order that the platform has under this attempt's id; empty when it does not say.
    """

    state: str
    amount_fen: int = 0
    channel_id: str = ""
    order_id: str = ""


class PaymentPlatform(Protocol):
    """The platform's payment desk; every method may raise PlatformUnreachable or PlatformRejected."""

    async def ready(self) -> None:
        """Return once it is certain that ids allotted now were never allotted before by this device.

        Waits briefly for the platform to say where it stands. Raises PlatformUnreachable when it does not.
        """

    async def request(self, attempt: Attempt) -> QrOffer:
        """Ask for a collection QR; the same attempt asked twice is one attempt there."""

    async def query(self, attempt_id: str) -> ChannelState:
        """Ask what became of an attempt; never charges."""

    async def close(self, attempt_id: str) -> ChannelState:
        """Ask to close an attempt; the answer "failed" means that it cannot be paid any more."""
