"""Journal events of the settlement room."""

from typing import ClassVar

from edge.store.events import Event


class ShiftOpened(Event, frozen=True, kw_only=True):
    """A shift began; sales made while the time is unknown are booked on its date."""

    TYPE: ClassVar[str] = "ShiftOpened"
    shift_id: str
    business_date: str


class ShiftClosed(Event, frozen=True, kw_only=True):
    """A shift ended."""

    TYPE: ClassVar[str] = "ShiftClosed"
    shift_id: str
    business_date: str


EVENTS: tuple[type[Event], ...] = (ShiftOpened, ShiftClosed)
"""Events of this room, for the table in `edge.app`."""
