"""Deposits and the counter's lockers, on paper."""

from dataclasses import dataclass, field, replace
from typing import Literal

from edge.errors import Refusal
from edge.staff.records import StaffMember
from kiosk.desks.locker_ports import Outcome, StaffReason
from kiosk.desks.locker_views import (
    Deposit,
    DepositParcel,
    DepositState,
    Halt,
    HeldParcel,
    LockerCase,
    Recipient,
    SizeCount,
    StaffCell,
)
from kiosk.desks.views import Bank
from kiosk.words import Text
from tests.fakes.clock import START_MS
from tests.fakes.kiosk_desks import DAY_MS, DEPOSIT_CODE, PaperLockers

CELLS = {"s": ("A01", "A02", "C02"), "m": ("B01", "B02", "D04"), "l": ("A05", "E01", "E03")}


class RecipientUnknown(Refusal):
    """As at the lockers."""

    code = "recipient_unknown"


class UnknownDeposit(Refusal):
    """As at the lockers."""

    code = "unknown_deposit"


class NoCellFree(Refusal):
    """As at the lockers."""

    code = "no_cell_free"


@dataclass
class PaperDeposits:
    """One deposit whose doors the test moves; large cells are all taken."""

    parcels: list[DepositParcel] = field(default_factory=list)
    present: DepositParcel | None = None
    ended: bool = False
    by: Literal["courier", "clerk"] = "courier"
    asked: list[tuple[str, ...]] = field(default_factory=list)

    async def begin(self, code: str) -> Deposit:
        """See the port."""
        assert code == DEPOSIT_CODE
        return await self.look("d1")

    async def begin_by_clerk(self, member: StaffMember) -> Deposit:
        """See the port."""
        self.by = "clerk"
        self.asked.append(("begin", member.login))
        return await self.look("d1")

    async def sizes(self) -> tuple[SizeCount, ...]:
        """See the port."""
        return (SizeCount("s", 3, 1), SizeCount("m", 5, 2), SizeCount("l", 0, 0))

    async def recipient(self, text: str) -> Recipient:
        """See the port."""
        if text != "3-1602":
            raise RecipientUnknown
        return Recipient("r-3-1602", Text("3号楼 1602 室", "Building 3, room 1602"))

    async def put(self, deposit_id: str, room: str, size: str, *, accessible: bool = False) -> Deposit:
        """See the port."""
        if size == "l":
            raise NoCellFree
        assert self.present is None
        cell = CELLS[size][len(self.parcels) % 3]
        place = len(self.parcels)
        self.present = DepositParcel(place, "bank-a", cell, size, accessible, "3-1602", "opening")
        self.parcels.append(self.present)
        self.asked.append(("put", room, size, str(accessible)))
        return await self.look(deposit_id)

    async def look(self, deposit_id: str) -> Deposit:
        """See the port."""
        return Deposit(deposit_id, self.by, tuple(self.parcels), self.present, self.ended)

    async def open_next(self, deposit_id: str) -> Deposit:
        """See the port."""
        if self.present is not None and self.present.state == "reserved":
            self.asked.append(("open_next",))
            self.move("opening")
        return await self.look(deposit_id)

    async def retry(self, deposit_id: str) -> Deposit:
        """See the port."""
        self.asked.append(("retry",))
        self.move("opening")
        return await self.look(deposit_id)

    async def too_small(self, deposit_id: str, size: str) -> Deposit:
        """See the port."""
        self.asked.append(("too_small", size))
        self._change(replace(self._open_one(), wish="too_small"))
        return await self.look(deposit_id)

    async def not_empty(self, deposit_id: str) -> Deposit:
        """See the port."""
        self.asked.append(("not_empty",))
        self._change(replace(self._open_one(), wish="not_empty"))
        return await self.look(deposit_id)

    async def cancel(self, deposit_id: str) -> Deposit:
        """See the port."""
        self.asked.append(("cancel",))
        self._change(replace(self._open_one(), wish="cancel"))
        return await self.look(deposit_id)

    async def finish(self, deposit_id: str) -> Deposit:
        """See the port."""
        self.asked.append(("finish",))
        self.ended = True
        return await self.look(deposit_id)

    def move(self, state: DepositState) -> None:
        """Let the present cell's door, or what is known of it, change."""
        self._change(replace(self._open_one(), state=state))
        if state in ("stored", "released"):
            self.present = None

    def _open_one(self) -> DepositParcel:
        if self.present is None:
            raise UnknownDeposit
        return self.present

    def _change(self, parcel: DepositParcel) -> None:
        self.parcels[parcel.position] = self.present = parcel


@dataclass
class PaperCounterLockers:
    """What staff sees of the paper bank."""

    lockers: PaperLockers = field(default_factory=PaperLockers)
    held: tuple[HeldParcel, ...] = (
        HeldParcel("ord-3", "p3", "bank-a", "A04", "2-0801", START_MS - 9 * DAY_MS, START_MS - DAY_MS, True),
        HeldParcel("ord-7", "p7", "bank-a", "B03", "", START_MS - 3_600_000, START_MS + DAY_MS, False),
    )
    open_cases: tuple[LockerCase, ...] = (
        LockerCase("c1", "empty", "bank-a", "D04", "ord-5", START_MS - 5_000_000),
    )
    halted: tuple[Halt, ...] = (Halt("bank-a", "C04", "C05", START_MS - 600_000),)
    opened: tuple[StaffCell, ...] = (StaffCell("op-9", "bank-a", "A04", "closed"),)
    asked: list[tuple[str, ...]] = field(default_factory=list)

    async def banks(self) -> tuple[Bank, ...]:
        """See the port."""
        return await self.lockers.banks()

    async def parcels(self) -> tuple[HeldParcel, ...]:
        """See the port."""
        return self.held

    async def overdue(self) -> tuple[HeldParcel, ...]:
        """See the port."""
        return tuple(each for each in self.held if each.overdue)

    async def cases(self) -> tuple[LockerCase, ...]:
        """See the port."""
        return self.open_cases

    async def close_case(self, case_id: str, outcome: str, member: StaffMember) -> None:
        """See the port."""
        self.asked.append(("close_case", case_id, outcome, member.login))

    async def halts(self) -> tuple[Halt, ...]:
        """See the port."""
        return self.halted

    async def clear_halt(self, bank: str, member: StaffMember) -> None:
        """See the port."""
        self.asked.append(("clear_halt", bank, member.login))
        self.halted = ()

    async def open_cell(self, bank: str, cell: str, reason: StaffReason, member: StaffMember) -> StaffCell:
        """See the port."""
        self.asked.append(("open_cell", bank, cell, reason, member.login))
        return StaffCell("op-1", bank, cell, "requested")

    async def open_by_two(
        self, bank: str, cell: str, reason: StaffReason, member: StaffMember, login: str, pin: str
    ) -> StaffCell:
        """See the port."""
        del pin
        self.asked.append(("open_by_two", bank, cell, reason, member.login, login))
        return StaffCell("op-2", bank, cell, "requested")

    async def staff_cells(self) -> tuple[StaffCell, ...]:
        """See the port."""
        return self.opened

    async def settle(self, opening: str, outcome: Outcome, member: StaffMember) -> None:
        """See the port."""
        self.asked.append(("settle", opening, outcome, member.login))
        self.opened = ()

    async def block(self, bank: str, cell: str, blocked: bool, member: StaffMember) -> None:
        """See the port."""
        self.asked.append(("block", bank, cell, str(blocked), member.login))
