"""The trusted clock's memory: its floor and anchor across restarts."""

import sqlite3

import msgspec

from edge.store.facts import get_fact, put_fact
from edge.store.unit import Unit
from edge.trust.clock import ClockState, Trust, TrustedClock

_FACT = "clock"


def restore_clock(connection: sqlite3.Connection, clock: TrustedClock) -> None:
    """Give the clock what it knew, and the newest journal entry stamped SYNCED as a floor."""
    kept = get_fact(connection, _FACT)
    if isinstance(kept, bytes):
        clock.restore(msgspec.json.decode(kept, type=ClockState))
    row = connection.execute(
        "SELECT at_ms FROM journal WHERE seq > (SELECT max(seq) FROM journal) - 1000 AND trust = ? "
        "ORDER BY seq DESC LIMIT 1",
        (Trust.SYNCED.value,),
    ).fetchone()
    if row is not None:
        clock.raise_floor_by_entry(row[0])


def save_clock(unit: Unit, clock: TrustedClock) -> None:
    """Keep what the clock knows; called after every accepted time."""
    put_fact(unit.connection, _FACT, msgspec.json.encode(clock.state))
