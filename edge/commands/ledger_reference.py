"""The ledger's part of the reference: the chart of accounts, and each posting rule as a T-account."""

from collections.abc import Iterator
from itertools import zip_longest

from edge.books.chart import CHART, DEBIT, RULES, PostingRule, RuleLine

NAMES = {row.stem: row.name_zh for row in CHART}

HEAD = """\
## Ledger

An account is one of these stems and a payee, as in `assets:channel:shop`: payees are legal persons,
and no set of postings mixes two of them. Amounts are integer fen. The balance of every account is kept
with each posting; `edge books verify` folds it anew.

### Chart of accounts

| account | name | meaning |
|---|---|---|"""

RULES_HEAD = """
### Posting rules

One rule a business event, posted in the unit that writes the event. An amount of zero posts nothing.
"""


def ledger() -> Iterator[str]:
    """The section, line by line."""
    yield HEAD
    for row in CHART:
        yield f"| `{row.stem}` | {row.name_zh} | {row.meaning} |"
    yield RULES_HEAD
    for rule in RULES.values():
        yield from _rule(rule)


def _rule(rule: PostingRule) -> Iterator[str]:
    posted = "It is held against no event of its own."
    if rule.told is not None:
        events = " or ".join(f"`{event}`" for event in rule.told.events)
        posted = f"Posted with {events}, one set for each `{rule.told.source}`."
    yield f"#### `{rule.name}`\n\n{rule.meaning}. {posted}\n"
    yield "| debit | amount | credit | amount |\n|---|---|---|---|"
    debits = [line for line in rule.lines if line.side == DEBIT]
    credited = [line for line in rule.lines if line.side != DEBIT]
    for debit, credit in zip_longest(debits, credited):
        yield f"| {_cells(debit)} | {_cells(credit)} |"
    yield ""


def _cells(line: RuleLine | None) -> str:
    return " | " if line is None else f"`{line.stem}` {NAMES[line.stem]} | {line.role}"
