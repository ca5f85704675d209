"""Payments with simulated channels: the platform's own state machine and the phones' side of it.

The channels misbehave on request (`set_mode`): they take the money, refuse it, or stop answering. A channel
that does not answer has still decided: when it answers again, it says what it decided.
"""

import secrets
import sqlite3
from enum import StrEnum
from typing import ClassVar, Literal

import msgspec

from cloud_sync.wire.payments import PaymentOffer, PaymentRequest, PaymentState
from edge.errors import Refusal


class ChannelMode(StrEnum):
    """How a simulated channel behaves.

    `paid`: the payer's confirmation takes the money. `fail`: it is declined. `unknown`: the money is taken,
    but queries get no outcome. `timeout`: the channel does not answer at all, the platform hangs with it.
    `auto`: paid by itself as soon as it is asked for the second time, for tests without a phone.
    """

    PAID = "paid"
    FAIL = "fail"
    UNKNOWN = "unknown"
    TIMEOUT = "timeout"
    AUTO = "auto"


PhoneAction = Literal["confirm", "fail", "no_answer"]

QR_FORMS = {"wechat": "weixin://wxpay/bizpayurl?pr=", "alipay": "https://qr.alipay.com/"}
"""How the channels' collection QRs begin."""


class AttemptConflict(Refusal):
    """The attempt id is taken by another order, payee or amount."""

    code: ClassVar[str] = "attempt_conflict"


class AttemptUnknown(Refusal):
    """No such attempt of this device."""

    code: ClassVar[str] = "attempt_unknown"


class QrUnknown(Refusal):
    """No collection QR of ours has this text."""

    code: ClassVar[str] = "qr_unknown"


class PaymentNotOpen(Refusal):
    """The collection QR was paid, closed or has expired."""

    code: ClassVar[str] = "payment_not_open"


class OpenPayment(msgspec.Struct, frozen=True):
    """What the payer's phone shows of a collection QR."""

    attempt: str
    qr: str
    channel: str
    payee: str
    payee_zh: str
    payee_en: str
    amount_fen: int
    description: str
    expires_at_ms: int


def request_payment(
    connection: sqlite3.Connection, device: str, request: PaymentRequest, *, now_ms: int, life_s: int
) -> PaymentOffer:
    """Register an attempt at the channel; the same request again gets the same answer."""
    text = msgspec.json.encode(request, order="sorted").decode()
    row = connection.execute("SELECT * FROM payments WHERE attempt=?", (request.attempt,)).fetchone()
    if row is not None:
        if row["request"] != text or row["device"] != device:
            raise AttemptConflict(attempt=request.attempt)
        return PaymentOffer(request.attempt, "sent", row["qr"], row["expires_ms"])
    qr = QR_FORMS[request.channel] + secrets.token_urlsafe(9)
    expires_ms = now_ms + life_s * 1000
    connection.execute(
        "INSERT INTO payments (attempt, device, request, channel, payee, amount_fen, description, qr, state,"
        " created_ms, expires_ms) VALUES (?,?,?,?,?,?,?,?,'waiting',?,?)",
        (
            *(request.attempt, device, text, request.channel, request.payee, request.amount_fen),
            *(request.description, qr, now_ms, expires_ms),
        ),
    )
    return PaymentOffer(request.attempt, "sent", qr, expires_ms)


def query_payment(connection: sqlite3.Connection, device: str, attempt: str, *, now_ms: int) -> PaymentState:
    """What the channel says about an attempt now; raises AttemptUnknown."""
    row = _find(connection, device, attempt)
    mode = get_mode(connection, row["channel"])
    if row["state"] == "waiting" and mode is ChannelMode.AUTO:
        _decide(connection, attempt, "paid", "", now_ms, payer="auto")
    elif row["state"] == "waiting" and now_ms >= row["expires_ms"]:
        _decide(connection, attempt, "failed", "expired", now_ms)
    return _state(_find(connection, device, attempt), mode)


def close_payment(connection: sqlite3.Connection, device: str, attempt: str, *, now_ms: int) -> PaymentState:
    """Close an attempt that nobody has paid; what was paid stays paid and is answered so."""
    row = _find(connection, device, attempt)
    if row["state"] == "waiting":
        _decide(connection, attempt, "failed", "closed", now_ms)
    return _state(_find(connection, device, attempt), get_mode(connection, row["channel"]))


def pay_by_phone(
    connection: sqlite3.Connection, subject: str, qr: str, action: PhoneAction, *, now_ms: int
) -> str:
    """The payer's answer on the phone; returns what the phone shows: paid, failed or unknown.

    `no_answer` takes the money while the channel tells neither side. Raises QrUnknown, PaymentNotOpen.
    """
    row = connection.execute("SELECT * FROM payments WHERE qr=?", (qr,)).fetchone()
    if row is None:
        raise QrUnknown()
    if row["state"] != "waiting" or now_ms >= row["expires_ms"]:
        raise PaymentNotOpen(reason=row["reason"] or row["state"])
    mode = get_mode(connection, row["channel"])
    if action == "fail" or (action == "confirm" and mode is ChannelMode.FAIL):
        _decide(connection, row["attempt"], "failed", "declined", now_ms, payer=subject)
        return "failed"
    answers = action != "no_answer"
    _decide(connection, row["attempt"], "paid", "", now_ms, payer=subject, answers=answers)
    silent = not answers or mode in (ChannelMode.UNKNOWN, ChannelMode.TIMEOUT)
    return "unknown" if silent else "paid"


def list_open_payments(connection: sqlite3.Connection, *, now_ms: int) -> list[OpenPayment]:
    """Collection QRs that can still be paid, newest first."""
    rows = connection.execute(
        "SELECT attempt, qr, channel, payee, amount_fen, description, expires_ms AS expires_at_ms,"
        " coalesce(json_extract(r.data, '$.name_zh'), payee) AS payee_zh,"
        " coalesce(json_extract(r.data, '$.name_en'), payee) AS payee_en"
        " FROM payments LEFT JOIN records r ON r.collection='payees' AND r.id=payee"
        " WHERE state='waiting' AND expires_ms>? ORDER BY created_ms DESC LIMIT 20",
        (now_ms,),
    )
    return [msgspec.convert(dict(row), OpenPayment) for row in rows]


def set_mode(connection: sqlite3.Connection, channel: str, mode: ChannelMode) -> None:
    """Switch how a channel behaves; the normal mode also makes silent channels speak again."""
    connection.execute(
        "INSERT INTO channel_modes (channel, mode) VALUES (?,?) ON CONFLICT DO UPDATE SET mode=excluded.mode",
        (channel, mode),
    )
    if mode is ChannelMode.PAID:
        connection.execute("UPDATE payments SET answers=1 WHERE channel=?", (channel,))


def get_mode(connection: sqlite3.Connection, channel: str) -> ChannelMode:
    """How a channel behaves now; `paid` unless told otherwise."""
    row = connection.execute("SELECT mode FROM channel_modes WHERE channel=?", (channel,)).fetchone()
    return ChannelMode.PAID if row is None else ChannelMode(row["mode"])


def _find(connection: sqlite3.Connection, device: str, attempt: str) -> sqlite3.Row:
    row = connection.execute(
        "SELECT * FROM payments WHERE attempt=? AND device=?", (attempt, device)
    ).fetchone()
    if row is None:
        raise AttemptUnknown(attempt=attempt)
    assert isinstance(row, sqlite3.Row)
    return row


def _state(row: sqlite3.Row, mode: ChannelMode) -> PaymentState:
    silent = not row["answers"] or mode is ChannelMode.UNKNOWN
    order = msgspec.json.decode(row["request"], type=PaymentRequest).order
    if row["state"] == "paid" and silent:
        return PaymentState(row["attempt"], "unknown", row["amount_fen"], reason="no_answer", order=order)
    told = (row["state"], row["amount_fen"], row["channel_id"], row["reason"])
    return PaymentState(row["attempt"], *told, order)


def _decide(
    connection: sqlite3.Connection,
    attempt: str,
    state: str,
    reason: str,
    now_ms: int,
    *,
    payer: str = "",
    answers: bool = True,
) -> None:
    channel_id = f"sim{now_ms}{secrets.randbelow(10**6):06d}" if state == "paid" else ""
    connection.execute(
        "UPDATE payments SET state=?, reason=?, channel_id=?, payer=?, answers=?, decided_ms=?"
        " WHERE attempt=? AND state='waiting'",
        (state, reason, channel_id, payer, int(answers), now_ms, attempt),
    )
