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


EVENTS: tuple[type[Event], ...] = (EpochBegan,)
