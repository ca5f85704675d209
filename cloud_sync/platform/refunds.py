"""Refunds at the channels: a part keeps its number in every retry, and never more goes back than came."""

import msgspec

from cloud_sync.platform import payment_records as records
from cloud_sync.platform.channels.port import ChannelError, ChannelRefused, RefundTrade
from cloud_sync.platform.payment_records import RefundRow, Row
from cloud_sync.platform.payment_refusals import (
    RefundConflict,
    RefundExceeds,
    RefundNotPaid,
    RefundUnknown,
)
from cloud_sync.platform.payments import SILENT, PaymentDesk
from cloud_sync.platform.store.port import Connection
from cloud_sync.wire.payments import RefundRequest, RefundState
from edge.errors import Refusal


class RefundDesk:
    """Refunds over the payment desk's channels and rows."""

    def __init__(self, desk: PaymentDesk) -> None:
        self._desk = desk

    async def refund(self, device: str, request: RefundRequest) -> RefundState:
        """Give money back; the same request again is the same refund.

        Raises AttemptUnknown, RefundNotPaid, RefundExceeds, RefundConflict; each but the first is recorded
        as an incident.
        """
        attempt = await self._desk.find(device, request.attempt)
        try:
            part = await self._desk.units.write(lambda c: self._register(c, device, request))
        except Refusal as refusal:
            await self._desk.note(attempt.channel, request.attempt, refusal.code, request.part)
            raise
        if part.state == "refunded":
            return part.tell()
        channel = self._desk.channels[attempt.channel]
        try:
            trade = await self._desk.wait(channel.refund(part.order_of(attempt)))
        except ChannelRefused as refusal:
            trade = RefundTrade(part=part.part, state="failed", reason=refusal.code)
        except (ChannelError, TimeoutError):
            return _silent(part)
        return await self._hear(part, trade)

    async def query(self, device: str, part_id: str) -> RefundState:
        """What the channel says of a refund now. Raises RefundUnknown."""
        part = await self._desk.units.read(lambda c: records.find_refund(c, part_id))
        if part is None or part.device != device:
            raise RefundUnknown(part=part_id)
        attempt = await self._desk.find(device, part.attempt)
        return await self.ask(part, attempt)

    async def ask(self, part: RefundRow, attempt: Row) -> RefundState:
        """Ask the channel about a refund and write down the answer."""
        if part.state == "refunded":
            return part.tell()
        channel = self._desk.channels[attempt.channel]
        try:
            trade = await self._desk.wait(channel.query_refund(part.order_of(attempt)))
        except (ChannelError, TimeoutError):
            return _silent(part)
        return await self._hear(part, trade)

    def _register(self, connection: Connection, device: str, request: RefundRequest) -> RefundRow:
        text = msgspec.json.encode(request, order="sorted").decode()
        found = records.find_refund(connection, request.part)
        if found is not None:
            if (found.request, found.device) != (text, device):
                raise RefundConflict(part=request.part)
            return found
        row = records.find(connection, request.attempt)
        if row is None or row.state != "paid" or row.order_id != request.order:
            raise RefundNotPaid(attempt=request.attempt)
        asked_fen = records.asked_back_fen(connection, request.attempt) + request.amount_fen
        if asked_fen > row.captured_fen:
            raise RefundExceeds(attempt=request.attempt, captured_fen=row.captured_fen, asked_fen=asked_fen)
        part = RefundRow(
            part=request.part,
            attempt=request.attempt,
            device=device,
            request=text,
            order_id=request.order,
            channel=row.channel,
            payee=row.payee,
            amount_fen=request.amount_fen,
            reason=request.reason,
            asked_ms=self._desk.clock_ms(),
        )
        return records.put_refund(connection, part)

    async def _hear(self, part: RefundRow, trade: RefundTrade) -> RefundState:
        return (await self._desk.units.write(lambda c: self._keep(c, part.part, trade))).tell()

    def _keep(self, connection: Connection, part_id: str, trade: RefundTrade) -> RefundRow:
        part, now_ms = records.find_refund(connection, part_id), self._desk.clock_ms()
        assert part is not None
        if part.state == "refunded":
            return part
        if trade.state == "refunded" and trade.amount_fen != part.amount_fen:
            detail = f"{part_id}: asked {part.amount_fen}, refunded {trade.amount_fen}"
            records.note_incident(connection, part.channel, part.attempt, "refund_differs", detail, now_ms)
        # A refund that is not there was never asked for, as far as the channel knows: it is asked again.
        absent = trade.state == "absent"
        kept = msgspec.structs.replace(
            part,
            state="unknown" if trade.state == "absent" else trade.state,
            why="absent" if absent else trade.reason,
            channel_id=trade.channel_id,
            refunded_ms=trade.refunded_at_ms,
        )
        return records.put_refund(connection, kept)


def _silent(part: RefundRow) -> RefundState:
    return msgspec.structs.replace(part.tell(), state="unknown", reason=SILENT)
