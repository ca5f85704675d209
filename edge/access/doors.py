"""A door as the access room knows it, apart from its wiring."""

from enum import StrEnum

import msgspec


class DoorKind(StrEnum):
    """Whom a door is for; decides what it does while the clock is unknown."""

    RESIDENTS = "residents"
    VISITOR = "visitor"
    STAFF = "staff"
    PLANT = "plant"


class Door(msgspec.Struct, frozen=True, kw_only=True):
    """One door. `contact_timeout_ms` is how long after the pulse its contact may take to say *open*.

    `opens_without_clock`: a door of kind `residents` lets residents in while the clock is unknown.
    """

    id: str
    kind: DoorKind
    name_zh: str = ""
    name_en: str = ""
    contact_timeout_ms: int = 8000
    has_contact: bool = True
    opens_without_clock: bool = True
