"""WeChat Pay's answers as trades: its states, its error codes, its times."""

import json
from datetime import UTC, datetime
from typing import Any

import msgspec

from cloud_sync.platform.channels.bill_files import SITE_TIME
from cloud_sync.platform.channels.port import (
    ChannelSilent,
    Order,
    RefundOrder,
    RefundTrade,
    Trade,
    TradeState,
)

_STATES = {
    "SUCCESS": TradeState.PAID,
    "REFUND": TradeState.PAID,
    "NOTPAY": TradeState.WAITING,
    "USERPAYING": TradeState.PAYING,
    "ACCEPT": TradeState.PAYING,
    "CLOSED": TradeState.CLOSED,
    "PAYERROR": TradeState.CLOSED,
    "REVOKED": TradeState.REVERSED,
}
"""Their trade_state; REFUND is a paid trade of which something went back."""

_REFUNDS = {"SUCCESS": "refunded", "PROCESSING": "refunding", "CLOSED": "failed", "ABNORMAL": "failed"}

REFUSED = {
    "OUT_TRADE_NO_USED": "order_exists",
    "ORDER_PAID": "order_paid",
    "ORDERPAID": "order_paid",
    "REVERSE_EXPIRE": "order_paid",
    "ORDER_CLOSED": "order_closed",
    "ORDERCLOSED": "order_closed",
    "ORDER_REVERSED": "order_closed",
    "ORDER_NOT_EXIST": "order_absent",
    "RESOURCE_NOT_EXISTS": "order_absent",
    "AUTH_CODE_EXPIRED": "code_invalid",
    "AUTH_CODE_ERROR": "code_invalid",
    "AUTH_CODE_INVALID": "code_invalid",
    "TRADE_ERROR": "declined",
    "RULE_LIMIT": "declined",
    "USER_ACCOUNT_ABNORMAL": "declined",
    "INVALID_REQUEST": "above_captured",
    "NO_AUTH": "not_allowed",
    "PARAM_ERROR": "not_allowed",
    "SIGN_ERROR": "not_allowed",
    "MCH_NOT_EXISTS": "not_allowed",
    "APPID_MCHID_NOT_MATCH": "not_allowed",
}
"""Their error code → ours. One that is not named proves nothing: the trade is asked about."""


def json_of(content: object) -> dict[str, Any]:
    """The body as an object; empty for an empty body (204) and for what is no JSON object."""
    if not isinstance(content, str) or not content:
        return {}
    try:
        body = json.loads(content)
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def trade_of(order: Order, answer: dict[str, Any]) -> Trade:
    state = _STATES.get(str(answer.get("trade_state", "")))
    if state is None or answer.get("out_trade_no", order.attempt) != order.attempt:
        raise ChannelSilent("wechat did not say where the trade stands")
    if state is not TradeState.PAID:
        reason = "user_paying" if state is TradeState.PAYING else ""
        return Trade(attempt=order.attempt, state=state, reason=reason)
    return Trade(
        attempt=order.attempt,
        state=state,
        amount_fen=int(answer["amount"]["total"]),
        channel_id=str(answer.get("transaction_id", "")),
        paid_at_ms=epoch_ms(str(answer.get("success_time", ""))),
    )


def refund_of(refund: RefundOrder, answer: dict[str, Any]) -> RefundTrade:
    state = _REFUNDS.get(str(answer.get("status", "")))
    if state is None:
        raise ChannelSilent("wechat did not say where the refund stands")
    return msgspec.convert(
        {
            "part": refund.part,
            "state": state,
            "amount_fen": int(answer["amount"]["refund"]),
            "channel_id": str(answer.get("refund_id", "")),
            "refunded_at_ms": epoch_ms(str(answer.get("success_time", ""))) if state == "refunded" else 0,
            "reason": "abnormal" if answer.get("status") == "ABNORMAL" else "",
        },
        RefundTrade,
    )


def rfc3339(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms // 1000, UTC).astimezone(SITE_TIME).isoformat()


def epoch_ms(text: str) -> int:
    """Milliseconds of an RFC 3339 time; 0 when there is none."""
    return int(datetime.fromisoformat(text).timestamp() * 1000) if text else 0
