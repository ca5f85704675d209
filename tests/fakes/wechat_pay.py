"""A local server that speaks WeChat Pay's APIv3 for a service provider, by its published rules.

Every request's signature is verified and every answer signed, with keys made here. It knows what the adapter
needs: native and code payments, query, close, reverse, refund, bill, encrypted notices.
"""

import base64
import gzip
import hashlib
import json
import re
import secrets
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from aiohttp import web
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256

from cloud_sync.platform.channels.settings import WeChatSettings
from tests.fakes.merchant_trades import MerchantTrade, MerchantTrades

MERCHANTS = {"shop": "1900000109", "property": "1900000110"}
SP_MCHID, SP_APPID, SERIAL, KEY_ID = "1230000109", "wxd678efh567hg6787", "5157F09EFDC096DE", "PUB_KEY_ID_01"
SITE_TIME = timezone(timedelta(hours=8))
_STATES = {
    "waiting": "NOTPAY",
    "paying": "USERPAYING",
    "paid": "SUCCESS",
    "closed": "CLOSED",
    "reversed": "REVOKED",
}
_FIELDS = re.compile(r'(\w+)="([^"]*)"')
_HEAD = "交易时间,特约商户号,微信订单号,商户订单号,交易状态,订单金额,微信退款单号,商户退款单号,申请退款金额"


def rsa_pem_pair() -> tuple[rsa.RSAPrivateKey, str, str]:
    """A new key of 2048 bits with its private (PKCS #8) and public PEM."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return key, private.decode(), public.decode()


class WeChatServer:
    """The server; `settings` is what the adapter needs, its key files lie in `folder`."""

    def __init__(self, folder: Path, now_ms: Callable[[], int]) -> None:
        self.world = MerchantTrades()
        self._now_ms = now_ms
        self._merchant_key, merchant_private, _ = rsa_pem_pair()
        self._key, _, public = rsa_pem_pair()
        self.apiv3_key = secrets.token_hex(16)
        self.spoil_signature = False
        self.bill_state = "ready"
        for name, text in (
            ("merchant.pem", merchant_private),
            ("apiv3", self.apiv3_key),
            ("wechat.pem", public),
        ):
            (folder / name).write_text(text, "ascii")
        self.app = web.Application()
        self.app.router.add_route("*", "/{path:.*}", self._serve)

    def settings(self, gateway: str) -> WeChatSettings:
        """Settings of an adapter that talks to us."""
        return WeChatSettings(
            sp_mchid=SP_MCHID,
            sp_appid=SP_APPID,
            serial_no=SERIAL,
            private_key_file="merchant.pem",
            apiv3_key_file="apiv3",
            public_key_id=KEY_ID,
            public_key_file="wechat.pem",
            notify_url="https://platform.example/notices/wechat",
            merchants=MERCHANTS,
            gateway=gateway,
        )

    def notice(self, trade: MerchantTrade, **changes: Any) -> tuple[dict[str, str], bytes]:
        """Headers and body of the notice of a paid trade; `changes` replace fields of its secret part."""
        secret = {
            "sp_mchid": SP_MCHID,
            "sub_mchid": MERCHANTS["shop"],
            "out_trade_no": trade.number,
            "transaction_id": f"4200{trade.number}",
            "trade_state": "SUCCESS",
            "amount": {"total": trade.amount_fen},
        } | changes
        nonce = secrets.token_hex(6)
        sealed = AESGCM(self.apiv3_key.encode()).encrypt(
            nonce.encode(), json.dumps(secret).encode(), b"transaction"
        )
        resource = {
            "algorithm": "AEAD_AES_256_GCM",
            "nonce": nonce,
            "associated_data": "transaction",
            "ciphertext": base64.b64encode(sealed).decode(),
        }
        body = {"id": f"EV-{trade.number}", "resource_type": "encrypt-resource", "resource": resource}
        content = json.dumps(body).encode()
        return self._sign(content), content

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        self.world.now_ms = self._now_ms()
        self.world.seen_urls.append(request.path_qs)
        body = await request.read()
        if not self._is_signed(request, body):
            return self._reply({"code": "SIGN_ERROR"}, 401)
        if request.path == "/v3/billdownload/file":
            return web.Response(body=gzip.compress(self._bill_text()), content_type="application/x-gzip")
        answer = self._answer(request, json.loads(body) if body else {})
        return self._reply({"code": "SYSTEM_ERROR"}, 500) if self.world.silent else answer

    def _answer(self, request: web.Request, asked: dict[str, Any]) -> web.Response:
        path = request.path.removeprefix("/v3/pay/partner/transactions")
        number = path.split("/")[2] if path.startswith("/out-trade-no/") else ""
        merchant = asked.get("sub_mchid") or request.query.get("sub_mchid")
        if merchant not in MERCHANTS.values():
            return self._reply({"code": "MCH_NOT_EXISTS"}, 400)
        if path == "/native":
            return self._place(asked, "waiting") or self._reply(
                {"code_url": f"weixin://{asked['out_trade_no']}"}
            )
        if path == "/codepay":
            return self._charge(asked)
        if request.path.startswith("/v3/refund/domestic/refunds"):
            return self._refund(asked, request.path.rpartition("/")[2])
        if request.path == "/v3/bill/tradebill":
            return self._offer_bill(request)
        trade = self.world.trades.get(number)
        if trade is None:
            return self._reply({"code": "ORDER_NOT_EXIST"}, 404)
        if path.endswith("/close"):
            return self._close(trade)
        if path.endswith("/reverse"):
            trade.state = "reversed"
            return self._reply({"out_trade_no": number})
        return self._reply(self._trade(trade))

    def _place(self, asked: dict[str, Any], state: str) -> web.Response | None:
        number, amount_fen = asked["out_trade_no"], asked["amount"]["total"]
        trade = self.world.trades.setdefault(number, MerchantTrade(number, amount_fen, state))
        if trade.amount_fen != amount_fen:
            return self._reply({"code": "OUT_TRADE_NO_USED"}, 403)
        if trade.state == "paid":
            return self._reply({"code": "ORDER_PAID"}, 400)
        if trade.state in ("closed", "reversed"):
            return self._reply({"code": "ORDER_CLOSED"}, 400)
        return None

    def _charge(self, asked: dict[str, Any]) -> web.Response:
        does = self.world.codes.get(asked["payer"]["auth_code"])
        if does is None:
            return self._reply({"code": "AUTH_CODE_INVALID"}, 400)
        if refused := self._place(asked, "paying"):
            return refused
        trade = self.world.trades[asked["out_trade_no"]]
        if does == "declines":
            trade.state = "closed"
            return self._reply({"code": "TRADE_ERROR"}, 403)
        if does == "types":
            return self._reply({"code": "USERPAYING"}, 202)
        self.world.pay(trade.number)
        return self._reply(self._trade(trade))

    def _close(self, trade: MerchantTrade) -> web.Response:
        if trade.state == "paid":
            return self._reply({"code": "ORDER_PAID"}, 400)
        trade.state = "closed"
        return web.Response(status=204, headers=self._sign(b""))

    def _refund(self, asked: dict[str, Any], number: str) -> web.Response:
        if not asked:
            found = [trade for trade in self.world.trades.values() if number in trade.refunds]
            if not found:
                return self._reply({"code": "RESOURCE_NOT_EXISTS"}, 404)
            return self._reply(self._refunded(found[0], number))
        trade = self.world.trades[asked["out_trade_no"]]
        part, amount_fen = asked["out_refund_no"], asked["amount"]["refund"]
        if part not in trade.refunds and amount_fen > trade.left_fen:
            return self._reply({"code": "INVALID_REQUEST"}, 400)
        trade.refunds.setdefault(part, amount_fen)
        return self._reply(self._refunded(trade, part))

    def _refunded(self, trade: MerchantTrade, part: str) -> dict[str, Any]:
        return {
            "refund_id": f"5000{part}",
            "out_refund_no": part,
            "status": "SUCCESS",
            "success_time": self._time(self.world.now_ms),
            "amount": {"refund": trade.refunds[part], "total": trade.amount_fen},
        }

    def _trade(self, trade: MerchantTrade) -> dict[str, Any]:
        told: dict[str, Any] = {"out_trade_no": trade.number, "trade_state": _STATES[trade.state]}
        if trade.state == "paid":
            told |= {
                "transaction_id": f"4200{trade.number}",
                "success_time": self._time(trade.paid_at_ms),
                "amount": {"total": trade.amount_fen, "currency": "CNY"},
            }
        return told

    def _offer_bill(self, request: web.Request) -> web.Response:
        if self.bill_state != "ready":
            return self._reply({"code": self.bill_state}, 400)
        digest = hashlib.sha1(self._bill_text(), usedforsecurity=False).hexdigest()
        url = f"http://{request.host}/v3/billdownload/file?token=t"
        return self._reply({"download_url": url, "hash_type": "SHA1", "hash_value": digest})

    def _bill_text(self) -> bytes:
        lines = [_HEAD]
        for trade in self.world.trades.values():
            if trade.state != "paid":
                continue
            sold = f"{trade.amount_fen / 100:.2f}"
            at = f"{datetime.fromtimestamp(trade.paid_at_ms / 1000, SITE_TIME):%Y-%m-%d %H:%M:%S}"
            row = [at, MERCHANTS["shop"], f"4200{trade.number}", trade.number]
            lines.append(",".join(f"`{field}" for field in [*row, "SUCCESS", sold, "0", "0", "0.00"]))
            for part, fen in trade.refunds.items():
                back = [*row, "REFUND", "0.00", f"5000{part}", part, f"{fen / 100:.2f}"]
                lines.append(",".join(f"`{field}" for field in back))
        lines += ["总交易单数,应结订单总金额", "`1,`0.00"]
        return "﻿".encode() + "\r\n".join(lines).encode()

    def _is_signed(self, request: web.Request, body: bytes) -> bool:
        scheme, _, rest = request.headers.get("Authorization", "").partition(" ")
        told = dict(_FIELDS.findall(rest))
        if (
            scheme != "WECHATPAY2-SHA256-RSA2048"
            or told.get("mchid") != SP_MCHID
            or told.get("serial_no") != SERIAL
        ):
            return False
        parts = (request.method, request.path_qs, told["timestamp"], told["nonce_str"], body.decode())
        message = "".join(f"{part}\n" for part in parts).encode()
        try:
            self._merchant_key.public_key().verify(
                base64.b64decode(told["signature"]), message, padding.PKCS1v15(), SHA256()
            )
        except InvalidSignature:
            return False
        return True

    def _reply(self, body: dict[str, Any], status: int = 200) -> web.Response:
        content = json.dumps(body).encode()
        return web.Response(
            body=content, status=status, content_type="application/json", headers=self._sign(content)
        )

    def _sign(self, body: bytes) -> dict[str, str]:
        timestamp, nonce = str(self._now_ms() // 1000), secrets.token_hex(8)
        message = f"{timestamp}\n{nonce}\n".encode() + body + b"\n"
        signature = self._key.sign(message, padding.PKCS1v15(), SHA256())
        if self.spoil_signature:
            signature = bytes([signature[0] ^ 1]) + signature[1:]
        return {
            "Wechatpay-Timestamp": timestamp,
            "Wechatpay-Nonce": nonce,
            "Wechatpay-Serial": KEY_ID,
            "Wechatpay-Signature": base64.b64encode(signature).decode(),
            "Wechatpay-Signature-Type": "WECHATPAY2-SHA256-RSA2048",
        }

    @staticmethod
    def _time(at_ms: int) -> str:
        return datetime.fromtimestamp(at_ms // 1000, UTC).astimezone(SITE_TIME).isoformat()
