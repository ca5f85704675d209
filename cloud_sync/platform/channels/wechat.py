"""WeChat Pay, APIv3 in service-provider mode, over the library wechatpayv3.

The library signs requests, verifies answers and notices, and decrypts; here its answers become trades. Its
client blocks, so every call runs in a thread. No real yuan has gone through this adapter yet: it is tested
against a local server that signs and verifies by the published rules.
"""

import asyncio
import hashlib
from collections.abc import Callable, Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Any

import requests
from wechatpayv3 import WeChatPay, WeChatPayType

from cloud_sync.platform.channels.bill_files import read_wechat_bill, unpack_gzip
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
from cloud_sync.platform.channels.settings import WeChatSettings
from cloud_sync.platform.channels.wechat_answers import REFUSED, json_of, refund_of, rfc3339, trade_of
from cloud_sync.wire.payments import BillLine
from cloud_sync.wire.payments import Channel as ChannelName

TIMEOUT_S = (3.0, 10.0)
"""Connect and read. The device gives up after 5 s and asks again; a longer wait here would block a thread."""
NOTICE_AGE_MS = 300_000
"""A notice older than five minutes is a replay (WeChat Pay, rules for verifying signatures)."""


class WeChatChannel:
    """`cloud_sync.platform.channels.port.Channel`; `folder` is where relative key files lie."""

    name: ChannelName = "wechat"

    def __init__(self, settings: WeChatSettings, folder: Path, clock_ms: Callable[[], int]) -> None:
        self._merchants = settings.merchants
        self._sp_mchid = settings.sp_mchid
        self._clock_ms = clock_ms
        self._client: Any = WeChatPay(
            wechatpay_type=WeChatPayType.NATIVE,
            mchid=settings.sp_mchid,
            private_key=(folder / settings.private_key_file).read_text("ascii"),
            cert_serial_no=settings.serial_no,
            apiv3_key=(folder / settings.apiv3_key_file).read_text("ascii").strip(),
            appid=settings.sp_appid,
            notify_url=settings.notify_url,
            partner_mode=True,
            timeout=TIMEOUT_S,
            public_key=(folder / settings.public_key_file).read_text("ascii"),
            public_key_id=settings.public_key_id,
        )
        if settings.gateway:
            self._client._core._gate_way = settings.gateway

    async def collect(self, order: Order) -> Offer:
        """Native payment: the text of a collection QR. Raises ChannelRefused, ChannelSilent."""
        answer = await self._ask(
            self._client.pay,
            **self._order(order),
            time_expire=rfc3339(order.expires_at_ms),
            pay_type=WeChatPayType.NATIVE,
        )
        return Offer(qr=str(answer["code_url"]), expires_at_ms=order.expires_at_ms)

    async def charge(self, order: Order, code: PayerCode) -> Trade:
        """Payment by the payer's code. There is no notice of it: the caller asks (`query`)."""
        try:
            answer = await self._ask(
                self._client.pay,
                **self._order(order),
                payer={"auth_code": code.reveal()},
                scene_info={"store_info": {"id": order.payee}},
                pay_type=WeChatPayType.CODEPAY,
            )
        except _UserPaying:
            return Trade(attempt=order.attempt, state=TradeState.PAYING, reason="user_paying")
        return trade_of(order, answer)

    async def query(self, order: Order) -> Trade:
        """Ask by our own number."""
        try:
            answer = await self._ask(
                self._client.query, out_trade_no=order.attempt, sub_mchid=self._merchant(order.payee)
            )
        except ChannelRefused as refused:
            if refused.code == "order_absent":
                return Trade(attempt=order.attempt, state=TradeState.ABSENT)
            raise
        return trade_of(order, answer)

    async def close(self, order: Order) -> Trade:
        """Close; whatever the answer, the trade itself is asked what it is now."""
        try:
            await self._ask(
                self._client.close, out_trade_no=order.attempt, sub_mchid=self._merchant(order.payee)
            )
        except ChannelRefused as refused:
            if refused.code not in ("order_paid", "order_closed", "order_absent"):
                raise
        return await self.query(order)

    async def reverse(self, order: Order) -> Trade:
        """Take a payment by code back (撤销); an answer with success means that it is."""
        try:
            await self._ask(
                self._client.codepay_reverse,
                out_trade_no=order.attempt,
                sub_mchid=self._merchant(order.payee),
            )
        except ChannelRefused as refused:
            if refused.code not in ("order_paid", "order_closed", "order_absent"):
                raise
            return await self.query(order)
        return Trade(attempt=order.attempt, state=TradeState.REVERSED)

    async def refund(self, refund: RefundOrder) -> RefundTrade:
        """Give back; the part's id is the refund number."""
        answer = await self._ask(
            self._client.refund,
            out_refund_no=refund.part,
            out_trade_no=refund.order.attempt,
            amount={"refund": refund.amount_fen, "total": refund.order.amount_fen, "currency": "CNY"},
            reason=refund.reason or None,
            sub_mchid=self._merchant(refund.order.payee),
        )
        return refund_of(refund, answer)

    async def query_refund(self, refund: RefundOrder) -> RefundTrade:
        """Ask by our own refund number."""
        try:
            answer = await self._ask(
                self._client.query_refund,
                out_refund_no=refund.part,
                sub_mchid=self._merchant(refund.order.payee),
            )
        except ChannelRefused as refused:
            if refused.code == "order_absent":
                return RefundTrade(part=refund.part, state="absent")
            raise
        return refund_of(refund, answer)

    async def bill(self, date: str, payee: str) -> list[BillLine]:
        """The day's bill of one sub-merchant. Raises BillNotReady, ChannelSilent."""
        try:
            offer = await self._ask(self._client.trade_bill, bill_date=date, sub_mchid=self._merchant(payee))
        except _NoBill:
            return []
        status, packed = await self._call(self._client.download_bill, str(offer["download_url"]))
        if status != HTTPStatus.OK or not isinstance(packed, bytes):
            raise ChannelSilent(f"the bill could not be fetched: {status}")
        text = unpack_gzip(packed)
        if hashlib.sha1(text).hexdigest() != str(offer["hash_value"]).lower():  # noqa: S324 (their choice)
            raise ChannelSilent("the bill is not the one that was announced")
        return read_wechat_bill(text.decode("utf-8-sig"), payee)

    def read_notice(self, headers: Mapping[str, str], body: bytes) -> Notice:
        """Verify and decrypt. Raises NoticeForged, also for one that is too old or of another merchant."""
        try:
            notice = self._client.callback(dict(headers), body)
            resource = notice["resource"]
            age_ms = self._clock_ms() - int(headers["Wechatpay-Timestamp"]) * 1000
        except Exception as error:  # the library raises bare Exception; any fault is a forgery
            raise NoticeForged from error
        if abs(age_ms) > NOTICE_AGE_MS or resource.get("sp_mchid") != self._sp_mchid:
            raise NoticeForged
        payees = {merchant: payee for payee, merchant in self._merchants.items()}
        amount = resource["amount"]
        return Notice(
            id=str(notice["id"]),
            attempt=str(resource["out_trade_no"]),
            part=str(resource.get("out_refund_no", "")),
            payee=payees.get(str(resource.get("sub_mchid", "")), ""),
            amount_fen=int(amount.get("refund", amount["total"])),
            channel_id=str(resource.get("refund_id", resource.get("transaction_id", ""))),
        )

    def _order(self, order: Order) -> dict[str, Any]:
        return {
            "description": order.description or order.payee,
            "out_trade_no": order.attempt,
            "amount": {"total": order.amount_fen, "currency": "CNY"},
            "sub_mchid": self._merchant(order.payee),
        }

    def _merchant(self, payee: str) -> str:
        merchant = self._merchants.get(payee)
        if merchant is None:
            raise ChannelRefused("not_allowed")
        return merchant

    async def _ask(self, method: Callable[..., Any], **arguments: Any) -> dict[str, Any]:
        """Call, and return the body of a success. Raises ChannelError, _UserPaying, _NoBill."""
        status, content = await self._call(method, **arguments)
        body = json_of(content)
        code = str(body.get("code", ""))
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise ChannelSilent(f"wechat answered {status} {code}")
        if code == "USERPAYING":
            raise _UserPaying
        if code == "NO_STATEMENT_EXIST":
            raise _NoBill
        if code == "STATEMENT_CREATING":
            raise BillNotReady("wechat is still making this bill")
        if status >= HTTPStatus.BAD_REQUEST:
            if code in REFUSED:
                raise ChannelRefused(REFUSED[code])
            raise ChannelSilent(f"wechat answered {status} {code}")
        return body

    async def _call(self, method: Callable[..., Any], *values: str, **arguments: Any) -> tuple[int, Any]:
        try:
            status, content = await asyncio.to_thread(method, *values, **arguments)
        except requests.RequestException as error:
            raise ChannelSilent(f"wechat does not answer: {type(error).__name__}") from None
        except Exception as error:  # noqa: BLE001 (bare Exception is how the library says "bad signature")
            raise ChannelSilent(f"wechat's answer cannot be used: {type(error).__name__}") from None
        return int(status), content


class _UserPaying(Exception):
    """The payer is entering a password."""


class _NoBill(Exception):
    """There was no trade that day."""
