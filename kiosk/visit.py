"""Everything one person leaves on the screen. Ending a session drops the whole object, nothing else."""

from dataclasses import dataclass, field
from typing import Literal

from kiosk.desks.views import Account, Basket, Charge, ChargeState, Pickup, Product, Receipt, Resident, Shelf
from kiosk.words import Language, Text


@dataclass(frozen=True, slots=True)
class Answer:
    """A key of a dialog: the gesture it makes."""

    do: str
    text: Text
    value: str = ""
    main: bool = False


@dataclass(frozen=True, slots=True)
class Dialog:
    """A question or an explanation; kind gives the mark: ask, stop or unsure."""

    title: Text
    body: Text
    answers: tuple[Answer, ...]
    kind: Literal["ask", "stop", "unsure"] = "ask"


@dataclass(frozen=True, slots=True)
class Toast:
    """A short word that goes by itself; undo: gesture value that takes the last step back."""

    text: Text
    until_ms: int
    icon: str = "check"
    undo: str = ""


@dataclass(slots=True)
class Browse:
    """What of the shelf is shown."""

    category: str = ""
    page: int = 0
    shelf: Shelf | None = None
    lines_page: int = 0
    chips_page: int = 0
    fresh: Product | None = None
    fresh_at_ms: int = 0
    typed: str = ""
    found: Shelf | None = None


@dataclass(slots=True)
class Paying:
    """A payment in progress. asked_at_ms, answered_at_ms: trusted clock; due_ms: monotonic, next question."""

    charge: Charge
    origin: str
    due_ms: int
    asks: int = 0
    silences: int = 0
    answer: ChargeState = "waiting"
    answered_at_ms: int | None = None


@dataclass(slots=True)
class Fees:
    """The bills of the identified room and what was picked to pay."""

    account: Account
    chosen: set[str] = field(default_factory=set)
    page: int = 0
    settled_page: int = 0


@dataclass(slots=True)
class Visit:
    """One person's time at the screen."""

    started_ms: int
    touched_ms: int
    language: Language = "zh"
    large: bool = False
    contrast: bool = False
    sound: bool = True
    screen: str = "idle"
    trail: list[str] = field(default_factory=list)
    wanted: str = ""
    resident: Resident | None = None
    quantities: dict[str, int] = field(default_factory=dict)
    basket: Basket = field(default_factory=Basket)
    browse: Browse = field(default_factory=Browse)
    paying: Paying | None = None
    receipt: Receipt | None = None
    receipt_page: int = 0
    pickup: Pickup | None = None
    fees: Fees | None = None
    page: int = 0
    toast: Toast | None = None
    dialog: Dialog | None = None
    knocks: tuple[str, int] = ("", 0)
