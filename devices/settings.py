"""Sections of site.toml that belong to peripherals."""

import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Literal

import msgspec

from edge.access.doors.door import Door, DoorKind, Lock

Line = Annotated[int, msgspec.Meta(ge=0, le=63)]
Name = Annotated[str, msgspec.Meta(pattern="^[a-z0-9][a-z0-9-]{0,31}$")]
NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")
USB_ID = re.compile(r"usb:[0-9a-f]{4}:[0-9a-f]{4}")

REVOCATION_AGE_H: Mapping[DoorKind, int] = {
    DoorKind.RESIDENTS: 720,
    DoorKind.VISITOR: 720,
    DoorKind.PARCELS: 720,
    DoorKind.STAFF: 168,
    DoorKind.PLANT: 72,
}
"""A site goes on for 30 days without the platform; where staff and plant are, a lost badge weighs more."""


class DoorSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`[[door]]`: lines are BCM numbers; `fail` says what the lock does without power.

    `contact_polarity`: the level of the contact's pin while the door is closed; closed_low is a contact to
    ground that a cut wire makes read open. The guard refuses a pulse longer than `pulse_ms`, one that comes
    sooner than `rest_ms` after the line went off (0: none asked; a coil or motor that must cool says more),
    and more than `pulses_per_minute`.
    `driver` says what releases it: `gpio` (the relay guard, by `line`), or a remote relay, whose `device` is
    its name on the site's broker, or a `[[modbus]]` board; `channel` is the relay there (left out: the first;
    by the project's MQTT convention the door's own id).
    `contact` false: a remote door without one; on the guard a door has a contact where it has `contact_line`.
    `held_open_s`: how long it may stand open before it is an alarm (the feed's policy may say otherwise);
    the buzzer begins `pre_alarm_s` before that.
    `clock_unknown`: whom a door of kind `residents` lets in while the time is unknown.
    `revocation_age_h`: how old the signed revocation list may be before the door refuses what it could name
    (docs/access.md); 0: it is never asked; left out: 720 where residents and visitors go, 168 where staff go,
    72 where plant is.
    """

    id: Name
    name_zh: str
    name_en: str
    driver: str = "gpio"
    device: Name | None = None
    channel: Name | None = None
    line: Line | None = None
    contact_line: Line | None = None
    contact_polarity: Literal["closed_low", "closed_high"] = "closed_low"
    lock: Literal["strike", "maglock", "barrier"] = "strike"
    pulse_ms: Annotated[int, msgspec.Meta(ge=100, le=10_000)] = 3000
    rest_ms: Annotated[int, msgspec.Meta(ge=0, le=60_000)] = 0
    pulses_per_minute: Annotated[int, msgspec.Meta(ge=1, le=60_000)] = 60
    fail: Literal["secure", "safe"] = "secure"
    kind: DoorKind = DoorKind.VISITOR
    contact_timeout_s: Annotated[int, msgspec.Meta(ge=1, le=60)] = 8
    held_open_s: Annotated[int, msgspec.Meta(ge=5, le=3600)] = 60
    pre_alarm_s: Annotated[int, msgspec.Meta(ge=0, le=600)] = 15
    clock_unknown: Literal["residents", "nobody"] = "residents"
    contact: bool = True
    revocation_age_h: Annotated[int, msgspec.Meta(ge=0, le=8760)] | None = None

    def __post_init__(self) -> None:
        faults = [*self._faults_of_place()]
        if self.lock == "maglock" and self.fail == "secure":
            faults.append('fail: a maglock lets go without power, write fail = "safe"')
        if faults:
            raise ValueError("; ".join(faults))

    def _faults_of_place(self) -> Iterator[str]:
        """What a door's driver lacks, or cannot use."""
        if self.driver == "gpio":
            if self.line is None:
                yield "line: is missing; a door on the relay guard has one"
            if self.device is not None or self.channel is not None:
                yield "device, channel: only a remote relay has them; name its driver"
            return
        if self.device is None:
            yield f"device: is missing; a door on {self.driver} has one"
        if self.line is not None or self.contact_line is not None:
            yield "line, contact_line: only a door on the relay guard has them"

    @property
    def has_contact(self) -> bool:
        """Whether anything says that the door moved."""
        return self.contact if self.line is None else self.contact_line is not None

    @property
    def _revocation_age_h(self) -> int:
        return REVOCATION_AGE_H[self.kind] if self.revocation_age_h is None else self.revocation_age_h

    def to_door(self) -> Door:
        """The door without its wiring."""
        return Door(
            id=self.id,
            kind=self.kind,
            name_zh=self.name_zh,
            name_en=self.name_en,
            contact_timeout_ms=self.contact_timeout_s * 1000,
            has_contact=self.has_contact,
            opens_without_clock=self.clock_unknown == "residents",
            revocation_age_ms=self._revocation_age_h * 3_600_000 or None,
            fail_safe=self.fail == "safe",
            lock=Lock(self.lock),
            held_open_ms=self.held_open_s * 1000,
            pre_alarm_ms=self.pre_alarm_s * 1000,
        )


ReaderDriver = Literal["camera", "hid", "serial", "mqtt"]
READS_BY_ITSELF: frozenset[str] = frozenset({"hid", "serial"})
"""Drivers that get bare text: what it means is set by `reads`."""


class ReaderSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`[[reader]]`: what reads, and the `door:ID` or `kiosk:ID` that it serves.

    `source` of a camera: `camera:0`, `/dev/v4l/by-id/…`, `pi:0`, an `rtsp://` or MJPEG URL, a video or a
    folder; of `hid`: an event device (`/dev/input/by-id/…`) or `usb:VVVV:PPPP`; of `serial`: the port; of
    `mqtt`: the node's name at the site's broker. `reads` says what the text of a HID or serial reader is, and
    `card_number` how it writes a card's number. More than `scans_per_minute` lock the reader out for
    `lock_out_s`.
    """

    id: Name
    driver: ReaderDriver = "camera"
    source: Annotated[str, msgspec.Meta(min_length=1, max_length=400)]
    serves: Annotated[str, msgspec.Meta(pattern="^(door|kiosk):[a-z0-9][a-z0-9-]{0,31}$")]
    reads: Literal["codes", "cards", "keypad"] = "codes"
    card_number: Literal["decimal", "hex", "hex_reversed"] = "decimal"
    baud: Literal[1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200] = 9600
    scans_per_minute: Annotated[int, msgspec.Meta(ge=6, le=600)] = 60
    lock_out_s: Annotated[int, msgspec.Meta(ge=5, le=3600)] = 30

    def __post_init__(self) -> None:
        if self.driver not in READS_BY_ITSELF and self.reads != "codes":
            raise ValueError(f"reads: a {self.driver} reader says itself what it read")
        if self.driver == "mqtt" and NAME.fullmatch(self.source) is None:
            raise ValueError("source: the name of a node at the site's broker")
        if self.driver == "hid" and not (self.source.startswith("/") or USB_ID.fullmatch(self.source)):
            raise ValueError("source: a path, or usb:VVVV:PPPP in hexadecimal digits")
        if self.driver == "serial" and not self.source.startswith("/"):
            raise ValueError("source: the path of a serial port")

    def source_shown(self) -> str:
        """The source without the password of a camera's address."""
        return re.sub(r"//[^/@]*@", "//***@", self.source)


class BankSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`[[bank]]`: a locker bank. `columns` is how it stands there: `cell:size`, or `panel` for the kiosk.

    `device` is the board's name: at the site's broker (`mqtt`), or a name for the technician (`8a`). An `8a`
    board needs the serial `port` of its bus and its address `board` there; its locks are numbered from 1 in
    the order of `columns`, or as `locks` says. `polarity` is what the locks' contacts are expected to report
    while open; the walk-test proves it.

    `height_cm` is the height of its cells together, `base_cm` that of their lower edge above the floor: they
    say which cells a person in a wheelchair reaches.
    """

    id: Name
    device: Name
    driver: str = "mqtt"
    columns: tuple[tuple[str, ...], ...]
    port: str = ""
    board: Annotated[int, msgspec.Meta(ge=1, le=32)] | None = None
    locks: dict[str, Annotated[int, msgspec.Meta(ge=1, le=50)]] = {}
    polarity: Literal["open_00", "open_11"] | None = None
    height_cm: Annotated[int, msgspec.Meta(ge=30, le=300)] = 180
    base_cm: Annotated[int, msgspec.Meta(ge=0, le=200)] = 10

    def __post_init__(self) -> None:
        if self.driver != "8a":
            if self.port or self.board is not None or self.locks or self.polarity is not None:
                raise ValueError("port, board, locks, polarity: of driver 8a only")
            return
        if not self.port.startswith("/") or self.board is None:
            raise ValueError("port, board: driver 8a needs the path of its bus and its address there")
        numbers = self.lock_numbers()
        if set(numbers) != set(self.cells()) or len(set(numbers.values())) != len(numbers):
            raise ValueError("locks: every cell of the bank, each with a lock of its own")

    def cells(self) -> tuple[str, ...]:
        """Names of the cells."""
        return tuple(
            entry.partition(":")[0] for column in self.columns for entry in column if entry != "panel"
        )

    def lock_numbers(self) -> dict[str, int]:
        """The lock of each cell on an `8a` board, from 1."""
        return self.locks or {cell: number for number, cell in enumerate(self.cells(), start=1)}


class SatelliteSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`[satellite]`: this machine is remote I/O of a hub, under this name (and account) on its broker."""

    device: Name


class GuardSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`[guard]`: where the relay guard listens, the trace that it writes, and how many lines the board has.

    The 40-pin header of every Raspberry Pi carries BCM 0 to 27.
    """

    socket: str = "run/guard.sock"
    trace_file: str = "guard.trace"
    board_lines: Annotated[int, msgspec.Meta(ge=1, le=64)] = 28


class VisionSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`[vision]`: where the vision process listens."""

    socket: str = "run/vision.sock"
