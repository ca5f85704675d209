"""Orders from the feed that lie in locker cells, with our own collections laid over them.

A collected order stays collected here until the platform's record says the same or covers our event.
"""

import sqlite3
from typing import Any

import msgspec

from edge.access.lockers.feed_parcels import note_order
from edge.access.ports import OrderCell
from edge.pay.copies import end_overlay, laid_over, lay_over, take_record
from edge.pay.records import delete
from edge.shop import records
from edge.shop.errors import OrderUnknown
from edge.store.history import PastEvent
from edge.store.unit import Unit

IN_CELLS = "in_cells"
COLLECTED = "collected"
COLLECTION = "orders"


class CellOrder(msgspec.Struct, frozen=True, kw_only=True):
    """An order in cells; `subject` is the opaque id of its person, `state` in_cells, collected or removed.

    A parcel for a `room` may have no `subject`: anybody of the room collects it. `overdue_ms` 0: never.
    `unconfirmed` means that we know of the collection and the platform does not yet.
    """

    id: str
    subject: str
    state: str
    cells: tuple[OrderCell, ...]
    room: str = ""
    overdue_ms: int = 0
    unconfirmed: bool = False


def apply_order(unit: Unit, record_id: str, version: int, data: dict[str, Any] | None) -> None:
    """Take an order from the feed. Raises msgspec.ValidationError."""
    if data is None:
        delete(unit.connection, "cell_orders", record_id)
        note_order(unit, record_id, (), overdue_at_ms=0)
        return
    order = msgspec.convert({**data, "id": record_id}, CellOrder)
    row = {
        "id": record_id,
        "version": version,
        "subject": order.subject,
        "state": order.state,
        "cells": msgspec.json.encode(order.cells).decode(),
        "room": order.room,
    }
    if take_record(unit, COLLECTION, "cell_orders", row, data):
        if order.state != IN_CELLS:
            end_overlay(unit, COLLECTION, record_id)
        present = find_cells(unit.connection, record_id)
        note_order(unit, record_id, present, overdue_at_ms=order.overdue_ms)


def mark_collected(unit: Unit, order_id: str, past: PastEvent | None = None) -> None:
    """Lay over an order that it was collected, by the event just recorded or read back (`past`)."""
    lay_over(unit, COLLECTION, order_id, {"state": COLLECTED}, past)


def find_cell_order(connection: sqlite3.Connection, order_id: str) -> CellOrder:
    """Return an order in cells. Raises OrderUnknown."""
    row = records.cell_order_row(connection, order_id)
    if row is None:
        raise OrderUnknown(order=order_id)
    return _order_of(connection, row)


def find_cells(connection: sqlite3.Connection, order_id: str) -> tuple[OrderCell, ...]:
    """Return the cells that hold an order; none when it is unknown or collected."""
    row = records.cell_order_row(connection, order_id)
    if row is None:
        return ()
    order = _order_of(connection, row)
    return order.cells if order.state == IN_CELLS else ()


def orders_of(connection: sqlite3.Connection, subject: str) -> tuple[CellOrder, ...]:
    """Return a person's orders in cells, collected ones too."""
    return tuple(_order_of(connection, row) for row in records.cell_orders_of(connection, subject))


def orders_waiting(connection: sqlite3.Connection, subject: str, room: str) -> tuple[CellOrder, ...]:
    """Return what a person may collect: their own orders in cells, and parcels for their room."""
    rows = records.cell_orders_waiting(connection, subject, room)
    return tuple(order for order in (_order_of(connection, row) for row in rows) if order.state == IN_CELLS)


def _order_of(connection: sqlite3.Connection, row: dict[str, Any]) -> CellOrder:
    laid = laid_over(connection, COLLECTION, row["id"])
    return CellOrder(
        id=row["id"],
        subject=row["subject"],
        state=laid[-1]["state"] if laid else row["state"],
        cells=msgspec.json.decode(row["cells"], type=tuple[OrderCell, ...]),
        room=row["room"],
        unconfirmed=bool(laid),
    )
