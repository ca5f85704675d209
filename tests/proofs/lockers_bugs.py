"""Bugs to plant in the lockers, by name. Each is one replacement in the product, undone at the end."""

import sqlite3
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

from edge.access import pickup
from edge.access.lockers import cells, depositing, pickups, records, staff, watching
from edge.access.lockers.errors import TwoPeopleNeeded
from tests.proofs.planting import replaced
from tests.proofs.proof import Plant


@dataclass
class Planted:
    """What the next run takes up: whether a bug is hunted, and an index that is missing then."""

    hunting: bool = False
    dropped: str = ""


PLANTED = Planted()


def prepare(connection: sqlite3.Connection) -> None:
    """Take the index away, where the planted bug is that it is missing."""
    if PLANTED.dropped:
        connection.execute(f"DROP INDEX {PLANTED.dropped}")


@contextmanager
def _hunt(*changes: tuple[object, str, object], dropped: str = "") -> Iterator[None]:
    with ExitStack() as stack:
        for owner, name, value in changes:
            stack.enter_context(replaced(owner, name, value))
        PLANTED.hunting, PLANTED.dropped = True, dropped
        try:
            yield
        finally:
            PLANTED.hunting, PLANTED.dropped = False, ""


def given_while_occupied() -> AbstractContextManager[None]:
    """Every cell counts as free, and no index stands in the way."""

    def all_cells(connection: sqlite3.Connection) -> set[tuple[str, str]]:
        return {(cell.bank, cell.cell) for cell in records.all_cells(connection)}

    return _hunt((records, "free_cells", all_cells), dropped="parcels_one_in_a_cell")


def unknown_door_is_closed() -> AbstractContextManager[None]:
    """A door of which nobody knows passes for closed."""
    return _hunt((depositing.DepositDesk, "_closed", lambda self: set(self._places)))


def wrong_cell_unnoticed() -> AbstractContextManager[None]:
    """A cell that opens in another's place is held, and the bank goes on."""
    return _hunt((watching, "_find_wrong_cell", lambda *_: None))


def halt_ignored() -> AbstractContextManager[None]:
    """Pickups ask a halted bank, and several cells at a time."""
    return _hunt((pickups, "require_bank", lambda *_: None))


def one_person_alone() -> AbstractContextManager[None]:
    """Staff opens whatever they want."""
    return _hunt((staff, "_require_two", lambda *_: None))


def the_same_person_twice() -> AbstractContextManager[None]:
    """Two PINs are asked for, of whomever."""

    def any_two(first: Any, second: Any) -> None:
        if second is None:
            raise TwoPeopleNeeded()

    return _hunt((staff, "_require_two", any_two))


def case_without_hold() -> AbstractContextManager[None]:
    """A case is opened, and the cell goes on as if nothing were."""
    return _hunt((cells, "hold_cell", lambda *_: None))


def unknown_asked_again() -> AbstractContextManager[None]:
    """An opening of which nobody heard is repeated without a gesture."""
    real = pickups.intend_cell

    def eager(unit: Any, session: str, orders: Any, *, again: bool) -> Any:
        del again
        return real(unit, session, orders, again=True)

    return _hunt((pickup, "intend_cell", eager))


BUGS: dict[str, Plant] = {
    "a cell is given while a parcel lies in it": given_while_occupied,
    "unknown door read as closed": unknown_door_is_closed,
    "wrong cell does not halt the bank": wrong_cell_unnoticed,
    "halt ignored, two cells asked at once": halt_ignored,
    "one person opens an occupied cell": one_person_alone,
    "the same person counts as two": the_same_person_twice,
    "a case does not hold its cell": case_without_hold,
    "unknown asked again by itself": unknown_asked_again,
}
