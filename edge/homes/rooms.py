"""Rooms of the community, as the platform's roster has them."""

import sqlite3
from typing import Any

import msgspec

from edge.homes.errors import RoomUnknown
from edge.pay.records import delete, platform_row, upsert
from edge.store.unit import Unit


class Room(msgspec.Struct, frozen=True, kw_only=True):
    """A room 房号; `managed` is whether the property company manages it (only then points are earned, S1)."""

    id: str
    building: str
    number: str
    managed: bool = True


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
