"""Waits for contacts in the background: one task an undecided opening, each with an end."""

import asyncio
from collections.abc import Awaitable, Callable

from edge.access.contacts import ContactDesk
from edge.access.ports import Patience
from edge.access.records import Opening

Decide = Callable[[str, bool, str], Awaitable[Opening]]
"""Writes down what became of an opening: its id, whether the contact moved, the reason where it did not."""


class Waits:
    """Decides every fired opening by `decide`: by its contact, or once its time is over."""

    def __init__(self, *, contacts: ContactDesk, patience: Patience, decide: Decide) -> None:
        self._contacts = contacts
        self._patience = patience
        self._decide = decide
        self._tasks: dict[str, asyncio.Task[Opening]] = {}

    def begin(self, opening_id: str, moved: asyncio.Event, timeout_ms: int, reason: str) -> None:
        """Begin to wait for `moved`; `reason` counts when it does not come within `timeout_ms`."""
        task = asyncio.create_task(self._wait(opening_id, moved, timeout_ms, reason))
        self._tasks[opening_id] = task
        task.add_done_callback(lambda _: self._tasks.pop(opening_id, None))

    def of(self, opening_id: str) -> asyncio.Task[Opening] | None:
        """The task that decides an opening, while it runs."""
        return self._tasks.get(opening_id)

    async def close(self) -> None:
        """Stop waiting."""
        tasks = tuple(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _wait(self, opening_id: str, moved: asyncio.Event, timeout_ms: int, reason: str) -> Opening:
        told = asyncio.ensure_future(moved.wait())
        over = asyncio.ensure_future(self._patience(timeout_ms / 1000))
        try:
            await asyncio.wait((told, over), return_when=asyncio.FIRST_COMPLETED)
        finally:
            told.cancel()
            over.cancel()
            self._contacts.unwatch(opening_id)
        return await self._decide(opening_id, moved.is_set(), reason)
