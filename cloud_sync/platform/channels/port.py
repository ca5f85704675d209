"""What the platform asks of a payment channel (WeChat Pay, Alipay, simulated ones).

An adapter keeps no rows of ours: whatever it needs is in the `Order`. It maps everything that its channel may
answer to a `Trade`, or raises:

    ChannelError
    ├── ChannelSilent      no answer, or one that says nothing (timeout, 5xx, "system error"): outcome unknown
    └── ChannelRefused     a definite no with a code of `REFUSALS`; nothing was taken by this request
    NoticeForged           a notice that is not the channel's
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import ClassVar, Literal, Protocol

import msgspec

from cloud_sync.wire.payments import BillLine
from cloud_sync.wire.payments import Channel as ChannelName
from edge.errors import EdgeError, Refusal

Method = Literal["collection_qr", "payment_code"]
"""收款码, shown by us, and 付款码, shown by the payer."""

REFUSALS: dict[str, str] = {
    "order_exists": "the number is taken by another order, or a trade of this order stands there already",
    "order_paid": "the trade is paid: nothing more can be asked for it",
    "order_closed": "the number was closed or reversed and is never used again",
    "order_absent": "a refund or close for a trade that the channel does not have",
    "code_invalid": "the payment code is unknown, used or has expired",
    "declined": "the payer or the payer's bank said no",
    "above_captured": "a refund above what is left of the payment",
    "refund_exists": "the refund's number is taken by another sum or trade",
    "not_allowed": "the merchant may not do this (contract, permission, currency)",
}
"""Codes of ChannelRefused."""


class ChannelError(EdgeError):
    """The channel did not do what it was asked."""


class ChannelSilent(ChannelError):
    """No answer, or one that says nothing: what was asked may or may not have happened."""


class ChannelRefused(ChannelError):
    """A definite no; `code` is one of REFUSALS."""

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(code)


class NoticeForged(Refusal):
    """A notice whose signature, time or form is not the channel's."""

    code: ClassVar[str] = "notice_forged"


class PayerCode:
    """A payment code (付款码): a bearer secret that no text shows and nothing keeps."""

    __slots__ = ("_digits",)

    def __init__(self, digits: str) -> None:
        self._digits = digits

    def __repr__(self) -> str:
        return "PayerCode(<hidden>)"

    def __reduce__(self) -> tuple[object, ...]:
        raise TypeError("a payment code is never written anywhere")

    def reveal(self) -> str:
        """The digits, for the request to the channel and nothing else."""
        return self._digits


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be paid. `attempt` is the merchant's order number at the channel, at most 32 characters.

    `payee` names the merchant that gets the money (sub-merchant in service-provider mode); `asked_at_ms` is
    when the attempt began, `expires_at_ms` when a collection QR is to end (both our clock).
    """

    attempt: str
    payee: str
    amount_fen: int
    description: str
    method: Method
    asked_at_ms: int
    expires_at_ms: int


class Offer(msgspec.Struct, frozen=True):
    """The text of a collection QR and the end of its life."""

    qr: str
    expires_at_ms: int


class TradeState(StrEnum):
    """Where a trade stands at the channel.

    `waiting`: it is there and nobody has paid yet. `paying`: the payer is entering a password (USERPAYING).
    `absent`: the channel has no such trade; after showing an Alipay QR that proves nothing. `closed`: not
    paid, and cannot be paid any more. `reversed`: taken back, and cannot be paid any more.
    """

    WAITING = "waiting"
    PAYING = "paying"
    PAID = "paid"
    CLOSED = "closed"
    REVERSED = "reversed"
    ABSENT = "absent"


class Trade(msgspec.Struct, frozen=True, kw_only=True):
    """What the channel says of a trade; `amount_fen` and `paid_at_ms` are its own, 0 unless paid."""

    attempt: str
    state: TradeState
    amount_fen: int = 0
    channel_id: str = ""
    paid_at_ms: int = 0
    reason: str = ""


class RefundOrder(msgspec.Struct, frozen=True, kw_only=True):
    """A refund of a paid order; `part` is the refund's number and the same in every retry."""

    part: str
    order: Order
    amount_fen: int
    reason: str = ""


class RefundTrade(msgspec.Struct, frozen=True, kw_only=True):
    """What the channel says of a refund: `state` is "refunding", "refunded", "failed" or "absent"."""

    part: str
    state: Literal["refunding", "refunded", "failed", "absent"]
    amount_fen: int = 0
    channel_id: str = ""
    refunded_at_ms: int = 0
    reason: str = ""


class Notice(msgspec.Struct, frozen=True, kw_only=True):
    """A notice whose signature was good. It is a hint to ask, never a proof: `part` is empty for payments."""

    id: str
    attempt: str
    part: str = ""
    payee: str = ""
    amount_fen: int
    channel_id: str = ""


class BillNotReady(ChannelError):
    """The channel has not made that day's bill yet."""


class Channel(Protocol):
    """A payment channel. Every method may raise ChannelSilent; the other errors are named.

    The same request twice has the effect of one: numbers decide, at the channel too.
    """

    name: ChannelName

    async def collect(self, order: Order) -> Offer:
        """Make a collection QR. Raises ChannelRefused."""

    async def charge(self, order: Order, code: PayerCode) -> Trade:
        """Charge by a payment code: paid, or `paying`. Raises ChannelRefused."""

    async def query(self, order: Order) -> Trade:
        """What became of a trade; `absent` when the channel does not have it."""

    async def close(self, order: Order) -> Trade:
        """Close a collection order nobody has paid; a paid one stays `paid` and is answered so."""

    async def reverse(self, order: Order) -> Trade:
        """Take a payment-code trade back, paid or not (撤销); the money, if taken, goes back whole."""

    async def refund(self, refund: RefundOrder) -> RefundTrade:
        """Give back a part or all of a payment; the same `part` is one refund. Raises ChannelRefused."""

    async def query_refund(self, refund: RefundOrder) -> RefundTrade:
        """What became of a refund."""

    async def bill(self, date: str, payee: str) -> list[BillLine]:
        """The bill of a day (UTC+8) for one payee. Raises BillNotReady."""

    def read_notice(self, headers: Mapping[str, str], body: bytes) -> Notice:
        """Check and open what somebody posted as this channel's notice. Raises NoticeForged."""
