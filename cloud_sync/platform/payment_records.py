"""SQL of the platform's payment desk: what devices asked, what channels said, what did not fit."""

from typing import Literal

import msgspec

from cloud_sync.platform.channels.port import Method, Order, RefundOrder
from cloud_sync.platform.store.port import Connection
from cloud_sync.wire.payments import Channel as ChannelName
from cloud_sync.wire.payments import PaymentState, RefundStanding, RefundState

Standing = Literal["waiting", "paid", "failed", "reversed", "unknown"]


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """An attempt: what was asked (`request`: without any payment code), and what the channel said last."""

    attempt: str
    device: str
    request: str
    channel: ChannelName
    method: Method
    order_id: str
    payee: str
    amount_fen: int
    description: str
    qr: str = ""
    state: Standing = "unknown"
    reason: str = "asked"
    captured_fen: int = 0
    channel_id: str = ""
    paid_ms: int = 0
    asked_ms: int
    expires_ms: int
    changed_ms: int

    @property
    def order(self) -> Order:
        """The attempt as the channels are asked about it."""
        return Order(
            attempt=self.attempt,
            payee=self.payee,
            amount_fen=self.amount_fen,
            description=self.description,
            method=self.method,
            asked_at_ms=self.asked_ms,
            expires_at_ms=self.expires_ms,
        )

    def tell(self) -> PaymentState:
        """The answer to the device."""
        paid = self.state == "paid"
        return PaymentState(
            self.attempt,
            self.state,
            self.captured_fen if paid else self.amount_fen,
            self.channel_id,
            self.reason,
            self.order_id,
            self.paid_ms,
        )


class RefundRow(msgspec.Struct, frozen=True, kw_only=True):
    """A refund part: what was asked, and what the channel said last."""

    part: str
    attempt: str
    device: str
    request: str
    order_id: str
    channel: ChannelName
    payee: str
    amount_fen: int
    reason: str
    state: RefundStanding = "unknown"
    why: str = "asked"
    channel_id: str = ""
    refunded_ms: int = 0
    asked_ms: int

    def order_of(self, row: Row) -> RefundOrder:
        """The refund as the channels are asked for it."""
        return RefundOrder(part=self.part, order=row.order, amount_fen=self.amount_fen, reason=self.reason)

    def tell(self) -> RefundState:
        """The answer to the device."""
        return RefundState(
            self.part,
            self.attempt,
            self.state,
            self.amount_fen,
            self.channel_id,
            self.why,
            self.refunded_ms,
        )


class PaymentIncident(msgspec.Struct, frozen=True):
    """Something about a payment that a person should look at."""

    at_ms: int
    channel: str
    attempt: str
    code: str
    detail: str
    times: int


class PaymentView(msgspec.Struct, frozen=True):
    """An attempt as the platform's page lists it."""

    attempt: str
    channel: str
    method: str
    payee: str
    amount_fen: int
    state: str
    reason: str
    refunded_fen: int
    changed_at_ms: int


def list_newest(connection: Connection, limit: int) -> list[PaymentView]:
    """The attempts that were asked for last, newest first."""
    rows = connection.execute(
        "SELECT attempt, channel, method, payee, state, reason,"
        " CASE WHEN captured_fen>amount_fen THEN captured_fen ELSE amount_fen END AS amount_fen,"
        " changed_ms AS changed_at_ms, (SELECT coalesce(sum(r.amount_fen), 0) FROM refund_trades r"
        " WHERE r.attempt=trades.attempt AND r.state='refunded') AS refunded_fen"
        " FROM trades ORDER BY asked_ms DESC, attempt DESC LIMIT ?",
        (limit,),
    )
    return [msgspec.convert(dict(row), PaymentView) for row in rows]


def find(connection: Connection, attempt: str) -> Row | None:
    """An attempt of whatever device."""
    row = connection.execute("SELECT * FROM trades WHERE attempt=?", (attempt,)).fetchone()
    return None if row is None else msgspec.convert(dict(row), Row)


def put(connection: Connection, row: Row) -> Row:
    """Write an attempt as it stands now."""
    _put(connection, "trades", "attempt", row)
    return row


def give_up(connection: Connection, device: str, attempt: str, now_ms: int) -> None:
    """Remember that a device closed or reversed an attempt of which nothing had arrived."""
    connection.execute(
        "INSERT INTO given_up (device, attempt, at_ms) VALUES (?,?,?) ON CONFLICT DO NOTHING",
        (device, attempt, now_ms),
    )


def is_given_up(connection: Connection, device: str, attempt: str) -> bool:
    """Whether a device closed or reversed an attempt before its request arrived."""
    found = connection.execute("SELECT 1 FROM given_up WHERE device=? AND attempt=?", (device, attempt))
    return found.fetchone() is not None


def find_refund(connection: Connection, part: str) -> RefundRow | None:
    """A refund part of whatever device."""
    row = connection.execute("SELECT * FROM refund_trades WHERE part=?", (part,)).fetchone()
    return None if row is None else msgspec.convert(dict(row), RefundRow)


def put_refund(connection: Connection, row: RefundRow) -> RefundRow:
    """Write a refund part as it stands now."""
    _put(connection, "refund_trades", "part", row)
    return row


def asked_back_fen(connection: Connection, attempt: str) -> int:
    """All that was ever asked back of an attempt: a part that failed is tried again under its own number."""
    found = connection.execute(
        "SELECT coalesce(sum(amount_fen), 0) FROM refund_trades WHERE attempt=?", (attempt,)
    )
    return int(found.fetchone()[0])


def unsettled(connection: Connection, before_ms: int, limit: int) -> list[Row]:
    """Attempts without outcome that nobody asked about since a time, oldest first."""
    rows = connection.execute(
        "SELECT * FROM trades WHERE state IN ('waiting', 'unknown') AND changed_ms<?"
        " ORDER BY changed_ms LIMIT ?",
        (before_ms, limit),
    )
    return [msgspec.convert(dict(row), Row) for row in rows]


def note_incident(
    connection: Connection, channel: str, attempt: str, code: str, detail: str, now_ms: int
) -> None:
    """Remember what did not fit; the same again is counted."""
    connection.execute(
        "INSERT INTO payment_incidents (channel, attempt, code, detail, at_ms) VALUES (?,?,?,?,?)"
        " ON CONFLICT (channel, attempt, code, detail)"
        " DO UPDATE SET times=payment_incidents.times+1, at_ms=excluded.at_ms",
        (channel, attempt, code, detail, now_ms),
    )


def list_incidents(connection: Connection, limit: int) -> list[PaymentIncident]:
    """The newest incidents."""
    rows = connection.execute(
        "SELECT at_ms, channel, attempt, code, detail, times FROM payment_incidents"
        " ORDER BY at_ms DESC LIMIT ?",
        (limit,),
    )
    return [msgspec.convert(dict(row), PaymentIncident) for row in rows]


def _put(connection: Connection, table: str, key: str, content: msgspec.Struct) -> None:
    values = msgspec.structs.asdict(content)
    names = ", ".join(values)
    marks = ", ".join("?" * len(values))
    sets = ", ".join(f"{name}=excluded.{name}" for name in values)
    connection.execute(
        f"INSERT INTO {table} ({names}) VALUES ({marks}) ON CONFLICT ({key}) DO UPDATE SET {sets}",
        tuple(values.values()),
    )
