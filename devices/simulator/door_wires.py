"""What is wired to the doors of a site file: locks, contacts, and the inputs that release a lock by wire."""

import tomllib
from pathlib import Path
from typing import NamedTuple

RELEASING = ("exit_button", "parallel", "fire")
"""Inputs that release their doors' locks by wire, whatever the software does (docs/wiring.md)."""
ACTIVE_HIGH = ("fire", "tamper")
"""Inputs that are closed loops to ground: active reads high."""


class DoorWire(NamedTuple):
    """A door's output and contact pins, and the level of the contact that says open."""

    line: int
    contact_line: int | None
    open_level: int
    fail_safe: bool


class InputWire(NamedTuple):
    """An input's pin, the level that says active, and the doors whose locks it releases by wire."""

    kind: str
    line: int
    active_level: int
    releases: tuple[str, ...]


class SiteWires(NamedTuple):
    """All that hangs on one guard."""

    doors: dict[str, DoorWire]
    inputs: dict[str, InputWire]


def read_wires(site_toml: Path) -> SiteWires:
    """Read the doors on lines of the board, and the inputs."""
    site = tomllib.loads(site_toml.read_text("utf-8"))
    doors = {
        door["id"]: DoorWire(
            door["line"],
            door.get("contact_line"),
            1 if door.get("contact_polarity", "closed_low") == "closed_low" else 0,
            door.get("fail", "secure") == "safe",
        )
        for door in site.get("door", [])
        if "line" in door
    }
    safe = tuple(name for name, door in doors.items() if door.fail_safe)
    inputs = {}
    for section in (section for section in site.get("input", []) if "line" in section):
        kind = section["kind"]
        high = section.get("active", "high" if kind in ACTIVE_HIGH else "low") == "high"
        named = tuple(section.get("doors", ())) or (safe if kind == "fire" else ())
        releases = tuple(door for door in named if door in doors) if kind in RELEASING else ()
        inputs[section["id"]] = InputWire(kind, section["line"], int(high), releases)
    return SiteWires(doors, inputs)
