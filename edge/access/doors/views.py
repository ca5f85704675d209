"""What screens are shown of doors."""

import msgspec

from edge.access.doors.door import DoorKind
from edge.access.doors.records import DoorAlarm, FireRelease, LockDown
from edge.access.doors.states import Leaf, Loop, Mode
from edge.access.records import Hold


class DoorView(msgspec.Struct, frozen=True, kw_only=True):
    """A door now. `state` is its leaf, for `since_s` seconds; *unknown* is not closed.

    `expected`: somebody may open it at this moment. `alarms` have not ended, or nobody has seen them.
    """

    id: str
    kind: DoorKind
    name_zh: str
    name_en: str
    has_contact: bool
    state: Leaf
    since_s: int
    mode: Mode
    loop: Loop
    holds: tuple[Hold, ...] = ()
    lock_down: LockDown | None = None
    fire: FireRelease | None = None
    alarms: tuple[DoorAlarm, ...] = ()


class RecordsAsked(msgspec.Struct, frozen=True, kw_only=True):
    """Which door records are looked for; empty fields ask for all. `before` is where the last page ended."""

    place: str = ""
    kind: str = ""
    subject: str = ""
    from_ms: int = 0
    until_ms: int | None = None
    before: int | None = None
    limit: int = 50


class DoorRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One opening: who asked, by what, when, and what the contact said.

    `subject` is the pseudonym, empty when nobody is known or the person was erased; `reason` why it ended so.
    """

    id: str
    place: str
    kind: str
    authorisation: str
    subject: str
    source: str
    state: str
    reason: str
    note: str
    at_ms: int
    decided_at_ms: int | None


class RecordsPage(msgspec.Struct, frozen=True, kw_only=True):
    """Newest first; `before` asks for the next page, None where there is none."""

    records: tuple[DoorRecord, ...]
    before: int | None
