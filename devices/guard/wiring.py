"""Which lines there are: read from `site.toml`, with the least that does it.

The hub judges the same file and tells every fault (`devices/lines.py`); the guard relies on nobody.
"""

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from devices.guard.limits import LineLimits
from edge.errors import DeviceFault

ACTIVE_HIGH = ("fire", "tamper")
"""Kinds of input whose contact is a closed loop to ground: high is *active* unless the section says so."""


class Heard(NamedTuple):
    """A line that is only read: a door's contact or an input, and what its two levels say.

    `pull_up`: towards which level the board pulls the line while nothing is connected.
    """

    line: int
    kind: str
    at_low: str
    at_high: str
    pull_up: bool


class Wiring(NamedTuple):
    """Every line of the guard: locks with their limits, lamps and buzzers with their longest pattern."""

    locks: dict[int, LineLimits]
    signals: dict[int, int]
    heard: dict[int, Heard]

    @property
    def outputs(self) -> tuple[int, ...]:
        """Lines that this guard drives."""
        return (*self.locks, *self.signals)


def read_wiring(site_toml: Path) -> Wiring:
    """Read every line. Raises DeviceFault on a file that names no usable lines, or one line twice."""
    try:
        site = tomllib.loads(site_toml.read_text("utf-8"))
        doors = [door for door in site.get("door", []) if "line" in door]
        locks = [(int(door["line"]), _limits(door)) for door in doors]
        signals = [
            (int(shown["line"]), int(shown.get("limit_ms", 10_000))) for shown in site.get("signal", [])
        ]
        inputs = [section for section in site.get("input", []) if "line" in section]
        heard = [*_contacts(doors), *(_input(section) for section in inputs)]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise DeviceFault(f"{site_toml}: no wiring to read: {error}") from error
    used = sorted([line for line, _ in locks] + [line for line, _ in signals] + [one.line for one in heard])
    if len(used) != len(set(used)):
        raise DeviceFault(f"{site_toml}: a line is used twice: {used}")
    return Wiring(dict(locks), dict(signals), {one.line: one for one in heard})


def _limits(door: dict[str, Any]) -> LineLimits:
    return LineLimits(
        longest_ms=int(door["pulse_ms"]) if "pulse_ms" in door else 3000,
        rest_ms=int(door.get("rest_ms", 0)),
        per_minute=int(door.get("pulses_per_minute", 60)),
    )


def _contacts(doors: list[dict[str, Any]]) -> Iterator[Heard]:
    for door in doors:
        if "contact_line" in door:
            # A cut wire must read open, whichever level says closed.
            low = door.get("contact_polarity", "closed_low") == "closed_low"
            words = ("closed", "open") if low else ("open", "closed")
            yield Heard(int(door["contact_line"]), "contact", *words, pull_up=low)


def _input(section: dict[str, Any]) -> Heard:
    high = section.get("active", "high" if section["kind"] in ACTIVE_HIGH else "low") == "high"
    words = ("idle", "active") if high else ("active", "idle")
    return Heard(int(section["line"]), "input", *words, pull_up=True)
