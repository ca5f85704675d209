"""Who lives in a room and what opens for them: family, tenants, vehicles, cards, PINs."""

import itertools
from typing import Annotated, Any, ClassVar, Literal

import msgspec
from argon2 import PasswordHasher

from cloud_sync.platform.feed import get_record, list_records, put_record
from cloud_sync.platform.keys import new_id
from cloud_sync.platform.passes import DoorNotAllowed, granted_doors
from cloud_sync.platform.store.port import Connection
from edge.errors import Refusal

PEOPLE_LIMIT = 8
"""People of one room; a keypad tries so many PINs."""
VEHICLES_LIMIT = 4
PLATE = r"^[\u4e00-\u9fa5][A-Z][A-Z0-9]{4,5}[A-Z0-9\u5b66\u8b66\u6302\u6e2f\u6fb3]$"
"""Plates of the mainland: province, letter, five or six more (GA 36-2018)."""
_HASHER = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)

Name = Annotated[str, msgspec.Meta(min_length=1, max_length=20)]
Ms = Annotated[int, msgspec.Meta(ge=0, le=2**53)]


class NotTheOwner(Refusal):
    """Only the room's owner may do this."""

    code: ClassVar[str] = "not_the_owner"


class HouseholdFull(Refusal):
    """A room has no more places for people, or for vehicles."""

    code: ClassVar[str] = "household_full"


class PinWeak(Refusal):
    """Anybody would try this PIN first."""

    code: ClassVar[str] = "pin_weak"


class RoomMismatch(Refusal):
    """What was typed to confirm is not the own room."""

    code: ClassVar[str] = "room_mismatch"


class NotOfThisRoom(Refusal):
    """There is no such person, card or vehicle in this room."""

    code: ClassVar[str] = "not_found"


class MemberRequest(msgspec.Struct, frozen=True):
    """Somebody whom the owner lets in; `until_ms` 0 means as long as the owner."""

    name: Name
    kind: Literal["family", "tenant"]
    doors: Annotated[list[str], msgspec.Meta(max_length=32)]
    until_ms: Ms = 0


class VehicleRequest(msgspec.Struct, frozen=True):
    """A vehicle of the room; its plate opens these doors."""

    plate: Annotated[str, msgspec.Meta(pattern=PLATE)]
    doors: Annotated[list[str], msgspec.Meta(min_length=1, max_length=8)]
    until_ms: Ms = 0


class Member(msgspec.Struct, frozen=True):
    """A person of the room, as the household sees them."""

    subject: str
    name: str
    kind: str
    doors: list[str]
    until_ms: int
    has_pin: bool


class CardView(msgspec.Struct, frozen=True):
    """A card of somebody of the room."""

    id: str
    subject: str
    tail: str


class VehicleView(msgspec.Struct, frozen=True):
    """A vehicle of the room."""

    id: str
    plate: str
    doors: list[str]
    until_ms: int


class Household(msgspec.Struct, frozen=True):
    """A room as one of its people sees it; those who are not the owner see themselves only."""

    is_owner: bool
    people: list[Member]
    cards: list[CardView]
    vehicles: list[VehicleView]


def person_of(connection: Connection, subject: str) -> dict[str, Any]:
    """A person who lives here. Raises NotOfThisRoom."""
    record = get_record(connection, "residents", subject)
    if record is None or not record["room"]:
        raise NotOfThisRoom()
    return record


def people_of(connection: Connection, room: str) -> list[dict[str, Any]]:
    """Everybody who lives in a room."""
    rows = connection.execute(
        "SELECT data FROM records WHERE site=? AND collection='residents' AND data IS NOT NULL"
        " AND json_extract(data, '$.room')=? ORDER BY cursor",
        (connection.site, room),
    )
    return [msgspec.json.decode(row["data"]) for row in rows]


def is_owner(person: dict[str, Any]) -> bool:
    """Whether somebody owns the room that they live in; those on the roster do, unless it says otherwise."""
    return bool(person.get("kind", "owner") == "owner")


def read_household(connection: Connection, subject: str, *, now_ms: int) -> Household:
    """What the household page shows. Raises NotOfThisRoom."""
    me = person_of(connection, subject)
    mine = is_owner(me)
    people = people_of(connection, me["room"]) if mine else [me]
    subjects = {one["subject"] for one in people}
    pins = {pin["subject"] for pin in list_records(connection, "pins")}
    cards = [card for card in list_records(connection, "cards") if card["subject"] in subjects]
    vehicles = [car for car in list_records(connection, "vehicles") if car["room"] == me["room"]]
    return Household(
        mine,
        [_member(connection, one, one["subject"] in pins, now_ms) for one in people],
        [CardView(card["id"], card["subject"], card.get("tail", "")) for card in cards],
        [VehicleView(car["id"], car["plate"], car["doors"], car["until_ms"]) for car in vehicles],
    )


def _member(connection: Connection, one: dict[str, Any], has_pin: bool, now_ms: int) -> Member:
    doors = granted_doors(connection, one["subject"], now_ms=now_ms)
    name = one.get("nickname") or one["name_masked"]
    return Member(one["subject"], name, one.get("kind", "owner"), doors, one.get("until_ms", 0), has_pin)


def room_number(connection: Connection, person: dict[str, Any]) -> str:
    """Building and number of a person's room, as people write it: `3-1203`."""
    room = get_record(connection, "rooms", person["room"])
    return f"{room['building']}-{room['number']}" if room else str(person["room"])


def add_member(connection: Connection, owner: str, asked: MemberRequest, *, now_ms: int) -> str:
    """Let somebody in; returns their pseudonym. Raises NotTheOwner, HouseholdFull, DoorNotAllowed."""
    me = require_owner(connection, owner)
    if len(people_of(connection, me["room"])) >= PEOPLE_LIMIT:
        raise HouseholdFull(limit=PEOPLE_LIMIT)
    until_ms = _until(connection, owner, asked.doors, asked.until_ms, now_ms)
    subject = new_id("res")
    record = {
        "subject": subject,
        "room": me["room"],
        "name_masked": asked.name[0] + "*",
        "nickname": asked.name,
        "kind": asked.kind,
        "until_ms": asked.until_ms,
        "invited_by": owner,
    }
    put_record(connection, "residents", subject, record)
    grant = {"subject": subject, "doors": asked.doors, "from_ms": now_ms, "until_ms": until_ms}
    put_record(connection, "grants", subject, grant)
    return subject


def add_vehicle(connection: Connection, owner: str, asked: VehicleRequest, *, now_ms: int) -> str:
    """Let a vehicle in; returns its id. Raises NotTheOwner, HouseholdFull, DoorNotAllowed."""
    me = require_owner(connection, owner)
    mine = [car for car in list_records(connection, "vehicles") if car["room"] == me["room"]]
    if len(mine) >= VEHICLES_LIMIT:
        raise HouseholdFull(limit=VEHICLES_LIMIT)
    until_ms = _until(connection, owner, asked.doors, asked.until_ms, now_ms)
    record = {
        "id": new_id("car"),
        "plate": asked.plate,
        "room": me["room"],
        "subject": owner,
        "doors": asked.doors,
        "from_ms": now_ms,
        "until_ms": until_ms,
    }
    put_record(connection, "vehicles", record["id"], record)
    return str(record["id"])


def drop_vehicle(connection: Connection, owner: str, vehicle: str) -> None:
    """Take a vehicle's right back. Raises NotTheOwner, NotOfThisRoom."""
    me = require_owner(connection, owner)
    record = get_record(connection, "vehicles", vehicle)
    if record is None or record["room"] != me["room"]:
        raise NotOfThisRoom()
    put_record(connection, "vehicles", vehicle, None)


def hash_pin(pin: str) -> str:
    """The argon2id string of a PIN; takes tens of milliseconds, so not on the loop. Raises PinWeak."""
    digits = [int(digit) for digit in pin]
    steps = {later - earlier for earlier, later in itertools.pairwise(digits)}
    if len(steps) == 1 and steps <= {-1, 0, 1}:
        raise PinWeak()
    return _HASHER.hash(pin)


def set_pin(connection: Connection, subject: str, hashed: str, *, now_ms: int) -> None:
    """Give a person another PIN; the former one ends with the same change. Raises NotOfThisRoom."""
    me = person_of(connection, subject)
    number = room_number(connection, me)
    known = next((pin for pin in list_records(connection, "pins") if pin["subject"] == subject), None)
    identity = known["id"] if known else new_id("pin")
    note_credential(connection, identity, "pin", subject)
    record = {"id": identity, "subject": subject, "room": number, "hash": hashed, "set_ms": now_ms}
    put_record(connection, "pins", identity, record)


def note_credential(connection: Connection, identity: str, kind: str, subject: str) -> None:
    """Remember whose a card or PIN is, also after it ended."""
    connection.execute(
        "INSERT INTO credentials (id, kind, subject) VALUES (?,?,?) ON CONFLICT DO NOTHING",
        (identity, kind, subject),
    )


def require_owner(connection: Connection, subject: str) -> dict[str, Any]:
    """The person, who owns their room. Raises NotTheOwner, NotOfThisRoom."""
    me = person_of(connection, subject)
    if not is_owner(me):
        raise NotTheOwner()
    return me


def may_see(connection: Connection, subject: str, whose: str) -> bool:
    """Whether somebody may act for a person: for themselves, or as the owner of the room.

    Raises NotOfThisRoom.
    """
    if subject == whose:
        return True
    me, other = person_of(connection, subject), person_of(connection, whose)
    return is_owner(me) and me["room"] == other["room"]


def _until(connection: Connection, owner: str, doors: list[str], until_ms: int, now_ms: int) -> int:
    """Nobody gives more than they have: neither doors nor time. Raises DoorNotAllowed."""
    allowed = granted_doors(connection, owner, now_ms=now_ms)
    for door in doors:
        if door not in allowed:
            raise DoorNotAllowed(door=door)
    end_ms = int((get_record(connection, "grants", owner) or {}).get("until_ms", now_ms))
    return min(until_ms, end_ms) if until_ms else end_ms
