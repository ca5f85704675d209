"""The payment room's platform port over HTTP: asks, never charges twice, because the platform dedupes."""

import asyncio
from urllib.parse import quote

import msgspec

from cloud_sync.http import Patience, PlatformHttp
from cloud_sync.wire.payments import (
    Channel,
    ChargeRequest,
    PaymentOffer,
    PaymentRequest,
    PaymentState,
    RefundRequest,
)
from cloud_sync.wire.payments import RefundState as WireRefundState
from edge.errors import PlatformRejected, PlatformUnreachable
from edge.pay.attempts import Attempt
from edge.pay.codes import PaymentCode
from edge.pay.ports import ChannelState, QrOffer, RefundAsk, RefundState

READY_WAIT_S = 4.0
"""How long somebody who wants to pay waits for the platform to say where this device's stream stands."""
PATIENCE = Patience(connect_s=2.5, silence_s=4.0, total_s=5.0)
"""A payer stands there: an answer later than this counts as none."""
CHARGE_PATIENCE = Patience(connect_s=2.5, silence_s=10.0, total_s=12.0)
"""A charge waits for the channel, which may take a while to answer; silence is followed by questions."""
DESCRIPTION_LIMIT = 128
REASON_LIMIT = 64
_CHANNELS: dict[str, Channel] = {"wechat": "wechat", "alipay": "alipay"}

REASONS = {"password": "user_paying"}
"""What the wire calls a payer who is confirming, and what the payment room calls it."""


class HttpPaymentPlatform:
    """`edge.pay.ports.PaymentPlatform`; raises PlatformUnreachable or PlatformRejected.

    `confirmed` is the uplink's: set once the platform said, to this process, where our stream stands. An old
    copy that was put back has its new epoch by then, and allots no id of its earlier life again.
    """

    def __init__(self, http: PlatformHttp, *, confirmed: asyncio.Event) -> None:
        self._http = http
        self._confirmed = confirmed

    async def ready(self) -> None:
        """Wait until our identity is confirmed. Raises PlatformUnreachable after READY_WAIT_S."""
        if self._confirmed.is_set():
            return
        try:
            async with asyncio.timeout(READY_WAIT_S):
                await self._confirmed.wait()
        except TimeoutError as error:
            raise PlatformUnreachable(
                "the platform has not said where this device's stream stands"
            ) from error

    async def request(self, attempt: Attempt) -> QrOffer:
        """Ask for a collection QR."""
        content = _request_of(attempt)
        offer = await self._http.ask(
            "POST", self._http.site_path + "/payments", PaymentOffer, content=content, patience=PATIENCE
        )
        return QrOffer(qr=offer.qr, expires_at_ms=offer.expires_at_ms)

    async def charge(self, attempt: Attempt, code: PaymentCode) -> ChannelState:
        """Charge a payment code; its digits are in this request and nowhere else."""
        content = ChargeRequest(**msgspec.structs.asdict(_request_of(attempt)), code=code.reveal())
        path = self._http.site_path + "/payments/charge"
        state = await self._http.ask("POST", path, PaymentState, content=content, patience=CHARGE_PATIENCE)
        return _state_of(state)

    async def query(self, attempt_id: str) -> ChannelState:
        """Ask what became of an attempt."""
        return await self._state("GET", self._path(attempt_id))

    async def close(self, attempt_id: str) -> ChannelState:
        """Ask to close an attempt that nobody has paid."""
        return await self._state("POST", self._path(attempt_id) + "/close")

    async def reverse(self, attempt_id: str) -> ChannelState:
        """Ask to reverse or cancel a charge."""
        return await self._state("POST", self._path(attempt_id) + "/reverse")

    async def refund(self, ask: RefundAsk) -> RefundState:
        """Ask to give money back."""
        content = RefundRequest(
            part=ask.part_id,
            attempt=ask.attempt_id,
            order=ask.order_id,
            amount_fen=ask.amount_fen,
            reason=ask.reason[:REASON_LIMIT],
        )
        path = self._http.site_path + "/refunds"
        return _refund_of(
            await self._http.ask("POST", path, WireRefundState, content=content, patience=PATIENCE)
        )

    async def query_refund(self, part_id: str) -> RefundState:
        """Ask what became of a part of a refund."""
        path = f"{self._http.site_path}/refunds/{quote(part_id, safe='')}"
        return _refund_of(await self._http.ask("GET", path, WireRefundState, patience=PATIENCE))

    async def _state(self, method: str, path: str) -> ChannelState:
        return _state_of(await self._http.ask(method, path, PaymentState, patience=PATIENCE))

    def _path(self, attempt_id: str) -> str:
        return f"{self._http.site_path}/payments/{quote(attempt_id, safe='')}"


def _request_of(attempt: Attempt) -> PaymentRequest:
    channel = _CHANNELS.get(attempt.channel)
    if channel is None:
        raise PlatformRejected(422, "channel_unknown")
    return PaymentRequest(
        attempt=attempt.id,
        order=attempt.order_id,
        payee=attempt.payee,
        amount_fen=attempt.amount_fen,
        channel=channel,
        description=attempt.description[:DESCRIPTION_LIMIT],
    )


def _state_of(state: PaymentState) -> ChannelState:
    return ChannelState(
        state=state.state,
        amount_fen=state.amount_fen,
        channel_id=state.channel_id,
        order_id=state.order,
        reason=REASONS.get(state.reason, state.reason),
        paid_at_ms=state.paid_at_ms,
    )


def _refund_of(state: WireRefundState) -> RefundState:
    return RefundState(
        state=state.state,
        amount_fen=state.amount_fen,
        channel_id=state.channel_id,
        reason=state.reason,
        refunded_at_ms=state.refunded_at_ms,
    )
