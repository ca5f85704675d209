"""Journal events of the staff; a person is an opaque id, the name stays in the side table."""

from typing import ClassVar

from edge.store.events import Event


class StaffAdded(Event, frozen=True, kw_only=True):
    """An account was opened."""

    TYPE: ClassVar[str] = "StaffAdded"
    staff: str
    role: str


class StaffClosed(Event, frozen=True, kw_only=True):
    """An account was closed; it opens nothing any more."""

    TYPE: ClassVar[str] = "StaffClosed"
    staff: str


class PinChanged(Event, frozen=True, kw_only=True):
    """A PIN was changed, or set anew by somebody else."""

    TYPE: ClassVar[str] = "PinChanged"
    staff: str


class StaffLockedOut(Event, frozen=True, kw_only=True):
    """Too many wrong PINs in a row."""

    TYPE: ClassVar[str] = "StaffLockedOut"
    staff: str
    until_ms: int


class JournalExported(Event, frozen=True, kw_only=True):
    """A person took a copy of the journal, from one entry to another."""

    TYPE: ClassVar[str] = "JournalExported"
    staff: str
    first_seq: int
    last_seq: int


EVENTS: tuple[type[Event], ...] = (StaffAdded, StaffClosed, PinChanged, StaffLockedOut, JournalExported)
