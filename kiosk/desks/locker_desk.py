"""Lockers and pickup as the screens see them."""

from collections.abc import Iterable
from typing import Literal, Protocol

from edge.access.contacts import ContactDesk, ContactState
from edge.access.errors import AskAtCounter, UnknownOrder
from edge.access.lockers.errors import PickupCodeWrong
from edge.access.pickup import PickupDesk
from edge.access.places import cell_place
from edge.access.records import PickupSession, SessionCell
from kiosk.desks.locker_views import Problem, WaitingOrder
from kiosk.desks.views import Bank, BankCell, CellState, Pickup, PickupCell, Resident
from kiosk.words import Text

PANEL = "panel"
STATES: dict[str, CellState] = {
    "waiting": "waiting",
    "requested": "opening",
    "opened": "open",
    "closed": "got",
    "unknown": "unknown",
    "refused": "jam",
    "given_up": "left",
}
"""A session cell's state as the screen names it."""

DOORS: dict[ContactState, Literal["closed", "open", "unknown"]] = {
    ContactState.CLOSED: "closed",
    ContactState.OPEN: "open",
    ContactState.UNKNOWN: "unknown",
}


class BankLayout(Protocol):
    """What the screen needs of a bank's settings."""

    @property
    def id(self) -> str:
        """The bank's name."""

    @property
    def columns(self) -> tuple[tuple[str, ...], ...]:
        """`cell:size` entries, column by column."""


class RoomLockerDesk:
    """`kiosk.desks.locker_ports.LockerDesk` over the access room."""

    def __init__(self, *, pickup: PickupDesk, contacts: ContactDesk, banks: Iterable[BankLayout]) -> None:
        self._pickup = pickup
        self._contacts = contacts
        self._banks = tuple(banks)

    async def banks(self) -> tuple[Bank, ...]:
        """Every bank with the door states last reported."""
        return tuple(
            Bank(bank.id, tuple(self._column(bank.id, column) for column in bank.columns))
            for bank in self._banks
        )

    async def begin(self, code: str) -> Pickup:
        """Start or resume the session of an order pass."""
        return _view(await self._pickup.start(code))

    async def begin_by_code(self, digits: str) -> Pickup:
        """No order has a code here as yet."""
        raise PickupCodeWrong(left=0)

    async def waiting(self, resident: Resident) -> tuple[WaitingOrder, ...]:
        """Orders are collected by their pass only as yet."""
        return ()

    async def begin_for(self, resident: Resident, order_id: str) -> Pickup:
        """See `waiting`."""
        raise UnknownOrder(order=order_id)

    async def report(self, session_id: str, cell: str, problem: Problem) -> str:
        """The counter has it."""
        raise AskAtCounter(cell=cell)

    async def look(self, session_id: str) -> Pickup:
        """The session as it is now."""
        return _view(await self._pickup.find(session_id))

    async def open_next(self, session_id: str) -> None:
        """Open the cell whose turn it is, if it waits."""
        await self._pickup.open_next(session_id)

    async def retry(self, session_id: str) -> None:
        """The person's gesture: try again."""
        await self._pickup.retry(session_id)

    async def give_up(self, session_id: str) -> None:
        """The person's gesture: go on without it."""
        await self._pickup.give_up(session_id)

    def _column(self, bank: str, column: tuple[str, ...]) -> tuple[BankCell, ...]:
        cells = []
        for entry in column:
            name, _, size = entry.partition(":")
            if name != PANEL:
                door = DOORS[self._contacts.state_of(cell_place(bank, name))]
                cells.append(BankCell(name, size or "m", door=door))
        return tuple(cells)


def _view(session: PickupSession) -> Pickup:
    present = session.current if session.state == "open" else None
    return Pickup(
        session_id=session.id,
        order_id=session.order_id,
        cells=tuple(_cell(cell) for cell in session.cells),
        present=present.cell if present else None,
    )


def _cell(cell: SessionCell) -> PickupCell:
    return PickupCell(
        cell=cell.cell,
        items=Text(cell.items_zh, cell.items_en),
        state=STATES[cell.state],
        attempts=cell.attempts,
    )
