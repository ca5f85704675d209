"""Points claimed by a receipt's QR, at the kiosk or on the phone: each order once, by the table's word.

A claim on the phone may come before the sale that it is about: a kiosk without network tells later. It waits,
and is decided when the sale arrives.
"""

from typing import Literal

import msgspec

from cloud_sync.platform.balances import POINTS, Cause, account_of, move, publish, read_account
from cloud_sync.platform.custody import note_incident
from cloud_sync.platform.points import give
from cloud_sync.platform.store.port import Connection, Row
from cloud_sync.platform.stored import RecordMissing, StoredEvent
from cloud_sync.platform.terms import DAY_MS, read_terms
from cloud_sync.wire.accounts import hash_token

RECEIPT = "CE-R:"
CLAIMED_TWICE = "claimed_twice"
"""Incident: a kiosk took a claim of an order whose points somebody has already."""

Outcome = Literal["granted", "waiting", "refused"]


class Claim(msgspec.Struct, frozen=True):
    """What became of a claim; `reason` is a stable code, `counts_from_ms` is 0 when they count at once."""

    order: str
    state: Outcome
    reason: str = ""
    points: int = 0
    counts_from_ms: int = 0


def split_code(text: str, prefix: str) -> tuple[str, str] | None:
    """The order and the token of a QR text, None when it is not one of these."""
    order, dot, token = text.strip().removeprefix(prefix).rpartition(".")
    return (order, token) if text.strip().startswith(prefix) and dot and order and token else None


def claim_by_phone(connection: Connection, subject: str, text: str, *, now_ms: int) -> Claim:
    """Claim by the text of a receipt's QR; who has no points account earns none."""
    account = account_of(connection, subject, POINTS)
    if account is None:
        return Claim("", "refused", "no_account")
    parts = split_code(text, RECEIPT)
    if parts is None:
        return Claim("", "refused", "not_a_receipt")
    order, token = parts
    connection.execute(
        "INSERT INTO claims (order_id, account, token_hash, at_ms, state) VALUES (?,?,?,?,'waiting')"
        " ON CONFLICT (order_id, account) DO UPDATE SET token_hash=excluded.token_hash, state='waiting'"
        " WHERE claims.state='refused'",
        (order, account, hash_token(token), now_ms),
    )
    _decide(connection, order, account, now_ms=now_ms)
    return read_claim(connection, order, account)


def settle_waiting(connection: Connection, order: str, *, now_ms: int) -> None:
    """Decide the claims that waited for this order's sale, the oldest first."""
    rows = connection.execute(
        "SELECT account FROM claims WHERE order_id=? AND state='waiting' ORDER BY at_ms, account", (order,)
    ).fetchall()
    for row in rows:
        _decide(connection, order, row["account"], now_ms=now_ms)


def claim_by_event(connection: Connection, event: StoredEvent, order: str, account: str) -> None:
    """A kiosk took a claim: it saw the receipt's token. Raises AccountMissing, RecordMissing."""
    read_account(connection, account, POINTS)
    if connection.execute("SELECT 1 FROM order_points WHERE order_id=?", (order,)).fetchone() is None:
        raise RecordMissing(f"order/{order}")
    given = give(connection, order, account, "claimed", at_ms=event.at_ms, event=event.at)
    holder = _holder(connection, order)
    if given or holder == account:
        _set(connection, order, account, "granted", "", event.at_ms)
        return
    _set(connection, order, account, "refused", "claimed_by_another", event.at_ms)
    device, epoch, seq = event.key
    note_incident(connection, device, epoch, code=CLAIMED_TWICE, seq=seq, now_ms=event.at_ms)
    # A line without an amount says it to the resident, and ends what the kiosk showed on top.
    cause = Cause(f"claim_refused:{order}:{account}", event.at_ms, order, event=event.at)
    if move(connection, account, "claimed", 0, cause):
        publish(connection, account)


def read_claim(connection: Connection, order: str, account: str) -> Claim:
    """What became of a claim; with nothing asked it is waiting."""
    row = connection.execute(
        "SELECT c.state, c.reason, coalesce(o.points - o.taken_back, 0) AS points,"
        " coalesce(l.pending * l.pending_until_ms, 0) AS counts_from_ms FROM claims c"
        " LEFT JOIN order_points o USING (order_id)"
        " LEFT JOIN account_lines l ON l.key='earned:' || c.order_id AND l.account=c.account"
        " WHERE c.order_id=? AND c.account=?",
        (order, account),
    ).fetchone()
    if row is None:
        return Claim(order, "waiting")
    return Claim(order, row["state"], row["reason"], row["points"], row["counts_from_ms"])


def _decide(connection: Connection, order: str, account: str, *, now_ms: int) -> None:
    claim = connection.execute(
        "SELECT * FROM claims WHERE order_id=? AND account=?", (order, account)
    ).fetchone()
    sale = connection.execute("SELECT * FROM order_points WHERE order_id=?", (order,)).fetchone()
    if sale is None or claim["state"] != "waiting":
        return
    reason = _refusal(connection, sale, claim)
    if reason:
        _set(connection, order, account, "refused", reason, claim["at_ms"])
        return
    give(connection, order, account, "claimed", at_ms=now_ms)
    _set(connection, order, account, "granted", "", claim["at_ms"])


def _refusal(connection: Connection, sale: Row, claim: Row) -> str:
    """Why a claim is not granted, empty when it is."""
    terms = read_terms(connection, sale["contract_version"])
    if not sale["claim_hash"] or sale["claim_hash"] != claim["token_hash"]:
        return "wrong_receipt"
    if sale["account"]:
        return "already_yours" if sale["account"] == claim["account"] else "claimed_by_another"
    if claim["at_ms"] > sale["settled_ms"] + terms.points_claim_days * DAY_MS:
        return "too_late"
    return "" if sale["points"] > sale["taken_back"] else "no_points"


def _holder(connection: Connection, order: str) -> str:
    row = connection.execute("SELECT account FROM order_points WHERE order_id=?", (order,)).fetchone()
    return "" if row is None else str(row["account"])


def _set(connection: Connection, order: str, account: str, state: Outcome, reason: str, at_ms: int) -> None:
    connection.execute(
        "INSERT INTO claims (order_id, account, token_hash, at_ms, state, reason) VALUES (?,?,'',?,?,?)"
        " ON CONFLICT (order_id, account) DO UPDATE SET state=excluded.state, reason=excluded.reason",
        (order, account, at_ms, state, reason),
    )
