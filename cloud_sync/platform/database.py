"""The platform's units of work: of the home site, or of any other that it serves."""

from collections.abc import Callable
from typing import TypeVar

from cloud_sync.platform.store.port import Connection, Engine

T = TypeVar("T")
Listener = Callable[[set[str]], None]


class Database:
    """Units of work of one site; `of` gives those of another over the same store.

    `heard` is told after a COMMIT which sites' feeds changed.
    """

    def __init__(self, engine: Engine, site: str, *, heard: Listener | None = None) -> None:
        self.site = site
        self._engine = engine
        self._heard = heard

    def of(self, site: str) -> "Database":
        """Units of work of another site."""
        return Database(self._engine, site, heard=self._heard)

    async def write(self, work: Callable[[Connection], T]) -> T:
        """Run `work` in a transaction of its own and return its answer after COMMIT.

        One runs after another: cursors of the feed are committed in their order. Raises StoreAway.
        """
        answer, changed = await self._engine.write(self.site, work)
        self._tell(changed)
        return answer

    async def take(self, work: Callable[[Connection], T]) -> T:
        """`write` for units that author no record and move no money: they may run beside others.

        What they must not do at once they lock by a name. Raises StoreAway.
        """
        answer, changed = await self._engine.take(self.site, work)
        self._tell(changed)
        return answer

    async def read(self, query: Callable[[Connection], T]) -> T:
        """Run a query; it sees everything committed before. Raises StoreAway."""
        return await self._engine.read(self.site, query)

    def write_now(self, work: Callable[[Connection], T]) -> T:
        """`write` for the command line, where no loop runs."""
        return self._engine.write_now(self.site, work)

    def close(self) -> None:
        """Finish what runs and close the store."""
        self._engine.close()

    def _tell(self, changed: set[str]) -> None:
        if changed and self._heard is not None:
            self._heard(changed)
