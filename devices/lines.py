"""Lines of the board that are no lock: `[[input]]` and `[[signal]]`; and one check over every line in use."""

from collections.abc import Iterator
from typing import Annotated, Literal

import msgspec

from devices.settings import DoorSettings, GuardSettings, Line, Name
from edge.access.inputs import Input, InputKind
from edge.config import Config, Finding

ACTIVE_BY_KIND: dict[InputKind, Literal["low", "high"]] = {
    InputKind.FIRE: "high",
    InputKind.EXIT_BUTTON: "low",
    InputKind.PARALLEL: "low",
    InputKind.LOOP: "low",
    InputKind.TAMPER: "high",
}
"""Which level says *active*, unless the section says otherwise. Fire and tamper contacts are closed loops to
ground: alarm or a cut wire read high. The others close to ground."""


class InputSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`[[input]]`: a contact to ground that is heard (BCM `line`, with the board's pull-up).

    With `device` instead of a line: one of the same id that this device on the site's broker hears.

    `doors`: to which doors it belongs; a fire input without any releases every fail-safe door. `active`: the
    level that says so; left out: high for fire and tamper (closed loops, a cut wire says fire), low for the
    others.
    """

    id: Name
    kind: InputKind
    line: Line | None = None
    device: Name | None = None
    doors: tuple[str, ...] = ()
    active: Literal["low", "high"] | None = None

    def __post_init__(self) -> None:
        if (self.line is None) == (self.device is None):
            raise ValueError("line, device: one of them says where the input is heard")
        if not self.doors and self.kind in (InputKind.EXIT_BUTTON, InputKind.PARALLEL, InputKind.LOOP):
            raise ValueError(f"doors: an input of kind {self.kind} belongs to at least one door")

    @property
    def active_level(self) -> int:
        """Level of the pin, 0 or 1, that says *active*."""
        return int((self.active or ACTIVE_BY_KIND[self.kind]) == "high")

    def to_input(self) -> Input:
        """The input without its wiring."""
        return Input(id=self.id, kind=self.kind, doors=self.doors)


class SignalSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`[[signal]]`: a lamp or buzzer at a door (BCM `line`), played as patterns of at most `limit_ms`."""

    id: Name
    kind: Literal["lamp_green", "lamp_red", "buzzer"]
    line: Line
    door: str
    limit_ms: Annotated[int, msgspec.Meta(ge=100, le=60_000)] = 10_000


def line_faults(config: Config) -> Iterator[Finding]:
    """What is wrong with the lines of the site taken together: used twice, not on the board, door unknown."""
    guards = config.many("guard", GuardSettings)
    board_lines = (guards[0] if guards else GuardSettings()).board_lines
    users: dict[int, str] = {}
    for section, name, key, line in _lines(config):
        if line >= board_lines:
            yield Finding(section, name, key, f"the board has lines 0 to {board_lines - 1}, not {line}")
        if line in users:
            yield Finding(section, name, key, f"line {line} is used by {users[line]} already")
        users.setdefault(line, f"{section} {name}")
    doors = {door.id for door in config.many("door", DoorSettings)}
    for heard in config.many("input", InputSettings):
        for door in set(heard.doors) - doors:
            yield Finding("input", heard.id, "doors", f"there is no door {door!r}")
    for shown in config.many("signal", SignalSettings):
        if shown.door not in doors:
            yield Finding("signal", shown.id, "door", f"there is no door {shown.door!r}")


def door_faults(config: Config) -> Iterator[Finding]:
    """A barrier that nobody tells what stands under it; a fire input that names a door it cannot hold."""
    inputs = config.many("input", InputSettings)
    looped = {door for heard in inputs if heard.kind is InputKind.LOOP for door in heard.doors}
    doors = {door.id: door for door in config.many("door", DoorSettings)}
    for door in doors.values():
        if door.lock == "barrier" and door.id not in looped:
            yield Finding("door", door.id, "lock", "a barrier needs an [[input]] of kind loop to come down")
    for heard in inputs:
        for name in heard.doors if heard.kind is InputKind.FIRE else ():
            if name in doors and doors[name].fail == "secure":
                words = f'door {name!r} has fail = "secure": only its wiring opens it in a fire'
                yield Finding("input", heard.id, "doors", words)


def _lines(config: Config) -> Iterator[tuple[str, str, str, int]]:
    for door in config.many("door", DoorSettings):
        if door.line is not None:
            yield "door", door.id, "line", door.line
        if door.contact_line is not None:
            yield "door", door.id, "contact_line", door.contact_line
    for heard in config.many("input", InputSettings):
        if heard.line is not None:
            yield "input", heard.id, "line", heard.line
    for shown in config.many("signal", SignalSettings):
        yield "signal", shown.id, "line", shown.line
