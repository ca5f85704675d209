"""Everything one person leaves on the screen. Ending a session drops the whole object, nothing else."""

import asyncio
from dataclasses import dataclass, field
from typing import Literal

from kiosk.desks.locker_views import Deposit, Recipient, SizeCount, WaitingOrder
from kiosk.desks.money_views import AccountKind, Book, Channel, Charge, ChargeState, Claimed, Double, Payable
from kiosk.desks.views import (
    Account,
    Basket,
    Pickup,
    PrintedBill,
    Product,
    Receipt,
    Resident,
    ShareOfBill,
    Shelf,
)
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


PayStep = Literal["qr", "show_code", "code", "accounts", "choose"]
"""What the pay screen is about.

qr: a collection code is shown; show_code: the camera waits for a payment code; code: one was handed over;
accounts: nothing is left for a channel; choose: nothing is open, the person says how to go on.
"""


@dataclass(slots=True)
class Paying:
    """A payment in progress. No payment code is ever kept here.

    shown_ms, due_ms: time that only passes: since when this sum stands there, when to ask next.
    sent_at_ms, answered_at_ms: trusted clock. busy: one step is being made, nothing else may be asked.
    asked_slow: the payer was told once that a password will be asked for this sum. leaving: the payer wants
    to go back. kept: the basket, put aside while the outcome is not known.
    """

    order: Payable
    origin: str
    shown_ms: int
    channel: Channel = "wechat"
    chosen: set[AccountKind] = field(default_factory=set)
    step: PayStep = "choose"
    charge: Charge | None = None
    busy: bool = False
    due_ms: int = 0
    asks: int = 0
    silences: int = 0
    answer: ChargeState = "waiting"
    sent_at_ms: int | None = None
    answered_at_ms: int | None = None
    asked_slow: bool = False
    leaving: bool = False
    trouble: Text | None = None
    kept: tuple[dict[str, int], Basket] | None = None


@dataclass(slots=True)
class Books:
    """The accounts of the identified resident, a claim just made, bills that were paid twice."""

    points: Book | None = None
    wallets: tuple[Book, ...] = ()
    wallet_place: int = 0
    claimed: Claimed | None = None
    doubles: tuple[Double, ...] = ()


@dataclass(slots=True)
class PartPayment:
    """A part of bills that is being typed. code: of a printed bill, empty for one's own. typed: yuan."""

    bills: tuple[str, ...]
    total_fen: int
    code: str = ""
    typed: str = ""
    shares: tuple[ShareOfBill, ...] = ()
    why_not: Text | None = None


@dataclass(slots=True)
class Fees:
    """The bills of the identified room and what was picked to pay."""

    account: Account
    chosen: set[str] = field(default_factory=set)
    points_fen: int = 0


@dataclass(slots=True)
class Typed:
    """What is being typed on a keypad; a PIN is wiped as soon as it was sent, right or wrong."""

    room: str = ""
    pin: str = ""
    code: str = ""
    field: Literal["room", "pin"] = "room"


@dataclass(slots=True)
class Depositing:
    """A courier's deposit. typed: the room of the next parcel; since_ms: of the open cell's present state.

    accessible: a cell within reach of a wheelchair is wanted. changing: another size is being chosen.
    """

    deposit: Deposit
    sizes: tuple[SizeCount, ...] = ()
    typed: str = ""
    recipient: Recipient | None = None
    accessible: bool = False
    changing: bool = False
    since_ms: int = 0


@dataclass(slots=True)
class Visit:
    """One person's time at the screen; `arriving` while the screen still reads what it shows."""

    started_ms: int
    touched_ms: int
    language: Language = "zh"
    large: bool = False
    contrast: bool = False
    sound: bool = True
    screen: str = "idle"
    arriving: asyncio.Event | None = None
    trail: list[str] = field(default_factory=list)
    wanted: str = ""
    resident: Resident | None = None
    quantities: dict[str, int] = field(default_factory=dict)
    basket: Basket = field(default_factory=Basket)
    browse: Browse = field(default_factory=Browse)
    paying: Paying | None = None
    receipt: Receipt | None = None
    receipt_page: int = 0
    receipt_note: Text | None = None
    receipt_code: str = ""
    pickup: Pickup | None = None
    waiting: tuple[WaitingOrder, ...] = ()
    reminded: int = 0
    typed: Typed = field(default_factory=Typed)
    depositing: Depositing | None = None
    fees: Fees | None = None
    part: PartPayment | None = None
    printed: PrintedBill | None = None
    books: Books = field(default_factory=Books)
    page: int = 0
    toast: Toast | None = None
    dialog: Dialog | None = None
    knocks: tuple[str, int] = ("", 0)
