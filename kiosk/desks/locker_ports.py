"""Ports of the lockers: pickup and deposit at the kiosk, and the counter's part.

Every method may raise a Refusal, which the screen explains in its own words; JournalStopped means that
nothing can be written, so nothing opens.
"""

from typing import Literal, Protocol

from edge.staff.records import StaffMember
from kiosk.desks.locker_views import (
    Deposit,
    Halt,
    HeldParcel,
    LockerCase,
    Problem,
    Recipient,
    SizeCount,
    StaffCell,
    WaitingOrder,
)
from kiosk.desks.views import Bank, Pickup, Resident

StaffReason = Literal["overdue", "case", "jam", "inspection", "handed_over"]
"""Why staff opens a cell."""
Outcome = Literal["empty", "parcel_left", "to_counter", "returned"]
"""What staff found or did: nothing in it; it stays in; taken to the counter; given back to its sender."""


class LockerDesk(Protocol):
    """Pickup (自提) from lockers."""

    async def banks(self) -> tuple[Bank, ...]:
        """Every bank as it stands, with the door states last reported."""

    async def begin(self, code: str) -> Pickup:
        """Start, or resume, the pickup session of an order pass (a delegated one too)."""

    async def begin_by_code(self, digits: str) -> Pickup:
        """The same by the eight digits of a pickup code 取件码."""

    async def waiting(self, resident: Resident) -> tuple[WaitingOrder, ...]:
        """Orders in cells of the identified resident and of their room."""

    async def begin_for(self, resident: Resident, order_id: str) -> Pickup:
        """Start or resume a pickup without a phone: one of `waiting`."""

    async def look(self, session_id: str) -> Pickup:
        """The session as the store knows it now."""

    async def open_next(self, session_id: str) -> None:
        """Authorise and open the next cell."""

    async def retry(self, session_id: str) -> None:
        """Ask anew for the cell that did not open or is not known: only on the person's gesture."""

    async def give_up(self, session_id: str) -> None:
        """Go on without the cell that did not open: only on the person's gesture."""

    async def report(self, session_id: str, cell: str, problem: Problem) -> str:
        """格口是空的 / 东西不对: opens a case, the cell is held; returns the case's number."""


class DepositDesk(Protocol):
    """Deposit (投递) by a courier's pass, or by a clerk at the counter."""

    async def begin(self, code: str) -> Deposit:
        """Start a courier's deposit, or resume the one that this pass left open."""

    async def begin_by_clerk(self, member: StaffMember) -> Deposit:
        """Start or resume a clerk's deposit."""

    async def sizes(self) -> tuple[SizeCount, ...]:
        """What can be taken now, small to large."""

    async def recipient(self, text: str) -> Recipient:
        """The room that was typed (3-1203) or whose resident's code was shown."""

    async def put(self, deposit_id: str, room: str, size: str, *, accessible: bool = False) -> Deposit:
        """Reserve a cell for one more parcel and open it."""

    async def look(self, deposit_id: str) -> Deposit:
        """The deposit as the store knows it now."""

    async def open_next(self, deposit_id: str) -> Deposit:
        """Open the other cell of a parcel that did not fit, once the first one is closed; polled."""

    async def retry(self, deposit_id: str) -> Deposit:
        """Ask anew for the cell that did not open or is not known: only on the person's gesture."""

    async def too_small(self, deposit_id: str, size: str) -> Deposit:
        """The parcel does not fit: once the open door is closed, another cell of `size` is opened for it."""

    async def not_empty(self, deposit_id: str) -> Deposit:
        """Something lies in the open cell: it is held for a person, another one is opened after closing."""

    async def cancel(self, deposit_id: str) -> Deposit:
        """Not this parcel: the cell is given back once its door is closed."""

    async def finish(self, deposit_id: str) -> Deposit:
        """The deposit is over; refused while a cell is open."""


class LockerCounter(Protocol):
    """What staff does with lockers; every method that changes something takes the signed-in member."""

    async def banks(self) -> tuple[Bank, ...]:
        """Every bank as it stands."""

    async def parcels(self) -> tuple[HeldParcel, ...]:
        """Parcels in cells, overdue first, then the oldest."""

    async def overdue(self) -> tuple[HeldParcel, ...]:
        """Overdue parcels 滞留件, oldest first."""

    async def cases(self) -> tuple[LockerCase, ...]:
        """Open cases, oldest first."""

    async def close_case(self, case_id: str, outcome: str, member: StaffMember) -> None:
        """Close a case; the cell stays held until it was looked into."""

    async def halts(self) -> tuple[Halt, ...]:
        """Halted banks."""

    async def clear_halt(self, bank: str, member: StaffMember) -> None:
        """A person looked at the bank; it works again."""

    async def open_cell(self, bank: str, cell: str, reason: StaffReason, member: StaffMember) -> StaffCell:
        """One person opens a free, closed cell."""

    async def open_by_two(
        self, bank: str, cell: str, reason: StaffReason, member: StaffMember, login: str, pin: str
    ) -> StaffCell:
        """Two people open an occupied, held or unknown cell; the second one types login and PIN here."""

    async def staff_cells(self) -> tuple[StaffCell, ...]:
        """Openings by staff that still wait for what was found."""

    async def settle(self, opening: str, outcome: Outcome, member: StaffMember) -> None:
        """Say what was found or done, after the cell was closed again."""

    async def block(self, bank: str, cell: str, blocked: bool, member: StaffMember) -> None:
        """Take a free cell out of use, or put it back."""
