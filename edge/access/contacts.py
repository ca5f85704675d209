"""What the contacts (门磁) say, and what it decides. A contact not yet read is unknown, not closed."""

import asyncio
from collections.abc import Callable, Mapping
from enum import StrEnum

from edge.access import records
from edge.access.lockers.settings import LockerSettings
from edge.access.lockers.watching import report_cell
from edge.access.openings import hint_topic, record_opened
from edge.access.places import is_cell
from edge.access.ports import OrderBook
from edge.access.records import Opening
from edge.errors import StoreError
from edge.store.crashpoints import reach
from edge.store.store import Store
from edge.store.unit import Unit


class ContactState(StrEnum):
    """What a contact last reported."""

    OPEN = "open"
    CLOSED = "closed"
    UNKNOWN = "unknown"


def report_contact(
    unit: Unit,
    place: str,
    state: ContactState,
    *,
    previous: ContactState,
    orders: OrderBook,
    lockers: LockerSettings,
) -> list[Opening]:
    """Take one report; return the openings that it decided.

    A door's opening is decided only by a movement that was seen, closed to open: a cut wire reads open all
    along. A cell opens only by its board, so that a first reading of *open* after a reconnect says it too,
    also for an opening that had been given up as unknown.
    """
    unit.hint(hint_topic(place))
    if is_cell(place):
        return report_cell(unit, place, state, previous, orders, lockers)
    if (previous, state) != (ContactState.CLOSED, ContactState.OPEN):
        return []
    return [record_opened(unit, opening) for opening in records.undecided_at(unit.connection, place)]


OnDoor = Callable[[str, ContactState, bool], None]
"""Told of a door's contact: place, what it says now, and whether an opening waited for this movement."""


class ContactDesk:
    """Takes reports in order, keeps each place's last one, and wakes who waits for an opening.

    The states live in memory only: after a restart every contact is unknown until it is read again.
    """

    def __init__(self, *, store: Store, orders: OrderBook, lockers: LockerSettings | None = None) -> None:
        self._store = store
        self._orders = orders
        self._lockers = lockers or LockerSettings()
        self._states: dict[str, ContactState] = {}
        self._waiting: dict[str, asyncio.Event] = {}
        self._movements: dict[str, tuple[str, asyncio.Event]] = {}
        self._order = asyncio.Lock()
        self._on_door: OnDoor | None = None

    def follow_doors(self, on_door: OnDoor) -> None:
        """Have every change of a door's contact told, once what it decides is on disk."""
        self._on_door = on_door

    @property
    def states(self) -> Mapping[str, ContactState]:
        """The last report of every place that ever reported."""
        return self._states

    def state_of(self, place: str) -> ContactState:
        """The last report of a place."""
        return self._states.get(place, ContactState.UNKNOWN)

    def forget(self, places: tuple[str, ...]) -> None:
        """Their device is away: unknown until read again."""
        for place in places:
            self._states[place] = ContactState.UNKNOWN
            self._tell_door(place, ContactState.UNKNOWN, authorised=False)

    async def report(self, place: str, state: ContactState) -> None:
        """Take one report of a place; returns when what it decided is on disk."""
        async with self._order:
            previous = self.state_of(place)
            if previous is state:
                return
            decided = await self._write(place, state, previous)
            self._states[place] = state
        moved = (previous, state) == (ContactState.CLOSED, ContactState.OPEN)
        watching = [event for watched, event in self._movements.values() if moved and watched == place]
        for event in watching:
            event.set()
        self._tell_door(place, state, authorised=bool(decided or watching))
        if decided:
            reach("pickup.after_opened" if is_cell(place) else "gate.after_contact")
        elif is_cell(place) and state is ContactState.CLOSED:
            reach("pickup.after_closed")
        for opening in decided:
            if (waiting := self._waiting.get(opening.id)) is not None:
                waiting.set()

    def _tell_door(self, place: str, state: ContactState, *, authorised: bool) -> None:
        if self._on_door is not None and not is_cell(place):
            self._on_door(place, state, authorised)

    def watch(self, opening_id: str) -> asyncio.Event:
        """An event that is set once the contact has decided the opening; asked for before firing."""
        return self._waiting.setdefault(opening_id, asyncio.Event())

    def watch_movement(self, place: str, opening_id: str) -> asyncio.Event:
        """An event that is set once the contact of a place is seen to open, for an opening not on disk."""
        return self._movements.setdefault(opening_id, (place, asyncio.Event()))[1]

    def unwatch(self, opening_id: str) -> None:
        """Nobody waits any more."""
        self._waiting.pop(opening_id, None)
        self._movements.pop(opening_id, None)

    async def _write(self, place: str, state: ContactState, previous: ContactState) -> list[Opening]:
        """Write what a report decides; a door's own state is known also while nothing can be written."""
        try:
            return await self._store.run(
                lambda unit: report_contact(
                    unit, place, state, previous=previous, orders=self._orders, lockers=self._lockers
                )
            )
        except StoreError:
            if is_cell(place):
                raise
            self._store.notifier.publish(hint_topic(place))
            return []
