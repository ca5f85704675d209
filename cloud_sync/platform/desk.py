"""What the property company authors: groups, door policy, holidays, grants, deny list, cards, passes."""

from typing import Annotated, Any, Literal

import msgspec

from cloud_sync.platform.feed import get_record, list_records, put_record
from cloud_sync.platform.household import Ms, NotOfThisRoom, note_credential, people_of, person_of
from cloud_sync.platform.keys import new_id
from cloud_sync.platform.leaving import Signer, move_out
from cloud_sync.platform.passes import VISITOR_LIFE_LIMIT_MS, VisitorPass
from cloud_sync.platform.store.port import Connection
from cloud_sync.wire.collections import COLLECTIONS, KEY_FIELDS
from edge.errors import Refusal
from edge.trust.cards import card_hash, plain_number
from edge.trust.passes import Pass, issue_pass

AUTHORED = ("door_groups", "doors", "holidays", "grants", "deny")
"""The collections that the desk writes as whole records."""
SHOWN = (*AUTHORED, "cards", "vehicles", "residents", "revocation_list")
TAIL = 4


class NotAuthoredHere(Refusal):
    """The desk does not write this collection, or the record's id is another one."""

    code = "not_found"


class CardRequest(msgspec.Struct, frozen=True):
    """A card or fob that the desk hands out, by the number that is printed on it or read from it."""

    subject: Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
    number: Annotated[str, msgspec.Meta(min_length=4, max_length=40)]
    until_ms: Ms


class DeskPassRequest(msgspec.Struct, frozen=True):
    """A pass for staff, or for a courier who puts parcels into cells; `label` stays on the platform."""

    kind: Literal["staff", "deposit"]
    doors: Annotated[list[str], msgspec.Meta(max_length=16)]
    from_ms: Ms
    until_ms: Ms
    label: Annotated[str, msgspec.Meta(max_length=40)] = ""


class MoveOutRequest(msgspec.Struct, frozen=True):
    """Who moves out: one person, or with `room` everybody of it."""

    subject: Annotated[str, msgspec.Meta(max_length=64)] = ""
    room: Annotated[str, msgspec.Meta(max_length=64)] = ""


def read_desk(connection: Connection) -> dict[str, list[dict[str, Any]]]:
    """Everything that the desk's page shows; hashes and signed messages stay behind."""
    hidden = {"hash", "message"}
    return {
        name: [{k: v for k, v in one.items() if k not in hidden} for one in list_records(connection, name)]
        for name in SHOWN
    }


def author(connection: Connection, collection: str, record_id: str, data: dict[str, Any] | None) -> None:
    """Write or delete one record. Raises NotAuthoredHere, msgspec.ValidationError."""
    if collection not in AUTHORED:
        raise NotAuthoredHere()
    if data is not None:
        shaped = msgspec.convert(data, COLLECTIONS[collection])
        if getattr(shaped, KEY_FIELDS.get(collection, "id")) != record_id:
            raise NotAuthoredHere()
    put_record(connection, collection, record_id, data)


def hand_out_card(connection: Connection, asked: CardRequest, *, now_ms: int) -> str:
    """Give a person a card; returns its record's id. Raises NotACard, NotOfThisRoom."""
    person_of(connection, asked.subject)
    salt = get_record(connection, "credential_salt", "site")
    if salt is None:
        raise NotOfThisRoom()
    identity = new_id("card")
    record = {
        "id": identity,
        "subject": asked.subject,
        "hash": card_hash(bytes.fromhex(salt["salt"]), asked.number),
        "from_ms": now_ms,
        "until_ms": asked.until_ms,
        "tail": plain_number(asked.number)[-TAIL:],
    }
    note_credential(connection, identity, "card", asked.subject)
    put_record(connection, "cards", identity, record)
    return identity


def issue_desk_pass(
    connection: Connection, signer: Signer, asked: DeskPassRequest, *, now_ms: int
) -> VisitorPass:
    """Sign a pass for staff or a courier. Raises NotOfThisRoom for a window without length."""
    until_ms = min(asked.until_ms, asked.from_ms + VISITOR_LIFE_LIMIT_MS)
    if until_ms <= max(asked.from_ms, now_ms):
        raise NotOfThisRoom()
    issued = Pass(
        id=new_id("d"),
        kind=asked.kind,
        site=signer.site,
        subject=new_id(asked.kind),
        doors=tuple(asked.doors),
        not_before_ms=asked.from_ms // 1000 * 1000,
        expires_ms=until_ms // 1000 * 1000,
    )
    text, doors = issue_pass(signer.key, issued), msgspec.json.encode(asked.doors).decode()
    connection.execute(
        "INSERT INTO passes (id, kind, subject, doors, from_ms, until_ms, label, text)"
        " VALUES (?,?,?,?,?,?,?,?)",
        (issued.id, asked.kind, issued.subject, doors, asked.from_ms, until_ms, asked.label, text),
    )
    return VisitorPass(issued.id, asked.doors, asked.from_ms, until_ms, None, asked.label, text)


def end_rights(connection: Connection, signer: Signer, asked: MoveOutRequest, *, now_ms: int) -> list[str]:
    """Somebody moved out, told at the desk; returns who. Raises NotOfThisRoom."""
    people = (
        [asked.subject] if asked.subject else [one["subject"] for one in people_of(connection, asked.room)]
    )
    if not people:
        raise NotOfThisRoom()
    for subject in people:
        person_of(connection, subject)
    move_out(connection, signer, people, now_ms=now_ms)
    return people
