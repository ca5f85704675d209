"""An order book that lives in the test."""

import sqlite3

from edge.access.ports import OrderCell
from edge.store.unit import Unit


class FakeOrders:
    """Orders in cells; `collected` lists those that were marked, in order."""

    def __init__(self, orders: dict[str, tuple[tuple[str, str], ...]]) -> None:
        self.orders = orders
        self.collected: list[str] = []

    def find_cells(self, connection: sqlite3.Connection, order_id: str) -> tuple[OrderCell, ...]:
        """The order's cells until it is collected."""
        if order_id in self.collected:
            return ()
        return tuple(
            OrderCell(bank=bank, cell=cell, parcel=f"{order_id}-{number}")
            for number, (bank, cell) in enumerate(self.orders.get(order_id, ()))
        )

    def mark_collected(self, unit: Unit, order_id: str) -> None:
        """Mark it."""
        self.collected.append(order_id)
