"""The reference platform to be killed: `python -m tests.faults.planted_platform BUG …` plants a bug in it.

`BUG` is a name of `BUGS`; what follows is the platform's own command line.
"""

import asyncio
import sys
from collections.abc import Callable
from typing import Any

from cloud_sync.platform.__main__ import main
from cloud_sync.platform.database import Database

LATE_S = 0.02


class _Peeked(Exception):
    """Carries an answer out of a unit that leaves nothing behind."""

    def __init__(self, answer: Any) -> None:
        super().__init__()
        self.answer = answer


def _answered_before_commit() -> None:
    """Custody answers what it will have stored a moment later."""
    honest, late = Database.take, asyncio.Lock()
    storing: set[asyncio.Task[None]] = set()

    async def store(self: Database, work: Callable[[Any], Any]) -> None:
        await asyncio.sleep(LATE_S)
        try:
            await honest(self, work)
        finally:
            late.release()

    async def take(self: Database, work: Callable[[Any], Any]) -> Any:
        def peek(connection: Any) -> None:
            raise _Peeked(work(connection))

        await late.acquire()
        try:
            await honest(self, peek)
        except _Peeked as peeked:
            task = asyncio.create_task(store(self, work))
            storing.add(task)
            task.add_done_callback(storing.discard)
            return peeked.answer
        except BaseException:
            late.release()
            raise

    Database.take = take  # type: ignore[method-assign]


BUGS = {"answered before the COMMIT": _answered_before_commit}

if __name__ == "__main__":
    BUGS[sys.argv.pop(1)]()
    sys.exit(main())
