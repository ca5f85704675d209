"""Journal events of doors, cells and pickups. Ids are opaque: no subject, name or room in any of them.

`person` is a commitment (`edge.store.personal`); who it is lies in a side table and can be erased.

`place` is `door:gate` or `cell:bank-a/A01`. `authorisation` is `command:ID`, `pass:ID:N`, `code:ID` or
`pickup:SESSION:POSITION:N`, each at most once for ever.
"""

from typing import ClassVar

from edge.access.boards import events as boards
from edge.access.doors import events as doors
from edge.store.events import Event


class DoorOpenRequested(Event, frozen=True, kw_only=True):
    """The intent to open a door is on disk; the pulse follows.

    `asked_at_ms` and `asked_after_seq` are null then. While nothing could be written, intent, pulse and
    result came first: these say when by the trusted clock, and after which entry of the journal.
    """

    TYPE: ClassVar[str] = "DoorOpenRequested"
    VERSION: ClassVar[int] = 3
    opening: str
    place: str
    authorisation: str
    kind: str
    person: str | None
    asked_at_ms: int | None = None
    asked_after_seq: int | None = None


class DoorOpened(Event, frozen=True, kw_only=True):
    """The door's contact opened after the intent."""

    TYPE: ClassVar[str] = "DoorOpened"
    opening: str
    place: str
    authorisation: str


class DoorUnknown(Event, frozen=True, kw_only=True):
    """No contact said that the door opened; it is never fired again by itself."""

    TYPE: ClassVar[str] = "DoorUnknown"
    opening: str
    place: str
    authorisation: str
    reason: str


class DoorNotFired(Event, frozen=True, kw_only=True):
    """The device certainly did nothing; the use of the pass is given back."""

    TYPE: ClassVar[str] = "DoorNotFired"
    opening: str
    place: str
    authorisation: str
    reason: str


class PassRefused(Event, frozen=True, kw_only=True):
    """A pass or code opened nothing; `code` says why."""

    TYPE: ClassVar[str] = "PassRefused"
    source: str
    place: str
    code: str


class CommandRefused(Event, frozen=True, kw_only=True):
    """A command opened nothing; `code` says why. `command` is empty when it could not be read."""

    TYPE: ClassVar[str] = "CommandRefused"
    source: str
    command: str
    code: str


class RefusalsCounted(Event, frozen=True, kw_only=True):
    """More refusals of one source within one minute than are written singly."""

    TYPE: ClassVar[str] = "RefusalsCounted"
    source: str
    minute_at_ms: int
    count: int


class PickupStarted(Event, frozen=True, kw_only=True):
    """A pickup began: `by` is pass (then `pass_id` is its id), code (取件码) or person."""

    TYPE: ClassVar[str] = "PickupStarted"
    VERSION: ClassVar[int] = 2
    session: str
    order_id: str
    by: str
    pass_id: str
    cells: int


class CellOpenRequested(Event, frozen=True, kw_only=True):
    """The intent to open a cell is on disk; the command follows."""

    TYPE: ClassVar[str] = "CellOpenRequested"
    opening: str
    place: str
    authorisation: str
    session: str


class CellOpened(Event, frozen=True, kw_only=True):
    """The cell's own contact says that it is open."""

    TYPE: ClassVar[str] = "CellOpened"
    opening: str
    place: str
    session: str


class CellClosed(Event, frozen=True, kw_only=True):
    """The cell's own contact says that it was closed again."""

    TYPE: ClassVar[str] = "CellClosed"
    opening: str
    place: str
    session: str


class CellUnknown(Event, frozen=True, kw_only=True):
    """No contact said that the cell opened."""

    TYPE: ClassVar[str] = "CellUnknown"
    opening: str
    place: str
    session: str
    reason: str


class CellNotFired(Event, frozen=True, kw_only=True):
    """The board certainly did nothing."""

    TYPE: ClassVar[str] = "CellNotFired"
    opening: str
    place: str
    session: str
    reason: str


class CellGivenUp(Event, frozen=True, kw_only=True):
    """The holder goes on without this cell; the counter helps."""

    TYPE: ClassVar[str] = "CellGivenUp"
    place: str
    session: str


class OrderCollected(Event, frozen=True, kw_only=True):
    """Every cell of the order was opened and closed again."""

    TYPE: ClassVar[str] = "OrderCollected"
    order_id: str
    session: str


class HoldBegan(Event, frozen=True, kw_only=True):
    """A door is to stay released (常开) until an hour, for a reason."""

    TYPE: ClassVar[str] = "HoldBegan"
    hold: str
    door: str
    reason: str
    until_ms: int


class HoldEnded(Event, frozen=True, kw_only=True):
    """A hold was ended."""

    TYPE: ClassVar[str] = "HoldEnded"
    hold: str
    door: str
    reason: str


EVENTS: tuple[type[Event], ...] = (
    DoorOpenRequested,
    DoorOpened,
    DoorUnknown,
    DoorNotFired,
    PassRefused,
    CommandRefused,
    RefusalsCounted,
    PickupStarted,
    CellOpenRequested,
    CellOpened,
    CellClosed,
    CellUnknown,
    CellNotFired,
    CellGivenUp,
    OrderCollected,
    HoldBegan,
    HoldEnded,
    *doors.EVENTS,
    *boards.EVENTS,
)
