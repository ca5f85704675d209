"""Lockers and pickup as the screens see them."""

import sqlite3
from collections.abc import Iterable, Mapping
from typing import Literal, cast

from edge.access.contacts import ContactDesk, ContactState
from edge.access.errors import UnknownOrder
from edge.access.lockers import case_records, records
from edge.access.lockers.layout import BankLayout, CellPlace, lay_out
from edge.access.lockers.pickup_records import PickupSession, SessionCell
from edge.access.lockers.records import Cell
from edge.access.pickup import PickupDesk
from edge.access.places import cell_place, split_cell
from edge.homes.rooms import find_room
from edge.shop.orders import orders_waiting
from edge.store.store import Store
from kiosk.desks.locker_views import Problem, WaitingOrder
from kiosk.desks.views import Bank, BankCell, CellState, Pickup, PickupCell, Resident
from kiosk.words import Text

STATES: dict[str, CellState] = {
    "waiting": "waiting",
    "requested": "opening",
    "opened": "open",
    "closed": "got",
    "unknown": "unknown",
    "refused": "jam",
    "given_up": "left",
    "disputed": "disputed",
}
"""A session cell's state as the screen names it."""

DOORS: dict[ContactState, Literal["closed", "open", "unknown"]] = {
    ContactState.CLOSED: "closed",
    ContactState.OPEN: "open",
    ContactState.UNKNOWN: "unknown",
}

Stand = Literal["free", "reserved", "occupied", "held", "out_of_order"]


class BankViews:
    """Banks as they stand: layout of the site file, cells of the store, doors as last reported."""

    def __init__(self, *, store: Store, contacts: ContactDesk, banks: Iterable[BankLayout]) -> None:
        self._store = store
        self._contacts = contacts
        self._places = {bank.id: lay_out(bank) for bank in banks}

    async def banks(self) -> tuple[Bank, ...]:
        """Every bank."""

        def look(connection: sqlite3.Connection) -> tuple[dict[tuple[str, str], Cell], dict[str, str]]:
            cells = {(cell.bank, cell.cell): cell for cell in records.all_cells(connection)}
            halts = {halt.bank: split_cell(halt.moved)[1] for halt in case_records.halts(connection)}
            return cells, halts

        cells, halts = await self._store.read(look)
        return tuple(
            Bank(bank, self._columns(places, cells), halts.get(bank, ""))
            for bank, places in self._places.items()
        )

    def _columns(
        self, places: tuple[CellPlace, ...], cells: Mapping[tuple[str, str], Cell]
    ) -> tuple[tuple[BankCell, ...], ...]:
        columns: dict[int, list[BankCell]] = {}
        for place in places:
            columns.setdefault(place.column, []).append(
                BankCell(
                    place.cell,
                    place.size,
                    door=DOORS[self._contacts.state_of(cell_place(place.bank, place.cell))],
                    state=_stand(cells.get((place.bank, place.cell))),
                    accessible=place.accessible,
                )
            )
        return tuple(tuple(column) for _, column in sorted(columns.items()))


class RoomLockerDesk:
    """`kiosk.desks.locker_ports.LockerDesk` over the access room."""

    def __init__(self, *, store: Store, pickup: PickupDesk, views: BankViews) -> None:
        self._store = store
        self._pickup = pickup
        self._views = views

    async def banks(self) -> tuple[Bank, ...]:
        """Every bank with the door states last reported."""
        return await self._views.banks()

    async def begin(self, code: str) -> Pickup:
        """Start or resume the session of an order pass."""
        return _view(await self._pickup.start(code))

    async def begin_by_code(self, digits: str) -> Pickup:
        """Start or resume by a pickup code."""
        return _view(await self._pickup.start_by_code(digits))

    async def waiting(self, resident: Resident) -> tuple[WaitingOrder, ...]:
        """Orders in cells of the resident and of their room."""
        return await self._store.read(lambda connection: waiting_orders(connection, resident))

    async def begin_for(self, resident: Resident, order_id: str) -> Pickup:
        """Start or resume one of the resident's own. Raises UnknownOrder for another's."""
        if all(order.order_id != order_id for order in await self.waiting(resident)):
            raise UnknownOrder(order=order_id)
        return _view(await self._pickup.start_for(resident.subject, order_id))

    async def look(self, session_id: str) -> Pickup:
        """The session as it is now."""
        session = await self._pickup.find(session_id)
        return _view(session, other=await self._pickup.wrong_cell(session))

    async def open_next(self, session_id: str) -> None:
        """Open the cell whose turn it is, if it waits."""
        await self._pickup.open_next(session_id)

    async def retry(self, session_id: str) -> None:
        """The person's gesture: try again."""
        await self._pickup.retry(session_id)

    async def give_up(self, session_id: str) -> None:
        """The person's gesture: go on without it."""
        await self._pickup.give_up(session_id)

    async def report(self, session_id: str, cell: str, problem: Problem) -> str:
        """格口是空的, 东西不对: a case; returns its number."""
        return await self._pickup.report(session_id, cell, problem)


def waiting_orders(connection: sqlite3.Connection, resident: Resident) -> tuple[WaitingOrder, ...]:
    """Orders of the feed and deposits made here that a resident may collect."""
    room = find_room(connection, resident.room)
    found = {order.id: len(order.cells) for order in orders_waiting(connection, resident.subject, room.id)}
    own: dict[str, int] = {}
    for parcel in records.parcels_of_mailbox(connection, room.mailbox) if room.mailbox else []:
        own[parcel.order_id] = own.get(parcel.order_id, 0) + 1
    gone = {
        order
        for order in found
        if order not in own
        and any(parcel.origin == "deposit" for parcel in records.parcels_of_order(connection, order))
    }
    return tuple(WaitingOrder(order, cells) for order, cells in (found | own).items() if order not in gone)


def _stand(cell: Cell | None) -> Stand:
    return "out_of_order" if cell is None else cast(Stand, cell.state)


def _view(session: PickupSession, other: str = "") -> Pickup:
    present = session.current if session.state == "open" else None
    return Pickup(
        session_id=session.id,
        order_id=session.order_id,
        cells=tuple(_cell(cell, other) for cell in session.cells),
        present=present.cell if present else None,
    )


def _cell(cell: SessionCell, other: str) -> PickupCell:
    return PickupCell(
        cell=cell.cell,
        items=Text(cell.items_zh, cell.items_en),
        state=STATES[cell.state],
        attempts=cell.attempts,
        problem=cell.problem,
        other=other if cell.state == "unknown" else "",
    )
