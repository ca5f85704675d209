"""Journal events of backups."""

from typing import ClassVar

from edge.store.events import Event


class BackupMade(Event, frozen=True, kw_only=True):
    """A backup reached its place: `stick`, `platform`, or `file` where a person asked for one.

    `backup` names it; it holds the journal up to `through_seq` and takes `size_bytes`, sealed.
    """

    TYPE: ClassVar[str] = "BackupMade"
    backup: str
    place: str
    through_seq: int
    size_bytes: int


EVENTS: tuple[type[Event], ...] = (BackupMade,)
