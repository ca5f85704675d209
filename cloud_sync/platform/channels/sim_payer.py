"""The payer's side of the simulated channels: collection QRs, payment codes, the password."""

import secrets
from typing import ClassVar, Literal

import msgspec

from cloud_sync.platform.channels import sim_records as records
from cloud_sync.platform.channels.faults import Fault
from cloud_sync.platform.channels.sim_records import SimTrade
from cloud_sync.platform.channels.sim_world import end_trade, go_on, hash_code, pay_trade
from cloud_sync.platform.store.port import Connection
from cloud_sync.wire.payments import Channel as ChannelName
from edge.errors import Refusal

PayerAction = Literal["confirm", "fail", "no_answer"]
"""`no_answer`: the money is taken while the channel tells neither side; at a password: nothing is done."""

CODE_LIFE_MS = 60_000
"""A payment code on the phone is new every minute."""
CODE_FORMS: dict[str, tuple[tuple[str, ...], int]] = {
    "wechat": (("10", "11", "12", "13", "14", "15"), 18),
    "alipay": (("25", "26", "27", "28", "29", "30"), 18),
}
"""First two digits and length of a payment code (architecture.md, Payments)."""
OFFER_LIMIT = 20
CHARGE_LIMIT = 3
CHARGE_SHOWN_MS = 180_000


class QrUnknown(Refusal):
    """No collection QR of ours has this text."""

    code: ClassVar[str] = "qr_unknown"


class PaymentNotOpen(Refusal):
    """The payment was made, closed or has expired."""

    code: ClassVar[str] = "payment_not_open"


class IssuedCode(msgspec.Struct, frozen=True):
    """A payment code for the phone's screen and nothing else: a bearer secret."""

    code: str
    expires_at_ms: int
    life_ms: int

    def __repr__(self) -> str:
        return f"IssuedCode(code=<hidden>, expires_at_ms={self.expires_at_ms})"


def issue_code(
    connection: Connection, channel: ChannelName, payer: str, *, password: bool, now_ms: int
) -> IssuedCode:
    """Make a payment code of a payer, known here by its hash only; `password`: a charge asks for it."""
    prefixes, length = CODE_FORMS[channel]
    prefix = secrets.choice(prefixes)
    digits = prefix + "".join(secrets.choice("0123456789") for _ in range(length - len(prefix)))
    expires_ms = now_ms + CODE_LIFE_MS
    records.add_code(connection, hash_code(digits), channel, payer, password=password, expires_ms=expires_ms)
    return IssuedCode(digits, expires_ms, CODE_LIFE_MS)


def list_offers(connection: Connection, *, now_ms: int) -> list[SimTrade]:
    """Collection QRs that can be paid now, newest first."""
    go_on(connection, now_ms)
    return records.open_offers(connection, OFFER_LIMIT)


def pay_qr(connection: Connection, payer: str, qr: str, action: PayerAction, *, now_ms: int) -> str:
    """Answer a collection QR; returns what the phone shows: paid, failed or unknown.

    Raises QrUnknown, PaymentNotOpen.
    """
    go_on(connection, now_ms)
    trade = records.find_trade_of_qr(connection, qr)
    if trade is None:
        raise QrUnknown()
    if trade.state != "waiting":
        raise PaymentNotOpen(reason=trade.reason or trade.state)
    return _answer(connection, msgspec.structs.replace(trade, payer=payer), action, now_ms)


def list_charges(connection: Connection, payer: str, *, now_ms: int) -> list[SimTrade]:
    """What was charged with a payer's codes in the last minutes, newest first."""
    go_on(connection, now_ms)
    return records.charges_of(connection, payer, now_ms - CHARGE_SHOWN_MS, CHARGE_LIMIT)


def answer_password(
    connection: Connection, payer: str, attempt: str, action: PayerAction, *, now_ms: int
) -> str:
    """Enter the password of a charge, cancel it, or do nothing; returns paid, failed or unknown.

    Raises PaymentNotOpen.
    """
    for trade in list_charges(connection, payer, now_ms=now_ms):
        if trade.attempt == attempt and trade.state == "paying":
            if action == "no_answer":
                return "unknown"
            return _answer(connection, trade, action, now_ms)
    raise PaymentNotOpen(attempt=attempt)


def _answer(connection: Connection, trade: SimTrade, action: PayerAction, now_ms: int) -> str:
    declined = trade.figure(Fault.DECLINED) is not None or records.is_standing(
        connection, trade.channel, Fault.DECLINED
    )
    if action == "fail" or (action == "confirm" and declined):
        end_trade(connection, trade, "closed", "declined", now_ms)
        return "failed"
    if action == "no_answer" or records.is_standing(connection, trade.channel, Fault.SILENT):
        carried = msgspec.json.decode(trade.faults, type=dict[str, int]) | {Fault.SILENT.value: 0}
        trade = msgspec.structs.replace(trade, faults=msgspec.json.encode(carried).decode())
    pay_trade(connection, trade, now_ms)
    hangs = records.is_standing(connection, trade.channel, Fault.HANG)
    return "unknown" if hangs or trade.figure(Fault.SILENT) is not None else "paid"
