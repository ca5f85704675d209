"""Doors and the locker bank: where they stand in the world, and what the hub says by their contacts."""

import tomllib
from collections.abc import Mapping
from typing import Any

from edge.demo.layout import Layout
from edge.demo.site_file import COLUMNS

UNKNOWN = "unknown"
MARKS = {"free": "free", "reserved": "next", "occupied": "other", "held": "jam", "out_of_order": "jam"}
"""The mark of a cell by the state that the hub keeps of it."""


class PlacesView:
    """What stands at the site; names and columns are those of the site's file."""

    def __init__(self, layout: Layout) -> None:
        site = tomllib.loads(layout.site_toml.read_text("utf-8"))
        self._doors = [(door["id"], door["name_zh"], door["name_en"]) for door in site["door"]]

    def doors(self, world: Mapping[str, Any], devices: Mapping[str, Any] | None) -> list[dict[str, Any]]:
        """Every door; without an answer of the hub its word is *unknown*."""
        told = {door["id"]: door["contact"] for door in (devices or {}).get("doors", ())}
        return [
            {
                "id": name,
                "zh": zh,
                "en": en,
                "world": {switch: world.get(name, {}).get(switch) for switch in ("open", "jammed", "cut")},
                "hub": told.get(name, UNKNOWN),
                "held_open": bool(world.get(name, {}).get("held")),
            }
            for name, zh, en in self._doors
        ]

    def bank(self, world: Mapping[str, Any], devices: Mapping[str, Any] | None) -> dict[str, Any]:
        """Every cell as the bank stands there, column by column."""
        told: dict[str, Any] = {}
        for bank in (devices or {}).get("banks", ()):
            told |= bank["cells"]
        return {"columns": [[_cell(entry, world, told) for entry in column] for column in COLUMNS]}


def _cell(entry: str, world: Mapping[str, Any], told: Mapping[str, Any]) -> dict[str, Any]:
    name, _, size = entry.partition(":")
    if not size:
        return {"id": name, "size": "panel"}
    stands, says = world.get(name, {}), told.get(name, {})
    return {
        "id": name,
        "size": size,
        "world": {switch: stands.get(switch) for switch in ("open", "jammed")},
        "hub": says.get("contact", UNKNOWN),
        "mark": MARKS.get(says.get("state", ""), "free"),
    }
