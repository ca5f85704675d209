"""Receiving 收货: delivery notes from the feed, and counting them in."""

import sqlite3
from collections.abc import Mapping
from typing import Annotated, Any

import msgspec

from edge.pay.records import delete, platform_row, upsert
from edge.shop import records
from edge.shop.errors import DeliveryAlreadyReceived, DeliveryUnknown
from edge.shop.events import ReceivedLine, StockReceived
from edge.shop.lots import add_to_lot
from edge.store.unit import Unit


class DeliveryLine(msgspec.Struct, frozen=True, kw_only=True):
    """What the note says about one lot; `expires_on` as ISO date, None for goods that do not expire."""

    sku: str
    lot: str
    quantity: Annotated[int, msgspec.Meta(ge=1)]
    expires_on: Annotated[str, msgspec.Meta(pattern=r"^\d{4}-\d{2}-\d{2}$")] | None = None


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """A delivery note, and when it was counted in (epoch milliseconds)."""

    id: str
    lines: tuple[DeliveryLine, ...]
    received_at_ms: int | None = None


def apply_delivery(unit: Unit, record_id: str, version: int, data: dict[str, Any] | None) -> None:
    """Take an expected delivery from the feed; a received one stays as it was counted.

    Raises msgspec.ValidationError.
    """
    existing = platform_row(unit.connection, "deliveries", record_id)
    if existing is not None and existing["received_at_ms"] is not None:
        return
    if data is None:
        delete(unit.connection, "deliveries", record_id)
        return
    delivery = msgspec.convert({**data, "id": record_id, "received_at_ms": None}, Delivery)
    row = {"id": record_id, "version": version, "lines": msgspec.json.encode(delivery.lines)}
    upsert(unit.connection, "deliveries", row)


def receive_delivery(
    unit: Unit, delivery_id: str, *, actor: str, counted: Mapping[tuple[str, str], int] | None = None
) -> Delivery:
    """Count a delivery in; `counted` gives pieces by (sku, lot) where they differ from the note.

    Raises DeliveryUnknown, DeliveryAlreadyReceived.
    """
    delivery = find_delivery(unit.connection, delivery_id)
    if delivery.received_at_ms is not None:
        raise DeliveryAlreadyReceived(delivery=delivery_id)
    lines = []
    for line in delivery.lines:
        quantity = (counted or {}).get((line.sku, line.lot), line.quantity)
        if quantity > 0:
            add_to_lot(
                unit,
                sku=line.sku,
                lot=line.lot,
                expires_on=line.expires_on,
                quantity=quantity,
                source_id=delivery_id,
            )
        lines.append(
            ReceivedLine(
                sku=line.sku,
                lot=line.lot,
                expires_on=line.expires_on,
                quantity=quantity,
                expected=line.quantity,
            )
        )
    records.mark_received(unit.connection, delivery_id, unit.now.at_ms)
    unit.record(StockReceived(delivery_id=delivery_id, lines=tuple(lines)), actor=actor)
    return find_delivery(unit.connection, delivery_id)


def find_delivery(connection: sqlite3.Connection, delivery_id: str) -> Delivery:
    """Return one delivery note. Raises DeliveryUnknown."""
    row = platform_row(connection, "deliveries", delivery_id)
    if row is None:
        raise DeliveryUnknown(delivery=delivery_id)
    return _delivery_of(row)


def expected_deliveries(connection: sqlite3.Connection) -> tuple[Delivery, ...]:
    """Return the delivery notes that were not counted in yet."""
    return tuple(_delivery_of(row) for row in records.expected_deliveries(connection))


def _delivery_of(row: dict[str, Any]) -> Delivery:
    return msgspec.convert({**row, "lines": msgspec.json.decode(row["lines"])}, Delivery)
