"""Rooms of the community, as the platform's roster has them."""

import sqlite3
from typing import Any

import msgspec

from edge.homes import records
from edge.homes.errors import RoomUnknown
from edge.pay.records import delete, platform_row, upsert
from edge.store.unit import Unit


class Room(msgspec.Struct, frozen=True, kw_only=True):
    """A room 房号; `managed` is whether the property company manages it (only then points are earned, S1).

    `mailbox` is what the journal calls the room by when a parcel lies here for it: an opaque id that only the
    platform can resolve.
    """

    id: str
    building: str
    number: str
    managed: bool = True
    mailbox: str = ""


def apply_room(unit: Unit, record_id: str, version: int, data: dict[str, Any] | None) -> None:
    """Take a room from the feed. Raises msgspec.ValidationError."""
    if data is None:
        delete(unit.connection, "rooms", record_id)
        return
    room = msgspec.convert({**data, "id": record_id}, Room)
    upsert(unit.connection, "rooms", {**msgspec.structs.asdict(room), "version": version})


def find_room(connection: sqlite3.Connection, room_id: str) -> Room:
    """Return a room. Raises RoomUnknown."""
    row = platform_row(connection, "rooms", room_id)
    if row is None:
        raise RoomUnknown(room=room_id)
    return msgspec.convert(row, Room, strict=False)


def search_room(connection: sqlite3.Connection, typed: str) -> Room:
    """Return the room that somebody typed: its id, or building and number apart (`3-1203`, `3 1203`).

    Raises RoomUnknown.
    """
    words = "".join(one if one.isalnum() else " " for one in typed[:32]).split()
    row = platform_row(connection, "rooms", typed.strip())
    if row is None and len(words) == 2:
        row = records.room_row_by_number(connection, *words)
    if row is None:
        raise RoomUnknown(room=typed[:32])
    return msgspec.convert(row, Room, strict=False)


def room_of_mailbox(connection: sqlite3.Connection, mailbox: str) -> Room | None:
    """Return the room whose parcels the journal calls by this id; None when it is not in our copy."""
    row = records.room_row_by_mailbox(connection, mailbox)
    return None if row is None else msgspec.convert(row, Room, strict=False)
