"""All SQL of the doors: lock-downs, fire releases, alarms, notes, policies, the calendar, passages."""

import sqlite3
from collections.abc import Iterable
from typing import Any

import msgspec


class LockDown(msgspec.Struct, frozen=True, kw_only=True):
    """Doors (none named: all) that let in nobody but staff."""

    id: str
    doors: tuple[str, ...]
    reason: str
    began_at_ms: int

    def covers(self, door: str) -> bool:
        """Whether a door is locked down by it."""
        return not self.doors or door in self.doors


class FireRelease(msgspec.Struct, frozen=True, kw_only=True):
    """Doors that a fire input released, until a person resets it."""

    id: str
    input: str
    doors: tuple[str, ...]
    began_at_ms: int


class DoorAlarm(msgspec.Struct, frozen=True, kw_only=True):
    """Something wrong at a door: `kind` is forced, held_open or contact_lost."""

    id: str
    door: str
    kind: str
    began_at_ms: int
    ended_at_ms: int | None = None
    seen_at_ms: int | None = None
    seen_by: str | None = None


class StoredPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """A door's policy as it came (JSON), and when its schedule turns next."""

    door: str
    data: str
    turn_at_ms: int


class CalendarDays(msgspec.Struct, frozen=True, kw_only=True):
    """Days (ISO dates, both inclusive) that are `holiday` or `workday` whatever their weekday."""

    from_day: str
    until_day: str
    kind: str


class FoundOpening(msgspec.Struct, frozen=True, kw_only=True):
    """An opening as it was looked for; `row` grows with time."""

    row: int
    id: str
    place: str
    kind: str
    authorisation: str
    person: str | None
    source: str
    state: str
    reason: str
    requested_at_ms: int
    decided_at_ms: int | None
    note: str | None


_ALARM = "id, door, kind, began_at_ms, ended_at_ms, seen_at_ms, seen_by"


def insert_lock_down(connection: sqlite3.Connection, lock_down: LockDown) -> None:
    """Write a lock-down that lasts."""
    connection.execute(
        "INSERT INTO lock_downs(id, doors, reason, began_at_ms) VALUES (?, ?, ?, ?)",
        (lock_down.id, _json(lock_down.doors), lock_down.reason, lock_down.began_at_ms),
    )


def end_lock_down(connection: sqlite3.Connection, lock_down_id: str, at_ms: int) -> bool:
    """End a lock-down; False when none of this id lasts."""
    changed = connection.execute(
        "UPDATE lock_downs SET ended_at_ms = ? WHERE id = ? AND ended_at_ms IS NULL", (at_ms, lock_down_id)
    )
    return changed.rowcount == 1


def live_lock_downs(connection: sqlite3.Connection) -> list[LockDown]:
    """Every lock-down that lasts."""
    rows = connection.execute(
        "SELECT id, doors, reason, began_at_ms FROM lock_downs WHERE ended_at_ms IS NULL ORDER BY rowid"
    )
    return [
        LockDown(id=id_, doors=_tuple(doors), reason=reason, began_at_ms=at)
        for id_, doors, reason, at in rows
    ]


def insert_fire(connection: sqlite3.Connection, release: FireRelease) -> bool:
    """Write a live fire release; False when its input has one already."""
    changed = connection.execute(
        "INSERT OR IGNORE INTO fire_releases(id, input, doors, began_at_ms) VALUES (?, ?, ?, ?)",
        (release.id, release.input, _json(release.doors), release.began_at_ms),
    )
    return changed.rowcount == 1


def reset_fire(connection: sqlite3.Connection, release_id: str, at_ms: int, by: str) -> bool:
    """Note a person's reset; False when none of this id is live."""
    changed = connection.execute(
        "UPDATE fire_releases SET reset_at_ms = ?, reset_by = ? WHERE id = ? AND reset_at_ms IS NULL",
        (at_ms, by, release_id),
    )
    return changed.rowcount == 1


def live_fires(connection: sqlite3.Connection) -> list[FireRelease]:
    """Every fire release that nobody has reset."""
    rows = connection.execute(
        "SELECT id, input, doors, began_at_ms FROM fire_releases WHERE reset_at_ms IS NULL ORDER BY rowid"
    )
    return [
        FireRelease(id=id_, input=input_, doors=_tuple(doors), began_at_ms=at)
        for id_, input_, doors, at in rows
    ]


def insert_alarm(connection: sqlite3.Connection, alarm: DoorAlarm) -> None:
    """Write an alarm."""
    connection.execute(
        f"INSERT INTO door_alarms({_ALARM}) VALUES (?, ?, ?, ?, ?, ?, ?)", msgspec.structs.astuple(alarm)
    )


def live_alarm(connection: sqlite3.Connection, door: str, kind: str) -> DoorAlarm | None:
    """The alarm of this kind at a door that has not ended."""
    found = _alarms(connection, "door = ? AND kind = ? AND ended_at_ms IS NULL", door, kind)
    return found[0] if found else None


def open_alarms(connection: sqlite3.Connection) -> list[DoorAlarm]:
    """Alarms that have not ended, or of which nobody has taken note."""
    return _alarms(connection, "ended_at_ms IS NULL OR seen_at_ms IS NULL")


def end_alarm(connection: sqlite3.Connection, alarm_id: str, at_ms: int) -> None:
    """The cause of an alarm is over."""
    connection.execute("UPDATE door_alarms SET ended_at_ms = ? WHERE id = ?", (at_ms, alarm_id))


def see_alarm(connection: sqlite3.Connection, alarm_id: str, at_ms: int, by: str) -> DoorAlarm | None:
    """A person has taken note of an alarm; None when there is none that nobody saw."""
    connection.execute(
        "UPDATE door_alarms SET seen_at_ms = ?, seen_by = ? WHERE id = ? AND seen_at_ms IS NULL",
        (at_ms, by, alarm_id),
    )
    found = _alarms(connection, "id = ? AND seen_at_ms = ? AND seen_by = ?", alarm_id, at_ms, by)
    return found[0] if found else None


def insert_note(connection: sqlite3.Connection, subject: str, account: str, note: str) -> None:
    """Keep what a person wrote beside a reason."""
    connection.execute(
        "INSERT INTO door_notes(subject, account, note) VALUES (?, ?, ?)", (subject, account, note)
    )


def put_policy(connection: sqlite3.Connection, door: str, version: int, data: str) -> None:
    """Write a door's policy; its schedule is looked at anew at once."""
    connection.execute(
        "INSERT INTO door_policies(door, version, data, turn_at_ms) VALUES (?, ?, ?, 0) "
        "ON CONFLICT(door) DO UPDATE SET version = excluded.version, data = excluded.data, turn_at_ms = 0",
        (door, version, data),
    )


def delete_policy(connection: sqlite3.Connection, door: str) -> None:
    """Forget a door's policy: what the site file says counts."""
    connection.execute("DELETE FROM door_policies WHERE door = ?", (door,))


def policies(connection: sqlite3.Connection) -> list[StoredPolicy]:
    """Every door's policy."""
    rows = connection.execute("SELECT door, data, turn_at_ms FROM door_policies ORDER BY door")
    return [StoredPolicy(door=door, data=data, turn_at_ms=turn) for door, data, turn in rows]


def policy_of(connection: sqlite3.Connection, door: str) -> str | None:
    """A door's policy as JSON."""
    row = connection.execute("SELECT data FROM door_policies WHERE door = ?", (door,)).fetchone()
    return None if row is None else str(row[0])


def door_facts(connection: sqlite3.Connection, door: str) -> tuple[bool, str | None]:
    """Whether any lock-down lasts at all, and a door's policy: one look on the way to a pulse."""
    row = connection.execute(
        "SELECT EXISTS (SELECT 1 FROM lock_downs WHERE ended_at_ms IS NULL), "
        "(SELECT data FROM door_policies WHERE door = ?)",
        (door,),
    ).fetchone()
    return bool(row[0]), row[1]


def set_turn(connection: sqlite3.Connection, door: str, turn_at_ms: int) -> None:
    """Say when a door's schedule turns next."""
    connection.execute("UPDATE door_policies SET turn_at_ms = ? WHERE door = ?", (turn_at_ms, door))


def turn_all(connection: sqlite3.Connection) -> None:
    """Have every schedule looked at anew: the calendar changed."""
    connection.execute("UPDATE door_policies SET turn_at_ms = 0")


def put_holiday(connection: sqlite3.Connection, record_id: str, version: int, days: CalendarDays) -> None:
    """Write days of the calendar."""
    connection.execute(
        "INSERT OR REPLACE INTO holidays(id, version, from_day, until_day, kind) VALUES (?, ?, ?, ?, ?)",
        (record_id, version, days.from_day, days.until_day, days.kind),
    )


def delete_holiday(connection: sqlite3.Connection, record_id: str) -> None:
    """Take days out of the calendar."""
    connection.execute("DELETE FROM holidays WHERE id = ?", (record_id,))


def calendar(connection: sqlite3.Connection) -> list[CalendarDays]:
    """The calendar; a later record counts before an earlier one."""
    rows = connection.execute("SELECT from_day, until_day, kind FROM holidays ORDER BY rowid DESC")
    return [CalendarDays(from_day=first, until_day=last, kind=kind) for first, last, kind in rows]


def put_passage(
    connection: sqlite3.Connection, *, zone: str, subject: str, direction: str, opening: str, at_ms: int
) -> None:
    """Note which way somebody went last through the doors of a zone."""
    connection.execute(
        "INSERT OR REPLACE INTO passages(zone, subject, direction, opening, at_ms) VALUES (?, ?, ?, ?, ?)",
        (zone, subject, direction, opening, at_ms),
    )


def last_passage(connection: sqlite3.Connection, zone: str, subject: str) -> tuple[str, int] | None:
    """Which way somebody went last, and when."""
    row = connection.execute(
        "SELECT direction, at_ms FROM passages WHERE zone = ? AND subject = ?", (zone, subject)
    ).fetchone()
    return None if row is None else (row[0], row[1])


def find_openings(
    connection: sqlite3.Connection,
    *,
    place: str | None,
    kind: str | None,
    person: str | None,
    from_ms: int,
    until_ms: int | None,
    before: int | None,
    limit: int,
) -> list[FoundOpening]:
    """Openings newest first; None leaves a condition out."""
    rows = connection.execute(
        "SELECT o.rowid, o.id, o.place, o.kind, o.authorisation, o.person, o.source, o.state, o.reason, "
        "o.requested_at_ms, o.decided_at_ms, n.note "
        "FROM openings AS o LEFT JOIN door_notes AS n ON n.subject = o.id "
        "WHERE (?1 IS NULL OR o.place = ?1) AND (?2 IS NULL OR o.kind = ?2) "
        "AND (?3 IS NULL OR o.person = ?3) AND o.requested_at_ms >= ?4 "
        "AND (?5 IS NULL OR o.requested_at_ms < ?5) AND (?6 IS NULL OR o.rowid < ?6) "
        "ORDER BY o.rowid DESC LIMIT ?7",
        (place, kind, person, from_ms, until_ms, before, limit),
    )
    names = FoundOpening.__struct_fields__
    return [FoundOpening(**dict(zip(names, row, strict=True))) for row in rows]


def _alarms(connection: sqlite3.Connection, where: str, *values: object) -> list[DoorAlarm]:
    rows = connection.execute(f"SELECT {_ALARM} FROM door_alarms WHERE {where} ORDER BY rowid", values)
    names = DoorAlarm.__struct_fields__
    return [DoorAlarm(**dict(zip(names, row, strict=True))) for row in rows]


def _json(names: Iterable[str]) -> str:
    return msgspec.json.encode(list(names)).decode()


def _tuple(text: Any) -> tuple[str, ...]:
    return msgspec.json.decode(text, type=tuple[str, ...])
