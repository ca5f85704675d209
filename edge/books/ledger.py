"""Posting and reading the ledger. Amounts are integer fen; a debit is positive, a credit negative."""

import sqlite3
from collections.abc import Mapping
from typing import NamedTuple

from edge.books import records
from edge.books.chart import RULES, PostingRule
from edge.errors import Refusal, StoreError
from edge.ids import Identity
from edge.store.facts import get_fact
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


def post(unit: Unit, rule: str, source_id: str, amounts: Mapping[str, int], *, payee: str) -> str:
    """Post one business event by its rule, seal the set, and return the set's id ``source/rule``.

    ``source_id`` is an identity of this device; ``amounts`` are fen by role, a role left out is zero; all of
    it goes to accounts of ``payee``. Raises RuleUnknown, AlreadyPosted; ``sqlite3.IntegrityError`` when the
    amounts do not balance.
    """
    known = _rule_for(rule, amounts)
    key = Identity.parse(source_id).key
    if records.is_sealed(unit.connection, key, known.number):
        raise AlreadyPosted(source=source_id, rule=rule)
    rows: list[records.Posting] = [
        (
            key,
            known.number,
            number,
            _account(unit.connection, line.stem, payee),
            line.side * amounts[line.role],
        )
        for number, line in enumerate(known.lines, 1)
        if amounts.get(line.role)
    ]
    seal: records.Posting = (key, known.number, 0, None, 0)
    records.insert_postings(unit.connection, [*rows, seal])
    return f"{source_id}/{rule}"


def _rule_for(rule: str, amounts: Mapping[str, int]) -> PostingRule:
    known = RULES.get(rule)
    if known is None:
        raise RuleUnknown(f"posting rule {rule!r}: unknown")
    if unknown := set(amounts) - {line.role for line in known.lines}:
        raise RuleUnknown(f"posting rule {rule!r}: {', '.join(sorted(unknown))}")
    return known


def _account(connection: sqlite3.Connection, stem: str, payee: str) -> int:
    """The account of a stem and payee; one that a rule names for a new payee is opened on first use."""
    number = records.account_number(connection, f"{stem}:{payee}")
    return records.open_account(connection, stem, payee) if number is None else number


def balance(connection: sqlite3.Connection, account: str) -> int:
    """Return the balance kept for an account in fen; zero for an account never used."""
    return records.kept_balance(connection, account)


def balances(connection: sqlite3.Connection) -> dict[str, int]:
    """Return the balances kept, in fen by account."""
    return records.kept_balances(connection)


def verify(connection: sqlite3.Connection) -> list[Imbalance]:
    """Return every set that is unsealed or does not sum to zero; an empty list is good news."""
    device = str(get_fact(connection, "device"))
    return [
        Imbalance(str(Identity.from_key(device, each.source)), each.rule, each.sum_fen, each.sealed)
        for each in records.sum_sets(connection)
        if each.sum_fen or not each.sealed
    ]
