"""The order book of the lockers: orders of the feed, and what couriers and clerks deposited here.

A deposit can be collected at once, also while the platform is away: its own rows say where it lies.
"""

import sqlite3

from edge.access.lockers import records
from edge.access.ports import OrderBook, OrderCell
from edge.store.unit import Unit


class LockerOrders:
    """`edge.access.ports.OrderBook` over the feed's orders and our own deposits."""

    def __init__(self, feed: OrderBook) -> None:
        self._feed = feed

    def find_cells(self, connection: sqlite3.Connection, order_id: str) -> tuple[OrderCell, ...]:
        """Where the order lies; none when it is unknown, collected, or was taken out."""
        known = records.parcels_of_order(connection, order_id)
        if not any(parcel.origin == "deposit" for parcel in known):
            return self._feed.find_cells(connection, order_id)
        return tuple(
            OrderCell(
                bank=parcel.bank,
                cell=parcel.cell,
                parcel=parcel.parcel,
                items_zh="快递包裹",
                items_en="Parcel",
            )
            for parcel in known
            if parcel.state == "in_cell"
        )

    def mark_collected(self, unit: Unit, order_id: str) -> None:
        """Note that the order was collected, inside the unit that journals it."""
        self._feed.mark_collected(unit, order_id)
