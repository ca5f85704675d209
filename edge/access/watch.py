"""Waits for contacts in the background: one task an undecided opening, each with an end."""

import asyncio

from edge.access import records
from edge.access.contacts import ContactDesk
from edge.access.late import cannot_write
from edge.access.openings import record_unknown
from edge.access.ports import Patience
from edge.access.records import Opening
from edge.errors import StoreError
from edge.store.condition import STORE_TOPIC
from edge.store.store import Store
from edge.store.unit import Unit


class Watches:
    """Decides every fired opening: by its contact, or as unknown when its time is over."""

    def __init__(self, *, store: Store, contacts: ContactDesk, patience: Patience) -> None:
        self._store = store
        self._contacts = contacts
        self._patience = patience
        self._tasks: dict[str, asyncio.Task[Opening]] = {}

    def begin(self, opening_id: str, signal: asyncio.Event, timeout_ms: int, reason: str) -> None:
        """Begin to wait for `signal`; `reason` is written when it does not come within `timeout_ms`."""
        task = asyncio.create_task(self._decide(opening_id, signal, timeout_ms, reason))
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

    async def _decide(self, opening_id: str, signal: asyncio.Event, timeout_ms: int, reason: str) -> Opening:
        told = asyncio.ensure_future(signal.wait())
        over = asyncio.ensure_future(self._patience(timeout_ms / 1000))
        try:
            await asyncio.wait((told, over), return_when=asyncio.FIRST_COMPLETED)
        finally:
            told.cancel()
            over.cancel()
            self._contacts.unwatch(opening_id)

        def settle(unit: Unit) -> Opening:
            record_unknown(unit, opening_id, reason)
            opening = records.find_opening(unit.connection, opening_id)
            assert opening is not None
            return opening

        with self._store.notifier.subscribe(STORE_TOPIC) as changes:
            while True:
                try:
                    return await self._store.run(settle)
                except StoreError:
                    # The result is still owed: a pass without a count would wait for it for ever.
                    if not cannot_write(self._store):
                        raise
                    await changes.wait()
