"""How rights end: a lost phone, a lost card, a person of the household, moving out.

Whatever ends, the signed revocation list goes into the feed first: that one change is enough for the doors,
the records that follow only tidy up.
"""

import msgspec

from cloud_sync.platform import revoking
from cloud_sync.platform.feed import get_record, list_records, put_record
from cloud_sync.platform.household import (
    NotOfThisRoom,
    RoomMismatch,
    is_owner,
    may_see,
    people_of,
    person_of,
    require_owner,
    room_number,
)
from cloud_sync.platform.keys import hash_token
from cloud_sync.platform.store.port import Connection
from edge.trust.keys import SigningKey

KEEP_LEFT_MS = 180 * 24 * 3_600_000
"""Records of openings keep their person so long after moving out (requirements.md, A7)."""


class Signer(msgspec.Struct, frozen=True):
    """What signs the revocation list."""

    key: SigningKey
    site: str


def lose_card(connection: Connection, signer: Signer, subject: str, card: str, *, now_ms: int) -> None:
    """A card of the household is lost: from this change on it opens nothing. Raises NotOfThisRoom."""
    record = get_record(connection, "cards", card)
    if record is None or not may_see(connection, subject, record["subject"]):
        raise NotOfThisRoom()
    revoking.revoke_card(connection, record["hash"], now_ms=now_ms)
    revoking.publish(connection, signer.key, signer.site, now_ms=now_ms)
    put_record(connection, "cards", card, None)


def lose_phone(
    connection: Connection, signer: Signer, subject: str, whose: str, *, session: str, now_ms: int
) -> None:
    """A phone is lost: what it could show is void, and it is logged out; `session` is the one that reports.

    Raises NotOfThisRoom.
    """
    if not may_see(connection, subject, whose):
        raise NotOfThisRoom()
    revoking.revoke_phone(connection, whose, now_ms=now_ms)
    _end_passes(connection, whose, now_ms)
    revoking.publish(connection, signer.key, signer.site, now_ms=now_ms)
    connection.execute("DELETE FROM tokens WHERE holder=? AND hash<>?", (whose, hash_token(session)))


def revoke_member(connection: Connection, signer: Signer, owner: str, whose: str, *, now_ms: int) -> None:
    """The owner takes back what a person of the room was given. Raises NotTheOwner, NotOfThisRoom."""
    me = require_owner(connection, owner)
    record = person_of(connection, whose)
    if record["room"] != me["room"] or is_owner(record):
        raise NotOfThisRoom()
    move_out(connection, signer, [whose], now_ms=now_ms)


def leave_room(
    connection: Connection, signer: Signer, owner: str, confirmed: str, *, now_ms: int
) -> list[str]:
    """The owner moves out, and with them everybody of the room; returns who.

    `confirmed` is the room as the owner typed it. Raises NotTheOwner, RoomMismatch.
    """
    me = require_owner(connection, owner)
    if confirmed.strip() != room_number(connection, me):
        raise RoomMismatch()
    people = [one["subject"] for one in people_of(connection, me["room"])]
    move_out(connection, signer, people, now_ms=now_ms)
    for car in list_records(connection, "vehicles"):
        if car["room"] == me["room"]:
            put_record(connection, "vehicles", car["id"], None)
    return people


def move_out(connection: Connection, signer: Signer, subjects: list[str], *, now_ms: int) -> None:
    """Everything that these people have ends with one change: the list. What follows tidies up.

    The person stays in the records for 180 days, without a room, so that past openings keep their name.
    """
    for subject in subjects:
        revoking.revoke_person(connection, subject, now_ms=now_ms)
        _end_passes(connection, subject, now_ms)
    revoking.publish(connection, signer.key, signer.site, now_ms=now_ms)
    for subject in subjects:
        put_record(connection, "grants", subject, None)
        for collection in ("pins", "cards", "vehicles"):
            for record in list_records(connection, collection):
                if record["subject"] == subject:
                    put_record(connection, collection, str(record["id"]), None)
        left = {**person_of(connection, subject), "room": "", "until_ms": now_ms}
        put_record(connection, "residents", subject, left)
        connection.execute("DELETE FROM tokens WHERE holder=?", (subject,))
        connection.execute("DELETE FROM personas WHERE subject=?", (subject,))


def forget_left(connection: Connection, *, now_ms: int) -> int:
    """Delete who left so long ago that no record needs their name; returns how many."""
    gone = [
        one["subject"]
        for one in list_records(connection, "residents")
        if not one["room"] and 0 < one.get("until_ms", 0) < now_ms - KEEP_LEFT_MS
    ]
    for subject in gone:
        put_record(connection, "residents", subject, None)
    return len(gone)


def _end_passes(connection: Connection, subject: str, now_ms: int) -> None:
    """Note every pass of a person that is not over; an order gets another one when it is next looked at."""
    rows = connection.execute(
        "SELECT id, until_ms FROM passes WHERE subject=? AND until_ms>?", (subject, now_ms)
    ).fetchall()
    revoking.revoke_passes(connection, [(row["id"], row["until_ms"]) for row in rows], now_ms=now_ms)
    connection.execute("DELETE FROM passes WHERE subject=? AND kind='order'", (subject,))
    connection.execute(
        "UPDATE passes SET revoked_ms=coalesce(revoked_ms, ?) WHERE subject=?", (now_ms, subject)
    )
