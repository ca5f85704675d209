"""A door as the access room knows it, apart from its wiring."""

from enum import StrEnum

import msgspec


class DoorKind(StrEnum):
    """Whom a door is for; decides what it does while the clock is unknown."""

    RESIDENTS = "residents"
    VISITOR = "visitor"
    STAFF = "staff"
    PLANT = "plant"
    PARCELS = "parcels"
    """The parcel room (快递间): beside who has a grant, whoever collects or deposits a parcel there."""


class Lock(StrEnum):
    """What keeps a door shut."""

    STRIKE = "strike"
    MAGLOCK = "maglock"
    BARRIER = "barrier"
    """A vehicle barrier (道闸): it never comes down while its loop is busy or not known."""


class Door(msgspec.Struct, frozen=True, kw_only=True):
    """One door. `contact_timeout_ms` is how long after the pulse its contact may take to say *open*.

    `opens_without_clock`: a door of kind `residents` lets residents in while the clock is unknown.
    `fail_safe`: without power it is open, so that a fire holds it released. `held_open_ms` is how long it may
    stand open, `pre_alarm_ms` how long before that the buzzer begins; the feed's policy may say otherwise.
    `revocation_age_ms`: how old the revocation list may be for this door, None without a limit.
    """

    id: str
    kind: DoorKind
    name_zh: str = ""
    name_en: str = ""
    contact_timeout_ms: int = 8000
    has_contact: bool = True
    opens_without_clock: bool = True
    fail_safe: bool = False
    lock: Lock = Lock.STRIKE
    held_open_ms: int = 60_000
    pre_alarm_ms: int = 15_000
    revocation_age_ms: int | None = None
