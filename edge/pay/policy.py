"""How each channel is followed, by method of payment: one table that the engine runs and the docs print."""

from enum import StrEnum
from typing import Literal

import msgspec


class Method(StrEnum):
    """How a channel is asked for money; `NONE` when accounts pay everything."""

    COLLECTION_QR = "collection_qr"
    PAYMENT_CODE = "payment_code"
    NONE = ""


WECHAT, ALIPAY, NO_CHANNEL = "wechat", "alipay", ""
CHANNELS = (WECHAT, ALIPAY)

MOST_FEN = 100_000_000
"""Largest payment, 1,000,000 yuan: ours, far above any bill and far below what a sum could overflow at."""

PASSWORD_ABOVE_FEN = 100_000
"""Above 1,000 yuan WeChat always asks a payment code's payer for the password (facts, WeChat)."""

Undo = Literal["close", "reverse", "cancel"]


class Policy(msgspec.Struct, frozen=True, kw_only=True):
    """When an attempt is asked about and when and how it is undone; times in milliseconds.

    ask_every_ms: between two questions while the payer may still pay
    wait_ms: from the attempt to its undoing; None: until the collection QR expires
    undo: what ends an attempt: a QR is closed, a WeChat code reversed, an Alipay code cancelled
    undo_not_before_ms: from the attempt on, no earlier
    undo_every_ms: between two tries while the undoing is not answered
    park_after_ms: an undoing unanswered for so long frees the screen: the order is parked with a slip
    """

    ask_every_ms: int
    wait_ms: int | None
    undo: Undo
    undo_not_before_ms: int
    undo_every_ms: int
    park_after_ms: int


_QR = Policy(
    # The intervals of a QR are ours: as brisk as Alipay's, the quicker of the two for payment codes.
    ask_every_ms=3_000,
    wait_ms=None,
    undo="close",
    undo_not_before_ms=0,
    undo_every_ms=5_000,
    park_after_ms=15_000,
)

#: (channel, method) → policy. Figures of the payment codes: architecture, Payments.
POLICIES: dict[tuple[str, Method], Policy] = {
    (WECHAT, Method.COLLECTION_QR): _QR,
    (ALIPAY, Method.COLLECTION_QR): _QR,
    (WECHAT, Method.PAYMENT_CODE): Policy(
        ask_every_ms=5_000,
        wait_ms=30_000,
        undo="reverse",
        undo_not_before_ms=15_000,
        undo_every_ms=5_000,
        park_after_ms=15_000,
    ),
    (ALIPAY, Method.PAYMENT_CODE): Policy(
        ask_every_ms=3_000,
        wait_ms=60_000,
        undo="cancel",
        undo_not_before_ms=0,
        undo_every_ms=3_000,
        park_after_ms=15_000,
    ),
}

REFUND_FIRST_MS = 5_000
REFUND_LONGEST_MS = 3_600_000
"""A refund without an end is asked about after 5 s, then twice as long each time, at most an hour: ours."""


def policy_for(channel: str, method: Method) -> Policy:
    """Return the policy of a channel and method; KeyError when no channel is part of the payment."""
    return POLICIES[channel, method]


def refund_pause_ms(tries: int) -> int:
    """Return how long to wait after so many tries of a refund's part."""
    return min(REFUND_FIRST_MS << min(tries, 20), REFUND_LONGEST_MS)
