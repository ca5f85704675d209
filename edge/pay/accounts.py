"""Accounts of residents: points 积分, wallet 储值, prepaid property fee 预存物业费, each at one issuer.

The balance is the platform's; here it stands with our own moves laid over it that the record does not
include yet. What may be spent at this device is less than that: see `edge.pay.leases`. Who has an account of
points is a resident whom the property company manages.
"""

import sqlite3
from typing import Any, Literal

import msgspec

from edge.pay import account_records as records
from edge.pay.copies import applied_through, lay_over, take_record
from edge.pay.errors import AccountUnknown
from edge.pay.records import delete
from edge.store.history import PastEvent
from edge.store.unit import Unit

Kind = Literal["points", "wallet", "prepaid_fee"]
POINTS: Kind = "points"
WALLET: Kind = "wallet"
PREPAID_FEE: Kind = "prepaid_fee"
COLLECTION = "accounts"


class AccountLine(msgspec.Struct, frozen=True, kw_only=True):
    """One move of an account as the platform tells it; negative where something left it.

    `pending_until_ms` is 0 once the amount counts; `order` is empty without one.
    """

    at_ms: int
    kind: str
    amount_fen: int
    order: str = ""
    pending_until_ms: int = 0


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """An account as of now: `balance_fen` holds `unconfirmed_fen` of our own, which the record does not yet.

    It can be negative where points that were spent have been taken back. `lines`: newest first.
    """

    id: str
    subject: str
    kind: Kind
    issuer: str
    balance_fen: int
    pending_fen: int = 0
    unconfirmed_fen: int = 0
    lines: tuple[AccountLine, ...] = ()


def apply_account(unit: Unit, record_id: str, version: int, data: dict[str, Any] | None) -> None:
    """Take an account from the feed and end the overlay of our moves that it includes.

    Raises msgspec.ValidationError.
    """
    if data is None:
        delete(unit.connection, "tender_accounts", record_id)
        return
    account = msgspec.convert({**data, "id": record_id, "unconfirmed_fen": 0}, Account)
    covered = applied_through(unit, data)
    row = {
        "id": record_id,
        "version": version,
        "subject": account.subject,
        "kind": account.kind,
        "issuer": account.issuer,
        "balance_fen": account.balance_fen,
        "pending_fen": account.pending_fen,
        "lines": msgspec.json.encode(account.lines),
    }
    if covered is not None:
        row["applied_seq"] = covered[1]
    take_record(unit, COLLECTION, "tender_accounts", row, data)


def find_account(connection: sqlite3.Connection, account_id: str) -> Account:
    """Return one account. Raises AccountUnknown."""
    row = records.account_row(connection, account_id)
    if row is None:
        raise AccountUnknown(account=account_id)
    return _account_of(row)


def accounts_of(connection: sqlite3.Connection, subject: str) -> tuple[Account, ...]:
    """Return a resident's accounts."""
    return tuple(_account_of(row) for row in records.accounts_of(connection, subject))


def points_account_of(connection: sqlite3.Connection, subject: str | None) -> str:
    """Return the id of a resident's account of points; empty for nobody and for who is not managed."""
    return "" if subject is None else records.points_account(connection, subject) or ""


def is_applied(connection: sqlite3.Connection, account_id: str, seq: int) -> bool:
    """Whether the account's record includes our event at `seq` of the journal."""
    return records.applied_seq(connection, account_id) >= seq


def note_move(unit: Unit, account_id: str, amount_fen: int, past: PastEvent | None = None) -> None:
    """Lay over an account what the event just recorded (or read back, `past`) moves of it."""
    lay_over(unit, COLLECTION, account_id, {"amount_fen": amount_fen}, past)


def _account_of(row: dict[str, Any]) -> Account:
    shown = {**row, "balance_fen": row["balance_fen"] + row["unconfirmed_fen"]}
    return msgspec.convert({**shown, "lines": msgspec.json.decode(row["lines"])}, Account)
