"""Posting and reading the ledger. Amounts are integer fen; a debit is positive, a credit negative."""

import sqlite3
from collections.abc import Mapping
from typing import NamedTuple

from edge.errors import Refusal, StoreError
from edge.ids import Identity
from edge.store.facts import get_fact
from edge.store.unit import Unit

_LINES = (
    "SELECT rule, line, role, side, replace(account, '{payee}', :payee) AS code, number "
    "FROM posting_rule_lines LEFT JOIN accounts ON code = replace(account, '{payee}', :payee) "
    "WHERE rule = (SELECT number FROM posting_rules WHERE name = :rule) ORDER BY line"
)
"""The lines of a rule for a payee; the account's number is NULL while it was never used."""


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

    ``source_id`` is an identity of this device; ``amounts`` are fen by role, a role left out is zero. Raises
    RuleUnknown, AlreadyPosted; ``sqlite3.IntegrityError`` when the amounts do not balance.
    """
    connection = unit.connection
    lines = connection.execute(_LINES, {"rule": rule, "payee": payee}).fetchall()
    unknown = set(amounts) - {role for _, _, role, _, _, _ in lines}
    if not lines or unknown:
        raise RuleUnknown(f"posting rule {rule!r}: {', '.join(sorted(unknown)) or 'unknown'}")
    number, key = lines[0][0], Identity.parse(source_id).key
    if _is_sealed(connection, key, number):
        raise AlreadyPosted(source=source_id, rule=rule)
    rows: list[tuple[int, int, int, int | None, int]] = [
        (key, number, line, account or account_number(connection, code), side * amounts[role])
        for _, line, role, side, code, account in lines
        if amounts.get(role)
    ]
    seal = (key, number, 0, None, 0)
    connection.executemany(
        "INSERT INTO postings(source, rule, line, account, amount_fen) VALUES (?, ?, ?, ?, ?)", [*rows, seal]
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
    device = str(get_fact(connection, "device"))
    rows = connection.execute(
        "SELECT source, name, sum(amount_fen), min(line) = 0 FROM postings "
        "JOIN posting_rules ON number = rule GROUP BY source, rule "
        "HAVING sum(amount_fen) <> 0 OR min(line) > 0"
    )
    return [
        Imbalance(str(Identity.from_key(device, key)), rule, total, bool(sealed))
        for key, rule, total, sealed in rows
    ]


def _is_sealed(connection: sqlite3.Connection, key: int, rule: int) -> bool:
    row = connection.execute(
        "SELECT 1 FROM postings WHERE source = ? AND rule = ? AND line = 0", (key, rule)
    ).fetchone()
    return row is not None
