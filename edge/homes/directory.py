"""Service directory 便民服务: government, bank, medical, laundry, express."""

import sqlite3
from typing import Any

import msgspec

from edge.pay.records import delete, table_rows, upsert
from edge.store.unit import Unit


class DirectoryEntry(msgspec.Struct, frozen=True, kw_only=True):
    """A place or service with how to reach it; `url` is for the QR that leads there."""

    id: str
    name_zh: str
    name_en: str
    kind: str = ""
    address_zh: str = ""
    address_en: str = ""
    phone: str = ""
    hours: str = ""
    url: str = ""


def apply_directory_entry(unit: Unit, record_id: str, version: int, data: dict[str, Any] | None) -> None:
    """Take an entry from the feed. Raises msgspec.ValidationError."""
    if data is None:
        delete(unit.connection, "directory", record_id)
        return
    entry = msgspec.convert({**data, "id": record_id}, DirectoryEntry)
    upsert(unit.connection, "directory", {**msgspec.structs.asdict(entry), "version": version})


def list_directory(connection: sqlite3.Connection) -> tuple[DirectoryEntry, ...]:
    """Return all entries, by kind and id."""
    rows = table_rows(connection, "directory", ("kind", "id"))
    return tuple(msgspec.convert(row, DirectoryEntry) for row in rows)
