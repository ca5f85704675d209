"""Stores for the tests of the store."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from edge.store.inline import InlineStore
from edge.store.migrate import Migration
from edge.store.schema import MIGRATIONS
from edge.store.store import Store
from tests.fakes.clock import FakeClock

NOTES = Migration("notes-001", "CREATE TABLE notes (id TEXT PRIMARY KEY, text TEXT NOT NULL) STRICT;")

Opener = Callable[..., Store]


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def inline(clock: FakeClock) -> Iterator[InlineStore]:
    store = InlineStore.in_memory(clock=clock, migrations=(*MIGRATIONS, NOTES))
    yield store
    store.close()


@pytest.fixture
def opener(tmp_path: Path, clock: FakeClock) -> Iterator[Opener]:
    """Open the same file again and again; whatever is still open at the end is closed."""
    opened: list[Store] = []

    def open_store(
        site: str = "heyuanli",
        device: str = "k1",
        migrations: Sequence[Migration] = (*MIGRATIONS, NOTES),
    ) -> Store:
        path = tmp_path / "hub.db"
        store = Store.open(path, site=site, device=device, clock=clock, migrations=migrations)
        opened.append(store)
        return store

    yield open_store
    for store in opened:
        store.close()
