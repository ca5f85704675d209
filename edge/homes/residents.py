"""Residents 业主/租客: opaque ids with a masked name. The roster's full names stay on the platform."""

import sqlite3
from typing import Any

import msgspec

from edge.homes import records
from edge.homes.errors import ResidentsAwaited, ResidentUnknown
from edge.pay.records import delete, platform_row, upsert
from edge.store.facts import get_fact
from edge.store.identity import PEOPLE_AWAITED
from edge.store.personal import erase_person
from edge.store.unit import Unit


class Resident(msgspec.Struct, frozen=True, kw_only=True):
    """A person of a room: the id that passes carry, and what a screen may show."""

    subject: str
    room: str
    name_masked: str = ""
    nickname: str = ""


def apply_resident(unit: Unit, record_id: str, version: int, data: dict[str, Any] | None) -> None:
    """Take a resident from the feed; the record's id is the subject. Raises msgspec.ValidationError.

    A resident who is deleted from the roster is erased: nothing tells any more whom their events are about.
    """
    if data is None:
        delete(unit.connection, "residents", record_id)
        erase_person(unit, record_id, actor="feed", reason="left_the_roster")
        return
    resident = msgspec.convert({**data, "subject": record_id}, Resident)
    row = msgspec.structs.asdict(resident)
    row["id"] = row.pop("subject")
    upsert(unit.connection, "residents", {**row, "version": version})


def find_resident(connection: sqlite3.Connection, subject: str) -> Resident:
    """Return a resident by the subject of their code. Raises ResidentUnknown, ResidentsAwaited."""
    if are_awaited(connection):
        raise ResidentsAwaited(subject=subject)
    row = platform_row(connection, "residents", subject)
    if row is None:
        raise ResidentUnknown(subject=subject)
    return _resident_of(row)


def are_awaited(connection: sqlite3.Connection) -> bool:
    """Whether nobody may be named yet: a backup was restored, and who was erased since is not known."""
    return get_fact(connection, PEOPLE_AWAITED) is not None


def residents_of(connection: sqlite3.Connection, room: str) -> tuple[Resident, ...]:
    """Return the residents of a room."""
    return tuple(_resident_of(row) for row in records.residents_of(connection, room))


def _resident_of(row: dict[str, Any]) -> Resident:
    return msgspec.convert({**row, "subject": row["id"]}, Resident)
