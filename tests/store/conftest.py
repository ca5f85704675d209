"""Stores for the tests of the store.

Migrations run in a process of their own, so a new file costs more than most tests: it is made once a session
and copied.
"""

import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from edge.store.inline import InlineStore
from edge.store.migrate import Migration, bring_up_to_date
from edge.store.schema import MIGRATIONS
from edge.store.store import Store
from tests.fakes.clock import FakeClock

NOTES = Migration("notes-001", "CREATE TABLE notes (id TEXT PRIMARY KEY, text TEXT NOT NULL) STRICT;")

STEPS = (*MIGRATIONS, NOTES)

Opener = Callable[..., Store]


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with all steps applied and nothing in it."""
    path = tmp_path_factory.mktemp("template") / "hub.db"
    bring_up_to_date(path, STEPS)
    return path


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def inline(clock: FakeClock) -> Iterator[InlineStore]:
    store = InlineStore.in_memory(clock=clock, migrations=STEPS)
    yield store
    store.close()


@pytest.fixture
def opener(tmp_path: Path, template: Path, clock: FakeClock) -> Iterator[Opener]:
    """Open the same file again and again; whatever is still open at the end is closed."""
    opened: list[Store] = []

    def open_store(
        site: str = "heyuanli",
        device: str = "k1",
        migrations: Sequence[Migration] = STEPS,
    ) -> Store:
        path = tmp_path / "hub.db"
        if migrations == STEPS and not opened and not path.exists():
            shutil.copy(template, path)
        store = Store.open(path, site=site, device=device, clock=clock, migrations=migrations)
        opened.append(store)
        return store

    yield open_store
    for store in opened:
        store.close()
