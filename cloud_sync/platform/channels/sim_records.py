"""SQL of the simulated channels."""

from collections.abc import Iterable
from typing import Any, Literal

import msgspec

from cloud_sync.platform.channels.faults import FAULTS, Fault, FaultSwitch, Kind
from cloud_sync.platform.store.port import Connection


class SimTrade(msgspec.Struct, frozen=True, kw_only=True):
    """A trade as the channel itself has it: the truth of its world."""

    channel: str
    attempt: str
    method: str
    payee: str
    amount_fen: int
    description: str
    qr: str | None = None
    state: str
    reason: str = ""
    payer: str = ""
    captured_fen: int = 0
    channel_id: str = ""
    asked_ms: int
    expires_ms: int
    paid_ms: int = 0
    ended_ms: int | None = None
    decide_ms: int | None = None
    decide_as: str | None = None
    asks: int = 0
    faults: str = "{}"

    def figure(self, fault: Fault) -> int | None:
        """The figure of a fault that this trade carries, None when it does not."""
        carried: dict[str, int] = msgspec.json.decode(self.faults)
        return carried.get(fault.value)


class SimRefund(msgspec.Struct, frozen=True, kw_only=True):
    """A refund as the channel has it; `done_ms` is when the money is back, also while that is to come."""

    channel: str
    part: str
    attempt: str
    payee: str
    amount_fen: int
    state: Literal["refunding", "refunded", "failed"]
    channel_id: str
    done_ms: int


class SimNotice(msgspec.Struct, frozen=True, kw_only=True):
    """A notice on its way."""

    id: int
    channel: str
    body: str
    forged: bool


def put_switch(connection: Connection, channel: str, switch: FaultSwitch) -> None:
    """Turn a fault on."""
    connection.execute(
        "INSERT INTO sim_switches (channel, fault, scope, value) VALUES (?,?,?,?)"
        " ON CONFLICT (channel, fault, scope) DO UPDATE SET value=excluded.value",
        (channel, switch.fault.value, switch.scope, switch.value),
    )


def drop_switch(connection: Connection, channel: str, fault: Fault) -> None:
    """Turn a fault off, in both scopes."""
    connection.execute("DELETE FROM sim_switches WHERE channel=? AND fault=?", (channel, fault.value))


_OF_SILENCE = {Fault.SILENT.value, Fault.HANG.value, Fault.NOT_THERE.value}


def clear_switches(connection: Connection, channel: str) -> None:
    """Turn everything off; what said nothing so far says what it had decided."""
    connection.execute("DELETE FROM sim_switches WHERE channel=?", (channel,))
    rows = connection.execute(
        "SELECT attempt, faults FROM sim_trades WHERE channel=? AND faults<>'{}'", (channel,)
    ).fetchall()
    for row in rows:
        faults = msgspec.json.decode(row["faults"], type=dict[str, int])
        left = {name: value for name, value in faults.items() if name not in _OF_SILENCE}
        connection.execute(
            "UPDATE sim_trades SET faults=? WHERE channel=? AND attempt=?",
            (msgspec.json.encode(left).decode(), channel, row["attempt"]),
        )


def list_switches(connection: Connection, channel: str) -> list[FaultSwitch]:
    """Every switch that is on."""
    rows = connection.execute(
        "SELECT fault, scope, value FROM sim_switches WHERE channel=? ORDER BY fault, scope", (channel,)
    )
    return [FaultSwitch(Fault(fault), scope, value) for fault, scope, value in rows]


def take_faults(connection: Connection, channel: str, kind: Kind) -> dict[str, int]:
    """The faults that a new trade, refund or bill gets; those meant for the next one are used up."""
    mine = [switch for switch in list_switches(connection, channel) if FAULTS[switch.fault].kind == kind]
    for switch in mine:
        if switch.scope == "next":
            connection.execute(
                "DELETE FROM sim_switches WHERE channel=? AND fault=? AND scope='next'",
                (channel, switch.fault.value),
            )
    return {switch.fault.value: switch.value for switch in mine}


def is_standing(connection: Connection, channel: str, fault: Fault) -> bool:
    """Whether a fault is on for everything."""
    found = connection.execute(
        "SELECT 1 FROM sim_switches WHERE channel=? AND fault=? AND scope='always'", (channel, fault.value)
    )
    return found.fetchone() is not None


def find_trade(connection: Connection, channel: str, attempt: str) -> SimTrade | None:
    """A trade by its number."""
    return _one(
        connection, "SELECT * FROM sim_trades WHERE channel=? AND attempt=?", (channel, attempt), SimTrade
    )


def find_trade_of_qr(connection: Connection, qr: str) -> SimTrade | None:
    """The trade that a collection QR belongs to."""
    return _one(connection, "SELECT * FROM sim_trades WHERE qr=?", (qr,), SimTrade)


def put_trade(connection: Connection, trade: SimTrade) -> None:
    """Write a trade as it stands now."""
    _put(connection, "sim_trades", "channel, attempt", trade)


def due_trades(connection: Connection, now_ms: int) -> list[SimTrade]:
    """Trades whose next step has come, and unpaid QRs past their end."""
    rows = connection.execute(
        "SELECT * FROM sim_trades WHERE decide_ms<=? OR (state='waiting' AND expires_ms<=?)",
        (now_ms, now_ms),
    )
    return [msgspec.convert(dict(row), SimTrade) for row in rows.fetchall()]


def open_offers(connection: Connection, limit: int) -> list[SimTrade]:
    """Collection QRs that can be paid, newest first."""
    rows = connection.execute(
        "SELECT * FROM sim_trades WHERE state='waiting' AND qr IS NOT NULL ORDER BY asked_ms DESC LIMIT ?",
        (limit,),
    )
    return [msgspec.convert(dict(row), SimTrade) for row in rows]


def charges_of(connection: Connection, payer: str, since_ms: int, limit: int) -> list[SimTrade]:
    """Trades that were made with a payer's payment codes, newest first."""
    rows = connection.execute(
        "SELECT * FROM sim_trades WHERE payer=? AND method='payment_code' AND asked_ms>=?"
        " ORDER BY asked_ms DESC LIMIT ?",
        (payer, since_ms, limit),
    )
    return [msgspec.convert(dict(row), SimTrade) for row in rows]


def find_refund(connection: Connection, channel: str, part: str) -> SimRefund | None:
    """A refund by its number."""
    return _one(
        connection, "SELECT * FROM sim_refunds WHERE channel=? AND part=?", (channel, part), SimRefund
    )


def put_refund(connection: Connection, refund: SimRefund) -> None:
    """Write a refund as it stands now."""
    _put(connection, "sim_refunds", "channel, part", refund)


def given_back_fen(connection: Connection, channel: str, attempt: str, *, without: str) -> int:
    """What refunds of a trade have given or will give back, not counting failed ones and `without`."""
    row = connection.execute(
        "SELECT coalesce(sum(amount_fen), 0) FROM sim_refunds"
        " WHERE channel=? AND attempt=? AND part<>? AND state<>'failed'",
        (channel, attempt, without),
    ).fetchone()
    return int(row[0])


def due_refunds(connection: Connection, now_ms: int) -> list[SimRefund]:
    """Slow refunds whose time has come."""
    rows = connection.execute("SELECT * FROM sim_refunds WHERE state='refunding' AND done_ms<=?", (now_ms,))
    return [msgspec.convert(dict(row), SimRefund) for row in rows.fetchall()]


def add_code(
    connection: Connection, digest: str, channel: str, payer: str, *, password: bool, expires_ms: int
) -> None:
    """Remember a payment code by its hash; codes that ended are forgotten."""
    connection.execute("DELETE FROM sim_codes WHERE expires_ms<?", (expires_ms - 86_400_000,))
    connection.execute(
        "INSERT INTO sim_codes (hash, channel, payer, password, expires_ms) VALUES (?,?,?,?,?)",
        (digest, channel, payer, int(password), expires_ms),
    )


def use_code(
    connection: Connection, digest: str, channel: str, attempt: str, now_ms: int
) -> tuple[str, bool] | None:
    """Use a code up; returns its payer and whether a password is asked, None for an unknown or ended one."""
    row = connection.execute(
        "UPDATE sim_codes SET used_by=? WHERE hash=? AND channel=? AND used_by IS NULL AND expires_ms>?"
        " RETURNING payer, password",
        (attempt, digest, channel, now_ms),
    ).fetchone()
    return None if row is None else (row["payer"], bool(row["password"]))


def add_notice(connection: Connection, channel: str, due_ms: int, body: str, *, forged: bool) -> None:
    """Put a notice on its way."""
    connection.execute(
        "INSERT INTO sim_notices (channel, due_ms, body, forged) VALUES (?,?,?,?)",
        (channel, due_ms, body, int(forged)),
    )


def due_notices(connection: Connection, channel: str, now_ms: int, limit: int) -> list[SimNotice]:
    """Notices whose time has come, oldest first."""
    rows = connection.execute(
        "SELECT id, channel, body, forged FROM sim_notices"
        " WHERE channel=? AND answer IS NULL AND due_ms<=? ORDER BY due_ms, id LIMIT ?",
        (channel, now_ms, limit),
    )
    return [msgspec.convert(dict(row), SimNotice, strict=False) for row in rows]


def note_delivery(connection: Connection, notice: int, answer: str) -> None:
    """Write down what the platform answered to a notice."""
    connection.execute("UPDATE sim_notices SET answer=? WHERE id=?", (answer, notice))


def paid_between(
    connection: Connection, channel: str, payee: str, begin_ms: int, end_ms: int
) -> list[SimTrade]:
    """Trades of a payee whose money came within a span, by time."""
    rows = connection.execute(
        "SELECT * FROM sim_trades WHERE channel=? AND payee=? AND state='paid' AND paid_ms>=? AND paid_ms<?"
        " ORDER BY paid_ms, attempt",
        (channel, payee, begin_ms, end_ms),
    )
    return [msgspec.convert(dict(row), SimTrade) for row in rows]


def refunded_between(
    connection: Connection, channel: str, payee: str, begin_ms: int, end_ms: int
) -> list[SimRefund]:
    """Refunds of a payee that were done within a span, by time."""
    rows = connection.execute(
        "SELECT * FROM sim_refunds WHERE channel=? AND payee=? AND state='refunded'"
        " AND done_ms>=? AND done_ms<? ORDER BY done_ms, part",
        (channel, payee, begin_ms, end_ms),
    )
    return [msgspec.convert(dict(row), SimRefund) for row in rows]


def faults_of_bill(connection: Connection, channel: str, payee: str, date: str) -> dict[str, int]:
    """The faults of a day's bill: those it got when it was asked for first, and those that are on for all."""
    row = connection.execute(
        "SELECT faults FROM sim_bills WHERE channel=? AND payee=? AND date=?", (channel, payee, date)
    ).fetchone()
    faults = take_faults(connection, channel, "bill") if row is None else msgspec.json.decode(row["faults"])
    connection.execute(
        "INSERT INTO sim_bills (channel, payee, date, faults) VALUES (?,?,?,?) ON CONFLICT DO NOTHING",
        (channel, payee, date, msgspec.json.encode(faults).decode()),
    )
    standing = [s for s in list_switches(connection, channel) if s.scope == "always"]
    return {**faults, **{s.fault.value: s.value for s in standing}}


def _one(connection: Connection, query: str, values: Iterable[Any], shape: type[Any]) -> Any | None:
    row = connection.execute(query, tuple(values)).fetchone()
    return None if row is None else msgspec.convert(dict(row), shape)


def _put(connection: Connection, table: str, key: str, content: msgspec.Struct) -> None:
    values = msgspec.structs.asdict(content)
    names = ", ".join(values)
    marks = ", ".join("?" * len(values))
    sets = ", ".join(f"{name}=excluded.{name}" for name in values)
    connection.execute(
        f"INSERT INTO {table} ({names}) VALUES ({marks}) ON CONFLICT ({key}) DO UPDATE SET {sets}",
        tuple(values.values()),
    )
