"""The platform's own view of a day's payments, by its own SQL over its payment desk's rows."""

import msgspec

from cloud_sync.platform.channels.days import day_span_ms
from cloud_sync.platform.store.port import Connection
from cloud_sync.wire.payments import DayPayment, DayRefund, PayeeDay, PlatformDay

_PAYMENTS = (
    'SELECT attempt, order_id AS "order", device, channel, captured_fen AS amount_fen, channel_id,'
    " paid_ms AS at_ms FROM trades"
    " WHERE state='paid' AND payee=? AND paid_ms>=? AND paid_ms<? ORDER BY paid_ms, attempt"
)
_REFUNDS = (
    'SELECT part, attempt, order_id AS "order", device, channel, amount_fen, channel_id,'
    " refunded_ms AS at_ms FROM refund_trades"
    " WHERE state='refunded' AND payee=? AND refunded_ms>=? AND refunded_ms<? ORDER BY refunded_ms, part"
)
_TOTALS = (
    "SELECT payee, sum(paid), sum(refunded) FROM ("
    " SELECT payee, captured_fen AS paid, 0 AS refunded FROM trades"
    " WHERE state='paid' AND paid_ms>=? AND paid_ms<?"
    " UNION ALL SELECT payee, 0, amount_fen FROM refund_trades"
    " WHERE state='refunded' AND refunded_ms>=? AND refunded_ms<?"
    ") AS day GROUP BY payee ORDER BY payee"
)


def read_day(connection: Connection, date: str) -> PlatformDay:
    """Every payee's payments and refunds of a day. Raises ValueError for what is no day."""
    begin_ms, end_ms = day_span_ms(date)
    totals = connection.execute(_TOTALS, (begin_ms, end_ms, begin_ms, end_ms)).fetchall()
    payees = [
        PayeeDay(
            payee,
            paid_fen,
            refunded_fen,
            [
                msgspec.convert(dict(row), DayPayment)
                for row in connection.execute(_PAYMENTS, (payee, begin_ms, end_ms))
            ],
            [
                msgspec.convert(dict(row), DayRefund)
                for row in connection.execute(_REFUNDS, (payee, begin_ms, end_ms))
            ],
        )
        for payee, paid_fen, refunded_fen in totals
    ]
    return PlatformDay(date, payees)
