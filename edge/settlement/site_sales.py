"""What the app takes inside the site (S1: all income inside the site is joint income): for the statement.

The platform authors one record a day and payee; a later version of the day replaces it.
"""

import sqlite3
from typing import Annotated, Any

import msgspec

from edge.money import MAX_FEN
from edge.pay.records import delete, rows_of, upsert
from edge.store.unit import Unit

_Count = Annotated[int, msgspec.Meta(ge=0, le=2**31)]
_Sum = Annotated[int, msgspec.Meta(ge=0, le=MAX_FEN)]


class SiteSales(msgspec.Struct, frozen=True, kw_only=True):
    """One day of one payee in the app; `sum_fen` is before refunds, `date` an ISO date."""

    id: str
    date: Annotated[str, msgspec.Meta(pattern=r"^\d{4}-\d{2}-\d{2}$")]
    payee: str
    count: _Count
    sum_fen: _Sum
    refund_count: _Count = 0
    refund_fen: _Sum = 0

    @property
    def left_fen(self) -> int:
        """What stays after refunds; negative where more went back than came in that day."""
        return self.sum_fen - self.refund_fen


def apply_site_sales(unit: Unit, record_id: str, version: int, data: dict[str, Any] | None) -> None:
    """Take a day of the app from the feed. Raises msgspec.ValidationError."""
    if data is None:
        delete(unit.connection, "site_sales", record_id)
        return
    day = msgspec.convert({**data, "id": record_id}, SiteSales)
    upsert(unit.connection, "site_sales", {**msgspec.structs.asdict(day), "version": version})


def site_sales_of(connection: sqlite3.Connection, first: str, last: str) -> tuple[SiteSales, ...]:
    """Return the app's days from one ISO date through another, by date and payee."""
    query = "SELECT * FROM site_sales WHERE date BETWEEN ? AND ? ORDER BY date, payee"
    rows = rows_of(connection.execute(query, (first, last)))
    return tuple(msgspec.convert(row, SiteSales) for row in rows)
