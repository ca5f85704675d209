"""Shapes of the records in the feed. Money is integer fen, times are milliseconds UTC, dates ISO text.

The platform owns every collection here; a device never edits a record, it records an event.
"""

from typing import Literal

import msgspec

from cloud_sync.wire.access import ACCESS_COLLECTIONS, ACCESS_KEY_FIELDS
from cloud_sync.wire.record import Record

LineKind = Literal[
    "opening", "earned", "claimed", "spent", "taken_back", "expired", "topped_up", "refunded", "credited"
]
"""Why an account moved: begun with, points of a purchase, points by its receipt, paid with, points of
returned goods, points too old, money added, a refund's part, a bill paid twice."""


class Product(Record, frozen=True, kw_only=True):
    """A good on sale; `picture` names a drawn symbol, `restricted` the licence that it needs."""

    sku: str
    ean: str
    name_zh: str
    name_en: str
    spec_zh: str = ""
    spec_en: str = ""
    price_fen: int
    category: str
    picture: str = ""
    payee: str
    points_ppm: int = 0
    restricted: str | None = None


class DeliveryLine(Record, frozen=True, kw_only=True):
    """Goods of one lot in a delivery."""

    sku: str
    lot: str
    expires_on: str
    quantity: int


class Delivery(Record, frozen=True, kw_only=True):
    """A delivery note; the goods count only when the site has received them."""

    id: str
    lines: list[DeliveryLine]


class Promotion(Record, frozen=True, kw_only=True):
    """满减: from this sum on, this much less."""

    id: str
    kind: Literal["spend_and_save"]
    threshold_fen: int
    saving_fen: int
    name_zh: str
    name_en: str


class Room(Record, frozen=True, kw_only=True):
    """A flat; `managed` means that the property company manages it, so that points are earned.

    `mailbox` is an opaque id of the room that the platform made, so that a record of a parcel names no room.
    """

    id: str
    building: str
    number: str
    managed: bool
    mailbox: str = ""


class Resident(Record, frozen=True, kw_only=True):
    """A person by pseudonym; never a full name.

    `until_ms` ends a tenancy or a stay, 0 where nothing does. `invited_by` is the owner who added somebody
    from the phone, empty for those on the roster. `keep_until_ms`: forgotten from then on, 0 is no end.
    """

    subject: str
    room: str
    name_masked: str
    nickname: str = ""
    kind: Literal["owner", "family", "tenant"] = "owner"
    until_ms: int = 0
    invited_by: str = ""
    keep_until_ms: int = 0


class Payee(Record, frozen=True, kw_only=True):
    """A legal person that collects money; no payment mixes two."""

    id: str
    name_zh: str
    name_en: str
    kind: str = ""


class Bill(Record, frozen=True, kw_only=True):
    """One item of one period for one room.

    `settled_by` names the orders that are in `paid_fen`. `part_allowed`: a part of it may be paid.
    `token_hash`: of the token in the QR on the printed bill (`hash_token`), empty where none was printed.
    `penalty_due_fen` accrued until `penalty_on` (ISO date of the last payment, or empty) and is not paid yet.
    """

    id: str
    room: str
    item: Literal["property_fee", "water", "electricity", "parking", "shared"]
    payee: str
    period: str
    due_on: str
    amount_fen: int
    paid_fen: int = 0
    collected_for_others: bool = False
    settled_by: list[str] = msgspec.field(default_factory=list)
    part_allowed: bool = False
    token_hash: str = ""
    penalty_due_fen: int = 0
    penalty_on: str = ""


class Parcel(Record, frozen=True, kw_only=True):
    """What lies in one cell for one order."""

    bank: str
    cell: str
    parcel: str
    items_zh: str = ""
    items_en: str = ""


class Order(Record, frozen=True, kw_only=True):
    """What is collected here: an order of the app, or a courier's parcel (快递) for a room.

    A parcel's `subject` is whom it is for where the courier knew, else empty: anybody of `room` may collect
    it. `deposit` is the deposit's id at the device; `overdue_ms` is when it becomes overdue (滞留).
    """

    id: str
    subject: str
    state: Literal["in_cells", "collected", "removed"]
    cells: list[Parcel]
    kind: Literal["order", "parcel"] = "order"
    room: str = ""
    deposit: str = ""
    deposited_ms: int = 0
    overdue_ms: int = 0


class Notice(Record, frozen=True, kw_only=True):
    """A notice on the idle screen and on the phone."""

    id: str
    title_zh: str
    title_en: str
    body_zh: str
    body_en: str
    from_ms: int
    until_ms: int
    kind: str = "notice"


class DirectoryEntry(Record, frozen=True, kw_only=True):
    """A service nearby (便民服务); `url` leads there when a phone scans it (https or geo, RFC 5870)."""

    id: str
    name_zh: str
    name_en: str
    kind: str = ""
    address_zh: str = ""
    address_en: str = ""
    phone: str = ""
    hours: str = ""
    url: str = ""


class Contract(Record, frozen=True, kw_only=True):
    """The signed contract document; `cose` is base64 of a COSE_Sign1 by the contract key."""

    version: int
    cose: str


class AccountLine(Record, frozen=True, kw_only=True):
    """One movement of an account; `amount_fen` is negative where something left it.

    `pending_until_ms` is there only while the amount does not count yet; `order` is empty without one.
    """

    at_ms: int
    kind: LineKind
    amount_fen: int
    order: str = ""
    pending_until_ms: int = 0


class Account(Record, frozen=True, kw_only=True):
    """What a resident has at one issuer (a payee's id): whole balance, also what is leased out.

    `balance_fen` can be spent (points: 1 is 1 fen) and is negative where the contract lets points that were
    spent be taken back; `pending_fen` is earned and does not count yet. `lines`: newest eight, newest first.
    """

    id: str
    subject: str
    kind: Literal["points", "wallet", "prepaid_fee"]
    issuer: str
    balance_fen: int
    pending_fen: int = 0
    lines: list[AccountLine] = msgspec.field(default_factory=list)


class Lease(Record, frozen=True, kw_only=True):
    """What a device in one epoch may spend of an account: `granted_fen` is cumulative and only rises.

    `recall`: no new holds, and LeaseReturned when none is open. `closed`: it has come back.
    """

    id: str
    account: str
    device: str
    epoch: int
    granted_fen: int
    recall: bool = False
    closed: bool = False


class Overpayment(Record, frozen=True, kw_only=True):
    """A bill that was paid twice: the order that came second, and what its payer wants done with the money.

    Id `order:bill`. `account` is the prepaid-fee account to credit, empty where there is none. Without
    `choice` nobody has chosen yet; `done` when an event said that it was refunded or credited.
    """

    id: str
    order: str
    bill: str
    payee: str
    amount_fen: int
    penalty_fen: int = 0
    account: str = ""
    choice: Literal["", "refund", "credit"] = ""
    done: bool = False


class Invoice(Record, frozen=True, kw_only=True):
    """The invoice 发票 of an order, whose id it has; `number` once issued, `red` when taken back."""

    id: str
    state: Literal["asked", "issued", "red"]
    number: str = ""


class KeySetRecord(Record, frozen=True, kw_only=True):
    """The root-signed key set; base64."""

    version: int
    message: str


class ParkedEvent(Record, frozen=True, kw_only=True):
    """An event that the platform holds but could not apply."""

    device: str
    epoch: int
    seq: int
    type: str
    reason: str


class Erasure(Record, frozen=True, kw_only=True):
    """A person who is to be erased; `id` is opaque and all that the answer names.

    Deleted in the feed once every hub of the site has answered with `PersonErased`.
    """

    id: str
    subject: str
    asked_ms: int


class SiteSales(Record, frozen=True, kw_only=True):
    """What the app took inside the site on a date for a payee: for the statement. Id `date:payee`.

    `sum_fen` is before refunds. A later version of the same day replaces it.
    """

    id: str
    date: str
    payee: str
    count: int
    sum_fen: int
    refund_count: int = 0
    refund_fen: int = 0


class SiteConfigurationRecord(Record, frozen=True, kw_only=True):
    """What the platform decides of the site's configuration: base64 of the root-signed document."""

    version: int
    message: str


COLLECTIONS: dict[str, type[Record]] = {
    "products": Product,
    "deliveries": Delivery,
    "promotions": Promotion,
    "rooms": Room,
    "residents": Resident,
    "payees": Payee,
    "bills": Bill,
    "orders": Order,
    "notices": Notice,
    "directory": DirectoryEntry,
    "accounts": Account,
    "leases": Lease,
    "overpayments": Overpayment,
    "contract": Contract,
    "invoices": Invoice,
    "keyset": KeySetRecord,
    "site_configuration": SiteConfigurationRecord,
    "parked": ParkedEvent,
    "erasures": Erasure,
    "site_sales": SiteSales,
    **ACCESS_COLLECTIONS,
}
"""Every collection of the feed and its shape."""

KEY_FIELDS: dict[str, str] = {
    "products": "sku",
    "residents": "subject",
    "contract": "version",
    "keyset": "version",
    **ACCESS_KEY_FIELDS,
}
"""The field that is the record's id, where that is not `id`."""
