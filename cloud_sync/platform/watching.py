"""What another process of the platform wrote: looked for by one query for all sites and devices."""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from cloud_sync.platform.bells import Bell
from cloud_sync.platform.database import Database
from cloud_sync.platform.store.port import Connection

LOOK_S = 2.0
TRUSTED_S = 5 * LOOK_S
"""Without a look for so long, readers ask the database themselves."""


class News(NamedTuple):
    """The newest cursor of all, sites whose feed went on, open commands and their devices."""

    cursor: int
    sites: list[str]
    commands: dict[str, str]


class Watcher:
    """Rings for what no bell of this process told of: another process's records and commands.

    `cursor` is the newest one of the feed before anything is served. Records are committed in the order of
    their cursors (ADR 28), so none can appear behind the newest that was seen.
    """

    def __init__(
        self, database: Database, *, feed: Bell, commands: Bell, cursor: int, clock_ms: Callable[[], int]
    ) -> None:
        self._clock_ms = clock_ms
        self._database = database
        self._feed = feed
        self._commands = commands
        self._cursor = cursor
        self._open: frozenset[str] = frozenset()

    async def run(self) -> None:
        """A role: look again and again. Raises StoreAway."""
        while True:
            await self.look()
            await asyncio.sleep(LOOK_S)

    async def look(self) -> None:
        """Look once, and ring for what is new; one's own writes ring once more. Raises StoreAway."""
        news = await self._database.read(partial(read_news, after=self._cursor, now_ms=self._clock_ms()))
        self._cursor = news.cursor
        self._feed.ring(news.sites)
        fresh = news.commands.keys() - self._open
        self._commands.ring({news.commands[command] for command in fresh})
        self._open = frozenset(news.commands)
        self._feed.watch(TRUSTED_S)
        self._commands.watch(TRUSTED_S)


def newest_cursor(connection: Connection) -> int:
    """The newest cursor of all sites, 0 where there is none."""
    row = connection.execute("SELECT max(cursor) FROM records").fetchone()
    return int(row[0] or 0)


def read_news(connection: Connection, after: int, now_ms: int) -> News:
    """What came to the feeds after a cursor, and every command that a device may still fetch."""
    rows = connection.execute(
        "SELECT site, max(cursor) AS newest FROM records WHERE cursor>? GROUP BY site", (after,)
    ).fetchall()
    waiting = connection.execute(
        "SELECT id, device FROM commands WHERE state IN ('queued', 'sent') AND expires_ms>?", (now_ms,)
    )
    return News(
        cursor=max((int(row["newest"]) for row in rows), default=after),
        sites=[row["site"] for row in rows],
        commands={row["id"]: row["device"] for row in waiting},
    )
