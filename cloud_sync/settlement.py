"""The platform's side of the three-way match over HTTP: the channels' bill and the platform's own day."""

from urllib.parse import quote

from cloud_sync.http import Patience, PlatformHttp
from cloud_sync.wire import payments as wire
from edge.settlement.match import BillLine, PlatformLine
from edge.settlement.ports import ChannelBill

PATIENCE = Patience(connect_s=4.0, silence_s=30.0, total_s=60.0)
"""Nobody waits before a screen, and the platform may have to fetch the bill from the channel."""


class HttpSettlementPlatform:
    """`edge.settlement.ports.SettlementPlatform`; raises PlatformUnreachable or PlatformRejected."""

    def __init__(self, http: PlatformHttp) -> None:
        self._http = http

    async def bill(self, date: str, payee: str) -> ChannelBill:
        """The channels' bill of a date and payee."""
        bill = await self._http.ask(
            "GET",
            f"{self._http.site_path}/channel-bills/{quote(date, safe='')}",
            wire.ChannelBill,
            query={"payee": payee},
            patience=PATIENCE,
        )
        return ChannelBill(ready=bill.ready, lines=tuple(read_line(line) for line in bill.lines))

    async def day(self, date: str) -> tuple[PlatformLine, ...]:
        """What the platform's own rows say moved on a date."""
        day = await self._http.ask(
            "GET", f"{self._http.site_path}/days/{quote(date, safe='')}", wire.PlatformDay, patience=PATIENCE
        )
        return tuple(line for payee in day.payees for line in _lines_of(payee))


def read_line(line: wire.BillLine) -> BillLine:
    """A bill's line in the words of the match; a refund without a number has that of its attempt."""
    is_refund = line.kind == "refund"
    return BillLine(
        line="refund" if is_refund else "payment",
        subject=(line.refund or line.attempt) if is_refund else line.attempt,
        payee=line.payee,
        amount_yuan=line.amount_yuan,
        channel=line.channel,
        channel_id=line.channel_id,
    )


def _lines_of(day: wire.PayeeDay) -> list[PlatformLine]:
    payments = [
        PlatformLine(line="payment", subject=each.attempt, payee=day.payee, amount_fen=each.amount_fen)
        for each in day.payments
    ]
    refunds = [
        PlatformLine(line="refund", subject=each.part, payee=day.payee, amount_fen=each.amount_fen)
        for each in day.refunds
    ]
    return payments + refunds
