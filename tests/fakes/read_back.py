"""A backup of a store in memory, and what came after it, read back as custody gives it."""

from collections.abc import Mapping
from typing import Any

from edge.store import journal
from edge.store.connections import open_writer
from edge.store.facts import get_int
from edge.store.history import HISTORY_LEFT, Replay, append_history
from edge.store.inline import InlineStore
from edge.tables import REPLAYS
from tests.fakes.clock import FakeClock


def copy_of(store: InlineStore, clock: FakeClock | None = None) -> InlineStore:
    """A backup, opened; at the clock's start where none is given."""
    connection = open_writer(":memory:")
    connection.deserialize(store.connection.serialize())
    return InlineStore(connection, site="heyuanli", device="k1", clock=clock or FakeClock())


def kinds_after(store: InlineStore, copy: InlineStore) -> list[str]:
    """Types of the entries that the copy lacks."""
    return [row.type for row in journal.tail(store.connection, copy.executor.head.seq)]


def read_back(
    store: InlineStore,
    copy: InlineStore,
    entries: int | None = None,
    replays: Mapping[str, Replay] = REPLAYS,
) -> InlineStore:
    """Append what came after the copy, or its first `entries`; returns the copy."""
    rows = journal.tail(store.connection, copy.executor.head.seq, entries)
    lines = [journal.line(row) for row in rows]
    copy.run_now(lambda unit: append_history(unit, lines, replays))
    return copy


def left_out(copy: InlineStore) -> int:
    """How many entries could not be done again, though there is a rule for them."""
    return get_int(copy.connection, HISTORY_LEFT)


def tables_of(store: InlineStore, *queries: str) -> dict[str, list[Any]]:
    """What queries find; a bare name is a whole table."""
    run = store.connection.execute
    return {query: run(query if " " in query else f"SELECT * FROM {query}").fetchall() for query in queries}
