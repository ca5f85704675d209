"""The figures of a business date: what was taken, by purpose and payee, and what goes back."""

import sqlite3

import msgspec

from edge.pay.records import receipt_totals
from edge.pay.refund_records import refund_totals


class DayLine(msgspec.Struct, frozen=True, kw_only=True):
    """Receipts of one purpose ("sale", "fee") and payee: how many, and their sum in fen."""

    purpose: str
    payee: str
    count: int
    total_fen: int


class DayFigures(msgspec.Struct, frozen=True, kw_only=True):
    """A business date: takings by line, refunds asked for by payee, and the sums."""

    business_date: str
    takings: tuple[DayLine, ...]
    refunds: tuple[DayLine, ...]
    sales_fen: int
    fees_fen: int
    refunds_fen: int


def day_figures(connection: sqlite3.Connection, business_date: str) -> DayFigures:
    """Return the figures of a business date (ISO text); all zero for a day without receipts."""
    takings = msgspec.convert(receipt_totals(connection, business_date), tuple[DayLine, ...])
    refunds = tuple(DayLine(purpose="refund", **row) for row in refund_totals(connection, business_date))
    return DayFigures(
        business_date=business_date,
        takings=takings,
        refunds=refunds,
        sales_fen=sum(line.total_fen for line in takings if line.purpose == "sale"),
        fees_fen=sum(line.total_fen for line in takings if line.purpose == "fee"),
        refunds_fen=sum(line.total_fen for line in refunds),
    )
