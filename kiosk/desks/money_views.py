"""What the screens show of money on its way: plain values, sums in fen, times in epoch milliseconds."""

from dataclasses import dataclass, replace
from typing import Literal

from kiosk.words import Text

Channel = Literal["wechat", "alipay"]
AccountKind = Literal["points", "prepaid_fee", "wallet"]
ORDER_OF_USE: tuple[AccountKind, ...] = ("points", "prepaid_fee", "wallet")
"""Accounts are used in this order, the channel last (decision: mixed tenders)."""


@dataclass(frozen=True, slots=True)
class Offer:
    """What one account of the resident may take of an order.

    balance_fen: as the platform last said, less what was spent here since. usable_fen: most it may take of
    this order; left_fen: of that, what may be spent without a network. why_not: the reason in words when it
    may take nothing.
    """

    kind: AccountKind
    balance_fen: int
    usable_fen: int
    left_fen: int = 0
    why_not: Text | None = None
    account: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    """What an account takes of one payment."""

    kind: AccountKind
    amount_fen: int


@dataclass(frozen=True, slots=True)
class Payable:
    """A placed order that waits for money. channels: those that this payee takes."""

    order_id: str
    purpose: str
    payee_id: str
    payee: Text
    total_fen: int
    offers: tuple[Offer, ...] = ()
    channels: tuple[Channel, ...] = ("wechat", "alipay")
    slip: str = ""

    def offer(self, kind: AccountKind) -> Offer | None:
        """The account of that kind, if the person has one."""
        return next((offer for offer in self.offers if offer.kind == kind), None)

    def without_network(self) -> "Payable":
        """The same order when nobody can be asked: each account takes what its lease has left."""
        return replace(self, offers=tuple(_within_lease(offer) for offer in self.offers))


LEASE_USED_UP = Text("断网时这里用不了了", "None left to use without a network")


def _within_lease(offer: Offer) -> Offer:
    why_not = offer.why_not or (None if offer.left_fen else LEASE_USED_UP)
    return replace(offer, usable_fen=offer.left_fen, why_not=why_not)


ChargeState = Literal["waiting", "undoing", "paid", "failed", "unknown"]
"""undoing: it is being taken back, the outcome of that is still to come."""


@dataclass(frozen=True, slots=True)
class Charge:
    """One attempt at a channel. amount_fen: the channel's part. qr: empty for a payment code.

    expires_at_ms: end of the code on the screen, or of waiting for the payer; None: not known.
    reason: stable code of why it did not work, when it did not. user_paying: the channel said that it waits
    for the payer. asked_at_ms, answered_at_ms: when it was last asked about, and last answered, if known.
    """

    attempt_id: str
    order_id: str
    channel: Channel
    amount_fen: int
    made_at_ms: int
    qr: str = ""
    expires_at_ms: int | None = None
    state: ChargeState = "waiting"
    reason: str = ""
    user_paying: bool = False
    asked_at_ms: int | None = None
    answered_at_ms: int | None = None


@dataclass(frozen=True, slots=True)
class BookLine:
    """One movement of an account in plain words; at_ms None: the hour is not known."""

    words: Text
    amount_fen: int
    at_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Book:
    """One account as a resident sees it.

    issuer: who owes it. pending_fen: points that count later. as_of_ms: when the copy was in step with the
    platform. lease_left_fen: what may be spent here without a network. limit_fen: most it may hold.
    """

    id: str
    kind: AccountKind
    issuer: Text
    balance_fen: int
    pending_fen: int = 0
    as_of_ms: int | None = None
    lease_left_fen: int = 0
    limit_fen: int | None = None
    lines: tuple[BookLine, ...] = ()


@dataclass(frozen=True, slots=True)
class Claimed:
    """Points credited by a receipt."""

    points: int
    counts_after_days: int


@dataclass(frozen=True, slots=True)
class Double:
    """A bill that was paid twice, here and elsewhere: the resident chooses where the money goes."""

    id: str
    bill: Text
    payee: Text
    amount_fen: int
    paid_at_ms: int
