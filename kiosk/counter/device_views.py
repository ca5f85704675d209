"""Devices as the technician sees them, and what the counter asks of them."""

from dataclasses import dataclass
from typing import Protocol

from kiosk.words import Text


@dataclass(frozen=True, kw_only=True)
class FindingView:
    """One line of the technician's list: what is wrong with which device, since when, how often."""

    device: str
    code: str
    title: Text
    detail: str
    since_ms: int
    last_ms: int
    count: int


@dataclass(frozen=True, kw_only=True)
class LineView:
    """What drives a door, or what a door hears: driver, device, line, how often it moved."""

    id: str
    name: Text
    kind: str
    driver: str
    device: str = ""
    line: str = ""
    online: bool | None = None
    state: str = ""
    cycles: int | None = None
    fault: str = ""
    pulse_ms: int | None = None
    testable: bool = False


@dataclass(frozen=True, kw_only=True)
class ReaderView:
    """A reader: where its scans go, how it stands, how many scans were taken and thrown away."""

    id: str
    driver: str
    serves: str
    state: str
    scans: int = 0
    dropped: int = 0


@dataclass(frozen=True, kw_only=True)
class BoardView:
    """A bank of lockers and its board. proved: whether the walk-test has proved the contacts' polarity."""

    id: str
    driver: str
    online: bool | None
    cells: int
    unknown: int
    proved: bool | None = None


@dataclass(frozen=True, kw_only=True)
class PartView:
    """A part of the hub and how it answers: ok, down or unknown."""

    name: str
    state: str
    detail: str = ""


class DeviceDesk(Protocol):
    """Everything that is wired to the hub."""

    async def findings(self) -> tuple[FindingView, ...]:
        """The technician's list, the gravest and newest first."""

    async def lines(self) -> tuple[LineView, ...]:
        """Doors, inputs and signals with what drives them."""

    async def readers(self) -> tuple[ReaderView, ...]:
        """Readers."""

    async def boards(self) -> tuple[BoardView, ...]:
        """Banks."""

    async def parts(self) -> tuple[PartView, ...]:
        """Parts of the hub that do not answer, or nobody knows, or that have something to say."""

    async def pulse(self, door: str, *, staff: str) -> None:
        """Try a lock once; on record as a test."""
