"""Bills as the platform keeps them: paid at a kiosk, in part or whole, paid in the app, paid twice.

The record's `paid_fen` never goes above its sum. What a payment brought beyond that is an overpayment, which
its payer decides about.
"""

import secrets
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar, NamedTuple

import msgspec

from cloud_sync.platform import feed, invoices, overpayments
from cloud_sync.platform.custody import note_incident
from cloud_sync.platform.lease_events import TenderPart, spend
from cloud_sync.platform.penalty import figures_of, penalty_of
from cloud_sync.platform.store.port import Connection
from cloud_sync.platform.stored import StoredEvent, require_record, settles_first
from cloud_sync.platform.told import note_paid
from cloud_sync.wire.accounts import hash_token
from cloud_sync.wire.feed import Change
from edge.errors import Refusal

SITE_OFFSET = timedelta(hours=8)
TOKEN_BYTES = 16
CODE_PREFIX = "CE-B:"
PENALTY_DIFFERS = "penalty_differs"
"""Incident: a device reckoned another penalty than the platform does for the same bill, day and contract."""


class BillNotThere(Refusal):
    """No such bill, or not one of the asker's room."""

    code: ClassVar[str] = "bill_unknown"


class BillPaidAlready(Refusal):
    """Nothing is owed on the bill."""

    code: ClassVar[str] = "bill_already_paid"


class BillPaid(msgspec.Struct, frozen=True):
    """What we read of a paid bill: the penalty is beside the principal, counted up to the day `as_of`."""

    bill_id: str
    order_id: str
    amount_fen: int
    penalty_fen: int = 0
    contract_version: int = 0
    as_of: str = ""
    penalty_left_fen: int = 0
    tenders: list[TenderPart] = []
    claim_hash: str = ""


class Taken(NamedTuple):
    """What a bill took of a payment, and the penalty that it owes afterwards."""

    principal_fen: int
    penalty_fen: int
    penalty_left_fen: int


def apply_bill_paid(connection: Connection, event: StoredEvent) -> None:
    """Count a fee and raise what is paid of the bill, each order once.

    The new version ends the device's overlay, also when an earlier life of the device had told the same.
    """
    paid = msgspec.json.decode(event.body, type=BillPaid)
    bill = require_record(connection, "bills", paid.bill_id)
    if _count(connection, event, paid):
        spend(
            *(connection, event, paid.order_id, paid.tenders),
            payee=bill["payee"],
            of=paid.bill_id,
            for_others=bill.get("collected_for_others", False),
        )
        note_paid(
            *(connection, event, paid.order_id, "fee", bill["payee"]),
            *(paid.amount_fen + paid.penalty_fen, paid.tenders),
        )
        invoices.keep_claim_hash(connection, paid.order_id, paid.claim_hash)
        taken = _take(connection, event, bill, paid)
        excess = (paid.amount_fen - taken.principal_fen, paid.penalty_fen - taken.penalty_fen)
        if any(excess):
            overpayments.note(connection, paid.order_id, bill, *excess)
        bill = _settled(bill, paid.order_id, taken, paid.as_of)
    feed.put_record(connection, "bills", paid.bill_id, bill, applied_through=event.at)


def count_bill_paid(connection: Connection, event: StoredEvent) -> None:
    """Count a fee of a site whose residents have no accounts here, and raise what is paid of its bill.

    What the device reckoned as penalty stands: the contract's figures are known here for the home site only.
    """
    paid = msgspec.json.decode(event.body, type=BillPaid)
    bill = feed.get_record(connection, "bills", paid.bill_id)
    if _count(connection, event, paid) and bill is not None:
        principal_fen = min(paid.amount_fen, bill["amount_fen"] - bill.get("paid_fen", 0))
        taken = Taken(principal_fen, paid.penalty_fen, paid.penalty_left_fen)
        bill = _settled(bill, paid.order_id, taken, paid.as_of)
    if bill is not None:
        feed.put_record(connection, "bills", paid.bill_id, bill, applied_through=event.at)


def _count(connection: Connection, event: StoredEvent, paid: BillPaid) -> bool:
    """Whether this event settles the order's bill; then it is counted."""
    if not settles_first(connection, event, paid.order_id, paid.bill_id):
        return False
    connection.execute(
        "INSERT INTO fees (device, epoch, seq, bill_id, amount_fen, penalty_fen, at_ms)"
        " VALUES (?,?,?,?,?,?,?)",
        (*event.key, paid.bill_id, paid.amount_fen, paid.penalty_fen, event.at_ms),
    )
    return True


def _take(connection: Connection, event: StoredEvent, bill: dict[str, Any], paid: BillPaid) -> Taken:
    principal_fen = min(paid.amount_fen, bill["amount_fen"] - bill.get("paid_fen", 0))
    if not paid.as_of:
        # Older devices paid whole bills only, and named no day to reckon the penalty for.
        return Taken(principal_fen, paid.penalty_fen if principal_fen else 0, 0)
    told_fen = paid.penalty_fen + paid.penalty_left_fen
    figures = figures_of(connection, paid.contract_version)
    owed_fen = told_fen if figures is None else penalty_of(bill, paid.as_of, figures)
    if owed_fen != told_fen and principal_fen == paid.amount_fen:
        device, epoch, seq = event.key
        note_incident(connection, device, epoch, code=PENALTY_DIFFERS, seq=seq, now_ms=event.at_ms)
    penalty_fen = min(paid.penalty_fen, owed_fen)
    return Taken(principal_fen, penalty_fen, owed_fen - penalty_fen)


def _settled(bill: dict[str, Any], order_id: str, taken: Taken, as_of: str) -> dict[str, Any]:
    return {
        **bill,
        "paid_fen": bill.get("paid_fen", 0) + taken.principal_fen,
        "settled_by": [*bill.get("settled_by", []), order_id],
        "penalty_due_fen": taken.penalty_left_fen,
        "penalty_on": max(bill.get("penalty_on", ""), as_of),
    }


def pay_bill_in_app(connection: Connection, subject: str, bill_id: str, *, now_ms: int) -> None:
    """Pay what is owed of a bill of the person's room in the app. Raises BillNotThere, BillPaidAlready.

    The app's own channel is not part of this platform; the money counts as received.
    """
    bill = bill_of_person(connection, subject, bill_id)
    as_of = date_of(now_ms)
    figures = figures_of(connection)
    unpaid_fen = bill["amount_fen"] - bill.get("paid_fen", 0)
    penalty_fen = 0 if figures is None else penalty_of(bill, as_of, figures)
    if unpaid_fen + penalty_fen == 0:
        raise BillPaidAlready(bill=bill_id)
    number = connection.execute(
        "INSERT INTO app_fees (bill_id, subject, amount_fen, penalty_fen, at_ms) VALUES (?,?,?,?,?)"
        " RETURNING number",
        (bill_id, subject, unpaid_fen, penalty_fen, now_ms),
    ).fetchone()["number"]
    settled = _settled(bill, f"app-{number}", Taken(unpaid_fen, penalty_fen, 0), as_of)
    feed.put_record(connection, "bills", bill_id, settled, applied_through=_mark_of(connection, bill_id))


def bill_of_person(connection: Connection, subject: str, bill_id: str) -> dict[str, Any]:
    """Return a bill of the room that a person lives in. Raises BillNotThere."""
    bill = feed.get_record(connection, "bills", bill_id)
    person = feed.get_record(connection, "residents", subject) or {}
    if bill is None or bill["room"] != person.get("room"):
        raise BillNotThere(bill=bill_id)
    return bill


def read_bill(connection: Connection, bill_id: str) -> Change:
    """Return the newest version of a bill, as the feed has it: asked just before money is taken.

    Raises BillNotThere.
    """
    change = feed.newest_change(connection, "bills", bill_id)
    if change is None or change.data is None:
        raise BillNotThere(bill=bill_id)
    return change


def author_bill(connection: Connection, bill: dict[str, Any]) -> dict[str, Any]:
    """Return a bill with the hash of the token that its printed code has; the token is made once."""
    token = secrets.token_urlsafe(TOKEN_BYTES)
    connection.execute(
        "INSERT INTO bill_tokens (bill_id, token) VALUES (?,?) ON CONFLICT DO NOTHING", (bill["id"], token)
    )
    return {**bill, "token_hash": hash_token(_token_of(connection, bill["id"]))}


def bill_code(connection: Connection, bill_id: str) -> str:
    """Return the text of the QR on a printed bill. Raises BillNotThere."""
    return f"{CODE_PREFIX}{bill_id}.{_token_of(connection, bill_id)}"


def date_of(at_ms: int) -> str:
    """Return the date in China of a moment, ISO."""
    return (datetime.fromtimestamp(at_ms / 1000, UTC) + SITE_OFFSET).date().isoformat()


def _token_of(connection: Connection, bill_id: str) -> str:
    row = connection.execute("SELECT token FROM bill_tokens WHERE bill_id=?", (bill_id,)).fetchone()
    if row is None:
        raise BillNotThere(bill=bill_id)
    return str(row["token"])


def _mark_of(connection: Connection, bill_id: str) -> Any:
    """Where the record stood in a device's journal: a version without it would not end that overlay."""
    change = feed.newest_change(connection, "bills", bill_id)
    return None if change is None else change.applied_through
