"""A local server that speaks Alipay's open platform (当面付), by its published rules.

Every request's signature is verified and every answer signed, with keys made here.
"""

import base64
import io
import json
import zipfile
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from aiohttp import web
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.hashes import SHA256

from cloud_sync.platform.channels.settings import AlipaySettings
from tests.fakes.merchant_trades import MerchantTrade, MerchantTrades
from tests.fakes.wechat_pay import rsa_pem_pair

APP_ID, TOKEN = "2021000000000001", "202611BBtoken"
SITE_TIME = timezone(timedelta(hours=8))
_STATES = {
    "waiting": "WAIT_BUYER_PAY",
    "paying": "WAIT_BUYER_PAY",
    "paid": "TRADE_SUCCESS",
    "closed": "TRADE_CLOSED",
    "reversed": "TRADE_CLOSED",
}
_HEAD = (
    "支付宝交易号,商户订单号,业务类型,商品名称,创建时间,完成时间,订单金额（元）,商家实收（元）,"
    "退款批次号/请求号,备注"
)


class AlipayServer:
    """The server. A QR that nobody scanned is no trade yet: `scan` makes it one."""

    def __init__(self, folder: Path, now_ms: Callable[[], int]) -> None:
        self.world = MerchantTrades()
        self._now_ms = now_ms
        self._app_key, app_private, _ = rsa_pem_pair()
        self._key, _, public = rsa_pem_pair()
        self.spoil_signature = False
        self.retry_cancel = False
        self.bill_ready = True
        self.shown: dict[str, int] = {}
        for name, text in (("app.pem", app_private), ("alipay.pem", public), ("token", TOKEN)):
            (folder / name).write_text(text, "ascii")
        self.app = web.Application()
        self.app.router.add_post("/gateway.do", self._serve)
        self.app.router.add_get("/bill.zip", self._bill)

    def settings(self, gateway: str) -> AlipaySettings:
        """Settings of an adapter that talks to us."""
        return AlipaySettings(
            app_id=APP_ID,
            private_key_file="app.pem",
            alipay_public_key_file="alipay.pem",
            notify_url="https://platform.example/notices/alipay",
            merchants={"shop": "token", "property": "token"},
            gateway=f"{gateway}/gateway.do",
        )

    def scan(self, number: str) -> None:
        """A payer scans the QR: only now there is a trade."""
        self.world.trades.setdefault(number, MerchantTrade(number, self.shown[number]))

    def notice(self, trade: MerchantTrade, **changes: str) -> bytes:
        """Body of the notice of a paid trade."""
        fields = {
            "notify_id": f"n-{trade.number}",
            "app_id": APP_ID,
            "out_trade_no": trade.number,
            "trade_no": f"2026{trade.number}",
            "trade_status": "TRADE_SUCCESS",
            "total_amount": f"{trade.amount_fen / 100:.2f}",
        } | changes
        signature = self._sign("&".join(f"{key}={fields[key]}" for key in sorted(fields)))
        return urlencode({**fields, "sign_type": "RSA2", "sign": signature}).encode()

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        self.world.now_ms = self._now_ms()
        self.world.seen_urls.append(request.path_qs)
        fields = {key: str(value) for key, value in (await request.post()).items()}
        name = fields.get("method", "").replace(".", "_") + "_response"
        if not self._is_signed(fields):
            return web.json_response(
                {"error_response": {"code": "40002", "sub_code": "isv.invalid-signature"}}
            )
        answer = self._answer(request, fields)
        if self.world.silent:
            return web.Response(status=502)
        content = json.dumps(answer, ensure_ascii=False)
        text = f'{{"{name}":{content},"sign":"{self._sign(content)}"}}'
        return web.Response(text=text, content_type="text/html")

    def _answer(self, request: web.Request, fields: dict[str, str]) -> dict[str, Any]:
        asked = json.loads(fields["biz_content"])
        number = asked.get("out_trade_no", "")
        if fields.get("app_auth_token") != TOKEN:
            return _fault("isv.invalid-app-auth-token")
        match fields["method"]:
            case "alipay.trade.precreate":
                return self._offer(asked)
            case "alipay.trade.pay":
                return self._charge(asked)
            case "alipay.data.dataservice.bill.downloadurl.query":
                if not self.bill_ready:
                    return _fault("isp.bill_not_exist")
                return _done(bill_download_url=f"http://{request.host}/bill.zip")
            case "alipay.trade.cancel":
                return self._cancel(number)
        return self._about_trade(fields["method"], asked)

    def _about_trade(self, method: str, asked: dict[str, Any]) -> dict[str, Any]:
        trade = self.world.trades.get(asked["out_trade_no"])
        if trade is None:
            return _fault("ACQ.TRADE_NOT_EXIST")
        if method == "alipay.trade.query":
            return _done(**self._trade(trade))
        if method == "alipay.trade.refund":
            return self._refund(trade, asked)
        if method == "alipay.trade.fastpay.refund.query":
            part = asked["out_request_no"]
            return self._refunded(trade, part) if part in trade.refunds else _done()
        if trade.state == "paid":
            return _fault("ACQ.TRADE_STATUS_ERROR")
        trade.state = "closed"
        return _done(out_trade_no=trade.number)

    def _offer(self, asked: dict[str, Any]) -> dict[str, Any]:
        number, amount_fen = asked["out_trade_no"], _fen(asked["total_amount"])
        if self.shown.setdefault(number, amount_fen) != amount_fen:
            return _fault("ACQ.CONTEXT_INCONSISTENT")
        return _done(out_trade_no=number, qr_code=f"https://qr.alipay.com/{number}")

    def _charge(self, asked: dict[str, Any]) -> dict[str, Any]:
        number, amount_fen = asked["out_trade_no"], _fen(asked["total_amount"])
        does = self.world.codes.get(asked["auth_code"])
        if does is None:
            return _fault("ACQ.PAYMENT_AUTH_CODE_INVALID")
        trade = self.world.trades.setdefault(number, MerchantTrade(number, amount_fen, "paying"))
        if trade.amount_fen != amount_fen:
            return _fault("ACQ.CONTEXT_INCONSISTENT")
        if trade.state in ("closed", "reversed"):
            return _fault("ACQ.TRADE_HAS_CLOSE")
        if does == "declines":
            trade.state = "closed"
            return _fault("ACQ.BUYER_BALANCE_NOT_ENOUGH")
        if does == "types":
            return {"code": "10003", "msg": "order success pay inprocess", "out_trade_no": number}
        self.world.pay(number)
        return _done(**self._trade(trade), gmt_payment=self._time(trade.paid_at_ms))

    def _cancel(self, number: str) -> dict[str, Any]:
        trade = self.world.trades.get(number)
        if self.retry_cancel:
            return _done(out_trade_no=number, retry_flag="Y")
        if trade is not None:
            trade.state = "reversed"
        return _done(out_trade_no=number, retry_flag="N", action="close")

    def _refund(self, trade: MerchantTrade, asked: dict[str, Any]) -> dict[str, Any]:
        part, amount_fen = asked["out_request_no"], _fen(asked["refund_amount"])
        fresh = part not in trade.refunds
        if fresh and amount_fen > trade.left_fen:
            return _fault("ACQ.REFUND_AMT_NOT_EQUAL_TOTAL")
        trade.refunds.setdefault(part, amount_fen)
        back = f"{(trade.amount_fen - trade.left_fen) / 100:.2f}"
        return _done(
            trade_no=f"2026{trade.number}",
            fund_change="Y" if fresh else "N",
            refund_fee=back,
            gmt_refund_pay=self._time(self.world.now_ms),
        )

    def _refunded(self, trade: MerchantTrade, part: str) -> dict[str, Any]:
        return _done(
            trade_no=f"2026{trade.number}",
            out_request_no=part,
            refund_amount=f"{trade.refunds[part] / 100:.2f}",
            refund_status="REFUND_SUCCESS",
            gmt_refund_pay=self._time(self.world.now_ms),
        )

    def _trade(self, trade: MerchantTrade) -> dict[str, Any]:
        told = {
            "out_trade_no": trade.number,
            "trade_no": f"2026{trade.number}",
            "trade_status": _STATES[trade.state],
            "total_amount": f"{trade.amount_fen / 100:.2f}",
        }
        return told | ({"send_pay_date": self._time(trade.paid_at_ms)} if trade.paid_at_ms else {})

    async def _bill(self, request: web.Request) -> web.Response:
        del request
        lines = ["#支付宝业务明细查询", _HEAD]
        for trade in self.world.trades.values():
            if trade.state != "paid":
                continue
            at, sold = self._time(trade.paid_at_ms), f"{trade.amount_fen / 100:.2f}"
            first = f"2026{trade.number}\t,{trade.number}\t"
            lines.append(f"{first},交易,goods,{at},{at},{sold},{sold},\t,")
            for part, fen in trade.refunds.items():
                lines.append(f"{first},退款,goods,{at},{at},-{fen / 100:.2f},-{fen / 100:.2f},{part}\t,")
        lines.append("#交易合计")
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            archive.writestr("2088_20261121_sums汇总.csv", "#".encode("gbk"))
            archive.writestr("2088_20261121_detail.csv", "\r\n".join(lines).encode("gbk"))
        return web.Response(body=packed.getvalue(), content_type="application/zip")

    def _is_signed(self, fields: Mapping[str, str]) -> bool:
        signature = fields.get("sign", "")
        message = "&".join(f"{key}={fields[key]}" for key in sorted(fields) if key != "sign")
        try:
            self._app_key.public_key().verify(
                base64.b64decode(signature), message.encode(), padding.PKCS1v15(), SHA256()
            )
        except InvalidSignature:
            return False
        return fields.get("app_id") == APP_ID

    def _sign(self, content: str) -> str:
        signature = self._key.sign(content.encode(), padding.PKCS1v15(), SHA256())
        if self.spoil_signature:
            signature = bytes([signature[0] ^ 1]) + signature[1:]
        return base64.b64encode(signature).decode()

    @staticmethod
    def _time(at_ms: int) -> str:
        return f"{datetime.fromtimestamp(at_ms / 1000, SITE_TIME):%Y-%m-%d %H:%M:%S}"


def _done(**fields: Any) -> dict[str, Any]:
    return {"code": "10000", "msg": "Success", **fields}


def _fault(sub_code: str) -> dict[str, Any]:
    return {"code": "40004", "msg": "Business Failed", "sub_code": sub_code}


def _fen(yuan: str) -> int:
    return round(float(yuan) * 100)
