"""Lockers as the people who keep them work with them: openings by staff, cases, halts; and what is due."""

import sqlite3
from collections.abc import Mapping

import msgspec

from edge.access.late import needing_journal
from edge.access.lockers import case_records, records
from edge.access.lockers.case_records import Case, Halt, StaffCell
from edge.access.lockers.deposits import end_idle
from edge.access.lockers.layout import CellPlace
from edge.access.lockers.records import Cell, Due, Parcel
from edge.access.lockers.rounds import (
    BATCH,
    IDLE,
    LEFT_OPEN,
    OVERDUE,
    REMIND,
    anything_due,
    note_left_open,
    note_overdue,
    remind,
)
from edge.access.lockers.sending import CellSender
from edge.access.lockers.settings import LockerSettings
from edge.access.lockers.staff import (
    Outcome,
    block_cell,
    clear_bank,
    close_case,
    intend_staff_cell,
    settle_cell,
)
from edge.access.ports import OrderBook
from edge.staff.records import StaffMember
from edge.store.lanes import Lane
from edge.store.store import Store
from edge.store.unit import Unit
from edge.trust.clock import Clock


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that stands at the lockers: cells, parcels in them, open cases, halted banks, openings."""

    cells: tuple[Cell, ...]
    parcels: tuple[Parcel, ...]
    cases: tuple[Case, ...]
    halts: tuple[Halt, ...]
    staff: tuple[StaffCell, ...]


class LockerKeeper:
    """What staff does with lockers, and what is done by the clock."""

    def __init__(
        self,
        *,
        store: Store,
        clock: Clock,
        sender: CellSender,
        orders: OrderBook,
        places: Mapping[tuple[str, str], CellPlace],
        rules: LockerSettings,
    ) -> None:
        self._store = store
        self._clock = clock
        self._sender = sender
        self._orders = orders
        self._places = places
        self._rules = rules

    async def prepare(self) -> None:
        """Give every cell of the site file its row; those that are gone keep theirs. Raises StoreError."""
        places = tuple(self._places)
        known = {(cell.bank, cell.cell) for cell in await self._store.read(records.all_cells)}
        if set(places) - known:
            await self._store.run(lambda unit: records.add_cells(unit.connection, places, unit.now.at_ms))

    async def look(self) -> Standing:
        """What stands there now."""
        return await self._store.read(read_standing)

    async def open_cell(
        self, bank: str, cell: str, *, reason: str, first: StaffMember, second: StaffMember | None = None
    ) -> StaffCell:
        """Open a cell by staff, by two people where that is asked for; see `intend_staff_cell`."""
        with needing_journal(self._store):
            opening = await self._store.run(
                lambda unit: intend_staff_cell(unit, bank, cell, reason, first, second)
            )
        await self._sender.send(opening)
        found = await self._store.read(lambda connection: case_records.staff_cell(connection, opening.id))
        assert found is not None
        return found

    async def settle(self, opening: str, outcome: Outcome, by: StaffMember) -> None:
        """What was found or done. Raises UnknownCase, CellStillOpen, CellNotEmpty."""
        await self._store.run(lambda unit: settle_cell(unit, opening, outcome, by, self._orders))

    async def close_case(self, case_id: str, outcome: str, by: StaffMember) -> None:
        """Close a case; the cell stays held until it was looked into. Raises UnknownCase."""
        await self._store.run(lambda unit: close_case(unit, case_id, outcome, by))

    async def clear_halt(self, bank: str, by: StaffMember) -> None:
        """A person looked at the bank; it works again. Raises UnknownCase."""
        await self._store.run(lambda unit: clear_bank(unit, bank, by))

    async def block(self, bank: str, cell: str, blocked: bool, by: StaffMember) -> None:
        """Take a free cell out of use, or put it back. Raises CellNotKnown, CellNotEmpty."""
        await self._store.run(lambda unit: block_cell(unit, bank, cell, blocked, by))

    async def run_due(self) -> None:
        """Do what is due; asked by the `timers` role, and looked at before anything is written."""
        at_ms = self._clock.now().at_ms
        if await self._store.read(lambda connection: anything_due(connection, at_ms)):
            await self._store.run(lambda unit: run_rounds(unit, self._rules), lane=Lane.BULK)


def read_standing(connection: sqlite3.Connection) -> Standing:
    """Everything that stands at the lockers."""
    return Standing(
        cells=tuple(records.all_cells(connection)),
        parcels=tuple(records.parcels_here(connection)),
        cases=tuple(case_records.open_cases(connection)),
        halts=tuple(case_records.halts(connection)),
        staff=tuple(case_records.open_staff_cells(connection)),
    )


def run_rounds(unit: Unit, rules: LockerSettings) -> int:
    """Do what is due now, each once; returns how much was done."""
    due = records.due_now(unit.connection, unit.now.at_ms, BATCH)
    for each in due:
        records.drop_due(unit.connection, each.kind, each.subject)
        _act(unit, each, rules)
    return len(due)


def _act(unit: Unit, due: Due, rules: LockerSettings) -> None:
    match due.kind:
        case kind if kind == LEFT_OPEN:
            note_left_open(unit, due.subject, rules)
        case kind if kind == REMIND:
            remind(unit, due.subject)
        case kind if kind == OVERDUE:
            note_overdue(unit, due.subject)
        case kind if kind == IDLE:
            end_idle(unit, due.subject, rules)
        case _:
            raise AssertionError(due.kind)
