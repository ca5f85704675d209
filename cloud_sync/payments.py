"""The payment room's platform port over HTTP: asks, never charges twice, because the platform dedupes."""

import asyncio
from urllib.parse import quote

from cloud_sync.http import Patience, PlatformHttp
from cloud_sync.wire.payments import Channel, PaymentOffer, PaymentRequest, PaymentState
from edge.errors import PlatformRejected, PlatformUnreachable
from edge.pay.attempts import Attempt
from edge.pay.ports import ChannelState, QrOffer

READY_WAIT_S = 4.0
"""How long somebody who wants to pay waits for the platform to say where this device's stream stands."""
PATIENCE = Patience(connect_s=1.5, silence_s=4.0, total_s=5.0)
"""A payer stands there: an answer later than this counts as none."""
DESCRIPTION_LIMIT = 128
_CHANNELS: dict[str, Channel] = {"wechat": "wechat", "alipay": "alipay"}


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
        channel = _CHANNELS.get(attempt.channel)
        if channel is None:
            raise PlatformRejected(422, "channel_unknown")
        content = PaymentRequest(
            attempt=attempt.id,
            order=attempt.order_id,
            payee=attempt.payee,
            amount_fen=attempt.amount_fen,
            channel=channel,
            description=attempt.description[:DESCRIPTION_LIMIT],
        )
        offer = await self._http.ask(
            "POST", self._http.site_path + "/payments", PaymentOffer, content=content, patience=PATIENCE
        )
        return QrOffer(qr=offer.qr, expires_at_ms=offer.expires_at_ms)

    async def query(self, attempt_id: str) -> ChannelState:
        """Ask what became of an attempt."""
        return await self._state("GET", self._path(attempt_id))

    async def close(self, attempt_id: str) -> ChannelState:
        """Ask to close an attempt that nobody has paid."""
        return await self._state("POST", self._path(attempt_id) + "/close")

    async def _state(self, method: str, path: str) -> ChannelState:
        state = await self._http.ask(method, path, PaymentState, patience=PATIENCE)
        return ChannelState(
            state=state.state,
            amount_fen=state.amount_fen,
            channel_id=state.channel_id,
            order_id=state.order,
        )

    def _path(self, attempt_id: str) -> str:
        return f"{self._http.site_path}/payments/{quote(attempt_id, safe='')}"
