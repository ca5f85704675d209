"""Bills paid twice: found when the second payment is applied, ended by an event of the device that took it.

The payer chooses on the phone or at the kiosk; the device does it, refund or credit, and says so. What cannot
become a prepayment (collected for others, no such account) has no account here, and goes back by itself.
"""

from typing import Any, ClassVar

import msgspec

from cloud_sync.platform import feed
from cloud_sync.platform.balances import PREPAID_FEE, Cause, read_account
from cloud_sync.platform.leases import credit
from cloud_sync.platform.store.port import Connection
from cloud_sync.platform.stored import StoredEvent, require_record
from cloud_sync.wire.collections import Overpayment
from edge.errors import Refusal

COLLECTION = "overpayments"


class OverpaymentNotOpen(Refusal):
    """No such overpayment of the asker's room waits for a choice."""

    code: ClassVar[str] = "overpayment_not_open"


class ChoiceNotPossible(Refusal):
    """There is no account that could be credited."""

    code: ClassVar[str] = "choice_not_possible"


class BillGivenBack(msgspec.Struct, frozen=True):
    """What we read of `BillRefunded` and `BillCredited`."""

    order_id: str
    bill_id: str
    amount_fen: int
    account: str = ""


def note(
    connection: Connection, order_id: str, bill: dict[str, Any], principal_fen: int, penalty_fen: int
) -> None:
    """Write down that an order brought more than its bill still asked for."""
    found = Overpayment(
        id=_id_of(order_id, bill["id"]),
        order=order_id,
        bill=bill["id"],
        payee=bill["payee"],
        amount_fen=principal_fen + penalty_fen,
        penalty_fen=penalty_fen,
        account=_account_for(connection, bill),
    )
    feed.put_record(connection, COLLECTION, found.id, msgspec.to_builtins(found))


def _account_for(connection: Connection, bill: dict[str, Any]) -> str:
    """The prepaid-fee account of somebody of the bill's room at its payee; none for what is for others."""
    if bill.get("collected_for_others"):
        return ""
    row = connection.execute(
        "SELECT a.id FROM records a JOIN records p ON p.site=a.site AND p.collection='residents'"
        " AND p.id=json_extract(a.data, '$.subject') WHERE a.site=? AND a.collection='accounts'"
        " AND json_extract(a.data, '$.kind')='prepaid_fee' AND json_extract(a.data, '$.issuer')=?"
        " AND json_extract(p.data, '$.room')=? ORDER BY a.id LIMIT 1",
        (connection.site, bill["payee"], bill["room"]),
    ).fetchone()
    return "" if row is None else str(row["id"])


def list_open(connection: Connection, subject: str) -> list[dict[str, Any]]:
    """Return the overpayments of a person's room that are not done, each with its bill."""
    person = feed.get_record(connection, "residents", subject) or {}
    found = []
    for record in feed.list_records(connection, COLLECTION):
        bill = feed.get_record(connection, "bills", record["bill"])
        if bill is not None and bill["room"] == person.get("room") and not record.get("done"):
            found.append({**record, "item": bill["item"], "period": bill["period"]})
    return found


def choose(connection: Connection, subject: str, overpayment: str, choice: str) -> None:
    """Keep what the payer wants. Raises OverpaymentNotOpen, ChoiceNotPossible."""
    record = next((one for one in list_open(connection, subject) if one["id"] == overpayment), None)
    if record is None or record.get("choice"):
        raise OverpaymentNotOpen(overpayment=overpayment)
    if choice == "credit" and not record.get("account"):
        raise ChoiceNotPossible(overpayment=overpayment)
    stored = require_record(connection, COLLECTION, overpayment)
    feed.put_record(connection, COLLECTION, overpayment, {**stored, "choice": choice})


def apply_given_back(connection: Connection, event: StoredEvent) -> None:
    """The device refunded the second payment."""
    _close(connection, event, "refund")


def apply_credited(connection: Connection, event: StoredEvent) -> None:
    """The device turned the second payment into a prepayment. Raises RecordMissing, AccountMissing."""
    told = msgspec.json.decode(event.body, type=BillGivenBack)
    _close(connection, event, "credit")
    cause = Cause(
        f"credited:{_id_of(told.order_id, told.bill_id)}", event.at_ms, told.order_id, event=event.at
    )
    read_account(connection, told.account, PREPAID_FEE)
    credit(connection, told.account, "credited", told.amount_fen, cause)


def _close(connection: Connection, event: StoredEvent, choice: str) -> None:
    told = msgspec.json.decode(event.body, type=BillGivenBack)
    found = _id_of(told.order_id, told.bill_id)
    record = require_record(connection, COLLECTION, found)
    closed = {**record, "choice": choice, "done": True}
    feed.put_record(connection, COLLECTION, found, closed, applied_through=event.at)


def _id_of(order_id: str, bill_id: str) -> str:
    return f"{order_id}:{bill_id}"
