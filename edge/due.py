"""What a hub does by itself again and again: the table of recurring timers, and who does the long ones.

An act runs on the writer's thread, so it is short: what takes longer is only hinted there, and done by a role
that waits for the hint.
"""

from collections.abc import Awaitable, Callable, Mapping

from cloud_sync.feed_applying import forget_ended
from edge.books.verification import BooksReport
from edge.service.books_check import note_books
from edge.service.timers import Recurring, clean_done, daily_at, every
from edge.settlement.matching import MATCH_TOPIC
from edge.shop.checkout import cancel_abandoned
from edge.store.lanes import Lane
from edge.store.retention import RETENTION_TOPIC
from edge.store.store import Store
from edge.store.unit import Unit
from edge.tables import APPLIERS

BOOKS_TOPIC = "books_verify"
BACKUP_TOPIC = "backup_due"
HOUR_MS = 3_600_000
HALF_HOUR_MS = HOUR_MS // 2
ABANDONED_MS = HOUR_MS
"""How long an order waits for its money; one with an open payment attempt is left alone."""


def _cut_journal(unit: Unit, subject: str) -> None:
    unit.hint(RETENTION_TOPIC)


def _check_books(unit: Unit, subject: str) -> None:
    unit.hint(BOOKS_TOPIC)


def _back_up(unit: Unit, subject: str) -> None:
    unit.hint(BACKUP_TOPIC)


def _match_due(unit: Unit, subject: str) -> None:
    unit.hint(MATCH_TOPIC)


def _cancel_abandoned(unit: Unit, subject: str) -> None:
    cancel_abandoned(unit, placed_before_ms=unit.now.at_ms - ABANDONED_MS)


def _forget_ended(unit: Unit, subject: str) -> None:
    forget_ended(unit, APPLIERS)


RECURRING: Mapping[str, Recurring] = {
    "abandoned_orders": Recurring(_cancel_abandoned, every(HOUR_MS)),
    "forget_ended": Recurring(_forget_ended, every(HOUR_MS)),
    "clean_timers": Recurring(clean_done, daily_at(3, 0)),
    "retention": Recurring(_cut_journal, daily_at(3, 10)),
    "books_verify": Recurring(_check_books, daily_at(3, 40)),
    "backup": Recurring(_back_up, daily_at(4, 10)),
    "match": Recurring(_match_due, every(HALF_HOUR_MS)),
}
"""Kind → what it does and when next. Night hours of the site, apart from each other.

Which day is matched, and that it is not before 10:00, is decided by who is woken (`settlement.matching`).
"""


class BooksCheck:
    """A role: after each hint the books are verified as a whole, and a difference is an alarm."""

    def __init__(self, *, store: Store, verify: Callable[[], Awaitable[BooksReport]]) -> None:
        self._store = store
        self._verify = verify

    async def run(self) -> None:
        """Wait for hints until cancelled."""
        with self._store.notifier.subscribe(BOOKS_TOPIC) as hints:
            while True:
                await hints.wait()
                await self.check()

    async def check(self) -> bool:
        """Verify now; answers whether the books hold."""
        report = await self._verify()
        words = [difference.words for difference in report.differences]
        return await self._store.run(lambda unit: note_books(unit, words), lane=Lane.BULK)
