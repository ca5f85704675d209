"""All SQL of the service room."""

import sqlite3

import msgspec


class Timer(msgspec.Struct, frozen=True):
    """One due thing: a kind, whom it is about, when, and how often it was tried."""

    id: str
    kind: str
    subject: str
    due_at_ms: int
    attempts: int


class Alarm(msgspec.Struct, frozen=True):
    """One alarm that is raised."""

    id: str
    kind: str
    source: str
    detail: str
    raised_at_ms: int


def insert_timer(
    connection: sqlite3.Connection, timer_id: str, *, kind: str, subject: str, due_at_ms: int
) -> None:
    """Write a due thing; the same kind and subject is there once, also when it was done."""
    connection.execute(
        "INSERT INTO timers(id, kind, subject, due_at_ms, state) VALUES (?, ?, ?, ?, 'due') "
        "ON CONFLICT(kind, subject) DO NOTHING",
        (timer_id, kind, subject, due_at_ms),
    )


def delete_timer(connection: sqlite3.Connection, kind: str, subject: str) -> None:
    """Remove a thing that is due no more."""
    connection.execute("DELETE FROM timers WHERE kind = ? AND subject = ? AND state = 'due'", (kind, subject))


def due_timers(connection: sqlite3.Connection, at_ms: int, limit: int) -> list[Timer]:
    """What is due at a time, oldest first."""
    rows = connection.execute(
        "SELECT id, kind, subject, due_at_ms, attempts FROM timers "
        "WHERE state = 'due' AND due_at_ms <= ? ORDER BY due_at_ms, rowid LIMIT ?",
        (at_ms, limit),
    )
    return [Timer(*row) for row in rows]


def claim_timer(connection: sqlite3.Connection, timer: Timer, *, next_due_at_ms: int) -> bool:
    """Count an attempt and push the row to its next one; False when somebody else had it."""
    done = connection.execute(
        "UPDATE timers SET attempts = attempts + 1, due_at_ms = ? "
        "WHERE id = ? AND state = 'due' AND attempts = ?",
        (next_due_at_ms, timer.id, timer.attempts),
    )
    return done.rowcount == 1


def end_timer(connection: sqlite3.Connection, timer_id: str, *, state: str, reason: str = "") -> bool:
    """Mark a due row done or parked; False when it is not due any more."""
    done = connection.execute(
        "UPDATE timers SET state = ?, reason = ? WHERE id = ? AND state = 'due'", (state, reason, timer_id)
    )
    return done.rowcount == 1


def put_recurring(connection: sqlite3.Connection, timer_id: str, *, kind: str, due_at_ms: int) -> None:
    """Write the one row of a recurring kind; one that is there comes no later than `due_at_ms`."""
    connection.execute(
        "INSERT INTO timers(id, kind, subject, due_at_ms, state) VALUES (?1, ?2, '', ?3, 'due') "
        "ON CONFLICT(kind, subject) DO UPDATE SET due_at_ms = min(due_at_ms, ?3), state = 'due' "
        "WHERE due_at_ms > ?3 OR state <> 'due'",
        (timer_id, kind, due_at_ms),
    )


def move_timer(connection: sqlite3.Connection, timer_id: str, due_at_ms: int) -> bool:
    """Put a due row off to its next moment, its attempts forgotten; False when it is not due any more."""
    done = connection.execute(
        "UPDATE timers SET due_at_ms = ?, attempts = 0 WHERE id = ? AND state = 'due'", (due_at_ms, timer_id)
    )
    return done.rowcount == 1


def delete_done(connection: sqlite3.Connection, before_ms: int, limit: int) -> int:
    """Remove rows that were done before a time, the oldest first; returns how many."""
    done = connection.execute(
        "DELETE FROM timers WHERE rowid IN (SELECT rowid FROM timers WHERE state = 'done' "
        "AND due_at_ms < ? ORDER BY due_at_ms LIMIT ?)",
        (before_ms, limit),
    )
    return done.rowcount


def insert_alarm(connection: sqlite3.Connection, alarm: Alarm) -> bool:
    """Write an alarm; False when the same one is live already."""
    done = connection.execute(
        "INSERT INTO alarms(id, kind, source, detail, raised_at_ms) VALUES (?, ?, ?, ?, ?) "
        "ON CONFLICT(kind, source) WHERE cleared_at_ms IS NULL DO NOTHING",
        msgspec.structs.astuple(alarm),
    )
    return done.rowcount == 1


def clear_alarm(connection: sqlite3.Connection, kind: str, source: str, at_ms: int) -> str | None:
    """Clear a live alarm and return its id; None when there is none."""
    row = connection.execute(
        "UPDATE alarms SET cleared_at_ms = ? WHERE kind = ? AND source = ? AND cleared_at_ms IS NULL "
        "RETURNING id",
        (at_ms, kind, source),
    ).fetchone()
    return None if row is None else str(row[0])


def live_alarms(connection: sqlite3.Connection) -> list[Alarm]:
    """Alarms that are raised now, oldest first."""
    rows = connection.execute(
        "SELECT id, kind, source, detail, raised_at_ms FROM alarms WHERE cleared_at_ms IS NULL ORDER BY rowid"
    )
    return [Alarm(*row) for row in rows]
