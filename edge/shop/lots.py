"""Lots 批次 and stock: what is on hand, until when it may be sold, and the moves that add up to it.

A lot may be sold on its expiry date and not after it; the date is that of the clock's reading, or of its
floor when the time is unknown. Pieces of orders that wait for their money are reserved.
"""

import sqlite3
from collections.abc import Mapping
from typing import NamedTuple

from edge.pay.business_day import date_of
from edge.shop import records
from edge.shop.catalogue import Product, find_by_ean
from edge.shop.errors import LotExpired, OutOfStock, RestrictedGoods
from edge.store.unit import Unit
from edge.trust.clock import Reading


class Lot(NamedTuple):
    """A lot on the shelf; `free` is on hand less reserved."""

    id: int
    lot: str
    expires_on: str | None
    free: int


class Allocation(NamedTuple):
    """So many pieces of one lot."""

    lot_id: int
    quantity: int


class Scanned(NamedTuple):
    """A scanned product that may be sold: the expiry date of its next lot and how many are free."""

    product: Product
    expires_on: str | None
    free: int


def scan_product(connection: sqlite3.Connection, ean: str, now: Reading, *, wanted: int = 1) -> Scanned:
    """Return the product of a barcode if `wanted` pieces may be sold now.

    Raises NotABarcode, UnknownProduct, RestrictedGoods, LotExpired, OutOfStock.
    """
    product = find_by_ean(connection, ean)
    return check_sellable(connection, product, now, wanted=wanted)


def check_sellable(
    connection: sqlite3.Connection, product: Product, now: Reading, *, wanted: int = 1
) -> Scanned:
    """Return the product with its next lot if `wanted` pieces may be sold now.

    Raises RestrictedGoods, LotExpired, OutOfStock.
    """
    if product.restricted:
        raise RestrictedGoods(sku=product.sku, licence=product.restricted)
    allocated = allocate_lots(connection, product.sku, wanted, now)
    lots = lots_of(connection, product.sku)
    first = next(lot for lot in lots if lot.id == allocated[0].lot_id)
    return Scanned(product, first.expires_on, sum(lot.free for lot in lots if _may_be_sold(lot, now)))


def lots_of(
    connection: sqlite3.Connection, sku: str, reserved: Mapping[int, int] | None = None
) -> tuple[Lot, ...]:
    """Return the lots of a product that have pieces, first to expire first, those without a date last.

    `reserved` is `edge.shop.records.reserved_pieces` when the caller has asked for it already.
    """
    if reserved is None:
        reserved = records.reserved_pieces(connection)
    rows = records.lot_rows(connection, sku)
    return tuple(
        Lot(row["id"], row["lot"], row["expires_on"], row["on_hand"] - reserved.get(row["id"], 0))
        for row in rows
    )


def allocate_lots(
    connection: sqlite3.Connection,
    sku: str,
    quantity: int,
    now: Reading,
    reserved: Mapping[int, int] | None = None,
) -> tuple[Allocation, ...]:
    """Choose lots for `quantity` pieces, first to expire first; `reserved` as in `lots_of`.

    Raises LotExpired when only expired pieces would make up the number, otherwise OutOfStock.
    """
    lots = lots_of(connection, sku, reserved)
    chosen: list[Allocation] = []
    missing = quantity
    for lot in lots:
        taken = min(missing, lot.free) if _may_be_sold(lot, now) else 0
        if taken > 0:
            chosen.append(Allocation(lot.id, taken))
            missing -= taken
    if missing == 0:
        return tuple(chosen)
    expired = [lot for lot in lots if not _may_be_sold(lot, now) and lot.free > 0]
    if expired:
        raise LotExpired(sku=sku, lot=expired[0].lot, expires_on=expired[0].expires_on or "")
    raise OutOfStock(sku=sku, available=quantity - missing)


def _may_be_sold(lot: Lot, now: Reading) -> bool:
    return lot.expires_on is None or date_of(now.at_ms) <= lot.expires_on


def add_to_lot(
    unit: Unit, *, sku: str, lot: str, expires_on: str | None, quantity: int, source_id: str
) -> None:
    """Put received pieces into their lot, which is made when it is new, with the move that says so."""
    lot_id = records.add_lot(unit.connection, sku, lot, expires_on)
    records.move_stock(unit.connection, lot_id, quantity, "received", source_id)


def take_sold(unit: Unit, allocations: tuple[Allocation, ...], order_id: str) -> None:
    """Take sold pieces off their lots; sqlite3.IntegrityError if that would leave a lot below nothing."""
    for allocation in allocations:
        records.move_stock(unit.connection, allocation.lot_id, -allocation.quantity, "sold", order_id)


def put_back(unit: Unit, allocations: tuple[Allocation, ...], return_id: str) -> None:
    """Put pieces that came back into the lots that they were taken from."""
    for allocation in allocations:
        records.move_stock(unit.connection, allocation.lot_id, allocation.quantity, "returned", return_id)


def stock_differences(connection: sqlite3.Connection) -> tuple[str, ...]:
    """Return the lots whose moves do not add up to what is on hand (invariant: none)."""
    return records.stock_differences(connection)
