"""The same executor in the caller's thread: for tests, simulation and the command line when no hub runs."""

import sqlite3
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import TypeVar

from edge.store.condition import STORE_TOPIC
from edge.store.connections import claim, open_writer
from edge.store.lanes import Lane
from edge.store.migrate import Migration, apply_to
from edge.store.notifier import Notifier
from edge.store.reserve import Reserve
from edge.store.schema import MIGRATIONS
from edge.store.store import Store
from edge.store.unit import Executor, Unit
from edge.store.writer import Writer
from edge.trust.clock import Clock

T = TypeVar("T")


@lru_cache(maxsize=8)
def _image(migrations: tuple[Migration, ...]) -> bytes:
    """An empty database of this schema, byte for byte; to migrate anew takes forty times as long."""
    connection = open_writer(":memory:")
    apply_to(connection, migrations)
    image = connection.serialize()
    connection.close()
    return image


class InlineStore(Store):
    """A store without threads. ``run_now`` and ``read_now`` work without an event loop.

    Without a ``reserve`` a full disk ends all writing at once.
    """

    def __init__(
        self,
        connection: sqlite3.Connection,
        *,
        site: str,
        device: str,
        clock: Clock,
        reserve: Reserve | None = None,
    ) -> None:
        self.notifier = Notifier()
        self.connection = connection
        claim(connection, site=site, device=device)
        self._writer = Writer(
            Executor(connection, site=site, device=device, clock=clock),
            reserve=reserve,
            on_change=lambda standing: self.notifier.publish(STORE_TOPIC),
        )

    @property
    def executor(self) -> Executor:
        return self._writer.executor

    @classmethod
    def in_memory(
        cls,
        *,
        clock: Clock,
        migrations: Sequence[Migration] = MIGRATIONS,
        site: str = "heyuanli",
        device: str = "k1",
    ) -> "InlineStore":
        """Return a store over a fresh database in memory with the given schema."""
        connection = open_writer(":memory:")
        connection.deserialize(_image(tuple(migrations)))
        return cls(connection, site=site, device=device, clock=clock)

    def run_now(self, work: Callable[[Unit], T]) -> T:
        """Run one unit and commit it; raise what it raised."""
        outcome = self._writer.run_batch([work])[0]
        if outcome.error is not None:
            raise outcome.error
        self.notifier.publish_all(sorted(outcome.topics))
        value: T = outcome.value
        return value

    def read_now(self, query: Callable[[sqlite3.Connection], T]) -> T:
        """Run a query."""
        return query(self.connection)

    async def run(self, work: Callable[[Unit], T], *, lane: Lane = Lane.FRONT) -> T:
        return self.run_now(work)

    async def read(self, query: Callable[[sqlite3.Connection], T]) -> T:
        return self.read_now(query)

    def close(self) -> None:
        self.connection.close()
