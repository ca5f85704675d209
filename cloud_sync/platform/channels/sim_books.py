"""Refunds and daily bills of the simulated channels."""

import msgspec

from cloud_sync.platform.channels import sim_records as records
from cloud_sync.platform.channels.days import bill_ready_ms, day_span_ms
from cloud_sync.platform.channels.faults import Fault
from cloud_sync.platform.channels.port import BillNotReady, RefundOrder, RefundTrade
from cloud_sync.platform.channels.sim_records import SimRefund
from cloud_sync.platform.channels.sim_world import Said, refused, silent
from cloud_sync.platform.store.port import Connection
from cloud_sync.wire.payments import BillLine
from cloud_sync.wire.payments import Channel as ChannelName
from edge.money import format_yuan, parse_yuan

EXTRA_FEN = 888
"""Sum of the bill line that nobody knows."""
_NO_REFUND = {"waiting": "order_closed", "paying": "order_closed", "closed": "order_closed"}


def refund(connection: Connection, channel: str, asked: RefundOrder, now_ms: int) -> Said[RefundTrade]:
    """Give money back; the same number again is the same refund."""
    if records.is_standing(connection, channel, Fault.HANG):
        return silent("hang")
    trade = records.find_trade(connection, channel, asked.order.attempt)
    if trade is None:
        return refused("order_absent")
    if trade.state != "paid":
        return refused(_NO_REFUND.get(trade.state, "order_closed"))
    found = records.find_refund(connection, channel, asked.part)
    if found is not None and (found.attempt, found.amount_fen) != (trade.attempt, asked.amount_fen):
        return refused("refund_exists")
    if found is not None and found.state != "failed":
        return Said(_say(found))
    given_fen = records.given_back_fen(connection, channel, trade.attempt, without=asked.part)
    if given_fen + asked.amount_fen > trade.captured_fen:
        return refused("above_captured")
    faults = records.take_faults(connection, channel, "refund")
    slow_s = faults.get(Fault.SLOW_REFUND)
    declined = Fault.REFUND_DECLINED in faults
    made = SimRefund(
        channel=channel,
        part=asked.part,
        attempt=trade.attempt,
        payee=trade.payee,
        amount_fen=asked.amount_fen,
        state="failed" if declined else "refunded" if slow_s is None else "refunding",
        channel_id=f"rf{now_ms}{asked.part}",
        done_ms=now_ms + (slow_s or 0) * 1000,
    )
    records.put_refund(connection, made)
    if Fault.REFUND_TIMEOUT in faults:
        return silent("timeout")
    return Said(_say(made))


def query_refund(connection: Connection, channel: str, part: str) -> Said[RefundTrade]:
    """What the channel says of a refund."""
    if records.is_standing(connection, channel, Fault.HANG):
        return silent("hang")
    found = records.find_refund(connection, channel, part)
    return Said(RefundTrade(part=part, state="absent") if found is None else _say(found))


def make_bill(
    connection: Connection, channel: ChannelName, date: str, payee: str, now_ms: int
) -> Said[list[BillLine]]:
    """The bill of a day; what is wrong with it stays so, however often it is asked for."""
    if records.is_standing(connection, channel, Fault.HANG):
        return silent("hang")
    early = now_ms < bill_ready_ms(date) and not records.is_standing(connection, channel, Fault.BILL_NOW)
    if early or records.is_standing(connection, channel, Fault.BILL_LATE):
        return Said(error=BillNotReady(date))
    lines = _list_lines(connection, channel, date, payee)
    faults = records.faults_of_bill(connection, channel, payee, date)
    extra_ms = day_span_ms(date)[0]
    foreign = f"x-{date}-{payee}"
    extra = BillLine(channel, payee, "payment", foreign, "", format_yuan(EXTRA_FEN), "sim0", extra_ms)
    return Said(_spoil(lines, faults, extra))


def _list_lines(connection: Connection, channel: ChannelName, date: str, payee: str) -> list[BillLine]:
    begin_ms, end_ms = day_span_ms(date)
    payments = [
        BillLine(
            *(channel, payee, "payment", one.attempt, "", format_yuan(one.captured_fen)),
            *(one.channel_id, one.paid_ms),
        )
        for one in records.paid_between(connection, channel, payee, begin_ms, end_ms)
    ]
    refunds = [
        BillLine(
            *(channel, payee, "refund", one.attempt, one.part, format_yuan(one.amount_fen)),
            *(one.channel_id, one.done_ms),
        )
        for one in records.refunded_between(connection, channel, payee, begin_ms, end_ms)
    ]
    return payments + refunds


def _spoil(lines: list[BillLine], faults: dict[str, int], extra: BillLine) -> list[BillLine]:
    if Fault.BILL_MISSING in faults:
        lines = lines[1:]
    if Fault.BILL_DIFFERS in faults and lines:
        more = format_yuan(parse_yuan(lines[-1].amount_yuan) + 1)
        lines = [*lines[:-1], msgspec.structs.replace(lines[-1], amount_yuan=more)]
    return [*lines, extra] if Fault.BILL_EXTRA in faults else lines


def _say(refund: SimRefund) -> RefundTrade:
    done = refund.state == "refunded"
    return RefundTrade(
        part=refund.part,
        state=refund.state,
        amount_fen=refund.amount_fen,
        channel_id=refund.channel_id,
        refunded_at_ms=refund.done_ms if done else 0,
        reason="declined" if refund.state == "failed" else "",
    )
