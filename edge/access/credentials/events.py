"""Journal events of credentials. No room, number, PIN or subject in any of them."""

from typing import ClassVar

from edge.store.events import Event


class RevocationsChanged(Event, frozen=True, kw_only=True):
    """From here on another revocation list counts: its version, and how much it names."""

    TYPE: ClassVar[str] = "RevocationsChanged"
    version: int
    passes: int
    people: int
    cards: int


class RoomPinLockedOut(Event, frozen=True, kw_only=True):
    """Too many wrong PINs: no PIN counts until then, for one room or at one whole reader."""

    TYPE: ClassVar[str] = "RoomPinLockedOut"
    source: str
    scope: str
    until_ms: int


EVENTS: tuple[type[Event], ...] = (RevocationsChanged, RoomPinLockedOut)
