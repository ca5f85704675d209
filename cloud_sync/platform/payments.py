"""The platform's payment desk: devices ask it, it asks the channels, and it remembers.

Every attempt and refund is a row before the channel hears of it, so that the same request again is a question
and never a second charge. What a channel did not answer is `unknown`; a payment that was told as paid stays
paid and goes back by a refund only.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Final, TypeVar

import msgspec

from cloud_sync.platform import payment_records as records
from cloud_sync.platform.channels.port import (
    BillNotReady,
    Channel,
    ChannelError,
    ChannelRefused,
    Method,
    Offer,
    Order,
    PayerCode,
    Trade,
    TradeState,
)
from cloud_sync.platform.payment_records import Row
from cloud_sync.platform.payment_refusals import (
    AttemptConflict,
    AttemptGivenUp,
    AttemptUnknown,
    ChannelAway,
    ChannelSaidNo,
)
from cloud_sync.platform.store.port import Connection, Units
from cloud_sync.wire.payments import Channel as ChannelName
from cloud_sync.wire.payments import (
    ChannelBill,
    ChargeRequest,
    PaymentOffer,
    PaymentRequest,
    PaymentState,
)

T = TypeVar("T")

CHANNEL_PATIENCE_S: Final = 3.0
"""How long the desk waits for a channel: a payer stands there, and the device waits 4 s for us."""
ABSENT_MARGIN_MS: Final = 60_000
"""So long after its end "does not exist" is no proof for an order that a channel may still be making."""
UNSETTLED_AFTER_MS: Final = 60_000
UNSETTLED_AT_ONCE: Final = 20
SILENT: Final = "channel_silent"
PASSWORD: Final = "password"  # noqa: S105 - what a payer is entering, not what it is
NOT_EXIST: Final = "not_exist"

_TOLD: dict[TradeState, tuple[records.Standing, str]] = {
    TradeState.WAITING: ("waiting", ""),
    TradeState.PAYING: ("waiting", PASSWORD),
    TradeState.PAID: ("paid", ""),
    TradeState.CLOSED: ("failed", "closed"),
    TradeState.REVERSED: ("reversed", ""),
}


class PaymentDesk:
    """Charges, questions, closing and reversing of attempts over the channels.

    `clock_ms` is the platform's time, `life_s` how long a collection QR can be paid, `patience_s` how long a
    channel may take to answer.
    """

    def __init__(
        self,
        units: Units,
        channels: Mapping[ChannelName, Channel],
        *,
        clock_ms: Callable[[], int],
        life_s: int = 120,
        patience_s: float = CHANNEL_PATIENCE_S,
    ) -> None:
        self.units = units
        self.channels = channels
        self.clock_ms = clock_ms
        self._life_ms = life_s * 1000
        self._patience_s = patience_s

    async def offer(self, device: str, request: PaymentRequest) -> PaymentOffer:
        """Get a collection QR; the same request again gets the same one.

        Raises AttemptConflict, AttemptGivenUp, ChannelAway, ChannelSaidNo.
        """
        row, _ = await self.units.write(lambda c: self._register(c, device, request, "collection_qr"))
        if not row.qr:
            row = await self._collect(row)
        return PaymentOffer(row.attempt, "sent", row.qr, row.expires_ms)

    async def charge(self, device: str, request: ChargeRequest) -> PaymentState:
        """Charge by a payment code, once: the same request again is a question.

        Raises AttemptConflict, AttemptGivenUp.
        """
        code, asked = PayerCode(request.code), _without_code(request)
        row, fresh = await self.units.write(lambda c: self._register(c, device, asked, "payment_code"))
        channel = self.channels[row.channel]
        if not fresh:
            return await self.ask(row)
        try:
            trade = await self.wait(channel.charge(row.order, code))
        except ChannelRefused as refusal:
            if refusal.code.startswith("order_"):
                return await self.ask(row)
            trade = Trade(attempt=row.attempt, state=TradeState.CLOSED, reason=refusal.code)
        except (ChannelError, TimeoutError):
            return await self._tell_silence(row)
        return await self._hear(row, trade)

    async def query(self, device: str, attempt: str) -> PaymentState:
        """What the channel says of an attempt now. Raises AttemptUnknown."""
        return await self.ask(await self.find(device, attempt))

    async def close(self, device: str, attempt: str) -> PaymentState:
        """Close an attempt that nobody has paid; what is paid stays so. Raises AttemptUnknown."""
        row = await self._find_or_give_up(device, attempt)
        return await self._ask(row, self.channels[row.channel].close)

    async def reverse(self, device: str, attempt: str) -> PaymentState:
        """Take an attempt back whose outcome nobody was told; what was told as paid stays so.

        A request to reverse may arrive late: after the device has heard "paid" from us and given the goods.
        Raises AttemptUnknown.
        """
        row = await self._find_or_give_up(device, attempt)
        return await self._ask(row, self.channels[row.channel].reverse)

    async def bill(self, date: str, payee: str) -> ChannelBill:
        """The bills of all channels for one payee's day; without lines until every one is ready."""
        lines = []
        for name in sorted(self.channels):
            try:
                lines += await self.wait(self.channels[name].bill(date, payee))
            except BillNotReady:
                return ChannelBill(date, payee, False, [])
            except (ChannelError, TimeoutError) as error:
                raise ChannelAway(channel=name) from error
        return ChannelBill(date, payee, True, lines)

    async def settle_open(self) -> None:
        """Ask about attempts whose device has not asked for a while, so that our day is right by itself."""
        before_ms = self.clock_ms() - UNSETTLED_AFTER_MS
        for row in await self.units.read(lambda c: records.unsettled(c, before_ms, UNSETTLED_AT_ONCE)):
            await self.ask(row)

    async def ask(self, row: Row) -> PaymentState:
        """Ask the channel about an attempt and write down the answer."""
        return await self._ask(row, self.channels[row.channel].query)

    async def find(self, device: str, attempt: str) -> Row:
        """An attempt of a device. Raises AttemptUnknown."""
        row = await self.units.read(lambda c: records.find(c, attempt))
        if row is None or row.device != device:
            raise AttemptUnknown(attempt=attempt)
        return row

    async def _find_or_give_up(self, device: str, attempt: str) -> Row:
        """As `find`; a request of that attempt that is still on its way is then not carried out any more."""
        try:
            return await self.find(device, attempt)
        except AttemptUnknown:
            now_ms = self.clock_ms()
            await self.units.write(lambda c: records.give_up(c, device, attempt, now_ms))
            raise

    async def wait(self, answer: Awaitable[T]) -> T:
        """Wait for a channel, no longer than the patience; raises TimeoutError then."""
        async with asyncio.timeout(self._patience_s):
            return await answer

    async def note(self, channel: str, attempt: str, code: str, detail: str = "") -> None:
        """Record an incident."""
        now_ms = self.clock_ms()
        await self.units.write(lambda c: records.note_incident(c, channel, attempt, code, detail, now_ms))

    def _register(
        self, connection: Connection, device: str, request: PaymentRequest, method: Method
    ) -> tuple[Row, bool]:
        """The attempt's row, and whether it is new."""
        text, now_ms = msgspec.json.encode(request, order="sorted").decode(), self.clock_ms()
        if records.is_given_up(connection, device, request.attempt):
            raise AttemptGivenUp(attempt=request.attempt)
        found = records.find(connection, request.attempt)
        if found is not None:
            if (found.request, found.device, found.method) != (text, device, method):
                raise AttemptConflict(attempt=request.attempt)
            return found, False
        row = Row(
            attempt=request.attempt,
            device=device,
            request=text,
            channel=request.channel,
            method=method,
            order_id=request.order,
            payee=request.payee,
            amount_fen=request.amount_fen,
            description=request.description,
            asked_ms=now_ms,
            expires_ms=now_ms + self._life_ms,
            changed_ms=now_ms,
        )
        return records.put(connection, row), True

    async def _collect(self, row: Row) -> Row:
        try:
            offer = await self._collect_once(row)
        except ChannelRefused as refusal:
            await self.ask(row)
            raise ChannelSaidNo(attempt=row.attempt, reason=refusal.code) from refusal
        except (ChannelError, TimeoutError) as error:
            raise ChannelAway(attempt=row.attempt) from error
        offered = msgspec.structs.replace(
            row, qr=offer.qr, expires_ms=offer.expires_at_ms, state="waiting", reason=""
        )
        return await self.units.write(lambda c: records.put(c, offered))

    async def _collect_once(self, row: Row) -> Offer:
        """The order may stand at the channel from an answer that was lost: asked again, it gives the same."""
        channel = self.channels[row.channel]
        try:
            return await self.wait(channel.collect(row.order))
        except ChannelRefused as refusal:
            if refusal.code != "order_exists":
                raise
        return await self.wait(channel.collect(row.order))

    async def _ask(self, row: Row, ask: Callable[[Order], Awaitable[Trade]]) -> PaymentState:
        if row.state == "paid":
            return row.tell()
        try:
            trade = await self.wait(ask(row.order))
        except (ChannelError, TimeoutError):
            return await self._tell_silence(row)
        return await self._hear(row, trade)

    async def _tell_silence(self, row: Row) -> PaymentState:
        """Silence changes nothing that is known, and is never told as an outcome."""
        now = await self.units.write(lambda c: self._keep_silence(c, row.attempt))
        told = now.tell()
        if now.state == "paid":
            return told
        return msgspec.structs.replace(told, state="unknown", reason=SILENT)

    def _keep_silence(self, connection: Connection, attempt: str) -> Row:
        row = records.find(connection, attempt)
        assert row is not None
        return records.put(connection, msgspec.structs.replace(row, changed_ms=self.clock_ms()))

    async def _hear(self, row: Row, trade: Trade) -> PaymentState:
        return (await self.units.write(lambda c: self._keep(c, row.attempt, trade))).tell()

    def _keep(self, connection: Connection, attempt: str, trade: Trade) -> Row:
        """Write down what a channel said; the row is read again, others may have asked meanwhile."""
        row, now_ms = records.find(connection, attempt), self.clock_ms()
        assert row is not None
        if row.state == "paid":
            if trade.state is not TradeState.PAID:
                records.note_incident(connection, row.channel, attempt, "paid_then_not", trade.state, now_ms)
            return row
        state, reason = _understand(row, trade, now_ms)
        if state == "paid" and trade.amount_fen != row.amount_fen:
            detail = f"asked {row.amount_fen}, taken {trade.amount_fen}"
            records.note_incident(connection, row.channel, attempt, "amount_differs", detail, now_ms)
        if state == "paid" and row.state in ("failed", "reversed"):
            records.note_incident(connection, row.channel, attempt, "late_success", row.state, now_ms)
        return records.put(
            connection,
            msgspec.structs.replace(
                row,
                state=state,
                reason=reason,
                captured_fen=trade.amount_fen if state == "paid" else 0,
                channel_id=trade.channel_id if state == "paid" else "",
                paid_ms=trade.paid_at_ms if state == "paid" else 0,
                changed_ms=now_ms,
            ),
        )


def _understand(row: Row, trade: Trade, now_ms: int) -> tuple[records.Standing, str]:
    """What an answer means for us. "Does not exist" after showing a QR is no proof that it cannot be paid."""
    if trade.state is not TradeState.ABSENT:
        state, reason = _TOLD[trade.state]
        return state, trade.reason if state == "failed" and trade.reason else reason
    if row.state in ("failed", "reversed"):
        return row.state, row.reason
    if row.qr and now_ms < row.expires_ms:
        return "waiting", NOT_EXIST
    end_ms = row.expires_ms if row.qr else row.asked_ms
    return ("unknown", NOT_EXIST) if now_ms < end_ms + ABSENT_MARGIN_MS else ("failed", NOT_EXIST)


def _without_code(request: ChargeRequest) -> PaymentRequest:
    return PaymentRequest(
        request.attempt,
        request.order,
        request.payee,
        request.amount_fen,
        request.channel,
        request.description,
    )
