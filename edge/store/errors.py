"""What the store says when it cannot."""

from edge.errors import Refusal, StoreError


class StoreBusy(Refusal):
    """The lane's queue is full: nothing was written, try again."""

    code = "store_busy"


class TradeStopped(Refusal):
    """The store cannot take on trade now: no sale, fee or deposit begins; `condition` says why."""

    code = "trade_stopped"


class PartOff(Refusal):
    """This site does not have that part: the platform's operators switched it off."""

    code = "part_off"


class IdentityQuarantined(Refusal):
    """Two histories carry this device's identity: no sale and no remote opening until a person settles it."""

    code = "identity_quarantined"


class EventTooLarge(Refusal):
    """The event's body is over the journal's limit."""

    code = "event_too_large"


class StoreClosed(StoreError):
    """The store takes nothing: it is closed, or (as NotWritable) the disk does not let it write."""


class NotWritable(StoreClosed):
    """Nothing can be written at present, and nothing was; the store tries again by itself."""


class OutcomeUnknown(StoreError):
    """The disk failed during the COMMIT and did not come back: it is unknown whether the unit is on disk.

    Asking again with the same identity is safe; telling the person "paid" or "not paid" is not.
    """


class DatabaseDamaged(NotWritable):
    """The database does not hold what it held. It is left as it is; a backup has to be restored."""


class DatabaseMissing(StoreError):
    """There was a database here, and it is gone or empty. It is never begun anew by itself."""


class StoreLocked(StoreError):
    """Another process has this database open."""


class StoreFull(StoreError):
    """The disk is full; the unit left nothing behind."""


class BackupUnusable(StoreError):
    """The file is no sound backup of this program's database; nothing was changed."""


class ForeignDatabase(StoreError):
    """The database belongs to another site or device."""


class DatabaseTooNew(StoreError):
    """The database was written by a newer program."""

    def __init__(self, *, database_version: str, program_version: str) -> None:
        self.database_version = database_version
        self.program_version = program_version
        super().__init__(f"database is at {database_version}, this program knows only {program_version}")


class ArchiveDamaged(StoreError):
    """An archive of the journal does not hold what it should; nothing is deleted."""
