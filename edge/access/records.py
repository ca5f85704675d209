"""All SQL of the access room."""

import sqlite3
from collections.abc import Iterable
from typing import Any

import msgspec

from edge.trust.clock import Reading
from edge.trust.time_policy import Decision, judged_at

_OPENING = (
    "id, place, authorisation, kind, pass_id, person, session, position, state, reason, "
    "requested_at_ms, fired_at_ms, decided_at_ms, source"
)
_INSERT_OPENING = f"INSERT INTO openings({_OPENING}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_HOLD = "id, door, reason, from_ms, until_ms, kind"


class Opening(msgspec.Struct, frozen=True, kw_only=True):
    """One authorised opening: `intended → fired → opened | unknown | refused` (refused: nothing moved).

    `person` is the commitment to whoever asked for it (`edge.store.personal`), None when nobody is known.
    `source` is the reader that saw the credential, or who asked at a screen; empty where neither is known.
    """

    id: str
    place: str
    authorisation: str
    kind: str
    pass_id: str | None = None
    person: str | None = None
    session: str | None = None
    position: int | None = None
    state: str = "intended"
    reason: str = ""
    requested_at_ms: int
    fired_at_ms: int | None = None
    decided_at_ms: int | None = None
    source: str = ""

    @property
    def is_decided(self) -> bool:
        """True once nothing more is awaited."""
        return self.state not in ("intended", "fired")


class Hold(msgspec.Struct, frozen=True, kw_only=True):
    """A door that is to stay released until an hour, for a reason; `kind` is `staff` or `schedule`."""

    id: str
    door: str
    reason: str
    from_ms: int
    until_ms: int
    kind: str = "staff"


def insert_opening(connection: sqlite3.Connection, opening: Opening) -> None:
    """Write a new opening."""
    connection.execute(_INSERT_OPENING, msgspec.structs.astuple(opening))


def find_opening(connection: sqlite3.Connection, opening_id: str) -> Opening | None:
    """The opening of this id."""
    return _one(connection, "id = ?", opening_id)


def find_by_authorisation(connection: sqlite3.Connection, authorisation: str) -> Opening | None:
    """The opening that took this authorisation."""
    return _one(connection, "authorisation = ?", authorisation)


def last_of_pass(connection: sqlite3.Connection, pass_id: str, place: str) -> Opening | None:
    """The newest opening of a place by a pass."""
    return _one(connection, "pass_id = ? AND place = ? ORDER BY rowid DESC LIMIT 1", pass_id, place)


def undecided_at(connection: sqlite3.Connection, place: str) -> list[Opening]:
    """Openings of a place that still wait for a result."""
    return _many(connection, "place = ? AND state IN ('intended', 'fired') ORDER BY rowid", place)


def undecided(connection: sqlite3.Connection) -> list[Opening]:
    """Every opening that still waits for a result."""
    return _many(connection, "state IN ('intended', 'fired') ORDER BY rowid")


def count_of_pass(connection: sqlite3.Connection, pass_id: str) -> tuple[int, int]:
    """How many openings a pass has, and how many of them count as a use.

    What moved nothing is no use, and neither is the second opening after *unknown* (`policy.AGAIN`).
    """
    row = connection.execute(
        "SELECT count(*), count(*) FILTER (WHERE state <> 'refused' AND authorisation NOT LIKE '%:again') "
        "FROM openings WHERE pass_id = ?",
        (pass_id,),
    ).fetchone()
    return int(row[0]), int(row[1])


def set_fired(connection: sqlite3.Connection, opening_id: str, at_ms: int) -> None:
    """Note when an opening was fired; the contact may have decided it already."""
    connection.execute(
        "UPDATE openings SET fired_at_ms = ?, state = CASE state WHEN 'intended' THEN 'fired' ELSE state END "
        "WHERE id = ?",
        (at_ms, opening_id),
    )


def set_decided(
    connection: sqlite3.Connection, opening_id: str, *, state: str, reason: str, at_ms: int
) -> None:
    """Write an opening's result."""
    connection.execute(
        "UPDATE openings SET state = ?, reason = ?, decided_at_ms = ? WHERE id = ?",
        (state, reason, at_ms, opening_id),
    )


def is_revoked(connection: sqlite3.Connection, pass_id: str) -> bool:
    """Tell whether a pass is on the revocation list."""
    row = connection.execute("SELECT 1 FROM revocations WHERE pass_id = ? LIMIT 1", (pass_id,)).fetchone()
    return row is not None


def put_revocation(
    connection: sqlite3.Connection, revocation_id: str, version: int, pass_id: str, until_ms: int
) -> None:
    """Write one entry of the revocation list, unless a newer one is there."""
    connection.execute(
        "INSERT INTO revocations(id, version, pass_id, until_ms) VALUES (?, ?, ?, ?) "
        "ON CONFLICT(id) DO UPDATE SET version = excluded.version, pass_id = excluded.pass_id, "
        "until_ms = excluded.until_ms WHERE excluded.version >= version",
        (revocation_id, version, pass_id, until_ms),
    )


def delete_revocation(connection: sqlite3.Connection, revocation_id: str) -> None:
    """Remove one entry of the revocation list."""
    connection.execute("DELETE FROM revocations WHERE id = ?", (revocation_id,))


def put_grant(
    connection: sqlite3.Connection,
    grant_id: str,
    version: int,
    *,
    subject: str,
    doors: Iterable[str],
    from_ms: int,
    until_ms: int,
) -> None:
    """Write a subject's grant, one row a door, in place of what the grant said before."""
    delete_grant(connection, grant_id)
    connection.executemany(
        "INSERT INTO grants(id, version, subject, door, from_ms, until_ms) VALUES (?, ?, ?, ?, ?, ?)",
        [(grant_id, version, subject, door, from_ms, until_ms) for door in dict.fromkeys(doors)],
    )


def delete_grant(connection: sqlite3.Connection, grant_id: str) -> None:
    """Remove a grant whole."""
    connection.execute("DELETE FROM grants WHERE id = ?", (grant_id,))


def has_grant(connection: sqlite3.Connection, subject: str, door: str, now: Reading) -> bool:
    """Tell whether a subject may open a door now, by its name or one of its groups.

    How the window is judged says the time policy.
    """
    row = connection.execute(
        "SELECT 1 FROM grants WHERE subject = ?1 AND (door = ?2 OR door IN ("
        "SELECT '@' || id FROM door_groups WHERE door_groups.door = ?2)) "
        "AND (?3 IS NULL OR from_ms <= ?3) AND ?4 < until_ms LIMIT 1",
        (subject, door, judged_at(Decision.GRANT, now), now.at_ms),
    ).fetchone()
    return row is not None


def insert_hold(connection: sqlite3.Connection, hold: Hold) -> None:
    """Write a live hold."""
    connection.execute(
        f"INSERT INTO holds({_HOLD}, state) VALUES (?, ?, ?, ?, ?, ?, 'live')",
        msgspec.structs.astuple(hold),
    )


def end_hold(connection: sqlite3.Connection, hold_id: str) -> Hold | None:
    """End a live hold and return it; None when there is none."""
    row = connection.execute(
        f"UPDATE holds SET state = 'ended' WHERE id = ? AND state = 'live' RETURNING {_HOLD}",
        (hold_id,),
    ).fetchone()
    return None if row is None else _hold(row)


def live_holds(connection: sqlite3.Connection, now: Reading) -> list[Hold]:
    """Holds that are to be applied now."""
    rows = connection.execute(
        f"SELECT {_HOLD} FROM holds "
        "WHERE state = 'live' AND (?1 IS NULL OR from_ms <= ?1) AND ?2 < until_ms ORDER BY rowid",
        (judged_at(Decision.HOLD_END, now), now.at_ms),
    )
    return [_hold(row) for row in rows]


def scheduled_holds(connection: sqlite3.Connection, door: str) -> list[Hold]:
    """Live holds of a door that its schedule began."""
    rows = connection.execute(
        f"SELECT {_HOLD} FROM holds WHERE state = 'live' AND kind = 'schedule' AND door = ?", (door,)
    )
    return [_hold(row) for row in rows]


def overdue_holds(connection: sqlite3.Connection, at_ms: int) -> list[Hold]:
    """Live holds whose end has passed."""
    rows = connection.execute(
        f"SELECT {_HOLD} FROM holds WHERE state = 'live' AND until_ms <= ?",
        (at_ms,),
    )
    return [_hold(row) for row in rows]


def _hold(row: tuple[Any, ...]) -> Hold:
    return Hold(**dict(zip(Hold.__struct_fields__, row, strict=True)))


def _one(connection: sqlite3.Connection, where: str, *values: str) -> Opening | None:
    found = _many(connection, where, *values)
    return found[0] if found else None


def _many(connection: sqlite3.Connection, where: str, *values: str) -> list[Opening]:
    rows = connection.execute(f"SELECT {_OPENING} FROM openings WHERE {where}", values)
    names = Opening.__struct_fields__
    return [Opening(**dict(zip(names, row, strict=True))) for row in rows]
