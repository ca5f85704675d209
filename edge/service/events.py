"""Journal events of the service room."""

from typing import ClassVar

from edge.store.events import Event


class AlarmRaised(Event, frozen=True, kw_only=True):
    """Something needs a person."""

    TYPE: ClassVar[str] = "AlarmRaised"
    alarm: str
    kind: str
    source: str
    detail: str


class AlarmCleared(Event, frozen=True, kw_only=True):
    """It does no longer."""

    TYPE: ClassVar[str] = "AlarmCleared"
    alarm: str
    kind: str
    source: str


EVENTS: tuple[type[Event], ...] = (AlarmRaised, AlarmCleared)
