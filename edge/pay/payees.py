"""Payees: the legal persons who are paid. No payment mixes two of them."""

import sqlite3
from typing import Any

import msgspec

from edge.pay import records
from edge.store.unit import Unit


class Payee(msgspec.Struct, frozen=True, kw_only=True):
    """A payee; `kind` as the platform names it, e.g. "goods", "property", "collected_for_others"."""

    id: str
    name_zh: str
    name_en: str
    kind: str


def apply_payee(unit: Unit, record_id: str, version: int, data: dict[str, Any] | None) -> None:
    """Take a payee from the feed. Raises msgspec.ValidationError."""
    if data is None:
        records.delete(unit.connection, "payees", record_id)
        return
    payee = msgspec.convert({**data, "id": record_id}, Payee)
    records.upsert(unit.connection, "payees", {**msgspec.structs.asdict(payee), "version": version})


def find_payee(connection: sqlite3.Connection, payee_id: str) -> Payee:
    """Return a payee; one that the feed has not named yet is called by its id."""
    row = records.platform_row(connection, "payees", payee_id)
    if row is None:
        return Payee(id=payee_id, name_zh=payee_id, name_en=payee_id, kind="")
    return msgspec.convert(row, Payee)
