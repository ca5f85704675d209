"""How long hubs keep copies about people: the end that a record names, where its own end is known."""

from collections.abc import Mapping
from typing import Any

DAY_MS = 24 * 3_600_000
KEEP_ENDED_MS: Mapping[str, int] = {
    "residents": 180 * DAY_MS,
    "cards": 30 * DAY_MS,
    "vehicles": 30 * DAY_MS,
    "deny": 30 * DAY_MS,
}
"""After a record's own end: openings keep their person for 180 days (requirements.md, A7); a card that has
ended is still called so at a reader, not unknown."""


def with_end(collection: str, data: dict[str, Any]) -> dict[str, Any]:
    """The record with `keep_until_ms`, where its own end is known and nothing else was said."""
    kept_ms, until_ms = KEEP_ENDED_MS.get(collection), data.get("until_ms", 0)
    if kept_ms is None or not until_ms or "keep_until_ms" in data:
        return data
    return {**data, "keep_until_ms": until_ms + kept_ms}
