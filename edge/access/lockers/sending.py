"""Sends the one command of an opening to its board, and sees to it that the opening is decided."""

import asyncio

from edge.access.contacts import ContactDesk
from edge.access.errors import NotMoved
from edge.access.openings import record_fired, record_not_fired
from edge.access.places import split_cell
from edge.access.ports import CellPort, Patience
from edge.access.records import Opening
from edge.access.watch import watch_openings
from edge.errors import DeviceError
from edge.store.crashpoints import reach
from edge.store.store import Store


class CellSender:
    """Fires the openings of pickups, deposits and staff, each once, after its intent is on disk."""

    def __init__(
        self,
        *,
        store: Store,
        cells: CellPort,
        contacts: ContactDesk,
        contact_timeout_ms: int = 5000,
        patience: Patience = asyncio.sleep,
    ) -> None:
        self._store = store
        self._cells = cells
        self._contacts = contacts
        self._contact_timeout_ms = contact_timeout_ms
        self._waits = watch_openings(store=store, contacts=contacts, patience=patience)

    async def send(self, opening: Opening) -> None:
        """Ask the board once; what becomes of it is written by the contact, or once its time is over."""
        reach("pickup.after_intent")
        signal = self._contacts.watch(opening.id)
        try:
            await self._cells.open_cell(opening.id, *split_cell(opening.place))
        except NotMoved as fault:
            self._contacts.unwatch(opening.id)
            reason = fault.reason
            await self._store.run(lambda unit: record_not_fired(unit, opening.id, reason))
            return
        except DeviceError:
            self._waits.begin(opening.id, signal, self._contact_timeout_ms, "no_answer")
            return
        reach("pickup.after_send")
        self._waits.begin(opening.id, signal, self._contact_timeout_ms, "contact_silent")
        await self._store.run(lambda unit: record_fired(unit, opening.id))

    async def decided(self, opening_id: str) -> None:
        """Wait until an opening has its result."""
        watch = self._waits.of(opening_id)
        if watch is not None:
            await asyncio.shield(watch)

    async def close(self) -> None:
        """Stop waiting; what is undecided becomes unknown at the next start."""
        await self._waits.close()
