"""Journal events of the settlement room."""

from typing import ClassVar

from edge.store.events import Event


class ShiftOpened(Event, frozen=True, kw_only=True):
    """A shift began; sales made while the time is unknown are booked on its date."""

    TYPE: ClassVar[str] = "ShiftOpened"
    shift_id: str
    business_date: str


class ShiftClosed(Event, frozen=True, kw_only=True):
    """A shift ended."""

    TYPE: ClassVar[str] = "ShiftClosed"
    shift_id: str
    business_date: str


class DayMatched(Event, frozen=True, kw_only=True):
    """The channel's bill of a date and payee was held against this journal and the platform.

    Sums are payments less refunds; `differing` subjects have a case each.
    """

    TYPE: ClassVar[str] = "DayMatched"
    date: str
    payee: str
    agreed: int
    differing: int
    here_fen: int
    channel_fen: int
    platform_fen: int


class CaseOpened(Event, frozen=True, kw_only=True):
    """A difference was found; `line` is "payment" or "refund", `subject` its attempt or refund part.

    A side without a sum is None: it has nothing.
    """

    TYPE: ClassVar[str] = "CaseOpened"
    case_id: str
    date: str
    payee: str
    line: str
    subject: str
    order_id: str
    kind: str
    here_fen: int | None
    channel_fen: int | None
    platform_fen: int | None


class CaseChanged(Event, frozen=True, kw_only=True):
    """An open case looks different now: another kind, or other sums."""

    TYPE: ClassVar[str] = "CaseChanged"
    case_id: str
    kind: str
    here_fen: int | None
    channel_fen: int | None
    platform_fen: int | None


class CaseClosed(Event, frozen=True, kw_only=True):
    """A case ended: by a person with a reason, or as "vanished" when all three agree by now.

    `note` is the salted SHA-256 of the person's words, empty where nobody wrote any.
    """

    TYPE: ClassVar[str] = "CaseClosed"
    case_id: str
    reason: str
    note: str


class MatchExported(Event, frozen=True, kw_only=True):
    """A person took a list away as a file: "cases", or the "match" of a date."""

    TYPE: ClassVar[str] = "MatchExported"
    staff: str
    what: str
    date: str


EVENTS: tuple[type[Event], ...] = (
    ShiftOpened,
    ShiftClosed,
    DayMatched,
    CaseOpened,
    CaseChanged,
    CaseClosed,
    MatchExported,
)
"""Events of this room, for the table in `edge.app`."""
