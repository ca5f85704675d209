"""Journal events: one frozen struct each, past tense, integers and texts only."""

from typing import ClassVar

import msgspec

MAX_INTEGER = 2**53 - 1
"""RFC 8785 section 3.2.2.3: what every JSON reader keeps exact."""


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """Base of every journal event; its fields are the body.

    A subclass sets ``TYPE`` (``"DoorOpened"``) and, when its shape changes, ``VERSION``. Fields hold
    integers, texts, booleans, None, lists and structs of those; ids are opaque, never a name or a room.
    """

    TYPE: ClassVar[str] = ""
    VERSION: ClassVar[int] = 1


def cloud_type(name: str, version: int) -> str:
    """Return the CloudEvents type, ``community.edge.DoorOpened.v1``."""
    return f"community.edge.{name}.v{version}"


class EpochBegan(Event, frozen=True, kw_only=True):
    """A new epoch of identities: why, and the head of the chain that it goes on from."""

    TYPE: ClassVar[str] = "EpochBegan"
    reason: str
    previous_epoch: int
    previous_seq: int
    previous_hash: str


class PersonErased(Event, frozen=True, kw_only=True):
    """What side tables hold of one person was deleted; nothing here says whose.

    `erasure` is the id of the platform's order, empty without one; `rows` in so many `tables`. `reason`:
    asked, left_the_roster, or not_in_the_feed (a backup brought somebody back who had been erased).
    """

    TYPE: ClassVar[str] = "PersonErased"
    VERSION: ClassVar[int] = 2
    reason: str
    erasure: str = ""
    tables: int = 0
    rows: int = 0


class JournalCut(Event, frozen=True, kw_only=True):
    """Entries up to a counter-signed checkpoint went into an archive; `digest` is the file's SHA-256."""

    TYPE: ClassVar[str] = "JournalCut"
    first_seq: int
    through_seq: int
    through_hash: str
    archive: str
    digest: str


class ArchiveDropped(Event, frozen=True, kw_only=True):
    """An archive older than the years to keep was deleted for want of room."""

    TYPE: ClassVar[str] = "ArchiveDropped"
    archive: str
    first_seq: int
    through_seq: int


class IdentityStopped(Event, frozen=True, kw_only=True):
    """Two histories carry this device's identity, the other one from `seq` on: a person has to say which."""

    TYPE: ClassVar[str] = "IdentityStopped"
    code: str
    seq: int


EVENTS: tuple[type[Event], ...] = (EpochBegan, IdentityStopped, PersonErased, JournalCut, ArchiveDropped)
