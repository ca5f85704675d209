"""Notices 通知: what the idle screen and the notices page show."""

import sqlite3
from typing import Any

import msgspec

from edge.pay.records import delete, table_rows, upsert
from edge.store.unit import Unit
from edge.trust.clock import Reading
from edge.trust.time_policy import Decision, has_begun, is_over


class Notice(msgspec.Struct, frozen=True, kw_only=True):
    """A notice between two times (epoch milliseconds), open on a side that has none."""

    id: str
    title_zh: str
    title_en: str
    body_zh: str = ""
    body_en: str = ""
    from_ms: int | None = None
    until_ms: int | None = None
    kind: str = "notice"


def apply_notice(unit: Unit, record_id: str, version: int, data: dict[str, Any] | None) -> None:
    """Take a notice from the feed. Raises msgspec.ValidationError."""
    unit.hint("notices")
    if data is None:
        delete(unit.connection, "notices", record_id)
        return
    notice = msgspec.convert({**data, "id": record_id}, Notice)
    upsert(unit.connection, "notices", {**msgspec.structs.asdict(notice), "version": version})


def current_notices(connection: sqlite3.Connection, now: Reading) -> tuple[Notice, ...]:
    """Return the notices of this moment, newest first.

    With the time unknown the clock's floor may lie before a notice begins, so only ends are judged.
    """
    stored = [msgspec.convert(row, Notice) for row in table_rows(connection, "notices", ("id",))]
    current = [notice for notice in stored if _is_current(notice, now)]
    return tuple(sorted(current, key=lambda notice: -(notice.from_ms or 0)))


def _is_current(notice: Notice, now: Reading) -> bool:
    return has_begun(Decision.NOTICE, notice.from_ms, now) and not is_over(notice.until_ms, now)
