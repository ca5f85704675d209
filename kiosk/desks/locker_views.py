"""What the screens show of lockers: deposits at the kiosk, and the counter's lists."""

from dataclasses import dataclass
from typing import Literal

from kiosk.words import Text

Wish = Literal["", "too_small", "not_empty", "cancel"]
DepositState = Literal["reserved", "opening", "open", "stored", "unknown", "jam", "released"]
Problem = Literal["empty", "wrong"]


@dataclass(frozen=True, slots=True)
class SizeCount:
    """How many cells of a size (s, m or l) can be taken now, and how many of them within reach."""

    size: str
    free: int
    accessible: int


@dataclass(frozen=True, slots=True)
class Recipient:
    """Whom a parcel is for. room: its id; label: the room as a courier may see it, no name."""

    room: str
    label: Text


@dataclass(frozen=True, slots=True)
class DepositParcel:
    """One parcel of a deposit and its cell. wish: what becomes of the cell once its door is closed."""

    position: int
    bank: str
    cell: str
    size: str
    accessible: bool
    room: str
    state: DepositState
    wish: Wish = ""
    attempts: int = 0


@dataclass(frozen=True, slots=True)
class Deposit:
    """A deposit (投递) as the store knows it; present: the parcel that is being put in, None between two."""

    id: str
    by: Literal["courier", "clerk"]
    parcels: tuple[DepositParcel, ...]
    present: DepositParcel | None
    ended: bool = False

    @property
    def stored(self) -> int:
        """How many parcels lie in their cells."""
        return sum(parcel.state == "stored" for parcel in self.parcels)


@dataclass(frozen=True, slots=True)
class WaitingOrder:
    """An order that can be collected by the identified resident."""

    order_id: str
    cells: int


@dataclass(frozen=True, slots=True)
class HeldParcel:
    """A parcel in a cell. room: empty where only the platform knows; times in ms since the epoch."""

    order_id: str
    parcel: str
    bank: str
    cell: str
    room: str
    stored_at_ms: int
    overdue_at_ms: int
    overdue: bool


@dataclass(frozen=True, slots=True)
class LockerCase:
    """A case at a cell that a person has to see to; kind as in the event LockerCaseOpened."""

    id: str
    kind: str
    bank: str
    cell: str
    order_id: str
    opened_at_ms: int


@dataclass(frozen=True, slots=True)
class Halt:
    """A halted bank: which cell was asked for, which one opened."""

    bank: str
    asked: str
    moved: str
    halted_at_ms: int


@dataclass(frozen=True, slots=True)
class StaffCell:
    """A cell that staff asked to open: requested, opened, closed (waits for the word), unknown, refused."""

    opening: str
    bank: str
    cell: str
    state: Literal["requested", "opened", "closed", "unknown", "refused", "done"]
