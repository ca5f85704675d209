"""The platform's side of the match, made by hand: bills by payee, the platform's lines, away or not ready."""

from dataclasses import dataclass, field

from edge.errors import PlatformUnreachable
from edge.settlement.match import BillLine, PlatformLine
from edge.settlement.ports import ChannelBill


@dataclass
class FakeSettlementPlatform:
    """`asked` counts the days that were asked for."""

    bills: dict[tuple[str, str], list[BillLine]] = field(default_factory=dict)
    days: dict[str, list[PlatformLine]] = field(default_factory=dict)
    ready: bool = True
    away: bool = False
    asked: list[str] = field(default_factory=list)

    async def bill(self, date: str, payee: str) -> ChannelBill:
        """See the port."""
        lines = self.bills.get((date, payee), []) if self.ready else []
        return ChannelBill(ready=self.ready, lines=tuple(lines))

    async def day(self, date: str) -> tuple[PlatformLine, ...]:
        """See the port."""
        self.asked.append(date)
        if self.away:
            raise PlatformUnreachable("away")
        return tuple(self.days.get(date, []))
