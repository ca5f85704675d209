"""SQL of the overlay: what events of ours do to records of the platform that do not include them yet."""

import json
import sqlite3
from typing import Any

Place = tuple[int, int]
"""A place in our own journal: epoch and seq."""


def sum_laid(collection: str, record: str, field: str) -> str:
    """SQL for the sum of a field over all that lies over a record; the arguments are names from code."""
    return (
        f"(SELECT coalesce(sum(effect ->> '{field}'), 0) FROM overlay"
        f" WHERE collection = '{collection}' AND record = {record})"
    )


def insert_effect(
    connection: sqlite3.Connection, collection: str, record: str, place: Place, effect: dict[str, Any]
) -> None:
    """Lay one effect over a record; an event may have several on the same one."""
    connection.execute(
        "INSERT INTO overlay (collection, record, epoch, seq, number, effect)"
        " SELECT ?1, ?2, ?3, ?4, count(*), ?5 FROM overlay"
        " WHERE collection = ?1 AND record = ?2 AND epoch = ?3 AND seq = ?4",
        (collection, record, *place, json.dumps(effect)),
    )


def effect_rows(connection: sqlite3.Connection, collection: str, record: str) -> list[dict[str, Any]]:
    """Return what lies over a record, oldest first."""
    rows = connection.execute(
        "SELECT effect FROM overlay WHERE collection = ? AND record = ? ORDER BY epoch, seq, number",
        (collection, record),
    )
    return [json.loads(effect) for (effect,) in rows]


def delete_effects(
    connection: sqlite3.Connection, collection: str, record: str, through: Place | None = None
) -> None:
    """Take away what lies over a record, all of it or what is not after a place."""
    connection.execute(
        "DELETE FROM overlay WHERE collection = ?1 AND record = ?2"
        " AND (?3 IS NULL OR (epoch, seq) <= (?3, ?4))",
        (collection, record, *(through or (None, None))),
    )
