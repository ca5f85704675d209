"""Matches and cases as comma-separated values, for a spreadsheet: sums in yuan, times in the site's time."""

import csv
import io
from collections.abc import Iterable
from datetime import UTC, datetime

from edge.money import format_yuan
from edge.pay.business_day import SITE_OFFSET
from edge.settlement.cases import Case
from edge.settlement.matching import MatchedDay

MATCH_COLUMNS = (
    "date",
    "payee",
    "state",
    "agreed",
    "differing",
    "here_lines",
    "here_yuan",
    "channel_lines",
    "channel_yuan",
    "platform_lines",
    "platform_yuan",
)
CASE_COLUMNS = (
    "case",
    "date",
    "payee",
    "line",
    "subject",
    "order",
    "kind",
    "here_yuan",
    "channel_yuan",
    "platform_yuan",
    "opened",
    "closed",
    "closed_by",
    "reason",
    "note",
)
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def match_csv(days: Iterable[MatchedDay]) -> str:
    """One line a date and payee; sums are payments less refunds."""
    rows = (
        (
            *(day.date, day.payee, day.state, day.agreed, day.differing),
            *(day.here_lines, format_yuan(day.here_fen)),
            *(day.channel_lines, format_yuan(day.channel_fen)),
            *(day.platform_lines, format_yuan(day.platform_fen)),
        )
        for day in days
    )
    return _sheet(MATCH_COLUMNS, rows)


def cases_csv(cases: Iterable[Case]) -> str:
    """One line a case; a side that has nothing is empty."""
    rows = (
        (
            *(case.id, case.date, case.payee, case.line, case.subject, case.order_id, case.kind.value),
            *(_yuan(case.here_fen), _yuan(case.channel_fen), _yuan(case.platform_fen)),
            *(_time(case.opened_at_ms), _time(case.closed_at_ms)),
            *(case.closed_by, case.reason, _harmless(case.note)),
        )
        for case in cases
    )
    return _sheet(CASE_COLUMNS, rows)


def _sheet(columns: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    return text.getvalue()


def _yuan(fen: int | None) -> str:
    return "" if fen is None else format_yuan(fen)


def _time(at_ms: int | None) -> str:
    if at_ms is None:
        return ""
    return (datetime.fromtimestamp(at_ms / 1000, UTC) + SITE_OFFSET).strftime("%Y-%m-%d %H:%M:%S")


def _harmless(words: str) -> str:
    """A person's words never begin as a spreadsheet's formula does."""
    return f"'{words}" if words.startswith(_FORMULA) else words
