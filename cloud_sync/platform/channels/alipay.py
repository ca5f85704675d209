"""Alipay's open platform (当面付) for a service provider, over the library python-alipay-sdk.

The library builds and signs requests and verifies answers and notices. It would send everything in the
address of the request, a payer's code too; here it goes in the body. Every call runs in a thread. No real
yuan has gone through this adapter yet: it is tested against a local server that signs and verifies by the
published rules.
"""

import asyncio
from collections.abc import Callable, Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import requests
from alipay import AliPay
from alipay.exceptions import AliPayException, AliPayValidationError

from cloud_sync.platform.channels.alipay_answers import DONE, PAYING, REFUSED, paid_of, refund_of, trade_of
from cloud_sync.platform.channels.bill_files import LIMIT_BYTES, read_alipay_bill, unpack_zip
from cloud_sync.platform.channels.port import (
    BillNotReady,
    ChannelRefused,
    ChannelSilent,
    Notice,
    NoticeForged,
    Offer,
    Order,
    PayerCode,
    RefundOrder,
    RefundTrade,
    Trade,
    TradeState,
)
from cloud_sync.platform.channels.settings import AlipaySettings
from cloud_sync.wire.payments import BillLine
from cloud_sync.wire.payments import Channel as ChannelName
from edge.money import format_yuan, parse_yuan

TIMEOUT_S = (3.0, 10.0)
"""Connect and read, as in `cloud_sync.platform.channels.wechat`."""


class _Client(AliPay):  # type: ignore[misc]
    """The library's client with requests in the body; answers are verified as the library does."""

    def verified_sync_response(self, data: dict[str, Any], response_type: str) -> dict[str, Any]:
        """Post a signed request. Raises requests.RequestException, AliPayException, AliPayValidationError."""
        answer = requests.post(
            self._gateway,
            data=self.sign_data(data),
            headers={"Content-Type": "application/x-www-form-urlencoded;charset=utf-8"},
            timeout=TIMEOUT_S,
        )
        answer.raise_for_status()
        verified: dict[str, Any] = self._verify_and_return_sync_response(answer.text, response_type)
        return verified


class AlipayChannel:
    """`cloud_sync.platform.channels.port.Channel`; `folder` is where relative key files lie."""

    name: ChannelName = "alipay"

    def __init__(self, settings: AlipaySettings, folder: Path) -> None:
        self._app_id = settings.app_id
        self._tokens = {
            payee: (folder / file).read_text("ascii").strip() for payee, file in settings.merchants.items()
        }
        self._notify_url = settings.notify_url
        self._client: Any = _Client(
            appid=settings.app_id,
            app_notify_url=None,
            app_private_key_string=(folder / settings.private_key_file).read_text("ascii"),
            alipay_public_key_string=(folder / settings.alipay_public_key_file).read_text("ascii"),
            sign_type="RSA2",
        )
        if settings.gateway:
            self._client._gateway = settings.gateway

    async def collect(self, order: Order) -> Offer:
        """Trade made beforehand: the text of a collection QR. Raises ChannelRefused, ChannelSilent."""
        minutes = max(1, -(-(order.expires_at_ms - order.asked_at_ms) // 60_000))
        answer = await self._ask(
            "alipay.trade.precreate",
            order.payee,
            {**_order(order), "qr_code_timeout_express": f"{minutes}m", "timeout_express": f"{minutes}m"},
            notify_url=self._notify_url,
        )
        return Offer(qr=str(answer["qr_code"]), expires_at_ms=order.expires_at_ms)

    async def charge(self, order: Order, code: PayerCode) -> Trade:
        """Payment by the payer's code."""
        content = {**_order(order), "scene": "bar_code", "auth_code": code.reveal()}
        answer = await self._ask("alipay.trade.pay", order.payee, content, notify_url=self._notify_url)
        if answer["code"] == PAYING:
            return Trade(attempt=order.attempt, state=TradeState.PAYING, reason="user_paying")
        return paid_of(order, answer, "gmt_payment")

    async def query(self, order: Order) -> Trade:
        """Ask by our own number. A QR that nobody has scanned is `absent`, and can still be paid."""
        try:
            answer = await self._ask("alipay.trade.query", order.payee, {"out_trade_no": order.attempt})
        except ChannelRefused as refused:
            if refused.code == "order_absent":
                return Trade(attempt=order.attempt, state=TradeState.ABSENT)
            raise
        return trade_of(order, answer)

    async def close(self, order: Order) -> Trade:
        """Cancel an unpaid trade, made or not (a QR that was not scanned has none), and ask what it is now.

        Cancelling would give money back, so a paid one is found out first and stays paid.
        """
        trade = await self.query(order)
        if trade.state in (TradeState.PAID, TradeState.CLOSED, TradeState.REVERSED):
            return trade
        if trade.state is TradeState.ABSENT:
            return trade
        try:
            await self._ask("alipay.trade.close", order.payee, {"out_trade_no": order.attempt})
        except ChannelRefused as refused:
            if refused.code not in ("order_paid", "order_closed", "order_absent"):
                raise
        return await self.query(order)

    async def reverse(self, order: Order) -> Trade:
        """Cancel (撤销): what was paid goes back. Raises ChannelSilent while Alipay asks to try again."""
        answer = await self._ask("alipay.trade.cancel", order.payee, {"out_trade_no": order.attempt})
        if answer.get("retry_flag") == "Y":
            raise ChannelSilent("alipay asks to cancel again")
        return Trade(attempt=order.attempt, state=TradeState.REVERSED)

    async def refund(self, refund: RefundOrder) -> RefundTrade:
        """Give back; the part's id is the request number. Without a change of funds it is asked about."""
        answer = await self._ask(
            "alipay.trade.refund",
            refund.order.payee,
            {
                "out_trade_no": refund.order.attempt,
                "refund_amount": format_yuan(refund.amount_fen),
                "out_request_no": refund.part,
                "refund_reason": refund.reason or "refund",
            },
        )
        if answer.get("fund_change") != "Y":
            return await self.query_refund(refund)
        return refund_of(refund, "refunded", answer, "gmt_refund_pay")

    async def query_refund(self, refund: RefundOrder) -> RefundTrade:
        """Ask by our own request number."""
        content = {"out_trade_no": refund.order.attempt, "out_request_no": refund.part}
        try:
            answer = await self._ask("alipay.trade.fastpay.refund.query", refund.order.payee, content)
        except ChannelRefused as refused:
            if refused.code == "order_absent":
                return RefundTrade(part=refund.part, state="absent")
            raise
        if not answer.get("out_request_no"):
            return RefundTrade(part=refund.part, state="absent")
        done = answer.get("refund_status") == "REFUND_SUCCESS"
        return refund_of(refund, "refunded" if done else "refunding", answer, "gmt_refund_pay")

    async def bill(self, date: str, payee: str) -> list[BillLine]:
        """The day's bill of one merchant. Raises BillNotReady, ChannelSilent."""
        answer = await self._ask(
            "alipay.data.dataservice.bill.downloadurl.query",
            payee,
            {"bill_type": "trade", "bill_date": date},
        )
        packed = await self._run(_fetch, str(answer["bill_download_url"]))
        return read_alipay_bill(unpack_zip(packed).decode("gbk"), payee)

    def read_notice(self, headers: Mapping[str, str], body: bytes) -> Notice:
        """Verify. Raises NoticeForged, also for one of another app."""
        try:
            fields = dict(parse_qsl(body.decode(), keep_blank_values=True, strict_parsing=True))
            signature = fields.pop("sign")
            if not self._client.verify(dict(fields), signature) or fields["app_id"] != self._app_id:
                raise NoticeForged
            amount = fields.get("refund_fee") or fields["total_amount"]
            return Notice(
                id=fields["notify_id"],
                attempt=fields["out_trade_no"],
                part=fields.get("out_biz_no", "") if "refund_fee" in fields else "",
                amount_fen=parse_yuan(amount),
                channel_id=fields["trade_no"],
            )
        except (ValueError, KeyError, AliPayException) as error:
            raise NoticeForged from error

    async def _ask(self, api: str, payee: str, content: dict[str, Any], **more: Any) -> dict[str, Any]:
        """Post, and return the verified answer. Raises ChannelSilent, ChannelRefused, BillNotReady."""
        token = self._tokens.get(payee)
        if token is None:
            raise ChannelRefused("not_allowed")
        answer: dict[str, Any] = await self._run(
            self._client.server_api, api, biz_content=content, app_auth_token=token, **more
        )
        code, sub_code = str(answer.get("code", "")), str(answer.get("sub_code", ""))
        if code in (DONE, PAYING):
            return answer
        if sub_code.endswith("bill_not_exist"):
            raise BillNotReady("alipay has no bill of this day yet")
        if sub_code in REFUSED:
            raise ChannelRefused(REFUSED[sub_code])
        raise ChannelSilent(f"alipay answered {code} {sub_code}")

    async def _run(self, call: Callable[..., Any], *values: Any, **arguments: Any) -> Any:
        try:
            return await asyncio.to_thread(call, *values, **arguments)
        except requests.RequestException as error:
            raise ChannelSilent(f"alipay does not answer: {type(error).__name__}") from None
        except (AliPayException, AliPayValidationError, ValueError) as error:
            raise ChannelSilent(f"alipay's answer cannot be used: {type(error).__name__}") from None


def _order(order: Order) -> dict[str, Any]:
    return {
        "out_trade_no": order.attempt,
        "total_amount": format_yuan(order.amount_fen),
        "subject": order.description or order.payee,
    }


def _fetch(url: str) -> bytes:
    """Fetch the bill's archive; the address is signed and short-lived. Raises requests.RequestException."""
    with requests.get(url, timeout=TIMEOUT_S, stream=True) as answer:
        answer.raise_for_status()
        content = answer.raw.read(LIMIT_BYTES + 1, decode_content=True)
    if answer.status_code != HTTPStatus.OK or len(content) > LIMIT_BYTES:
        raise ValueError("no bill at this address")
    return bytes(content)
