"""Doors as the counter shows them, and what it asks of the rooms behind them."""

from dataclasses import dataclass
from typing import Literal, Protocol

from kiosk.words import Text

Contact = Literal["open", "closed", "unknown", "none"]
"""What the contact (门磁) last said; none: the door has no contact."""


@dataclass(frozen=True, kw_only=True)
class HoldView:
    """Why a door is kept released. by_hand: a person asked for it and may end it; else a rule did."""

    id: str
    reason: str
    until_ms: int
    by_hand: bool = True


@dataclass(frozen=True, kw_only=True)
class AlarmView:
    """Something at a door that nobody has seen to: forced, held_open, contact_lost. over: it ended."""

    id: str
    door: str
    kind: str
    since_ms: int
    over: bool = False


@dataclass(frozen=True, kw_only=True)
class DoorView:
    """One door as it stands. state: of the door's machine; mode: normal, held, locked_down or fire.

    kind: whom it is for. reachable: whether the device that drives it answers. loop: what the loop before a
    barrier says, or empty.
    """

    id: str
    name: Text
    kind: str
    contact: Contact
    state: str
    since_ms: int | None = None
    mode: str = "normal"
    holds: tuple[HoldView, ...] = ()
    loop: str = ""
    reachable: bool | None = True

    @property
    def picture(self) -> str:
        """How the door is drawn: it follows the contact, never the command."""
        if self.contact == "unknown":
            return "unsure"
        if self.contact == "open":
            return "open"
        return "released" if self.state == "released" else "shut"


@dataclass(frozen=True, kw_only=True)
class FireView:
    """A fire release that stands until a person ends it. active: whether its input still says fire."""

    id: str
    since_ms: int
    doors: tuple[str, ...]
    active: bool | None = False


@dataclass(frozen=True, kw_only=True)
class LockDownView:
    """A lock-down: nobody but staff at these doors."""

    id: str
    since_ms: int
    doors: tuple[str, ...]
    reason: str


@dataclass(frozen=True, kw_only=True)
class SiteView:
    """All doors, what alarms wait, and whether fire release or lock-down stand."""

    doors: tuple[DoorView, ...]
    alarms: tuple[AlarmView, ...] = ()
    fires: tuple[FireView, ...] = ()
    lock_downs: tuple[LockDownView, ...] = ()


@dataclass(frozen=True, kw_only=True)
class OpeningView:
    """One entry of the door records. who: words for the person, None where nobody is named.

    way: by what (visitor, staff, resident, command, card …). result: opened, unknown, refused, intended or
    fired; why: what is to be said of it; note: the person's own words. place: the cell, where it was no door.
    """

    id: str
    at_ms: int
    door: str
    way: str
    result: str
    place: str = ""
    why: Text | None = None
    note: str = ""
    who: Text | None = None
    source: str = ""
    decided_at_ms: int | None = None


@dataclass(frozen=True, kw_only=True)
class Search:
    """What of the records is asked for. from_ms, until_ms: half open; before: where the last page ended."""

    door: str = ""
    way: str = ""
    from_ms: int = 0
    until_ms: int = 2**53
    before: int | None = None
    size: int = 50


@dataclass(frozen=True, kw_only=True)
class RecordsShown:
    """One page of entries, the newest first; before: asks for the next page, None where there is none."""

    entries: tuple[OpeningView, ...]
    before: int | None = None


class DoorDesk(Protocol):
    """Doors, as staff works with them. Every method may raise a Refusal or a DeviceError."""

    async def site(self) -> SiteView:
        """How everything stands now."""

    async def records(self, search: Search) -> RecordsShown:
        """Entries that match, the newest first."""

    async def open(self, door: str, *, staff: str, reason: str, note: str) -> None:
        """Open once in a person's name; the contact's word comes when it comes."""

    async def hold(self, door: str, *, staff: str, reason: str, note: str, until_ms: int) -> None:
        """Keep a door released until then."""

    async def end_hold(self, hold: str, *, staff: str) -> None:
        """Let a hold go."""

    async def lock_down(self, doors: tuple[str, ...], *, staff: str, reason: str, note: str) -> None:
        """Nobody but staff from now on; all doors where none is named."""

    async def end_lock_down(self, lock_down: str, *, staff: str) -> None:
        """As before."""

    async def reset_fire(self, release: str, *, staff: str) -> None:
        """End a fire release; refused while the fire input is active, or not known."""

    async def acknowledge(self, alarm: str, *, staff: str) -> None:
        """A person has seen to an alarm."""
