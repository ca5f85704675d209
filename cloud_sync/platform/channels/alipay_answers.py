"""Alipay's answers as trades: its states, its error codes, its times."""

from datetime import UTC, datetime
from typing import Any, Literal

from cloud_sync.platform.channels.bill_files import SITE_TIME
from cloud_sync.platform.channels.port import (
    ChannelSilent,
    Order,
    RefundOrder,
    RefundTrade,
    Trade,
    TradeState,
)
from edge.money import parse_yuan

DONE, PAYING, FAILED, SILENT = "10000", "10003", "40004", "20000"
"""Their `code`: done, waiting for the payer, business fault (with `sub_code`), not available."""

REFUSED = {
    "ACQ.CONTEXT_INCONSISTENT": "order_exists",
    "ACQ.TRADE_HAS_SUCCESS": "order_paid",
    "ACQ.TRADE_HAS_FINISHED": "order_paid",
    "ACQ.TRADE_STATUS_ERROR": "order_paid",
    "ACQ.TRADE_CANCEL_TIME_OUT": "order_paid",
    "ACQ.TRADE_HAS_CLOSE": "order_closed",
    "ACQ.TRADE_NOT_EXIST": "order_absent",
    "ACQ.PAYMENT_AUTH_CODE_INVALID": "code_invalid",
    "ACQ.PAYMENT_FAIL": "declined",
    "ACQ.PAYMENT_REQUEST_HAS_RISK": "declined",
    "ACQ.BUYER_BALANCE_NOT_ENOUGH": "declined",
    "ACQ.BUYER_BANKCARD_BALANCE_NOT_ENOUGH": "declined",
    "ACQ.REFUND_AMT_NOT_EQUAL_TOTAL": "above_captured",
    "ACQ.DISCORDANT_REPEAT_REQUEST": "refund_exists",
    "ACQ.INVALID_PARAMETER": "not_allowed",
    "ACQ.ACCESS_FORBIDDEN": "not_allowed",
    "isv.insufficient-isv-permissions": "not_allowed",
    "isv.invalid-app-auth-token": "not_allowed",
}
"""Their sub_code → ours. One that is not named proves nothing: the trade is asked about."""


def trade_of(order: Order, answer: dict[str, Any]) -> Trade:
    status = answer.get("trade_status")
    if answer.get("out_trade_no", order.attempt) != order.attempt:
        raise ChannelSilent("alipay spoke of another trade")
    if status in ("TRADE_SUCCESS", "TRADE_FINISHED"):
        return paid_of(order, answer, "send_pay_date")
    if status == "WAIT_BUYER_PAY":
        by_code = order.method == "payment_code"
        state = TradeState.PAYING if by_code else TradeState.WAITING
        return Trade(attempt=order.attempt, state=state, reason="user_paying" if by_code else "")
    if status == "TRADE_CLOSED":
        # Closed after a payment means that all of it went back: cancelled, or refunded whole.
        state = TradeState.REVERSED if answer.get("send_pay_date") else TradeState.CLOSED
        return Trade(attempt=order.attempt, state=state)
    raise ChannelSilent("alipay did not say where the trade stands")


def paid_of(order: Order, answer: dict[str, Any], time_field: str) -> Trade:
    return Trade(
        attempt=order.attempt,
        state=TradeState.PAID,
        amount_fen=parse_yuan(str(answer["total_amount"])),
        channel_id=str(answer["trade_no"]),
        paid_at_ms=epoch_ms(str(answer.get(time_field, ""))),
    )


def refund_of(
    refund: RefundOrder,
    state: Literal["refunded", "refunding"],
    answer: dict[str, Any],
    time_field: str,
) -> RefundTrade:
    """A refund's answer; its own request's sum where the answer has it, `refund_fee` is the whole trade's."""
    amount = answer.get("refund_amount")
    return RefundTrade(
        part=refund.part,
        state=state,
        amount_fen=parse_yuan(str(amount)) if amount else refund.amount_fen,
        channel_id=str(answer.get("trade_no", "")),
        refunded_at_ms=epoch_ms(str(answer.get(time_field, ""))) if state == "refunded" else 0,
    )


def epoch_ms(text: str) -> int:
    """Milliseconds of Alipay's time (UTC+8, no zone written); 0 when there is none."""
    if not text:
        return 0
    return int(datetime.fromisoformat(text).replace(tzinfo=SITE_TIME).astimezone(UTC).timestamp() * 1000)
