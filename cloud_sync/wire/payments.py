"""Payments between device and platform. The merchant keys never leave the platform."""

from typing import Annotated, Literal

import msgspec

Channel = Literal["wechat", "alipay"]
State = Literal["waiting", "paid", "failed", "unknown"]
AttemptId = Annotated[str, msgspec.Meta(min_length=1, max_length=32, pattern=r"^[A-Za-z0-9_-]+$")]
"""At most 32 characters, the channels' own limit (facts.md, WeChat and Alipay)."""


class PaymentRequest(msgspec.Struct, frozen=True):
    """Ask for a collection QR; the same attempt with the same content gets the same answer."""

    attempt: AttemptId
    order: Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
    payee: Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
    amount_fen: Annotated[int, msgspec.Meta(gt=0, le=100_000_000)]
    channel: Channel
    description: Annotated[str, msgspec.Meta(max_length=128)] = ""


class PaymentOffer(msgspec.Struct, frozen=True):
    """What the screen shows: the text of the QR code and when the channel stops taking it."""

    attempt: str
    state: Literal["sent"]
    qr: str
    expires_at_ms: int


class PaymentState(msgspec.Struct, frozen=True):
    """What the channel says now; `unknown` means that the channel did not say.

    `order` is the one that was named in the request, so that a device knows whether the answer is its own.
    """

    attempt: str
    state: State
    amount_fen: int
    channel_id: str = ""
    reason: str = ""
    order: str = ""
