"""All SQL of credentials."""

import sqlite3
from collections.abc import Iterable
from typing import NamedTuple

import msgspec

from edge.trust.clock import Reading
from edge.trust.revocations import RevocationList
from edge.trust.time_policy import Decision, judged_at

EVERY_DOOR = "*"
"""Stands for all doors in an entry of the deny list."""


class Card(msgspec.Struct, frozen=True, kw_only=True):
    """A card or fob of a person; the number itself is nowhere."""

    id: str
    hash: str
    subject: str
    from_ms: int
    until_ms: int


class RoomPin(msgspec.Struct, frozen=True, kw_only=True):
    """One person's PIN, as an argon2id string; the id is opaque."""

    id: str
    subject: str
    room: str
    hash: str


class Tally(NamedTuple):
    """Wrong attempts of one scope since a moment, and until when it is locked (0: it is not)."""

    failures: int
    since_ms: int
    locked_until_ms: int


class ListState(NamedTuple):
    """The revocation list that is believed."""

    version: int
    issued_ms: int


def put_salt(connection: sqlite3.Connection, salt: bytes) -> None:
    """Keep the site's salt."""
    connection.execute(
        "INSERT INTO credential_salt(one, salt) VALUES (1, ?) "
        "ON CONFLICT(one) DO UPDATE SET salt = excluded.salt",
        (salt,),
    )


def read_salt(connection: sqlite3.Connection) -> bytes | None:
    """The site's salt, None before the first feed."""
    row = connection.execute("SELECT salt FROM credential_salt").fetchone()
    return None if row is None else bytes(row[0])


def put_card(connection: sqlite3.Connection, version: int, card: Card) -> None:
    """Write a card in place of what its record said before."""
    connection.execute(
        "INSERT OR REPLACE INTO cards(id, version, hash, subject, from_ms, until_ms) "
        "VALUES (?, ?, ?, ?, ?, ?)",
        (card.id, version, card.hash, card.subject, card.from_ms, card.until_ms),
    )


def delete_card(connection: sqlite3.Connection, card_id: str) -> None:
    """Remove a card."""
    connection.execute("DELETE FROM cards WHERE id = ?", (card_id,))


def cards_of_hash(connection: sqlite3.Connection, hashed: str) -> list[Card]:
    """Every card of this number, newest record first: a card may have been given to somebody else."""
    rows = connection.execute(
        "SELECT id, hash, subject, from_ms, until_ms FROM cards WHERE hash = ? ORDER BY from_ms DESC, id",
        (hashed,),
    )
    names = Card.__struct_fields__
    return [Card(**dict(zip(names, row, strict=True))) for row in rows]


def put_pin(connection: sqlite3.Connection, version: int, pin: RoomPin) -> None:
    """Write a person's PIN."""
    connection.execute(
        "INSERT OR REPLACE INTO pins(id, version, subject, room, digits, hash) VALUES (?, ?, ?, ?, ?, ?)",
        (pin.id, version, pin.subject, pin.room, digits_of(pin.room), pin.hash),
    )


def delete_pin(connection: sqlite3.Connection, pin_id: str) -> None:
    """Remove a person's PIN."""
    connection.execute("DELETE FROM pins WHERE id = ?", (pin_id,))


def digits_of(room: str) -> str:
    """What of a room's name can be typed on a keypad."""
    return "".join(one for one in room if one.isascii() and one.isdigit())


def pins_of_room(connection: sqlite3.Connection, typed: str, *, limit: int) -> list[RoomPin]:
    """PINs of the room whose digits were typed, or of the rooms that end with them, in a steady order.

    At the door of a building its number is usually left out.
    """
    digits = digits_of(typed)
    rows = connection.execute(
        "SELECT id, subject, room, hash FROM pins WHERE digits = ?1 "
        "OR (length(?1) >= 3 AND substr(digits, -length(?1)) = ?1) ORDER BY digits <> ?1, id LIMIT ?2",
        (digits, limit),
    )
    return [RoomPin(**dict(zip(RoomPin.__struct_fields__, row, strict=True))) for row in rows]


def put_group(connection: sqlite3.Connection, group: str, version: int, doors: Iterable[str]) -> None:
    """Write a group of doors in place of what it was before."""
    delete_group(connection, group)
    connection.executemany(
        "INSERT INTO door_groups(door, id, version) VALUES (?, ?, ?)",
        [(door, group, version) for door in dict.fromkeys(doors)],
    )


def delete_group(connection: sqlite3.Connection, group: str) -> None:
    """Remove a group of doors."""
    connection.execute("DELETE FROM door_groups WHERE id = ?", (group,))


def read_tally(connection: sqlite3.Connection, scope: str) -> Tally:
    """The wrong attempts of a scope."""
    row = connection.execute(
        "SELECT failures, since_ms, locked_until_ms FROM pin_attempts WHERE scope = ?", (scope,)
    ).fetchone()
    return Tally(0, 0, 0) if row is None else Tally(*row)


def write_tally(connection: sqlite3.Connection, scope: str, tally: Tally) -> None:
    """Keep the wrong attempts of a scope."""
    connection.execute("INSERT OR REPLACE INTO pin_attempts VALUES (?, ?, ?, ?)", (scope, *tally))


def forget_tallies(connection: sqlite3.Connection, *, before_ms: int) -> None:
    """Drop what nobody counts any more, so that typed rooms do not gather."""
    connection.execute(
        "DELETE FROM pin_attempts WHERE since_ms < ? AND locked_until_ms < ?", (before_ms, before_ms)
    )


def put_denial(
    connection: sqlite3.Connection,
    denial_id: str,
    version: int,
    *,
    kind: str,
    value: str,
    doors: Iterable[str],
    from_ms: int,
    until_ms: int,
) -> None:
    """Write an entry of the deny list, one row a door, in place of what it said before."""
    delete_denial(connection, denial_id)
    connection.executemany(
        "INSERT INTO denials(id, version, kind, value, door, from_ms, until_ms) VALUES (?, ?, ?, ?, ?, ?, ?)",
        [
            (denial_id, version, kind, value, door, from_ms, until_ms)
            for door in dict.fromkeys(doors) or (EVERY_DOOR,)
        ],
    )


def delete_denial(connection: sqlite3.Connection, denial_id: str) -> None:
    """Remove an entry of the deny list."""
    connection.execute("DELETE FROM denials WHERE id = ?", (denial_id,))


def is_denied(connection: sqlite3.Connection, kind: str, value: str, door: str, now: Reading) -> bool:
    """Tell whether the deny list names this at this door now."""
    row = connection.execute(
        "SELECT 1 FROM denials WHERE kind = ?1 AND value = ?2 AND door IN (?3, ?4) "
        "AND (?5 IS NULL OR from_ms <= ?5) AND ?6 < until_ms LIMIT 1",
        (kind, value, door, EVERY_DOOR, judged_at(Decision.GRANT, now), now.at_ms),
    ).fetchone()
    return row is not None


def put_vehicle(
    connection: sqlite3.Connection, vehicle_id: str, version: int, *, plate: str, subject: str, data: str
) -> None:
    """Keep a vehicle's record."""
    connection.execute(
        "INSERT OR REPLACE INTO vehicles(id, version, plate, subject, data) VALUES (?, ?, ?, ?, ?)",
        (vehicle_id, version, plate, subject, data),
    )


def delete_vehicle(connection: sqlite3.Connection, vehicle_id: str) -> None:
    """Remove a vehicle."""
    connection.execute("DELETE FROM vehicles WHERE id = ?", (vehicle_id,))


def read_list(connection: sqlite3.Connection) -> ListState | None:
    """The revocation list that is believed, None before the first."""
    row = connection.execute("SELECT version, issued_ms FROM revocation_list").fetchone()
    return None if row is None else ListState(*row)


def replace_list(connection: sqlite3.Connection, revoked: RevocationList) -> bool:
    """Believe a list whole, in place of the one before; tells whether it names anything else."""
    connection.execute(
        "INSERT INTO revocation_list(one, version, issued_ms) VALUES (1, ?, ?) "
        "ON CONFLICT(one) DO UPDATE SET version = excluded.version, issued_ms = excluded.issued_ms",
        (revoked.version, revoked.issued_ms),
    )
    wanted = {
        *(("pass", pass_id, until_ms) for pass_id, until_ms in revoked.passes),
        *((scope, subject, before_ms) for subject, before_ms, scope in revoked.subjects),
        *(("card", hashed, 0) for hashed in revoked.cards),
    }
    there = set(connection.execute("SELECT kind, value, at_ms FROM revoked"))
    connection.executemany(
        "DELETE FROM revoked WHERE kind = ? AND value = ?", [row[:2] for row in there - wanted]
    )
    connection.executemany("INSERT OR REPLACE INTO revoked VALUES (?, ?, ?)", sorted(wanted - there))
    return wanted != there


def revoked_at(connection: sqlite3.Connection, kind: str, value: str) -> int | None:
    """The moment beside an entry of the revocation list, None when the list does not name it."""
    row = connection.execute(
        "SELECT at_ms FROM revoked WHERE kind = ? AND value = ?", (kind, value)
    ).fetchone()
    return None if row is None else int(row[0])
