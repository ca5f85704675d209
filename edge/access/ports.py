"""What the access room needs from outside."""

import sqlite3
from collections.abc import Awaitable, Callable
from typing import Protocol

import msgspec

from edge.access.doors.door import Door
from edge.store.unit import Unit
from edge.trust.clock import Reading

Patience = Callable[[float], Awaitable[None]]
"""Waits some seconds: `asyncio.sleep`, or a test's own."""

Trigger = Callable[[str, str], None]
"""Sends one pulse under an opening's id to a door, from any thread, without waiting; it never raises."""


class Pulser(Protocol):
    """Releases a door once."""

    async def pulse(self, opening_id: str, door_id: str) -> None:
        """Fire one pulse under this id, unless a trigger sent it; return when the device says that it fired.

        Raises NotMoved when certainly nothing was fired, another DeviceError when nobody can tell.
        """
        ...


class Holder(Protocol):
    """Keeps a door released."""

    async def hold(self, door_id: str, on: bool) -> None:
        """Begin or end keeping the door released. Raises DeviceError."""
        ...


class Gate(Protocol):
    """What a door itself says at present about who may pass."""

    def judge(
        self, connection: sqlite3.Connection, door: Door, kind: str, subject: str, now: Reading
    ) -> None:
        """Raise a Refusal when an opening of this kind is not to be for this person: lock-down, interlock."""
        ...


class CellPort(Protocol):
    """Opens a locker cell."""

    async def open_cell(self, opening_id: str, bank: str, cell: str) -> None:
        """Send one command under this id; return when the board has taken it (which is not *opened*).

        Raises NotMoved when certainly nothing was done, another DeviceError when nobody can tell.
        """
        ...


class OrderCell(msgspec.Struct, frozen=True, kw_only=True):
    """One parcel of an order and the cell that it lies in."""

    bank: str
    cell: str
    parcel: str
    items_zh: str = ""
    items_en: str = ""


class OrderBook(Protocol):
    """What the shop knows about orders in cells."""

    def find_cells(self, connection: sqlite3.Connection, order_id: str) -> tuple[OrderCell, ...]:
        """The cells that hold the order; none when it is unknown or collected."""
        ...

    def mark_collected(self, unit: Unit, order_id: str) -> None:
        """Note that the order was collected, inside the unit that journals it."""
        ...
