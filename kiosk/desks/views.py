"""What the screens show: plain values in both languages, money in fen, times in ms since the epoch."""

from dataclasses import dataclass, field
from typing import Literal

from kiosk.words import Text


@dataclass(frozen=True, slots=True)
class Product:
    """One product as it stands on the shelf. picture: symbol id in goods.svg. points: for one piece."""

    sku: str
    name: Text
    spec: Text
    price_fen: int
    picture: str
    points: int = 0
    expires_on: str | None = None


@dataclass(frozen=True, slots=True)
class Shelf:
    """One page of products; page counts from 0."""

    products: tuple[Product, ...]
    page: int
    pages: int


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the basket."""

    product: Product
    quantity: int
    sum_fen: int


@dataclass(frozen=True, slots=True)
class Saving:
    """What a promotion takes off the basket."""

    name: Text
    saving_fen: int


@dataclass(frozen=True, slots=True)
class Basket:
    """The basket as the shop prices it. nudge: what is missing to the next promotion, if one is near."""

    lines: tuple[Line, ...] = ()
    savings: tuple[Saving, ...] = ()
    total_fen: int = 0
    points: int = 0
    nudge: Text | None = None

    @property
    def pieces(self) -> int:
        """How many pieces lie in the basket."""
        return sum(line.quantity for line in self.lines)


@dataclass(frozen=True, slots=True)
class ReceiptLine:
    """One printed line; quantity None: not counted (a bill)."""

    name: Text
    quantity: int | None
    sum_fen: int


@dataclass(frozen=True, slots=True)
class PaidPart:
    """What one way of paying bore of a receipt."""

    name: Text
    amount_fen: int


InvoiceState = Literal["", "asked", "issued", "red"]
"""How the invoice of an order stands; empty: nobody asked for one."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """What was paid, as it was settled. contract_version None: the sale had no contract figure.

    paid_with: the ways it was paid with, in the order of use. claim: text of the code to keep it by.
    invoice: text of the code to ask for an invoice, empty where there is none. points_after_days: when the
    points count. points_credited: whether they went to an account already; else the code claims them.
    reprint: how often it was printed or shown again, 0 for the first time.
    """

    order_id: str
    payee: Text
    lines: tuple[ReceiptLine, ...]
    total_fen: int
    points: int
    paid_at_ms: int
    contract_version: int | None = None
    claim: str = ""
    saving_fen: int = 0
    number: int = 0
    paid_with: tuple[PaidPart, ...] = ()
    invoice: str = ""
    points_after_days: int = 0
    points_claim_days: int | None = None
    points_credited: bool = False
    reprint: int = 0
    invoice_state: InvoiceState = ""
    invoice_number: str = ""


@dataclass(frozen=True, slots=True)
class Resident:
    """Who showed a resident code. Name masked already; subject is the pseudonym."""

    subject: str
    room: str
    room_label: Text
    name: str
    orders_waiting: int = 0


@dataclass(frozen=True, slots=True)
class Bill:
    """One bill. open_fen: principal still owed; penalty_fen: late penalty so far. due_on, period: ISO."""

    id: str
    item: str
    period: str
    due_on: str
    payee: str
    payee_name: Text
    open_fen: int
    penalty_fen: int
    amount_fen: int
    for_others: bool
    overdue_days: int = 0
    part_allowed: bool = False
    paid_fen: int = 0
    state: Literal["open", "paid", "pending"] = "open"

    @property
    def to_pay_fen(self) -> int:
        """Principal and penalty together."""
        return self.open_fen + self.penalty_fen


@dataclass(frozen=True, slots=True)
class PrintedBill:
    """A bill by the code on its paper: masked name, item, period, sum. code: its text, kept for paying."""

    code: str
    bill_id: str
    name: str
    item: str
    period: str
    payee_name: Text
    for_others: bool
    to_pay_fen: int
    penalty_fen: int = 0
    part_allowed: bool = False


@dataclass(frozen=True, slots=True)
class ShareOfBill:
    """What a part payment takes off one bill, and what stays owed of it."""

    bill_id: str
    item: str
    period: str
    principal_fen: int
    penalty_fen: int
    left_fen: int


@dataclass(frozen=True, slots=True)
class Account:
    """The bills of one room. as_of_ms: when the copy was last in step with the platform.

    offset_fen: what points took off its fees at this kiosk this year.
    """

    open: tuple[Bill, ...]
    settled: tuple[Bill, ...]
    as_of_ms: int | None
    offset_fen: int = 0


CellState = Literal["waiting", "opening", "open", "got", "unknown", "jam", "left", "disputed"]


@dataclass(frozen=True, slots=True)
class PickupCell:
    """One cell of the order. since_ms: when its present state was first seen; attempts: how often asked.

    problem: empty or wrong once the person said so. other: the cell that opened in its place, if one did.
    """

    cell: str
    items: Text
    state: CellState
    since_ms: int | None = None
    attempts: int = 0
    problem: str = ""
    other: str = ""


@dataclass(frozen=True, slots=True)
class Pickup:
    """A pickup session as the store knows it; present: the cell whose turn it is, None when none is left."""

    session_id: str
    order_id: str
    cells: tuple[PickupCell, ...]
    present: str | None = None

    @property
    def finished(self) -> bool:
        """Whether no cell is left to do."""
        return self.present is None


@dataclass(frozen=True, slots=True)
class BankCell:
    """A cell as it stands in the bank; size s, m or l; accessible: within reach of a wheelchair."""

    name: str
    size: str
    door: Literal["closed", "open", "unknown"] = "closed"
    state: Literal["free", "reserved", "occupied", "held", "out_of_order"] = "free"
    accessible: bool = False

    @property
    def occupied(self) -> bool:
        """Whether somebody's parcel lies in it, or is about to."""
        return self.state in ("reserved", "occupied")

    @property
    def out_of_use(self) -> bool:
        """Whether it is blocked or held."""
        return self.state in ("held", "out_of_order")


@dataclass(frozen=True, slots=True)
class Bank:
    """A locker bank, column by column, as it stands there. halted: the cell that opened unasked, or empty."""

    id: str
    columns: tuple[tuple[BankCell, ...], ...] = ()
    halted: str = ""


@dataclass(frozen=True, slots=True)
class Notice:
    """A notice, an activity or an offer."""

    id: str
    kind: str
    title: Text
    body: Text
    from_ms: int


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the service directory; url: what a phone scans to be led there, empty without one."""

    id: str
    kind: str
    name: Text
    phone: str
    address: Text
    hours: Text
    url: str = ""


@dataclass(frozen=True, slots=True)
class Condition:
    """A part that is away, by a name of `kiosk.banners.BANNERS`. since_ms None: not known."""

    name: str
    since_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Conditions:
    """All that is away, the gravest first."""

    away: tuple[Condition, ...] = field(default=())

    def has(self, name: str) -> bool:
        """Whether the part of that name is away."""
        return any(condition.name == name for condition in self.away)
