"""Lockers as the counter sees them."""

import sqlite3
from collections.abc import Callable
from typing import Literal, cast

from edge.access.lockers import case_records, records
from edge.access.lockers.case_records import StaffCell as Row
from edge.access.lockers.keeping import LockerKeeper
from edge.access.lockers.records import Parcel
from edge.access.places import split_cell
from edge.homes.rooms import room_of_mailbox
from edge.staff.accounts import StaffDesk
from edge.staff.records import Role, StaffMember
from edge.store.store import Store
from edge.trust.clock import Clock
from kiosk.desks.locker_desk import BankViews
from kiosk.desks.locker_ports import Outcome, StaffReason
from kiosk.desks.locker_views import Halt, HeldParcel, LockerCase, StaffCell
from kiosk.desks.views import Bank

MAY_BE_SECOND = frozenset({Role.CLERK, Role.SUPERVISOR, Role.TECHNICIAN, Role.MANAGER, Role.GUARD})
"""Who may open a cell together with somebody; an auditor only looks."""


class RoomLockerCounter:
    """`kiosk.desks.locker_ports.LockerCounter` over the access room."""

    def __init__(
        self, *, store: Store, clock: Clock, keeper: LockerKeeper, staff: StaffDesk, views: BankViews
    ) -> None:
        self._store = store
        self._clock = clock
        self._keeper = keeper
        self._staff = staff
        self._views = views

    async def banks(self) -> tuple[Bank, ...]:
        """Every bank as it stands."""
        return await self._views.banks()

    async def parcels(self) -> tuple[HeldParcel, ...]:
        """Parcels in cells, overdue first, then the oldest."""
        return await self._list(records.parcels_here)

    async def overdue(self) -> tuple[HeldParcel, ...]:
        """Overdue parcels, oldest first."""
        at_ms = self._clock.now().at_ms
        return await self._list(lambda connection: records.parcels_here(connection, overdue_at_ms=at_ms))

    async def cases(self) -> tuple[LockerCase, ...]:
        """Open cases, oldest first."""
        found = await self._store.read(case_records.open_cases)
        return tuple(
            LockerCase(
                id=case.id,
                kind=case.kind,
                bank=case.bank,
                cell=case.cell,
                order_id=case.order_id,
                opened_at_ms=case.opened_at_ms,
            )
            for case in found
        )

    async def close_case(self, case_id: str, outcome: str, member: StaffMember) -> None:
        """Close a case."""
        await self._keeper.close_case(case_id, outcome, member)

    async def halts(self) -> tuple[Halt, ...]:
        """Halted banks."""
        found = await self._store.read(case_records.halts)
        return tuple(
            Halt(halt.bank, split_cell(halt.asked)[1], split_cell(halt.moved)[1], halt.halted_at_ms)
            for halt in found
        )

    async def clear_halt(self, bank: str, member: StaffMember) -> None:
        """A person looked at the bank."""
        await self._keeper.clear_halt(bank, member)

    async def open_cell(self, bank: str, cell: str, reason: StaffReason, member: StaffMember) -> StaffCell:
        """One person opens a free, closed cell."""
        return _staff_cell(await self._keeper.open_cell(bank, cell, reason=reason, first=member))

    async def open_by_two(
        self, bank: str, cell: str, reason: StaffReason, member: StaffMember, login: str, pin: str
    ) -> StaffCell:
        """Two people open an occupied, held or unknown cell. Raises also what a wrong PIN raises."""
        second = await self._staff.check(login, pin, roles=MAY_BE_SECOND)
        opened = await self._keeper.open_cell(bank, cell, reason=reason, first=member, second=second)
        return _staff_cell(opened)

    async def staff_cells(self) -> tuple[StaffCell, ...]:
        """Openings by staff that wait for what was found."""
        found = await self._store.read(case_records.open_staff_cells)
        return tuple(_staff_cell(each) for each in found)

    async def settle(self, opening: str, outcome: Outcome, member: StaffMember) -> None:
        """Say what was found or done."""
        await self._keeper.settle(opening, outcome, member)

    async def block(self, bank: str, cell: str, blocked: bool, member: StaffMember) -> None:
        """Take a free cell out of use, or put it back."""
        await self._keeper.block(bank, cell, blocked, member)

    async def _list(self, look: Callable[[sqlite3.Connection], list[Parcel]]) -> tuple[HeldParcel, ...]:
        at_ms = self._clock.now().at_ms

        def read(connection: sqlite3.Connection) -> tuple[HeldParcel, ...]:
            return tuple(_held(connection, parcel, at_ms) for parcel in look(connection))

        return await self._store.read(read)


def _held(connection: sqlite3.Connection, parcel: Parcel, at_ms: int) -> HeldParcel:
    room = room_of_mailbox(connection, parcel.mailbox) if parcel.mailbox else None
    return HeldParcel(
        order_id=parcel.order_id,
        parcel=parcel.parcel,
        bank=parcel.bank,
        cell=parcel.cell,
        room=room.id if room else "",
        stored_at_ms=parcel.stored_at_ms,
        overdue_at_ms=parcel.overdue_at_ms,
        overdue=0 < parcel.overdue_at_ms <= at_ms,
    )


def _staff_cell(row: Row) -> StaffCell:
    state = cast(Literal["requested", "opened", "closed", "unknown", "refused", "done"], row.state)
    return StaffCell(row.opening, row.bank, row.cell, state)
