"""Payments between device and platform. The merchant keys never leave the platform."""

from typing import Annotated, Literal

import msgspec

Channel = Literal["wechat", "alipay"]
State = Literal["waiting", "paid", "failed", "reversed", "unknown"]
RefundStanding = Literal["refunding", "refunded", "failed", "unknown"]
AttemptId = Annotated[str, msgspec.Meta(min_length=1, max_length=32, pattern=r"^[A-Za-z0-9_-]+$")]
"""At most 32 characters, the channels' own limit (facts.md, WeChat and Alipay)."""
PartId = AttemptId
"""A refund's identity; the channels take 64 characters, ours are those of an attempt."""
Fen = Annotated[int, msgspec.Meta(gt=0, le=100_000_000)]
"""A sum that a channel can be asked for: 0.01 to 1,000,000 yuan."""
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
CodeText = Annotated[str, msgspec.Meta(min_length=16, max_length=24, pattern=r"^[0-9]+$")]
"""A payment code: WeChat 18 digits, Alipay 16 to 24 (architecture.md, Payments)."""
DayText = Annotated[str, msgspec.Meta(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$")]
"""A day at the channels, UTC+8."""


class PaymentRequest(msgspec.Struct, frozen=True):
    """Ask for a collection QR; the same attempt with the same content gets the same answer."""

    attempt: AttemptId
    order: Name
    payee: Name
    amount_fen: Fen
    channel: Channel
    description: Annotated[str, msgspec.Meta(max_length=128)] = ""


class PaymentOffer(msgspec.Struct, frozen=True):
    """What the screen shows: the text of the QR code and when the channel stops taking it."""

    attempt: str
    state: Literal["sent"]
    qr: str
    expires_at_ms: int


class ChargeRequest(PaymentRequest, frozen=True, kw_only=True):
    """Charge the payer whose payment code was read; the same attempt again is asked about, never charged.

    `code` is a bearer secret: it is kept nowhere and shown by no text of this struct.
    """

    code: CodeText

    def __repr__(self) -> str:
        return f"ChargeRequest(attempt={self.attempt!r}, code=<hidden>)"


class PaymentState(msgspec.Struct, frozen=True):
    """What the channel says now; `unknown` means that the channel did not say.

    `order` is the one that was named in the request, so that a device knows whether the answer is its own.
    `amount_fen` is what was taken when `paid`, what was asked for otherwise; `paid_at_ms` is the channel's
    time, 0 unless paid. `reason` while waiting: "password" (USERPAYING) or "not_exist" (nobody scanned the QR
    yet: no proof that nobody will); while unknown: "channel_silent" or "not_exist".
    """

    attempt: str
    state: State
    amount_fen: int
    channel_id: str = ""
    reason: str = ""
    order: str = ""
    paid_at_ms: int = 0


class RefundRequest(msgspec.Struct, frozen=True):
    """Give money of an attempt back; the same part with the same content is one refund."""

    part: PartId
    attempt: AttemptId
    order: Name
    amount_fen: Fen
    reason: Annotated[str, msgspec.Meta(max_length=64)] = ""


class RefundState(msgspec.Struct, frozen=True):
    """What the channel says of a refund; `unknown`: it did not say, ask again with the same part.

    `refunded_at_ms` is the channel's time, 0 until then.
    """

    part: str
    attempt: str
    state: RefundStanding
    amount_fen: int
    channel_id: str = ""
    reason: str = ""
    refunded_at_ms: int = 0


class BillLine(msgspec.Struct, frozen=True):
    """One line of a channel's bill: yuan with two decimals, positive; `refund` is empty in payments."""

    channel: Channel
    payee: str
    kind: Literal["payment", "refund"]
    attempt: str
    refund: str
    amount_yuan: str
    channel_id: str
    at_ms: int


class ChannelBill(msgspec.Struct, frozen=True):
    """The bills of a day of all channels for one payee; not `ready` before 10:00 (UTC+8) of the day after."""

    date: str
    payee: str
    ready: bool
    lines: list[BillLine]


class DayPayment(msgspec.Struct, frozen=True):
    """A payment that the platform holds for paid on a day."""

    attempt: str
    order: str
    device: str
    channel: Channel
    amount_fen: int
    channel_id: str
    at_ms: int


class DayRefund(msgspec.Struct, frozen=True):
    """A refund that the platform holds for done on a day."""

    part: str
    attempt: str
    order: str
    device: str
    channel: Channel
    amount_fen: int
    channel_id: str
    at_ms: int


class PayeeDay(msgspec.Struct, frozen=True):
    """One payee's day."""

    payee: str
    paid_fen: int
    refunded_fen: int
    payments: list[DayPayment]
    refunds: list[DayRefund]


class PlatformDay(msgspec.Struct, frozen=True):
    """The platform's own view of a day (UTC+8, by the channel's times), computed by its own SQL."""

    date: str
    payees: list[PayeeDay]
