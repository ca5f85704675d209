"""Doors, lockers, camera: where they stand in the world, and what the hub says of them by what it hears."""

import tomllib
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from edge.demo.compare import kind_of
from edge.demo.layout import Layout
from edge.demo.site_file import COLUMNS
from edge.demo.stage.words import NOTHING, Said

UNKNOWN = "unknown"
KIOSK_CAMERA = "kiosk-camera"
CODES = {
    "ean13": Said("条码", "barcode"),
    "ean8": Said("条码", "barcode"),
    "qr": Said("二维码", "QR code"),
    "payment_code": Said("付款码", "payment code"),
}
MARKS = {"free": "free", "reserved": "next", "occupied": "other", "held": "jam", "out_of_order": "jam"}
"""The mark of a cell by the state that the hub keeps of it."""


class PlacesView:
    """What stands at the site; names and columns are those of the site's file."""

    def __init__(self, layout: Layout) -> None:
        site = tomllib.loads(layout.site_toml.read_text("utf-8"))
        self.names = {door["id"]: Said(door["name_zh"], door["name_en"]) for door in site["door"]}

    def doors(self, world: Mapping[str, Any], devices: Mapping[str, Any] | None) -> list[dict[str, Any]]:
        """Every door; without an answer of the hub its word is *unknown*."""
        told = {door["id"]: door["contact"] for door in (devices or {}).get("doors", ())}
        return [
            {
                "id": name,
                **words._asdict(),
                "world": {switch: world.get(name, {}).get(switch) for switch in ("open", "jammed", "cut")},
                "hub": told.get(name, UNKNOWN),
                "held_open": bool(world.get(name, {}).get("held")),
            }
            for name, words in self.names.items()
        ]

    def camera(self, devices: Mapping[str, Any] | None) -> Said:
        """What the hub says that the kiosk's camera read last: what kind of code, never which."""
        if devices is None:
            return Said("不知道：主机没有应答", "Not known: the hub does not answer")
        for reader in devices.get("readers", ()):
            if reader["id"] == KIOSK_CAMERA:
                if reader["state"] != "live":
                    return Said("主机看不到摄像头", "The hub sees no camera")
                if not reader["scans"]:
                    return Said("还没有读到码", "No code read yet")
                kind, times = CODES.get(reader["last"], Said("码", "code")), reader["scans"]
                return Said(f"读到{kind.zh} · 第 {times} 次", f"Read a {kind.en} · no. {times}")
        return NOTHING

    def bank(
        self,
        world: Mapping[str, Any],
        devices: Mapping[str, Any] | None,
        marks: Mapping[str, str] = MappingProxyType({}),
    ) -> dict[str, Any]:
        """Every cell as the bank stands there, column by column; `marks` are those of a pickup under way."""
        told: dict[str, Any] = {}
        for bank in (devices or {}).get("banks", ()):
            told |= bank["cells"]
        return {"columns": [[_cell(entry, world, told, marks) for entry in column] for column in COLUMNS]}


def _cell(
    entry: str, world: Mapping[str, Any], told: Mapping[str, Any], marks: Mapping[str, str]
) -> dict[str, Any]:
    name, _, size = entry.partition(":")
    if not size:
        return {"id": name, "size": "panel"}
    stands, says = world.get(name, {}), told.get(name, {})
    return {
        "id": name,
        "size": size,
        "world": {switch: stands.get(switch) for switch in ("open", "jammed")},
        "hub": says.get("contact", UNKNOWN),
        "mark": marks.get(name) or MARKS.get(says.get("state", ""), "free"),
    }


def pickup_marks(entries: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Marks of the newest pickup by the journal: `next` is asked to open, `got` was opened and closed.

    They stand until another begins, and while it is among the entries given.
    """
    marks: dict[str, str] = {}
    session = ""
    for entry in entries:
        kind, data = kind_of(dict(entry)), entry["data"]
        if kind == "PickupStarted":
            marks, session = {}, data["session"]
        if not session or data.get("session") != session:
            continue
        cell = str(data.get("place", "")).rpartition("/")[2]
        match kind:
            case "CellOpenRequested":
                marks[cell] = "next"
            case "CellOpened":
                marks.pop(cell, None)
            case "CellUnknown" | "CellGivenUp":
                marks[cell] = "jam"
            case "CellClosed":
                marks[cell] = "got"
    return marks
