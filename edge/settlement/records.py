"""SQL of the settlement room: rows in and out, no rules."""

import sqlite3

from edge.pay.records import Row, row_of, rows_of


def open_shift(connection: sqlite3.Connection) -> Row | None:
    """Return the open shift."""
    return row_of(connection.execute("SELECT * FROM shifts WHERE closed_at_ms IS NULL"))


def insert_shift(connection: sqlite3.Connection, shift: Row) -> None:
    """Insert an open shift."""
    connection.execute(
        "INSERT INTO shifts (id, business_date, opened_by, opened_at_ms)"
        " VALUES (:id, :business_date, :opened_by, :opened_at_ms)",
        shift,
    )


def close_shift(connection: sqlite3.Connection, shift_id: str, at_ms: int) -> None:
    """Note the end of a shift."""
    connection.execute("UPDATE shifts SET closed_at_ms = ? WHERE id = ?", (at_ms, shift_id))


_DAY = (
    "date, payee, state, tried_at_ms, agreed, differing, here_lines, here_fen, channel_lines, channel_fen, "
    "platform_lines, platform_fen"
)
_CASE = (
    "id, date, payee, line, subject, kind, order_id, here_fen, channel_fen, platform_fen, opened_at_ms, "
    "changed_at_ms, closed_at_ms, closed_by, reason, note"
)


def put_day(connection: sqlite3.Connection, day: Row) -> None:
    """Write the match of a date and payee, over an earlier one."""
    names = _DAY.split(", ")
    connection.execute(
        f"INSERT OR REPLACE INTO match_days ({_DAY}) VALUES ({', '.join(f':{name}' for name in names)})", day
    )


def note_waiting(connection: sqlite3.Connection, date: str, payee: str, at_ms: int) -> None:
    """Note that the bill is not there yet; what was matched already stays so."""
    connection.execute(
        "INSERT INTO match_days (date, payee, state, tried_at_ms) VALUES (?, ?, 'waiting', ?)"
        " ON CONFLICT DO UPDATE SET tried_at_ms = excluded.tried_at_ms",
        (date, payee, at_ms),
    )


def day_rows(connection: sqlite3.Connection, date: str) -> list[Row]:
    """Return the matches of a date, payee by payee."""
    return rows_of(
        connection.execute(f"SELECT {_DAY} FROM match_days WHERE date = ? ORDER BY payee", (date,))
    )


def day_row(connection: sqlite3.Connection, date: str, payee: str) -> Row | None:
    """Return the match of a date and payee."""
    query = f"SELECT {_DAY} FROM match_days WHERE date = ? AND payee = ?"
    return row_of(connection.execute(query, (date, payee)))


def recent_days(connection: sqlite3.Connection, limit: int) -> list[str]:
    """Return the dates that were matched or wait for it, newest first."""
    query = "SELECT DISTINCT date FROM match_days ORDER BY date DESC LIMIT ?"
    return [str(row[0]) for row in connection.execute(query, (limit,))]


def unfinished_dates(connection: sqlite3.Connection, from_date: str, tried_before_ms: int) -> list[str]:
    """Return dates from one on that wait for a bill, or have an open case and were last tried before then."""
    query = (
        "SELECT date FROM match_days WHERE date >= :from AND state = 'waiting' UNION"
        " SELECT d.date FROM match_days d WHERE d.date >= :from AND d.tried_at_ms < :before AND EXISTS"
        " (SELECT 1 FROM cases c WHERE c.date = d.date AND c.closed_at_ms IS NULL) ORDER BY 1"
    )
    return [str(row[0]) for row in connection.execute(query, {"from": from_date, "before": tried_before_ms})]


def newest_day(connection: sqlite3.Connection) -> str | None:
    """Return the newest date that was matched or waits for it."""
    row = connection.execute("SELECT max(date) FROM match_days").fetchone()
    return None if row is None else row[0]


def put_elsewhere(connection: sqlite3.Connection, line: str, subject: str, date: str) -> None:
    """Note that a subject agreed on the bill of another date than its own."""
    connection.execute("INSERT OR REPLACE INTO match_elsewhere VALUES (?, ?, ?)", (line, subject, date))


def elsewhere_rows(connection: sqlite3.Connection, not_date: str) -> list[tuple[str, str]]:
    """Return line and subject of those that agreed on the bill of another date than this one."""
    query = "SELECT line, subject FROM match_elsewhere WHERE date <> ?"
    return [(str(line), str(subject)) for line, subject in connection.execute(query, (not_date,))]


def insert_case(connection: sqlite3.Connection, case: Row) -> None:
    """Insert an open case; sqlite3.IntegrityError when its payee has one open about the subject."""
    connection.execute(
        "INSERT INTO cases (id, date, payee, line, subject, kind, order_id, here_fen, channel_fen,"
        " platform_fen, opened_at_ms, changed_at_ms) VALUES (:id, :date, :payee, :line, :subject, :kind,"
        " :order_id, :here_fen, :channel_fen, :platform_fen, :opened_at_ms, :opened_at_ms)",
        case,
    )


def change_case(connection: sqlite3.Connection, case: Row) -> None:
    """Write what an open case looks like now."""
    connection.execute(
        "UPDATE cases SET kind = :kind, here_fen = :here_fen, channel_fen = :channel_fen,"
        " platform_fen = :platform_fen, order_id = :order_id, changed_at_ms = :changed_at_ms WHERE id = :id",
        case,
    )


def close_case(connection: sqlite3.Connection, closing: Row) -> None:
    """Write who closed a case, when and why."""
    connection.execute(
        "UPDATE cases SET closed_at_ms = :at_ms, changed_at_ms = :at_ms, closed_by = :by, reason = :reason,"
        " note = :note, note_salt = :salt WHERE id = :id",
        closing,
    )


def case_row(connection: sqlite3.Connection, case_id: str) -> Row | None:
    """Return one case."""
    return row_of(connection.execute(f"SELECT {_CASE} FROM cases WHERE id = ?", (case_id,)))


def open_case_rows(connection: sqlite3.Connection) -> list[Row]:
    """Return every open case, oldest first."""
    query = f"SELECT {_CASE} FROM cases WHERE closed_at_ms IS NULL ORDER BY opened_at_ms, id"
    return rows_of(connection.execute(query))


def closed_case_rows(connection: sqlite3.Connection, limit: int) -> list[Row]:
    """Return the cases closed last."""
    query = f"SELECT {_CASE} FROM cases WHERE closed_at_ms IS NOT NULL ORDER BY closed_at_ms DESC, id LIMIT ?"
    return rows_of(connection.execute(query, (limit,)))


def day_case_rows(connection: sqlite3.Connection, date: str) -> list[Row]:
    """Return all cases of a date."""
    query = f"SELECT {_CASE} FROM cases WHERE date = ? ORDER BY payee, opened_at_ms, id"
    return rows_of(connection.execute(query, (date,)))


def cases_about(connection: sqlite3.Connection, payee: str, line: str, subject: str) -> list[Row]:
    """Return all cases of a payee about a subject, newest first."""
    query = (
        f"SELECT {_CASE} FROM cases WHERE payee = ? AND line = ? AND subject = ?"
        " ORDER BY opened_at_ms DESC, id DESC"
    )
    return rows_of(connection.execute(query, (payee, line, subject)))
