"""Rows of the staff."""

import sqlite3
from enum import StrEnum

import msgspec


class Role(StrEnum):
    """What a person may be here. A guard (保安) has doors and lockers, and nothing to do with money."""

    CLERK = "clerk"
    SUPERVISOR = "supervisor"
    TECHNICIAN = "technician"
    AUDITOR = "auditor"
    MANAGER = "manager"
    GUARD = "guard"


class StaffMember(msgspec.Struct, frozen=True, kw_only=True):
    """One account. ``locked_until_ms`` is 0 when it was never locked."""

    id: str
    login: str
    name: str
    role: Role
    pin_hash: str
    active: bool
    failures: int
    locked_until_ms: int


_COLUMNS = "id, login, name, role, pin_hash, active, failures, locked_until_ms"


def _member(row: tuple[str, str, str, str, str, int, int, int]) -> StaffMember:
    identity, login, name, role, pin_hash, active, failures, locked_until_ms = row
    return StaffMember(
        id=identity,
        login=login,
        name=name,
        role=Role(role),
        pin_hash=pin_hash,
        active=bool(active),
        failures=failures,
        locked_until_ms=locked_until_ms,
    )


def find_by_login(connection: sqlite3.Connection, login: str) -> StaffMember | None:
    """Return the account of a login name, active or not."""
    row = connection.execute(f"SELECT {_COLUMNS} FROM staff WHERE login = ?", (login,)).fetchone()
    return None if row is None else _member(row)


def list_members(connection: sqlite3.Connection) -> list[StaffMember]:
    """Return every account by login name."""
    return [_member(row) for row in connection.execute(f"SELECT {_COLUMNS} FROM staff ORDER BY login")]


def insert_member(connection: sqlite3.Connection, member: StaffMember) -> None:
    """Write a new account; ``sqlite3.IntegrityError`` when the login name is taken."""
    connection.execute(
        f"INSERT INTO staff({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            member.id,
            member.login,
            member.name,
            member.role.value,
            member.pin_hash,
            int(member.active),
            member.failures,
            member.locked_until_ms,
        ),
    )


def set_attempts(connection: sqlite3.Connection, identity: str, failures: int, locked_until_ms: int) -> None:
    """Keep how many wrong PINs came in a row and until when the account is locked."""
    connection.execute(
        "UPDATE staff SET failures = ?, locked_until_ms = ? WHERE id = ?",
        (failures, locked_until_ms, identity),
    )


def set_pin_hash(connection: sqlite3.Connection, identity: str, pin_hash: str) -> None:
    """Keep a new PIN's hash and forget the wrong attempts."""
    connection.execute(
        "UPDATE staff SET pin_hash = ?, failures = 0, locked_until_ms = 0 WHERE id = ?", (pin_hash, identity)
    )


def close_member(connection: sqlite3.Connection, identity: str) -> None:
    """Close an account for good."""
    connection.execute("UPDATE staff SET active = 0 WHERE id = ?", (identity,))
