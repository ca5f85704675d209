"""Residents' accounts: points, wallet, prepaid fee. A balance moves by lines only, each with its own cause.

A cause has a key; the same key again moves nothing. What a line says is what the resident reads.
"""

import hashlib
from typing import Any, NamedTuple

from cloud_sync.platform.feed import put_record
from cloud_sync.platform.store.port import Connection, Row
from cloud_sync.wire.collections import LineKind
from cloud_sync.wire.feed import AppliedThrough
from edge.errors import EdgeError

NEWEST_LINES = 8
POINTS, WALLET, PREPAID_FEE = "points", "wallet", "prepaid_fee"


class AccountMissing(EdgeError):
    """An event names an account that is not here, or one of another kind."""


class Cause(NamedTuple):
    """Why an account moves: the key that makes it once, when, for which order, by which event of a device."""

    key: str
    at_ms: int
    order: str = ""
    lease: str = ""
    event: AppliedThrough | None = None


def account_id(subject: str, kind: str, issuer: str) -> str:
    """The opaque id of a resident's account: the same three always give the same."""
    return "acc-" + hashlib.sha256(f"{subject}|{kind}|{issuer}".encode()).hexdigest()[:16]


def open_account(connection: Connection, subject: str, kind: str, issuer: str) -> str:
    """The account's id; it is opened, empty, when it is not there yet."""
    found = account_id(subject, kind, issuer)
    opened = connection.execute(
        "INSERT INTO accounts (id, site, subject, kind, issuer) VALUES (?,?,?,?,?) ON CONFLICT DO NOTHING",
        (found, connection.site, subject, kind, issuer),
    )
    if opened.rowcount:
        publish(connection, found)
    return found


def account_of(connection: Connection, subject: str, kind: str, issuer: str = "") -> str | None:
    """The id of a resident's account of this kind (at this issuer), None when there is none."""
    row = connection.execute(
        "SELECT id FROM accounts WHERE site=? AND subject=? AND kind=? AND (?='' OR issuer=?)"
        " ORDER BY issuer LIMIT 1",
        (connection.site, subject, kind, issuer, issuer),
    ).fetchone()
    return None if row is None else str(row["id"])


def read_account(connection: Connection, wanted: str, kind: str = "") -> Row:
    """The account's row; raises AccountMissing, also where it is of another kind or of another site."""
    row: Row | None = connection.execute(
        "SELECT * FROM accounts WHERE id=? AND site=?", (wanted, connection.site)
    ).fetchone()
    if row is None or (kind and row["kind"] != kind):
        raise AccountMissing(wanted)
    return row


def move(
    connection: Connection,
    account: str,
    kind: LineKind,
    amount_fen: int,
    cause: Cause,
    *,
    pending_until_ms: int = 0,
    expires_ms: int | None = None,
) -> bool:
    """Add a line and its amount, once per key; False when the key was there.

    With `pending_until_ms` it counts from then on. Raises AccountMissing. The caller publishes.
    """
    read_account(connection, account)
    pending = pending_until_ms > 0
    event = cause.event or AppliedThrough("", 0, 0)
    added = connection.execute(
        "INSERT INTO account_lines (account, key, kind, amount_fen, at_ms, order_id, lease,"
        " pending, pending_until_ms, expires_ms, device, epoch, seq) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?)"
        " ON CONFLICT (key) DO NOTHING",
        (
            *(account, cause.key, kind, amount_fen, cause.at_ms, cause.order, cause.lease),
            *(int(pending), pending_until_ms, expires_ms),
            *(event.device or None, event.epoch or None, event.seq or None),
        ),
    )
    if not added.rowcount:
        return False
    counts_fen, waits_fen = (0, amount_fen) if pending else (amount_fen, 0)
    connection.execute(
        "UPDATE accounts SET balance_fen=balance_fen+?, pending_fen=pending_fen+? WHERE id=?",
        (counts_fen, waits_fen, account),
    )
    return True


def publish(connection: Connection, account: str) -> None:
    """Write the account's next version into the feed."""
    row = read_account(connection, account)
    lines = [_line(line) for line in newest_lines(connection, account, NEWEST_LINES)]
    record = {
        "id": account,
        "subject": row["subject"],
        "kind": row["kind"],
        "issuer": row["issuer"],
        "balance_fen": row["balance_fen"],
        "pending_fen": row["pending_fen"],
        "lines": lines,
    }
    put_record(connection, "accounts", account, record, applied_through=_applied_through(connection, account))


def newest_lines(connection: Connection, account: str, limit: int) -> list[Row]:
    """The account's lines, newest first."""
    return connection.execute(
        "SELECT * FROM account_lines WHERE account=? ORDER BY id DESC LIMIT ?", (account, limit)
    ).fetchall()


def _line(row: Row) -> dict[str, Any]:
    line = {"at_ms": row["at_ms"], "kind": row["kind"], "amount_fen": row["amount_fen"]}
    if row["order_id"]:
        line["order"] = row["order_id"]
    if row["pending"]:
        line["pending_until_ms"] = row["pending_until_ms"]
    return line


def _applied_through(connection: Connection, account: str) -> AppliedThrough | None:
    """The newest event of a device in this account, short of one that names the account and waits parked."""
    row = connection.execute(
        "SELECT device, epoch, seq FROM account_lines WHERE account=? AND device IS NOT NULL"
        " ORDER BY id DESC LIMIT 1",
        (account,),
    ).fetchone()
    if row is None:
        return None
    parked = connection.execute(
        "SELECT e.seq, e.line FROM parked p JOIN events e USING (device, epoch, seq)"
        " WHERE p.device=? AND p.epoch=? AND p.seq<=? ORDER BY e.seq",
        tuple(row),
    )
    waits = next((one["seq"] for one in parked if account.encode() in bytes(one["line"])), row["seq"] + 1)
    seq = min(row["seq"], waits - 1)
    return AppliedThrough(row["device"], row["epoch"], seq) if seq > 0 else None
