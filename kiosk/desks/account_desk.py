"""Points and balances as the screens see them."""

from typing import Literal

from edge.pay.errors import PaymentRefused
from kiosk.desks.money_views import AccountKind, Book, Claimed, Double, Payable
from kiosk.desks.views import Resident


class RoomAccountDesk:
    """`kiosk.desks.ports.AccountDesk` over the payment room's copy of the accounts."""

    async def books(self, resident: Resident, kind: AccountKind) -> tuple[Book, ...]:
        """Accounts of that kind, by issuer."""
        del resident, kind
        return ()

    async def claim_points(self, resident: Resident, receipt: str) -> Claimed:
        """Credit the points of a receipt whose code was shown."""
        del resident
        raise PaymentRefused(order=receipt)

    async def place_top_up(self, resident: Resident, account: str, amount_fen: int) -> Payable:
        """Place a top-up of an account."""
        del resident, amount_fen
        raise PaymentRefused(order=account)

    async def doubles(self, resident: Resident) -> tuple[Double, ...]:
        """Bills paid twice about which the resident has still to choose."""
        del resident
        return ()

    async def choose(self, resident: Resident, double: str, choice: Literal["refund", "credit"]) -> None:
        """Send the money back, or keep it as prepaid fee."""
        del resident, choice
        raise PaymentRefused(order=double)
