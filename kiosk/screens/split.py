"""How a sum is shared between accounts and the channel: the three lines of the pay screen."""

from collections.abc import Collection
from dataclasses import dataclass

from kiosk.desks.money_views import ORDER_OF_USE, AccountKind, Part, Payable
from kiosk.words import Text

NAMES: dict[AccountKind, Text] = {
    "points": Text("积分", "Points"),
    "prepaid_fee": Text("预存", "Prepaid"),
    "wallet": Text("余额", "Balance"),
}


@dataclass(frozen=True, slots=True)
class Split:
    """Parts in the order of use; rest_fen is left for the channel."""

    parts: tuple[Part, ...]
    rest_fen: int

    def of(self, kind: AccountKind) -> int:
        """What that account takes, in fen."""
        return sum(part.amount_fen for part in self.parts if part.kind == kind)


def split_sum(order: Payable, chosen: Collection[AccountKind]) -> Split:
    """Share the sum: each chosen account takes what it may, the channel gets the rest."""
    rest_fen, parts = order.total_fen, []
    for kind in ORDER_OF_USE:
        offer = order.offer(kind)
        if kind in chosen and offer is not None and (take_fen := min(offer.usable_fen, rest_fen)) > 0:
            parts.append(Part(kind, take_fen))
            rest_fen -= take_fen
    return Split(tuple(parts), rest_fen)
