"""Journal events of what doors do by themselves and what staff and fire do to them.

`place` is `door:gate`. `happened_at_ms` is null when the entry was written at once; what happened while
nothing could be written says when, by the trusted clock.
"""

from typing import ClassVar

from edge.store.events import Event


class DoorForced(Event, frozen=True, kw_only=True):
    """A door opened that nothing had released (强行开门): no opening, button, parallel controller or hold."""

    TYPE: ClassVar[str] = "DoorForced"
    alarm: str
    place: str
    happened_at_ms: int | None = None


class DoorHeldOpen(Event, frozen=True, kw_only=True):
    """A door has stood open for longer than it may (超时未关); the buzzer had warned before."""

    TYPE: ClassVar[str] = "DoorHeldOpen"
    alarm: str
    place: str
    happened_at_ms: int | None = None


class DoorContactLost(Event, frozen=True, kw_only=True):
    """Nobody can say any more whether the door is open: its device is away, or its contact cannot be read."""

    TYPE: ClassVar[str] = "DoorContactLost"
    alarm: str
    place: str
    happened_at_ms: int | None = None


class DoorAlarmEnded(Event, frozen=True, kw_only=True):
    """The cause of an alarm is over: the door is closed again, or its contact is read again."""

    TYPE: ClassVar[str] = "DoorAlarmEnded"
    alarm: str
    place: str
    kind: str
    happened_at_ms: int | None = None


class DoorAlarmSeen(Event, frozen=True, kw_only=True):
    """A person has taken note of an alarm."""

    TYPE: ClassVar[str] = "DoorAlarmSeen"
    alarm: str
    place: str


class FireReleased(Event, frozen=True, kw_only=True):
    """The fire input (消防联动) released these doors; they stay so until a person resets it."""

    TYPE: ClassVar[str] = "FireReleased"
    release: str
    input: str
    doors: tuple[str, ...]
    happened_at_ms: int | None = None


class FireReset(Event, frozen=True, kw_only=True):
    """A named person said that the fire is over; the actor is who."""

    TYPE: ClassVar[str] = "FireReset"
    release: str
    input: str
    happened_at_ms: int | None = None


class LockDownBegan(Event, frozen=True, kw_only=True):
    """These doors (none: every door) let in nobody but staff, and no hold keeps them open."""

    TYPE: ClassVar[str] = "LockDownBegan"
    lock_down: str
    doors: tuple[str, ...]
    reason: str


class LockDownEnded(Event, frozen=True, kw_only=True):
    """The lock-down is over."""

    TYPE: ClassVar[str] = "LockDownEnded"
    lock_down: str


class DoorOpenExplained(Event, frozen=True, kw_only=True):
    """Why staff open a door by hand; DoorOpenRequested of the same opening follows."""

    TYPE: ClassVar[str] = "DoorOpenExplained"
    opening: str
    place: str
    reason: str


EVENTS: tuple[type[Event], ...] = (
    DoorForced,
    DoorHeldOpen,
    DoorContactLost,
    DoorAlarmEnded,
    DoorAlarmSeen,
    FireReleased,
    FireReset,
    LockDownBegan,
    LockDownEnded,
    DoorOpenExplained,
)
