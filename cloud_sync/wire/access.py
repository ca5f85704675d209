"""Shapes of the records about who may open what. Times are milliseconds UTC, times of day minutes from 0:00.

Secrets come down as hashes only: a card's number (`edge.trust.cards`) and a pickup code as HMAC-SHA256 under
the site's own salt, a PIN as an argon2id string.
"""

from typing import Annotated, Literal

import msgspec

from cloud_sync.wire.record import Record

Weekday = Annotated[int, msgspec.Meta(ge=1, le=7)]


class Grant(Record, frozen=True, kw_only=True):
    """Which doors and door groups a person may open, and how long; the record's id is the subject."""

    subject: str
    doors: list[str]
    from_ms: int
    until_ms: int
    groups: list[str] = msgspec.field(default_factory=list)


class DoorGroup(Record, frozen=True, kw_only=True):
    """Doors that are granted together, such as those of one building."""

    id: str
    doors: list[str]
    name_zh: str = ""
    name_en: str = ""


class DoorWindow(Record, frozen=True, kw_only=True):
    """A part of the day at a door. `days`: 1 is Monday; `on_holidays`: also on holidays, any weekday.

    `until_min` may be over 1440: then the window ends on the next day.
    """

    days: list[Weekday]
    on_holidays: bool = False
    from_min: Annotated[int, msgspec.Meta(ge=0, lt=1440)]
    until_min: Annotated[int, msgspec.Meta(gt=0, le=2880)]


class AntiPassback(Record, frozen=True, kw_only=True):
    """A person who went into a zone goes in again only after going out, or after `forget_after_s` seconds."""

    zone: str
    direction: Literal["in", "out"]
    forget_after_s: Annotated[int, msgspec.Meta(ge=0)] = 0


class DoorPolicy(Record, frozen=True, kw_only=True):
    """What the property company sets of a door; None leaves the figure of the site file.

    `open_windows` (常开): released without anybody's pass. `night_lock`: nobody but residents and staff.
    `interlock` names a group of doors of which one at a time may be open. That and anti-passback are off
    until set here.
    """

    id: str
    open_windows: list[DoorWindow] = msgspec.field(default_factory=list)
    night_lock: list[DoorWindow] = msgspec.field(default_factory=list)
    held_open_s: int | None = None
    pre_alarm_s: int | None = None
    anti_passback: AntiPassback | None = None
    interlock: str = ""


class Holiday(Record, frozen=True, kw_only=True):
    """Days that are not what their weekdays say: holidays, or weekend days that are worked (调休).

    ISO dates, both inclusive. A `workday` counts as a Monday.
    """

    id: str
    from_day: str
    until_day: str
    kind: Literal["holiday", "workday"]
    name_zh: str = ""
    name_en: str = ""


class CredentialSalt(Record, frozen=True, kw_only=True):
    """The site's salt of card and code hashes: 32 bytes in hex. There is one record, `site`."""

    id: str
    salt: str


class Card(Record, frozen=True, kw_only=True):
    """A card or fob of a person, by the hash of its number; `tail` are its last digits, for people.

    `keep_until_ms`, here and below: forgotten from then on, 0 is no end.
    """

    id: str
    subject: str
    hash: str
    from_ms: int
    until_ms: int
    tail: str = ""
    keep_until_ms: int = 0


class Pin(Record, frozen=True, kw_only=True):
    """A person's PIN, given together with the room at a keypad.

    `hash` is an argon2id string (RFC 9106). Several people of a room each have their own; `id` is opaque, so
    that a record of an opening may name it.
    """

    id: str
    subject: str
    room: str
    hash: str
    set_ms: int


class Denial(Record, frozen=True, kw_only=True):
    """An entry of the deny list (黑名单): what it names opens none of these doors (none named: no door).

    `kind` says what `value` is: a pseudonym, a card's hash, a pass id, or a number plate as written.
    `reason` is a code or the desk's own short word, never shown to anybody at the door.
    """

    id: str
    kind: Literal["subject", "card", "pass", "plate"]
    value: str
    doors: list[str] = msgspec.field(default_factory=list)
    from_ms: int
    until_ms: int
    reason: str = ""
    keep_until_ms: int = 0


class Vehicle(Record, frozen=True, kw_only=True):
    """A vehicle of a room: its plate opens these doors and groups (barriers)."""

    id: str
    plate: str
    room: str
    subject: str
    doors: list[str]
    groups: list[str] = msgspec.field(default_factory=list)
    from_ms: int
    until_ms: int
    keep_until_ms: int = 0


class Revocation(Record, frozen=True, kw_only=True):
    """A pass that no longer counts; kept until it would have expired anyway."""

    pass_id: str
    until_ms: int


class RevocationListRecord(Record, frozen=True, kw_only=True):
    """The signed revocation list; there is one record, `site`, and its version only rises.

    `message` is base64 of a COSE_Sign1 by the key of purpose `passes`; what is in it says
    `edge.trust.revocations`. `issued_ms` is in the message, too, where it counts.
    """

    id: str
    version: int
    issued_ms: int
    message: str


class PickupCode(Record, frozen=True, kw_only=True):
    """The 8-digit code (取件码) of an order; the id is the order.

    `hash` is HMAC-SHA256 under the site's salt over `pickup:` and the code, in hex.
    """

    order: str
    hash: str
    until_ms: int


ACCESS_COLLECTIONS: dict[str, type[Record]] = {
    "grants": Grant,
    "door_groups": DoorGroup,
    "doors": DoorPolicy,
    "holidays": Holiday,
    "credential_salt": CredentialSalt,
    "cards": Card,
    "pins": Pin,
    "deny": Denial,
    "vehicles": Vehicle,
    "revocations": Revocation,
    "revocation_list": RevocationListRecord,
    "pickup_codes": PickupCode,
}
"""The collections of who may open what, and their shapes."""

ACCESS_KEY_FIELDS: dict[str, str] = {
    "grants": "subject",
    "revocations": "pass_id",
    "pickup_codes": "order",
}
