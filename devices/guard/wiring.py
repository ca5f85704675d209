"""Which lines there are: read from the `[[door]]` sections of `site.toml`, with the least that does it."""

import tomllib
from pathlib import Path
from typing import NamedTuple

from edge.errors import DeviceFault


class Wire(NamedTuple):
    """One door's lines (BCM numbers). `limit_ms` is its configured pulse: no pulse may be longer."""

    line: int
    contact_line: int | None
    limit_ms: int


def read_wiring(site_toml: Path) -> tuple[Wire, ...]:
    """Read every door's lines. Raises DeviceFault on a file that names no usable lines."""
    try:
        doors = tomllib.loads(site_toml.read_text("utf-8")).get("door", [])
        wires = tuple(
            Wire(
                int(door["line"]),
                int(door["contact_line"]) if "contact_line" in door else None,
                int(door["pulse_ms"]),
            )
            for door in doors
            if "line" in door
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise DeviceFault(f"{site_toml}: no wiring to read: {error}") from error
    used = [wire.line for wire in wires] + [
        wire.contact_line for wire in wires if wire.contact_line is not None
    ]
    if len(used) != len(set(used)):
        raise DeviceFault(f"{site_toml}: a line is used twice: {sorted(used)}")
    return wires
