"""Orders of the feed that lie in cells: their cells are occupied here too.

The hub's own deposits know better where their parcels are; the feed only adds who may collect them.
"""

from collections.abc import Iterable

from edge.access.lockers import records
from edge.access.lockers.cells import DOUBLE, free_cell, occupy_cell, open_case
from edge.access.lockers.records import Parcel
from edge.access.ports import OrderCell
from edge.store.unit import Unit


def note_order(unit: Unit, order_id: str, cells: Iterable[OrderCell], *, overdue_at_ms: int) -> None:
    """The platform says that an order lies in these cells now; none: it lies here no more."""
    known = records.parcels_of_order(unit.connection, order_id)
    if any(parcel.origin == "deposit" for parcel in known):
        return
    wanted = {(cell.bank, cell.cell): cell for cell in cells}
    for parcel in known:
        if parcel.state == "in_cell" and (parcel.bank, parcel.cell) not in wanted:
            records.end_parcel(unit.connection, parcel, state="taken", at_ms=unit.now.at_ms)
            if records.hand_at(unit.connection, parcel.bank, parcel.cell) is None:
                free_cell(unit, parcel.bank, parcel.cell, how="platform")
    seen = {parcel.parcel for parcel in known}
    for cell in wanted.values():
        if cell.parcel not in seen:
            _put(unit, order_id, cell, overdue_at_ms)


def _put(unit: Unit, order_id: str, cell: OrderCell, overdue_at_ms: int) -> None:
    """Where another parcel lies, or is being put, nothing is written down but that two are said to."""
    found = records.find_cell(unit.connection, cell.bank, cell.cell)
    taken = records.parcel_in(unit.connection, cell.bank, cell.cell) is not None
    if taken or (found is not None and found.state == "reserved"):
        open_case(unit, DOUBLE, cell.bank, cell.cell, order_id, hold=False)
        return
    records.insert_parcel(
        unit.connection,
        Parcel(
            order_id=order_id,
            parcel=cell.parcel,
            bank=cell.bank,
            cell=cell.cell,
            mailbox="",
            origin="feed",
            state="in_cell",
            stored_at_ms=unit.now.at_ms,
            overdue_at_ms=overdue_at_ms,
        ),
    )
    occupy_cell(unit, cell.bank, cell.cell)
