"""Journal events of keeping in step with the platform."""

from typing import ClassVar

from edge.store.events import Event


class FeedRecordParked(Event, frozen=True, kw_only=True):
    """A record of the feed could not be applied; the rest went on.

    Of an unknown collection one record stands for all. `record` is a commitment where the id is a person's.
    """

    TYPE: ClassVar[str] = "FeedRecordParked"
    collection: str
    record: str
    version: int
    reason: str


class FeedRecordApplied(Event, frozen=True, kw_only=True):
    """A record that was reported as parked was applied after all, or has gone."""

    TYPE: ClassVar[str] = "FeedRecordApplied"
    collection: str
    record: str
    version: int


class ClockJumpAccepted(Event, frozen=True, kw_only=True):
    """A person (the actor) believed a time of the platform that was more than a day from this clock."""

    TYPE: ClassVar[str] = "ClockJumpAccepted"
    from_ms: int
    to_ms: int


class UplinkHalted(Event, frozen=True, kw_only=True):
    """The platform stopped this stream for an envelope fault; nothing leaves until a person settles it."""

    TYPE: ClassVar[str] = "UplinkHalted"
    code: str
    seq: int


EVENTS: tuple[type[Event], ...] = (FeedRecordParked, FeedRecordApplied, ClockJumpAccepted, UplinkHalted)
