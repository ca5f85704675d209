"""SQL of the ledger: rows in and out, no rules."""

import sqlite3
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from edge.books.chart import RULES

_PAID_LINES = ", ".join(f"({rule.number}, {line})" for rule in RULES.values() for line in rule.paid_lines)

Posting = tuple[int, int, int, int | None, int]
"""Source (key of an identity), rule, line, account, fen. Line 0 without account is the seal."""


class Balance(NamedTuple):
    """An account with what is kept for it and what its postings sum to, in fen."""

    code: str
    stem: str
    payee: str
    kept_fen: int
    folded_fen: int


class TrialRow(NamedTuple):
    """An account as the trial balance shows it: its payee, its name, and the balance kept in fen."""

    payee: str
    code: str
    name_zh: str
    balance_fen: int


class SetTotal(NamedTuple):
    """One set: the key of its source, its rule, and what its rows come to.

    `payees` counts different payees, `strays` rows whose account is unknown; `paid_fen` is what the lines
    hold that the set's event tells of (`PostingRule.paid_lines`).
    """

    source: int
    rule: str
    sum_fen: int
    sealed: bool
    payees: int
    strays: int
    paid_fen: int


def insert_postings(connection: sqlite3.Connection, rows: Sequence[Posting]) -> None:
    """Write rows of a set; the triggers move the balances, and the seal, which comes last, is checked."""
    connection.executemany(
        "INSERT INTO postings(source, rule, line, account, amount_fen) VALUES (?, ?, ?, ?, ?)", rows
    )


def is_sealed(connection: sqlite3.Connection, source: int, rule: int) -> bool:
    """Whether a set is there and sealed."""
    row = connection.execute(
        "SELECT 1 FROM postings WHERE source = ? AND rule = ? AND line = 0", (source, rule)
    ).fetchone()
    return row is not None


def account_number(connection: sqlite3.Connection, code: str) -> int | None:
    """An account's number, or None while it was never used."""
    row = connection.execute("SELECT number FROM accounts WHERE code = ?", (code,)).fetchone()
    return None if row is None else int(row[0])


def open_account(connection: sqlite3.Connection, stem: str, payee: str) -> int:
    """Open an account on its first use; `sqlite3.IntegrityError` for one outside the chart."""
    row = connection.execute(
        "INSERT INTO accounts(code, kind, stem, payee) VALUES (?, ?, ?, ?) RETURNING number",
        (f"{stem}:{payee}", stem.partition(":")[0], stem, payee),
    ).fetchone()
    return int(row[0])


def kept_balance(connection: sqlite3.Connection, code: str) -> int:
    """The balance kept for an account in fen; zero for an account never used."""
    row = connection.execute("SELECT balance_fen FROM accounts WHERE code = ?", (code,)).fetchone()
    return 0 if row is None else int(row[0])


def kept_balances(connection: sqlite3.Connection) -> dict[str, int]:
    """The balances kept, by account."""
    return dict(connection.execute("SELECT code, balance_fen FROM accounts ORDER BY code"))


def trial_rows(connection: sqlite3.Connection) -> list[TrialRow]:
    """Every account with its name, payee by payee."""
    rows = connection.execute(
        "SELECT coalesce(payee, ''), code, coalesce(name_zh, ''), balance_fen"
        " FROM accounts LEFT JOIN chart USING (stem) ORDER BY payee, code"
    )
    return [TrialRow(*row) for row in rows]


def fold_balances(connection: sqlite3.Connection) -> list[Balance]:
    """Every account with the balance that is kept and the sum of its postings: reads all postings."""
    rows = connection.execute(
        "SELECT code, stem, payee, balance_fen, coalesce(fen, 0) FROM accounts LEFT JOIN ("
        "SELECT account, sum(amount_fen) AS fen FROM postings WHERE line > 0 GROUP BY account"
        ") ON account = number ORDER BY code"
    )
    return [Balance(*row) for row in rows]


def sum_sets(connection: sqlite3.Connection) -> Iterator[SetTotal]:
    """Every set in the order of its source, one after the other."""
    rows = connection.execute(
        "SELECT source, name, sum(amount_fen), min(line) = 0, count(DISTINCT payee),"
        " count(*) FILTER (WHERE line > 0 AND code IS NULL),"
        f" coalesce(sum(abs(amount_fen)) FILTER (WHERE (rule, line) IN (VALUES {_PAID_LINES})), 0)"
        " FROM postings JOIN posting_rules AS rules ON rules.number = rule"
        " LEFT JOIN accounts ON accounts.number = account GROUP BY source, rule"
    )
    for source, rule, sum_fen, sealed, payees, strays, paid_fen in rows:
        yield SetTotal(source, rule, sum_fen, bool(sealed), payees, strays, paid_fen)
