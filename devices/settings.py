"""Sections of site.toml that belong to peripherals."""

from typing import Annotated, Literal

import msgspec

from edge.access.doors import Door, DoorKind

Line = Annotated[int, msgspec.Meta(ge=0, le=63)]
Name = Annotated[str, msgspec.Meta(pattern="^[a-z0-9][a-z0-9-]{0,31}$")]


class DoorSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`[[door]]`: lines are BCM numbers; `fail` says what the lock does without power.

    `clock_unknown`: whom a door of kind `residents` lets in while the time is unknown.
    """

    id: Name
    name_zh: str
    name_en: str
    line: Line
    contact_line: Line | None = None
    pulse_ms: Annotated[int, msgspec.Meta(ge=100, le=10_000)] = 3000
    fail: Literal["secure", "safe"] = "secure"
    kind: DoorKind = DoorKind.VISITOR
    contact_timeout_s: Annotated[int, msgspec.Meta(ge=1, le=60)] = 8
    clock_unknown: Literal["residents", "nobody"] = "residents"

    def to_door(self) -> Door:
        """The door without its wiring."""
        return Door(
            id=self.id,
            kind=self.kind,
            name_zh=self.name_zh,
            name_en=self.name_en,
            contact_timeout_ms=self.contact_timeout_s * 1000,
            has_contact=self.contact_line is not None,
            opens_without_clock=self.clock_unknown == "residents",
        )


class ReaderSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`[[reader]]`: `source` is a camera, video, MJPEG URL or folder; `serves` is `door:ID` or `kiosk:ID`."""

    id: Name
    source: str
    serves: Annotated[str, msgspec.Meta(pattern="^(door|kiosk):[a-z0-9][a-z0-9-]{0,31}$")]


class BankSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`[[bank]]`: a locker bank. `columns` is how it stands there: `cell:size`, or `panel` for the kiosk."""

    id: Name
    device: Name
    driver: str = "mqtt"
    columns: tuple[tuple[str, ...], ...]

    def cells(self) -> tuple[str, ...]:
        """Names of the cells."""
        return tuple(
            entry.partition(":")[0] for column in self.columns for entry in column if entry != "panel"
        )


class GuardSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`[guard]`: where the relay guard listens, and the trace that it writes."""

    socket: str = "run/guard.sock"
    trace_file: str = "guard.trace"


class VisionSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`[vision]`: where the vision process listens."""

    socket: str = "run/vision.sock"
