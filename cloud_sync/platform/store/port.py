"""What the platform asks of its store: units of work over a connection that belongs to one site."""

from collections.abc import Callable, Iterable, Iterator, KeysView, Sequence
from typing import Any, Protocol, TypeVar

from edge.errors import StoreError

T = TypeVar("T")


class IntegrityBroken(StoreError):
    """A row breaks a key, a reference or a check; the unit of work (or its savepoint) is undone."""


class ValueRefused(IntegrityBroken):
    """A value that the database cannot hold: a text with a zero byte, a number beyond 64 bits."""


class StoreAway(StoreError):
    """The database does not answer. What a unit did may have been committed: ask again with the same ids."""


class StoreInUse(StoreError):
    """Another process writes this database; SQLite has one that does."""


class StoreNewer(StoreError):
    """The database was written by a newer program; nothing is touched."""


class Row(Protocol):
    """A row of an answer: by position, by name, as a tuple, as a dict."""

    def keys(self) -> KeysView[str] | list[str]:
        """Names of the columns in their order."""

    def __getitem__(self, which: Any, /) -> Any: ...

    def __iter__(self) -> Iterator[Any]: ...

    def __len__(self) -> int: ...


class Rows(Protocol):
    """The answer to a statement. `rowcount`: rows that it changed."""

    @property
    def rowcount(self) -> int:
        """Rows inserted, updated or deleted."""

    def fetchone(self) -> Any:
        """The next row, None after the last one."""

    def fetchall(self) -> list[Any]:
        """The rows that are left."""

    def __iter__(self) -> Iterator[Any]: ...


class Connection(Protocol):
    """A connection in a unit of work of one site.

    Statements are written once for both stores: `?` for values (never within a literal), `ON CONFLICT`,
    `RETURNING`, `FILTER`; no rowid, no scalar max and min. Raises IntegrityBroken and StoreAway.
    """

    @property
    def site(self) -> str:
        """The site that the unit is about."""

    @property
    def at_home(self) -> bool:
        """Whether that is the site whose residents use this platform's phone page, accounts and payments."""

    @property
    def changed(self) -> set[str]:
        """Sites whose feed this unit changed; whoever waits for them is woken after COMMIT."""

    def of(self, site: str) -> "Connection":
        """The same unit of work, about another site."""

    def scrub(self) -> None:
        """What this unit and those before it deleted is in no file after the COMMIT, where the store can."""

    def lock(self, name: str) -> None:
        """Let no other unit that names the same run at once; held until COMMIT."""

    def execute(self, sql: str, values: Sequence[Any] = (), /) -> Rows:
        """Run one statement."""

    def executemany(self, sql: str, rows: Iterable[Sequence[Any]], /) -> Rows:
        """Run one statement for each row of values."""


class Units(Protocol):
    """Runs units of work of one site; what a part of the platform needs of the store."""

    async def write(self, work: Callable[[Connection], T]) -> T:
        """Run `work` in a transaction of its own; answers after COMMIT.

        All units that author records or move money run one after another, on either store.
        """

    async def read(self, query: Callable[[Connection], T]) -> T:
        """Run a query; it sees everything committed before."""


class Engine(Protocol):
    """One kind of database."""

    async def write(self, site: str, work: Callable[[Connection], T]) -> tuple[T, set[str]]:
        """A unit in the one serial order; answers with the sites whose feed changed."""

    async def take(self, site: str, work: Callable[[Connection], T]) -> tuple[T, set[str]]:
        """A unit that writes no record and no money, beside others of its kind where the database can."""

    async def read(self, site: str, query: Callable[[Connection], T]) -> T:
        """A query."""

    def write_now(self, site: str, work: Callable[[Connection], T]) -> T:
        """`write` for the command line, where no loop runs."""

    def close(self) -> None:
        """Finish what runs and close."""
