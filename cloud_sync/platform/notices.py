"""Notices from the channels: a hint to ask, never a proof.

A notice may come twice, before the answer that it belongs to, late, or never; and anybody can post here. So
the signature is checked, what it names is compared with our own rows, and then the channel is asked.
"""

from collections.abc import Mapping

from aiohttp import web

from cloud_sync.platform import payment_records as records
from cloud_sync.platform.channels.port import Channel, Notice, NoticeForged
from cloud_sync.platform.payment_refusals import NoticeRefused
from cloud_sync.platform.payments import PaymentDesk
from cloud_sync.platform.refunds import RefundDesk
from cloud_sync.wire.payments import Channel as ChannelName
from edge.errors import Refusal

MAX_NOTICE_BYTES = 64 * 1024


class NoticeDesk:
    """Takes notices of every channel."""

    def __init__(self, desk: PaymentDesk, refunds: RefundDesk) -> None:
        self._desk = desk
        self._refunds = refunds

    async def take(self, name: ChannelName, headers: Mapping[str, str], body: bytes) -> None:
        """Check a notice and ask the channel. Raises NoticeForged, NoticeRefused: both are incidents."""
        channel = self._desk.channels[name]
        try:
            notice = channel.read_notice(headers, body)
        except NoticeForged as refusal:
            await self._desk.note(name, "", refusal.code)
            raise
        await (self._take_refund(name, notice) if notice.part else self._take_payment(name, notice))

    async def hear(self, name: ChannelName, headers: Mapping[str, str], body: bytes) -> str:
        """As `take`, for a sender that keeps the answer: "taken" or the refusal's code."""
        try:
            await self.take(name, headers, body)
        except Refusal as refusal:
            return refusal.code
        return "taken"

    async def _take_payment(self, name: ChannelName, notice: Notice) -> None:
        row = await self._desk.units.read(lambda c: records.find(c, notice.attempt))
        if row is None or row.channel != name:
            await self._refuse(name, notice, "order")
        elif notice.payee not in ("", row.payee):
            await self._refuse(name, notice, "payee")
        elif notice.amount_fen != (row.captured_fen if row.state == "paid" else row.amount_fen):
            # What was really taken the channel says itself, when it is asked.
            await self._desk.ask(row)
            await self._refuse(name, notice, "amount")
        else:
            await self._desk.ask(row)

    async def _take_refund(self, name: ChannelName, notice: Notice) -> None:
        part = await self._desk.units.read(lambda c: records.find_refund(c, notice.part))
        row = await self._desk.units.read(lambda c: records.find(c, notice.attempt))
        if part is None or row is None or part.attempt != notice.attempt or part.channel != name:
            await self._refuse(name, notice, "refund")
            return
        await self._refunds.ask(part, row)
        if notice.amount_fen != part.amount_fen:
            await self._refuse(name, notice, "amount")

    async def _refuse(self, name: ChannelName, notice: Notice, what: str) -> None:
        detail = f"{what}: {notice.amount_fen} {notice.part or notice.channel_id}"[:200]
        await self._desk.note(name, notice.attempt[:64], "notice_" + what, detail)
        raise NoticeRefused(reason=what)


def choose_channel(request: web.Request, channels: Mapping[ChannelName, Channel]) -> ChannelName:
    """The channel that an address names; raises 404 for any other."""
    for name in channels:
        if name == request.match_info["channel"]:
            return name
    raise web.HTTPNotFound
