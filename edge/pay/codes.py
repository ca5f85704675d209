"""Payment codes 付款码: bearer secrets. Whoever has the digits has the payer's money until they change.

They are held in `PaymentCode`, which no representation, row, event or message shows, and handed to the
platform's port alone. Which digits belong to whom is a table, so that a channel's new prefix is a setting.
"""

from collections.abc import Sequence
from typing import Annotated, NoReturn

import msgspec

from edge.pay.errors import PaymentCodeUnknown, PaymentCodeUnsupported
from edge.pay.policy import CHANNELS

_Prefix = Annotated[int, msgspec.Meta(ge=10, le=99)]
_Length = Annotated[int, msgspec.Meta(ge=8, le=32)]


class PaymentCodeSettings(msgspec.Struct, frozen=True, kw_only=True):
    """`[[payment_code]]`: the codes of one channel: first two digits and number of digits, both from … to.

    A channel other than wechat and alipay is known and answered "not supported here". Leaving all tables
    out is the table of today.
    """

    channel: Annotated[str, msgspec.Meta(pattern="^[a-z][a-z0-9_]{0,15}$")]
    first_prefix: _Prefix
    last_prefix: _Prefix
    least_digits: _Length
    most_digits: _Length

    def __post_init__(self) -> None:
        if self.first_prefix > self.last_prefix:
            raise ValueError("first_prefix: at most last_prefix")
        if self.least_digits > self.most_digits:
            raise ValueError("least_digits: at most most_digits")

    def fits(self, digits: str) -> bool:
        """Whether these digits are a code of this channel."""
        return (
            self.least_digits <= len(digits) <= self.most_digits
            and self.first_prefix <= int(digits[:2]) <= self.last_prefix
        )


#: Architecture, Payments: WeChat 18 digits, 10 to 15; Alipay 16 to 24 digits, 25 to 30; UnionPay 62.
TODAY: tuple[PaymentCodeSettings, ...] = (
    PaymentCodeSettings(channel="wechat", first_prefix=10, last_prefix=15, least_digits=18, most_digits=18),
    PaymentCodeSettings(channel="alipay", first_prefix=25, last_prefix=30, least_digits=16, most_digits=24),
    PaymentCodeSettings(channel="unionpay", first_prefix=62, last_prefix=62, least_digits=16, most_digits=24),
)


class PaymentCode:
    """A payer's code and the channel that it belongs to. Only `reveal` gives the digits."""

    __slots__ = ("_digits", "channel")

    def __init__(self, digits: str, channel: str) -> None:
        self._digits = digits
        self.channel = channel

    def reveal(self) -> str:
        """Return the digits, for the request that carries them and nothing else."""
        return self._digits

    def __repr__(self) -> str:
        return f"PaymentCode({self.channel})"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a payment code is not written down")


class CodeTable:
    """Tells payment codes from other digits, and whose they are."""

    def __init__(self, rules: Sequence[PaymentCodeSettings] = TODAY) -> None:
        self._rules = tuple(rules) or TODAY

    def owner(self, text: str) -> str:
        """Return the channel of a code, "" when the text is no payment code. Blanks do not hide one."""
        digits = "".join(text.split())
        if not (digits.isascii() and digits.isdigit()):
            return ""
        return next((rule.channel for rule in self._rules if rule.fits(digits)), "")

    def read(self, text: str) -> PaymentCode:
        """Return the code in a scanned text. Raises PaymentCodeUnknown, PaymentCodeUnsupported.

        Neither refusal carries a digit of it.
        """
        channel = self.owner(text)
        if not channel:
            raise PaymentCodeUnknown
        if channel not in CHANNELS:
            raise PaymentCodeUnsupported(channel=channel)
        return PaymentCode("".join(text.split()), channel)
