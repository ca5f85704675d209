"""The simulated channels' own world: trades, and how they misbehave.

Functions of one channel inside one transaction. What a channel *does* and what it *answers* are two things:
a `Said` carries the answer, or the error that stands for it, so that what was done stays done.
"""

import hashlib
import secrets
from typing import Generic, NamedTuple, TypeVar

import msgspec

from cloud_sync.platform.channels import sim_records as records
from cloud_sync.platform.channels.faults import Fault
from cloud_sync.platform.channels.port import (
    ChannelError,
    ChannelRefused,
    ChannelSilent,
    Notice,
    Offer,
    Order,
    Trade,
    TradeState,
)
from cloud_sync.platform.channels.sim_records import SimTrade
from cloud_sync.platform.store.port import Connection

T = TypeVar("T")

QR_FORMS = {"wechat": "weixin://wxpay/bizpayurl?pr=", "alipay": "https://qr.alipay.com/"}
"""How the channels' collection QRs begin."""
PASSWORD_ABOVE_FEN = 100_000
"""Above 1,000 yuan WeChat always asks for the password (facts.md)."""
REVOKED_AFTER_MS = 45_000
"""So long WeChat waits for a password, then it revokes the order (facts.md); both channels here."""


class Said(NamedTuple, Generic[T]):
    """What the channel says: a value, or the error that it amounts to.

    `waits`: only after a long silence; `tells`: notices that are due go out before.
    """

    value: T | None = None
    error: ChannelError | None = None
    waits: bool = False
    tells: bool = False


def silent(why: str, *, waits: bool = True) -> Said[T]:
    """No answer."""
    return Said(error=ChannelSilent(why), waits=waits)


def refused(code: str) -> Said[T]:
    """A definite no."""
    return Said(error=ChannelRefused(code))


def hash_code(digits: str) -> str:
    """How a payment code is known: by its SHA-256."""
    return hashlib.sha256(digits.encode()).hexdigest()


def collect(connection: Connection, channel: str, order: Order, now_ms: int) -> Said[Offer]:
    """A collection QR; the same order again gets the same one."""
    found = records.find_trade(connection, channel, order.attempt)
    if records.is_standing(connection, channel, Fault.HANG):
        return silent("hang")
    if found is not None:
        return _collect_again(found, order)
    faults = records.take_faults(connection, channel, "trade")
    unmade: Said[Offer] | None = _not_made(faults)
    if unmade is not None:
        return unmade
    qr = QR_FORMS[channel] + secrets.token_urlsafe(9)
    trade = msgspec.structs.replace(_new_trade(channel, order, now_ms, faults), state="waiting", qr=qr)
    records.put_trade(connection, trade)
    return _answer_of_making(faults, Offer(qr, order.expires_at_ms))


def charge(connection: Connection, channel: str, order: Order, digits: str, now_ms: int) -> Said[Trade]:
    """Charge the payer of a code: paid at once, or waiting for the password."""
    if records.is_standing(connection, channel, Fault.HANG):
        return silent("hang")
    found = records.find_trade(connection, channel, order.attempt)
    if found is not None:
        return refused(_ENDED.get(found.state, "order_exists"))
    faults = records.take_faults(connection, channel, "trade")
    unmade: Said[Trade] | None = _not_made(faults)
    if unmade is not None:
        return unmade
    used = records.use_code(connection, hash_code(digits), channel, order.attempt, now_ms)
    if used is None:
        return refused("code_invalid")
    payer, password = used
    trade = msgspec.structs.replace(_new_trade(channel, order, now_ms, faults), state="paying", payer=payer)
    if Fault.DECLINED in faults:
        end_trade(connection, trade, "closed", "declined", now_ms)
        return refused("declined")
    dear = channel == "wechat" and order.amount_fen > PASSWORD_ABOVE_FEN
    seconds = trade.figure(Fault.USER_PAYING)
    if seconds is not None:
        trade = _decide_later(connection, trade, now_ms + seconds * 1000, "paid")
    elif password or dear or Fault.PASSWORD in faults:
        trade = _decide_later(connection, trade, now_ms + REVOKED_AFTER_MS, "closed")
    else:
        trade = pay_trade(connection, trade, now_ms)
    return _answer_of_making(faults, say(trade))


def query(connection: Connection, channel: str, attempt: str, now_ms: int) -> Said[Trade]:
    """What the channel says of a trade."""
    if records.is_standing(connection, channel, Fault.HANG):
        return silent("hang")
    trade = records.find_trade(connection, channel, attempt)
    if trade is None:
        return Said(Trade(attempt=attempt, state=TradeState.ABSENT))
    if trade.state == "waiting" and _carries(connection, trade, Fault.AUTO):
        trade = msgspec.structs.replace(trade, asks=trade.asks + 1)
        records.put_trade(connection, trade)
        if trade.asks > 1:
            trade = pay_trade(connection, trade, now_ms)
    if trade.state == "paid" and _carries(connection, trade, Fault.SILENT):
        return silent("says nothing", waits=False)
    # Alipay makes the trade of a collection QR only when somebody pays it.
    unseen = trade.channel == "alipay" or _carries(connection, trade, Fault.NOT_THERE)
    if trade.state == "waiting" and unseen:
        return Said(Trade(attempt=attempt, state=TradeState.ABSENT))
    return Said(say(trade))


def close(connection: Connection, channel: str, order: Order, now_ms: int) -> Said[Trade]:
    """Close what nobody has paid; what is paid stays so."""
    if records.is_standing(connection, channel, Fault.HANG):
        return silent("hang")
    trade = records.find_trade(connection, channel, order.attempt)
    if trade is None:
        trade = _new_trade(channel, order, now_ms, {})
    elif trade.state == "paid":
        if _carries(connection, trade, Fault.SILENT):
            return silent("says nothing", waits=False)
        return Said(say(trade))
    elif _carries(connection, trade, Fault.NOT_THERE) and trade.state == "waiting":
        return Said(Trade(attempt=trade.attempt, state=TradeState.ABSENT))
    elif _carries(connection, trade, Fault.CLOSE_PAID) and trade.state == "waiting":
        return Said(say(pay_trade(connection, trade, now_ms)))
    if trade.state not in _ENDED:
        trade = end_trade(connection, trade, "closed", "closed", now_ms)
    return Said(say(trade))


def reverse(connection: Connection, channel: str, order: Order, now_ms: int) -> Said[Trade]:
    """Take a trade back, paid or not; its number can never be paid again, unless it misbehaves."""
    if records.is_standing(connection, channel, Fault.HANG):
        return silent("hang")
    trade = records.find_trade(connection, channel, order.attempt)
    if trade is None:
        trade = _new_trade(channel, order, now_ms, {})
    if trade.state == "paid" and _carries(connection, trade, Fault.SILENT):
        return silent("says nothing", waits=False)
    if trade.state != "reversed":
        trade = msgspec.structs.replace(trade, captured_fen=0, channel_id="", paid_ms=0)
        trade = end_trade(connection, trade, "reversed", "reversed", now_ms)
    return Said(say(trade))


def go_on(connection: Connection, now_ms: int) -> None:
    """Let everything happen whose time has come: passwords, late money, ended QRs, slow refunds."""
    for trade in records.due_trades(connection, now_ms):
        due_ms = trade.decide_ms
        if due_ms is None or due_ms > now_ms:
            end_trade(connection, trade, "closed", "expired", trade.expires_ms)
        elif trade.decide_as == "paid":
            pay_trade(connection, trade, due_ms)
        else:
            end_trade(connection, trade, "closed", "revoked", due_ms)
    for refund in records.due_refunds(connection, now_ms):
        records.put_refund(connection, msgspec.structs.replace(refund, state="refunded"))
        _tell(connection, refund.channel, refund.done_ms, _notice_of_refund(refund))


def pay_trade(connection: Connection, trade: SimTrade, now_ms: int) -> SimTrade:
    """The money is taken."""
    captured = max(1, trade.amount_fen + (trade.figure(Fault.WRONG_AMOUNT) or 0))
    paid = msgspec.structs.replace(
        trade,
        state="paid",
        reason="",
        captured_fen=captured,
        channel_id=f"sim{now_ms}{secrets.randbelow(10**6):06d}",
        paid_ms=now_ms,
        decide_ms=None,
        decide_as=None,
    )
    records.put_trade(connection, paid)
    _send_notices(connection, paid, now_ms)
    return paid


def end_trade(connection: Connection, trade: SimTrade, state: str, reason: str, now_ms: int) -> SimTrade:
    """The trade is closed or reversed; a misbehaving one is paid all the same a little later."""
    late_s = trade.figure(Fault.LATE_SUCCESS)
    ended = msgspec.structs.replace(
        trade,
        state=state,
        reason=reason,
        ended_ms=now_ms,
        decide_ms=None if late_s is None else now_ms + late_s * 1000,
        decide_as=None if late_s is None else "paid",
    )
    records.put_trade(connection, ended)
    return ended


def say(trade: SimTrade) -> Trade:
    """What the channel tells of a trade."""
    return Trade(
        attempt=trade.attempt,
        state=TradeState(trade.state),
        amount_fen=trade.captured_fen,
        channel_id=trade.channel_id,
        paid_at_ms=trade.paid_ms,
        reason=trade.reason,
    )


_ENDED = {"paid": "order_paid", "closed": "order_closed", "reversed": "order_closed"}


def _new_trade(channel: str, order: Order, now_ms: int, faults: dict[str, int]) -> SimTrade:
    return SimTrade(
        channel=channel,
        attempt=order.attempt,
        method=order.method,
        payee=order.payee,
        amount_fen=order.amount_fen,
        description=order.description,
        state="asked",
        asked_ms=now_ms,
        expires_ms=order.expires_at_ms,
        faults=msgspec.json.encode(faults).decode(),
    )


def _collect_again(found: SimTrade, order: Order) -> Said[Offer]:
    if found.state in _ENDED:
        return refused(_ENDED[found.state])
    if found.qr is None or (found.amount_fen, found.payee) != (order.amount_fen, order.payee):
        return refused("order_exists")
    return Said(Offer(found.qr, found.expires_ms))


def _not_made(faults: dict[str, int]) -> Said[T] | None:
    """The answer to a request that does nothing, if the faults say so."""
    if Fault.TIMEOUT_UNPAID in faults:
        return silent("timeout")
    if Fault.SERVER_ERROR in faults:
        return silent("status 502", waits=False)
    return None


def _answer_of_making(faults: dict[str, int], value: T) -> Said[T]:
    said: Said[T] = Said(value)
    if Fault.TIMEOUT_PAID in faults:
        said = silent("timeout")
    elif Fault.ORDER_EXISTS in faults:
        said = refused("order_exists")
    return said._replace(tells=Fault.NOTICE_EARLY in faults)


def _decide_later(connection: Connection, trade: SimTrade, at_ms: int, state: str) -> SimTrade:
    later = msgspec.structs.replace(trade, decide_ms=at_ms, decide_as=state)
    records.put_trade(connection, later)
    return later


def _carries(connection: Connection, trade: SimTrade, fault: Fault) -> bool:
    return trade.figure(fault) is not None or records.is_standing(connection, trade.channel, fault)


def _send_notices(connection: Connection, trade: SimTrade, now_ms: int) -> None:
    """Put the notices of a payment on their way. WeChat never sends one for a payment code (facts.md)."""
    figure = trade.figure
    silent_method = trade.channel == "wechat" and trade.method == "payment_code"
    if silent_method or figure(Fault.NOTICE_NEVER) is not None or figure(Fault.SILENT) is not None:
        return
    wrong_order = figure(Fault.NOTICE_WRONG_ORDER) is not None
    notice = Notice(
        id=secrets.token_hex(8),
        attempt="nobody-1-1" if wrong_order else trade.attempt,
        payee=trade.payee,
        amount_fen=trade.captured_fen + (figure(Fault.NOTICE_WRONG_AMOUNT) or 0),
        channel_id=trade.channel_id,
    )
    due_ms = now_ms + (figure(Fault.NOTICE_LATE) or 0) * 1000
    forged = figure(Fault.NOTICE_FORGED) is not None
    for _ in range(2 if figure(Fault.NOTICE_TWICE) is not None else 1):
        _tell(connection, trade.channel, due_ms, notice, forged=forged)


def _notice_of_refund(refund: records.SimRefund) -> Notice:
    return Notice(
        id=secrets.token_hex(8),
        attempt=refund.attempt,
        part=refund.part,
        payee=refund.payee,
        amount_fen=refund.amount_fen,
        channel_id=refund.channel_id,
    )


def _tell(connection: Connection, channel: str, due_ms: int, notice: Notice, *, forged: bool = False) -> None:
    records.add_notice(connection, channel, due_ms, msgspec.json.encode(notice).decode(), forged=forged)
