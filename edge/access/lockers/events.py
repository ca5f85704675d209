"""Journal events of lockers (自提柜). Ids are opaque; `mailbox` is the platform's opaque id of a room.

`place` is `cell:bank-a/A01`. `by`, `first` and `second` are staff accounts. How a cell was asked for, opened
and closed say `CellOpenRequested`, `CellOpened`, `CellUnknown`, `CellNotFired` and `CellClosed` of
`edge.access.events`; their `session` is the pickup, the deposit or, for staff, the opening itself.
"""

from typing import ClassVar

from edge.store.events import Event


class DepositStarted(Event, frozen=True, kw_only=True):
    """A courier's pass, or a clerk (`by`: courier, clerk; `who`: pass or account), began a deposit (投递)."""

    TYPE: ClassVar[str] = "DepositStarted"
    deposit: str
    by: str
    who: str


class DepositEnded(Event, frozen=True, kw_only=True):
    """The deposit is over; `stored` parcels lie in cells because of it."""

    TYPE: ClassVar[str] = "DepositEnded"
    deposit: str
    stored: int


class ParcelDeposited(Event, frozen=True, kw_only=True):
    """A parcel lies in a cell that was closed over it; from `keep_until_ms` on it is overdue (滞留).

    Parcels of one deposit for one mailbox share `order_id`: one pass, one code and one message for all.
    """

    TYPE: ClassVar[str] = "ParcelDeposited"
    deposit: str
    order_id: str
    parcel: str
    place: str
    mailbox: str
    by: str
    who: str
    keep_until_ms: int


class ParcelWithdrawn(Event, frozen=True, kw_only=True):
    """A deposited parcel is not to be collected from its cell any more; `reason` says why."""

    TYPE: ClassVar[str] = "ParcelWithdrawn"
    order_id: str
    parcel: str
    place: str
    reason: str


class ParcelReminderDue(Event, frozen=True, kw_only=True):
    """An order still lies in `parcels` cells shortly before it is overdue: its people are to be told."""

    TYPE: ClassVar[str] = "ParcelReminderDue"
    order_id: str
    parcels: int
    overdue_at_ms: int


class ParcelOverdue(Event, frozen=True, kw_only=True):
    """A parcel was not collected in time."""

    TYPE: ClassVar[str] = "ParcelOverdue"
    order_id: str
    parcel: str
    place: str


class ParcelRemoved(Event, frozen=True, kw_only=True):
    """Staff took a parcel out of its cell; `to` is counter or returned."""

    TYPE: ClassVar[str] = "ParcelRemoved"
    order_id: str
    parcel: str
    place: str
    by: str
    second: str
    to: str


class OrderPartlyCollected(Event, frozen=True, kw_only=True):
    """A pickup ended with `left` cells that did not open or whose content is in dispute."""

    TYPE: ClassVar[str] = "OrderPartlyCollected"
    order_id: str
    session: str
    left: int


class CellFreed(Event, frozen=True, kw_only=True):
    """A cell may be given to another order.

    `how`: collected or unused (opened for its holder and closed again), never_opened, platform (its record
    says that the order was collected), confirmed (`by` looked into it).
    """

    TYPE: ClassVar[str] = "CellFreed"
    place: str
    how: str
    by: str


class CellHeld(Event, frozen=True, kw_only=True):
    """A cell is given to nobody until a person has seen to its case."""

    TYPE: ClassVar[str] = "CellHeld"
    place: str
    reason: str


class CellBlocked(Event, frozen=True, kw_only=True):
    """A person took a cell out of use, or put it back (`blocked` false)."""

    TYPE: ClassVar[str] = "CellBlocked"
    place: str
    blocked: bool
    by: str


class CellOpenedUnasked(Event, frozen=True, kw_only=True):
    """A cell's contact opened although nobody had asked for it."""

    TYPE: ClassVar[str] = "CellOpenedUnasked"
    place: str


class CellLeftOpen(Event, frozen=True, kw_only=True):
    """A cell was opened and not closed for too long."""

    TYPE: ClassVar[str] = "CellLeftOpen"
    place: str
    open_since_ms: int


class BankHalted(Event, frozen=True, kw_only=True):
    """`asked` was to open and `moved` opened: no cell of the bank opens until a person clears it."""

    TYPE: ClassVar[str] = "BankHalted"
    bank: str
    asked: str
    moved: str


class BankCleared(Event, frozen=True, kw_only=True):
    """A person looked at a halted bank and lets it work again."""

    TYPE: ClassVar[str] = "BankCleared"
    bank: str
    by: str


class LockerCaseOpened(Event, frozen=True, kw_only=True):
    """Something is wrong at a cell, and a person has to see to it; the people of `order_id` are called.

    `kind`: empty (格口是空的), wrong (东西不对), not_empty, unasked, left_open, jam, double (two orders).
    """

    TYPE: ClassVar[str] = "LockerCaseOpened"
    case_id: str
    kind: str
    place: str
    order_id: str


class LockerCaseClosed(Event, frozen=True, kw_only=True):
    """A person closed a case; `outcome` is a word of the counter's list."""

    TYPE: ClassVar[str] = "LockerCaseClosed"
    case_id: str
    outcome: str
    by: str


class CellOpenedByStaff(Event, frozen=True, kw_only=True):
    """Who asked for an opening by staff and why; two different people for an occupied or unknown cell."""

    TYPE: ClassVar[str] = "CellOpenedByStaff"
    opening: str
    place: str
    first: str
    second: str
    reason: str


class CellLookedInto(Event, frozen=True, kw_only=True):
    """What staff found or did in a cell that they had opened: empty, parcel_left, to_counter, returned."""

    TYPE: ClassVar[str] = "CellLookedInto"
    opening: str
    place: str
    outcome: str
    by: str


EVENTS: tuple[type[Event], ...] = (
    DepositStarted,
    DepositEnded,
    ParcelDeposited,
    ParcelWithdrawn,
    ParcelReminderDue,
    ParcelOverdue,
    ParcelRemoved,
    OrderPartlyCollected,
    CellFreed,
    CellHeld,
    CellBlocked,
    CellOpenedUnasked,
    CellLeftOpen,
    BankHalted,
    BankCleared,
    LockerCaseOpened,
    LockerCaseClosed,
    CellOpenedByStaff,
    CellLookedInto,
)
