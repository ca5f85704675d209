"""What the phone shows of a resident's money: accounts with their lines, slips, payments and refunds."""

from typing import Any

import msgspec

from cloud_sync.platform import balances
from cloud_sync.platform.claims import split_code
from cloud_sync.platform.feed import get_record
from cloud_sync.platform.store.port import Connection, Row
from cloud_sync.platform.terms import read_terms

LINES = 40
SLIP = "CE-S:"


class LineView(msgspec.Struct, frozen=True):
    """One line: why it moved, by how much; `pending_until_ms` and `expires_ms` are 0 where there is none."""

    at_ms: int
    kind: str
    amount_fen: int
    order: str
    pending_until_ms: int
    expires_ms: int
    refused: str


class AccountView(msgspec.Struct, frozen=True):
    """An account; `leased_fen` of the balance can be spent at the site also while it is offline.

    `limit_fen` is the most that it may hold, 0 without a limit; only a wallet can be topped up in the app.
    """

    id: str
    kind: str
    issuer: str
    issuer_zh: str
    issuer_en: str
    balance_fen: int
    pending_fen: int
    leased_fen: int
    limit_fen: int
    lines: list[LineView]


def list_accounts(connection: Connection, subject: str) -> list[AccountView]:
    """The resident's accounts: points, wallet, prepaid fee."""
    rows = connection.execute(
        "SELECT a.*, coalesce((SELECT sum(l.granted_fen - l.spent_fen) FROM leases l"
        " WHERE l.account=a.id AND l.closed=0 AND l.granted_fen>l.spent_fen), 0) AS leased_fen"
        " FROM accounts a WHERE subject=?"
        " ORDER BY CASE kind WHEN 'wallet' THEN 0 WHEN 'points' THEN 1 ELSE 2 END, issuer",
        (subject,),
    ).fetchall()
    limit_fen = read_terms(connection).wallet_limit_fen or 0
    return [_account(connection, row, limit_fen) for row in rows]


def _account(connection: Connection, row: Row, limit_fen: int) -> AccountView:
    payee = get_record(connection, "payees", row["issuer"]) or {}
    return AccountView(
        id=row["id"],
        kind=row["kind"],
        issuer=row["issuer"],
        issuer_zh=payee.get("name_zh", row["issuer"]),
        issuer_en=payee.get("name_en", row["issuer"]),
        balance_fen=row["balance_fen"],
        pending_fen=row["pending_fen"],
        leased_fen=row["leased_fen"],
        limit_fen=limit_fen if row["kind"] == balances.WALLET else 0,
        lines=[_line(connection, line) for line in balances.newest_lines(connection, row["id"], LINES)],
    )


def _line(connection: Connection, row: Row) -> LineView:
    refused = ""
    if row["kind"] == "claimed" and row["amount_fen"] == 0:
        claim = connection.execute(
            "SELECT reason FROM claims WHERE order_id=? AND account=?", (row["order_id"], row["account"])
        ).fetchone()
        refused = "" if claim is None else claim["reason"]
    return LineView(
        at_ms=row["at_ms"],
        kind=row["kind"],
        amount_fen=row["amount_fen"],
        order=row["order_id"],
        pending_until_ms=row["pending_until_ms"] if row["pending"] else 0,
        expires_ms=row["expires_ms"] or 0,
        refused=refused,
    )


class OrderNews(msgspec.Struct, frozen=True):
    """What is known of an order: `waiting`, `unknown`, `failed`, `paid`, or `not_here`: nothing was told yet.

    `tenders_fen` of its sum came out of accounts; of `refund_fen` that goes back, `refunded_fen` arrived.
    """

    order: str
    state: str
    kind: str = ""
    payee_zh: str = ""
    payee_en: str = ""
    total_fen: int = 0
    tenders_fen: int = 0
    refund_fen: int = 0
    refunded_fen: int = 0
    at_ms: int = 0
    reason: str = ""


def order_of_slip(text: str) -> str | None:
    """The order on a claim slip, by the text of its QR; None when it is none."""
    parts = split_code(text, SLIP)
    return None if parts is None else parts[0]


def news_of(connection: Connection, order: str, subject: str) -> OrderNews:
    """What became of a parked order, as far as the site has told: sums only to whose order it is."""
    row = connection.execute("SELECT * FROM orders_told WHERE order_id=?", (order,)).fetchone()
    if row is None:
        return OrderNews(order, "not_here")
    own = connection.execute(
        "SELECT 1 FROM orders_of WHERE person=? AND order_id=?", (subject, order)
    ).fetchone()
    return _news(connection, row) if own is not None else OrderNews(order, row["state"], at_ms=row["at_ms"])


def list_payments(connection: Connection, subject: str) -> list[OrderNews]:
    """The resident's own payments, newest first."""
    rows = connection.execute(
        "SELECT * FROM orders_of WHERE person=? ORDER BY at_ms DESC, order_id DESC LIMIT ?", (subject, LINES)
    ).fetchall()
    return [_news(connection, row) for row in rows]


def _news(connection: Connection, row: Row) -> OrderNews:
    payee: dict[str, Any] = get_record(connection, "payees", row["payee"]) or {}
    return OrderNews(
        order=row["order_id"],
        state=row["state"],
        kind=row["kind"],
        payee_zh=payee.get("name_zh", row["payee"]),
        payee_en=payee.get("name_en", row["payee"]),
        total_fen=row["total_fen"],
        tenders_fen=row["tenders_fen"],
        refund_fen=row["refund_fen"],
        refunded_fen=row["refunded_fen"],
        at_ms=row["at_ms"],
        reason=row["reason"],
    )
