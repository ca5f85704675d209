"""SQL of the telemetry ring: samples by number; the oldest go first, the unsent among them are counted."""

import sqlite3
from collections.abc import Sequence
from typing import NamedTuple

from edge.store.facts import get_int, put_fact

SENT = "telemetry.sent"
"""Fact: the last number that the platform has."""
DROPPED = "telemetry.dropped"
"""Fact: how many samples were given up before the platform had them, ever."""


class Reading(NamedTuple):
    """What was measured at a moment: trusted time, its trust, the gauges as JSON."""

    at_ms: int
    trust: str
    gauges: bytes


class Sample(NamedTuple):
    """A reading in the ring. (device, epoch, number) names it everywhere."""

    number: int
    epoch: int
    at_ms: int
    trust: str
    gauges: bytes


class RingStanding(NamedTuple):
    """How many samples are kept, how many of them wait for the platform, how many were given up before."""

    kept: int
    waiting: int
    dropped: int


def append(
    connection: sqlite3.Connection, epoch: int, readings: Sequence[Reading], *, keep_rows: int, lost: int
) -> None:
    """Put readings into the ring and give up what is too old; `lost` more never came here."""
    connection.executemany(
        "INSERT INTO telemetry (epoch, at_ms, trust, gauges) VALUES (?, ?, ?, ?)",
        [(epoch, *reading) for reading in readings],
    )
    lost += _give_up_oldest(connection, keep_rows)
    if lost:
        put_fact(connection, DROPPED, get_int(connection, DROPPED) + lost)


def _give_up_oldest(connection: sqlite3.Connection, keep_rows: int) -> int:
    """Delete what is beyond the newest `keep_rows`; returns how many of these the platform does not have."""
    last = _newest_number(connection) - keep_rows
    sent = get_int(connection, SENT)
    unsent = connection.execute(
        "SELECT count(*) FROM telemetry WHERE number <= ? AND number > ?", (last, sent)
    ).fetchone()[0]
    connection.execute("DELETE FROM telemetry WHERE number <= ?", (last,))
    return int(unsent)


def read_unsent(connection: sqlite3.Connection, limit: int) -> list[Sample]:
    """The oldest samples that the platform does not have, at most `limit`."""
    rows = connection.execute(
        "SELECT number, epoch, at_ms, trust, gauges FROM telemetry WHERE number > ? ORDER BY number LIMIT ?",
        (get_int(connection, SENT), limit),
    )
    return [Sample._make(row) for row in rows]


def note_sent(connection: sqlite3.Connection, number: int) -> None:
    """The platform has every sample up to this number that was not given up."""
    put_fact(connection, SENT, max(number, get_int(connection, SENT)))


def read_standing(connection: sqlite3.Connection) -> RingStanding:
    """How full the ring is."""
    sent = get_int(connection, SENT)
    kept, waiting = connection.execute(
        "SELECT count(*), coalesce(sum(number > ?), 0) FROM telemetry", (sent,)
    ).fetchone()
    return RingStanding(kept, waiting, get_int(connection, DROPPED))


def _newest_number(connection: sqlite3.Connection) -> int:
    return int(connection.execute("SELECT coalesce(max(number), 0) FROM telemetry").fetchone()[0])
