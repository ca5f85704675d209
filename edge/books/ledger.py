"""Posting and reading the ledger. Amounts are integer fen; a debit is positive, a credit negative."""

import sqlite3
from collections.abc import Mapping
from typing import NamedTuple

from edge.errors import Refusal, StoreError
from edge.store.unit import Unit


class RuleUnknown(StoreError):
    """No posting rule of that name, or an amount that the rule does not know."""


class AlreadyPosted(Refusal):
    """This source has been posted by this rule before."""

    code = "already_posted"


class Imbalance(NamedTuple):
    """A set that is not sealed, or whose rows do not sum to zero."""

    source: str
    rule: str
    sum_fen: int
    sealed: bool


def post(unit: Unit, rule: str, source_id: str, amounts: Mapping[str, int], *, payee: str = "") -> str:
    """Post one business event by its rule, seal the set, and return the set's id ``source/rule``.

    ``amounts`` are fen by role; a role left out is zero. Raises RuleUnknown, AlreadyPosted;
    ``sqlite3.IntegrityError`` when the amounts do not balance.
    """
    connection = unit.connection
    lines = connection.execute(
        "SELECT line, role, side, account FROM posting_rules WHERE rule = ? ORDER BY line", (rule,)
    ).fetchall()
    unknown = set(amounts) - {role for _, role, _, _ in lines}
    if not lines or unknown:
        raise RuleUnknown(f"posting rule {rule!r}: {', '.join(sorted(unknown)) or 'unknown'}")
    if _is_sealed(connection, source_id, rule):
        raise AlreadyPosted(source=source_id, rule=rule)
    rows = [
        (source_id, rule, line, account_number(connection, account.format(payee=payee)), side * amounts[role])
        for line, role, side, account in lines
        if amounts.get(role)
    ]
    connection.executemany(
        "INSERT INTO postings(source, rule, line, account, amount_fen) VALUES (?, ?, ?, ?, ?)", rows
    )
    connection.execute(
        "INSERT INTO posting_seals(source, rule, at_ms) VALUES (?, ?, ?)", (source_id, rule, unit.now.at_ms)
    )
    return f"{source_id}/{rule}"


def account_number(connection: sqlite3.Connection, code: str) -> int:
    """Return an account's number; an account that a rule names for a new payee is opened on first use."""
    row = connection.execute("SELECT number FROM accounts WHERE code = ?", (code,)).fetchone()
    if row is None:
        row = connection.execute(
            "INSERT INTO accounts(code, kind) VALUES (?, ?) RETURNING number", (code, code.partition(":")[0])
        ).fetchone()
    number: int = row[0]
    return number


def balance(connection: sqlite3.Connection, account: str) -> int:
    """Return an account's balance in fen, folded from its postings; zero for an account never used."""
    row = connection.execute(
        "SELECT coalesce(sum(amount_fen), 0) FROM postings "
        "WHERE account = (SELECT number FROM accounts WHERE code = ?)",
        (account,),
    ).fetchone()
    fen: int = row[0]
    return fen


def balances(connection: sqlite3.Connection) -> dict[str, int]:
    """Return every account's balance in fen."""
    rows = connection.execute(
        "SELECT code, coalesce(sum(amount_fen), 0) FROM accounts "
        "LEFT JOIN postings ON account = number GROUP BY code ORDER BY code"
    )
    return dict(rows.fetchall())


def verify(connection: sqlite3.Connection) -> list[Imbalance]:
    """Return every set that is unsealed or does not sum to zero; an empty list is good news."""
    rows = connection.execute(
        "SELECT p.source, p.rule, sum(p.amount_fen), s.source IS NOT NULL FROM postings p "
        "LEFT JOIN posting_seals s ON s.source = p.source AND s.rule = p.rule "
        "GROUP BY p.source, p.rule HAVING sum(p.amount_fen) <> 0 OR s.source IS NULL"
    )
    return [Imbalance(source, rule, total, bool(sealed)) for source, rule, total, sealed in rows]


def _is_sealed(connection: sqlite3.Connection, source: str, rule: str) -> bool:
    row = connection.execute(
        "SELECT 1 FROM posting_seals WHERE source = ? AND rule = ?", (source, rule)
    ).fetchone()
    return row is not None
