"""What the settlement room asks of the platform."""

from typing import Protocol

import msgspec

from edge.settlement.match import BillLine, PlatformLine


class ChannelBill(msgspec.Struct, frozen=True, kw_only=True):
    """The channels' bill of a date and payee; `ready` once the channels have made it (next day, 10:00)."""

    ready: bool
    lines: tuple[BillLine, ...] = ()


class SettlementPlatform(Protocol):
    """The platform's side of the match; either may raise PlatformUnreachable or PlatformRejected."""

    async def bill(self, date: str, payee: str) -> ChannelBill:
        """The channels' bill of a date (ISO text) and payee."""

    async def day(self, date: str) -> tuple[PlatformLine, ...]:
        """What the platform's own rows say moved on a date, all payees."""
