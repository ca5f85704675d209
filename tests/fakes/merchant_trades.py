"""Behind a payment channel's local server: trades, refunds, and payers who do as the test says."""

import secrets
from dataclasses import dataclass, field


@dataclass
class MerchantTrade:
    """A trade; `state` is waiting, paying, paid, closed or reversed."""

    number: str
    amount_fen: int
    state: str = "waiting"
    refunds: dict[str, int] = field(default_factory=dict)
    paid_at_ms: int = 0

    @property
    def left_fen(self) -> int:
        """What has not gone back."""
        return self.amount_fen - sum(self.refunds.values())


@dataclass
class MerchantTrades:
    """All trades of a server. `silent`: everything happens and every answer is lost (5xx).

    `codes` are payment codes of payers → what they do: "pays", "types" a password first, "declines".
    """

    now_ms: int = 0
    silent: bool = False
    trades: dict[str, MerchantTrade] = field(default_factory=dict)
    codes: dict[str, str] = field(default_factory=dict)
    seen_urls: list[str] = field(default_factory=list)

    def payer(self, does: str, prefix: str) -> str:
        """A fresh payment code of 18 digits."""
        code = prefix + "".join(secrets.choice("0123456789") for _ in range(16))
        self.codes[code] = does
        return code

    def pay(self, number: str) -> None:
        """The payer pays."""
        trade = self.trades[number]
        trade.state, trade.paid_at_ms = "paid", self.now_ms

    def decline(self, number: str) -> None:
        """The payer or a bank says no."""
        self.trades[number].state = "closed"
