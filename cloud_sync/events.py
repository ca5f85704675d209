"""Journal events of keeping in step with the platform."""

from typing import ClassVar

from edge.store.events import Event


class FeedRecordParked(Event, frozen=True, kw_only=True):
    """A record of the feed could not be applied; the rest went on."""

    TYPE: ClassVar[str] = "FeedRecordParked"
    collection: str
    record: str
    version: int
    reason: str


class UplinkHalted(Event, frozen=True, kw_only=True):
    """The platform stopped this stream for an envelope fault; nothing leaves until a person settles it."""

    TYPE: ClassVar[str] = "UplinkHalted"
    code: str
    seq: int


EVENTS: tuple[type[Event], ...] = (FeedRecordParked, UplinkHalted)
