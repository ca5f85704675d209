"""Apply events that are in custody: to the figures and to the records that they change.

Separate from ingest: what cannot be applied is parked, retried and reported down the feed, and never holds
up what comes after it.
"""

import logging
from collections.abc import Callable
from typing import Any, NamedTuple

import msgspec

from cloud_sync.platform import invoices, overpayments, parcels
from cloud_sync.platform.bills import apply_bill_paid, count_bill_paid
from cloud_sync.platform.custody import note_incident
from cloud_sync.platform.door_records import apply_opening, apply_requested, count_opening
from cloud_sync.platform.erasing import apply_person_erased
from cloud_sync.platform.feed import put_record
from cloud_sync.platform.feed_faults import apply_record_applied, apply_record_parked
from cloud_sync.platform.lease_events import apply_epoch_began, apply_lease_returned
from cloud_sync.platform.leases import grant_at_beginning
from cloud_sync.platform.operators.alarms import apply_alarm_cleared, apply_alarm_raised
from cloud_sync.platform.points import expire, ripen
from cloud_sync.platform.purchases import (
    apply_goods_returned,
    apply_points_claimed,
    apply_refund,
    apply_sale,
    apply_top_up,
    count_sale,
)
from cloud_sync.platform.store.port import Connection, Row, StoreAway
from cloud_sync.platform.stored import StoredEvent, require_record
from cloud_sync.platform.told import apply_payment_news, apply_payment_requested, apply_refund_paid
from cloud_sync.platform.top_ups import credit_paid
from cloud_sync.wire.batches import EventEnvelope
from cloud_sync.wire.feed import AppliedThrough
from edge.errors import EdgeError

MAX_ATTEMPTS = 20
STREAMS_A_ROUND = 50
RETRY_BASE_MS = 1_000
RETRY_CAP_MS = 300_000
HOLE = "custody_missing"
"""Incident: events that custody had taken are not in the database any more, from this seq on."""
Applier = Callable[[Connection, StoredEvent], object]
_NOT_APPLIED = (
    msgspec.MsgspecError,
    EdgeError,
    ValueError,
    LookupError,
    TypeError,
    ArithmeticError,
    RecursionError,
)
"""An event, or the record that it changes, is not what its applier takes it for."""

log = logging.getLogger(__name__)


class OrderCollected(msgspec.Struct, frozen=True):
    """What we read of a collected order."""

    order_id: str


def apply_order_collected(connection: Connection, event: StoredEvent) -> None:
    """An order of the app was collected."""
    collected = count_collected(connection, event)
    order = require_record(connection, "orders", collected.order_id)
    order["state"] = "collected"
    parcels.drop_code(connection, collected.order_id)
    put_record(connection, "orders", collected.order_id, order, applied_through=event.at)


def count_collected(connection: Connection, event: StoredEvent) -> OrderCollected:
    """Count an order that was collected."""
    collected = msgspec.json.decode(event.body, type=OrderCollected)
    connection.execute(
        "INSERT INTO collections_done (device, epoch, seq, order_id, at_ms) VALUES (?,?,?,?,?)",
        (*event.key, collected.order_id, event.at_ms),
    )
    return collected


def _of_versions(name: str, apply: Applier) -> dict[str, Applier]:
    """One applier for every version of an event up to the third: what it reads stands in all of them."""
    return {f"community.edge.{name}.v{version}": apply for version in (1, 2, 3)}


OF_THE_FEED: dict[str, Applier] = {
    "community.edge.FeedRecordParked.v1": apply_record_parked,
    "community.edge.FeedRecordApplied.v1": apply_record_applied,
    "community.edge.PersonErased.v1": apply_person_erased,
    "community.edge.PersonErased.v2": apply_person_erased,
}
"""What hubs of every site tell about the feed."""

APPLIERS: dict[str, Applier] = {
    **OF_THE_FEED,
    "community.edge.EpochBegan.v1": apply_epoch_began,
    "community.edge.SaleSettled.v1": apply_sale,
    "community.edge.SaleSettled.v2": apply_sale,
    "community.edge.SaleSettled.v3": apply_sale,
    "community.edge.PointsClaimed.v1": apply_points_claimed,
    "community.edge.TopUpSettled.v1": apply_top_up,
    "community.edge.GoodsReturned.v1": apply_goods_returned,
    **_of_versions("PaymentRequested", apply_payment_requested),
    "community.edge.PaymentUnknown.v1": apply_payment_news("unknown"),
    "community.edge.PaymentFailed.v1": apply_payment_news("failed"),
    "community.edge.PaymentReversed.v1": apply_payment_news("failed"),
    "community.edge.RefundRequested.v1": apply_refund,
    "community.edge.RefundRequested.v2": apply_refund,
    "community.edge.RefundPaid.v1": apply_refund_paid,
    "community.edge.LeaseReturned.v1": apply_lease_returned,
    "community.edge.BillPaid.v1": apply_bill_paid,
    "community.edge.BillPaid.v2": apply_bill_paid,
    "community.edge.BillPaid.v3": apply_bill_paid,
    "community.edge.BillRefunded.v1": overpayments.apply_given_back,
    "community.edge.BillCredited.v1": overpayments.apply_credited,
    "community.edge.InvoiceAsked.v1": invoices.apply_invoice_asked,
    "community.edge.OrderCollected.v1": apply_order_collected,
    "community.edge.OrderPartlyCollected.v1": parcels.apply_news("parcel_left"),
    "community.edge.ParcelDeposited.v1": parcels.apply_deposited,
    "community.edge.ParcelWithdrawn.v1": parcels.apply_gone("removed", "parcel_withdrawn"),
    "community.edge.ParcelRemoved.v1": parcels.apply_gone("removed", "parcel_removed"),
    "community.edge.ParcelReminderDue.v1": parcels.apply_news("parcel_soon"),
    "community.edge.ParcelOverdue.v1": parcels.apply_news("parcel_overdue"),
    "community.edge.LockerCaseOpened.v1": parcels.apply_news("locker_case"),
    "community.edge.AlarmRaised.v1": apply_alarm_raised,
    "community.edge.AlarmCleared.v1": apply_alarm_cleared,
    **_of_versions("DoorOpenRequested", apply_requested),
    **_of_versions("DoorOpened", apply_opening("door_opened", "opened")),
    **_of_versions("DoorUnknown", apply_opening("door_unknown", "unknown")),
    **_of_versions("DoorNotFired", apply_opening("door_not_fired", "refused")),
    **_of_versions("CellOpened", apply_opening("cell_opened", "opened")),
    **_of_versions("CellUnknown", apply_opening("cell_unknown", "unknown")),
    **_of_versions("CellNotFired", apply_opening("cell_not_fired", "refused")),
}
"""Event type → what it does here. A type that is not named stays in custody and changes no figure."""

ELSEWHERE: dict[str, Applier] = {
    **OF_THE_FEED,
    **_of_versions("SaleSettled", count_sale),
    **_of_versions("BillPaid", count_bill_paid),
    "community.edge.AlarmRaised.v1": apply_alarm_raised,
    "community.edge.AlarmCleared.v1": apply_alarm_cleared,
    "community.edge.OrderCollected.v1": count_collected,
    **_of_versions("DoorOpened", count_opening("door_opened")),
    **_of_versions("DoorUnknown", count_opening("door_unknown")),
    **_of_versions("DoorNotFired", count_opening("door_not_fired")),
    **_of_versions("CellOpened", count_opening("cell_opened")),
    **_of_versions("CellUnknown", count_opening("cell_unknown")),
    **_of_versions("CellNotFired", count_opening("cell_not_fired")),
}
"""The same for a site that is not the home site: figures and its bills.

Accounts, points, parcels, phones and commands are the home site's; no event of another site reaches them.
"""


class Progress(NamedTuple):
    """What one round of applying did."""

    applied: int
    parked: int
    more: bool
    after: str


def apply_next(connection: Connection, *, now_ms: int, limit: int = 200, after: str = "") -> Progress:
    """Apply about `limit` events of the devices behind `after`, each device's in order of epoch and seq.

    `more`: some were found; ask again with `after`, so that a device that sends much holds up nobody.
    """
    applied = parked = 0
    for stream in _waiting(connection, after) or _waiting(connection, ""):
        slice_applied, slice_parked = _apply_stream(connection.of(stream["site"]), stream, now_ms, limit)
        applied, parked, after = applied + slice_applied, parked + slice_parked, stream["device"]
        if applied >= limit:
            break
    return Progress(applied, parked, applied > 0, after)


def _waiting(connection: Connection, after: str) -> list[Row]:
    """The oldest stream of each device that has events to apply, some devices behind `after`."""
    rows = connection.execute(
        "SELECT site, device, epoch, first_seq, head_seq, applied_seq FROM streams"
        " WHERE applied_seq < head_seq AND device>? ORDER BY device, epoch LIMIT ?",
        (after, STREAMS_A_ROUND),
    ).fetchall()
    oldest: dict[str, Row] = {}
    for row in rows:
        oldest.setdefault(row["device"], row)
    return list(oldest.values())


def _apply_stream(connection: Connection, stream: Row, now_ms: int, limit: int) -> tuple[int, int]:
    if stream["epoch"] == 1 and stream["applied_seq"] < stream["first_seq"]:
        # Every later epoch begins with an event that says so.
        grant_at_beginning(connection, stream["device"], stream["epoch"])
    rows = connection.execute(
        "SELECT device, epoch, seq, type, at_ms, line FROM events"
        " WHERE device=? AND epoch=? AND seq>? ORDER BY seq LIMIT ?",
        (stream["device"], stream["epoch"], stream["applied_seq"], limit),
    ).fetchall()
    parked = _apply_slice(connection, rows, now_ms)
    here = [row["seq"] for row in rows]
    through = here[-1] if len(here) == limit else max([stream["head_seq"], *here])
    _tell_holes(connection, stream, here, through, now_ms)
    connection.execute(
        "UPDATE streams SET applied_seq=? WHERE device=? AND epoch=?",
        (through, stream["device"], stream["epoch"]),
    )
    return len(rows), parked


def _tell_holes(connection: Connection, stream: Row, here: list[int], through: int, now_ms: int) -> None:
    """Custody lost events that it had taken: told by the first of each hole, and what follows is applied."""
    expected = stream["applied_seq"] + 1
    for seq in (*here, through + 1):
        if seq > expected:
            log.error("events of %s are missing in custody from seq %d on", stream["device"], expected)
            note_incident(
                connection, stream["device"], stream["epoch"], code=HOLE, seq=expected, now_ms=now_ms
            )
        expected = seq + 1


def settle_due(connection: Connection, *, now_ms: int) -> int:
    """What no event brings: paid top-ups of the app, points that count from now on, points that end.

    Returns how many accounts changed.
    """
    return credit_paid(connection) + ripen(connection, now_ms=now_ms) + expire(connection, now_ms=now_ms)


def retry_parked(connection: Connection, *, now_ms: int, limit: int = 50) -> int:
    """Try parked events again whose time has come; returns how many were applied."""
    rows = connection.execute(
        "SELECT s.site, e.device, e.epoch, e.seq, e.type, e.at_ms, e.line FROM parked p JOIN events e"
        " USING (device, epoch, seq) JOIN streams s USING (device, epoch)"
        " WHERE p.next_ms<=? AND p.attempts<? ORDER BY p.next_ms, e.device, e.seq LIMIT ?",
        (now_ms, MAX_ATTEMPTS, limit),
    ).fetchall()
    done = [row for row in rows if _apply_or_park(connection.of(row["site"]), row, now_ms)]
    for row in done:
        _unpark(connection.of(row["site"]), AppliedThrough(row["device"], row["epoch"], row["seq"]))
    return len(done)


def _apply_slice(connection: Connection, rows: list[Row], now_ms: int) -> int:
    """Apply events of one stream, and return how many were parked.

    All under one savepoint, as nearly always none fails; where one does, all again, each under its own.
    """
    connection.execute("SAVEPOINT slice")
    try:
        for row in rows:
            _apply(connection, row)
    except StoreAway:
        raise
    except _NOT_APPLIED:
        connection.execute("ROLLBACK TO slice")
        connection.execute("RELEASE slice")
        return sum(not _apply_or_park(connection, row, now_ms) for row in rows)
    connection.execute("RELEASE slice")
    return 0


def _apply_or_park(connection: Connection, row: Row, now_ms: int) -> bool:
    connection.execute("SAVEPOINT event")
    try:
        _apply(connection, row)
    except StoreAway:
        raise
    except _NOT_APPLIED as error:
        connection.execute("ROLLBACK TO event")
        connection.execute("RELEASE event")
        at = AppliedThrough(row["device"], row["epoch"], row["seq"])
        _park(connection, at, row["type"], f"{type(error).__name__}: {error}"[:200], now_ms)
        return False
    connection.execute("RELEASE event")
    return True


def _apply(connection: Connection, row: Row) -> None:
    applier = (APPLIERS if connection.at_home else ELSEWHERE).get(row["type"])
    if applier is not None:
        envelope = msgspec.json.decode(row["line"], type=EventEnvelope)
        at = AppliedThrough(row["device"], row["epoch"], row["seq"])
        applier(connection, StoredEvent(at, row["type"], row["at_ms"], bytes(envelope.data)))


def _park(connection: Connection, at: AppliedThrough, type_name: str, reason: str, now_ms: int) -> None:
    at_key = (at.device, at.epoch, at.seq)
    known = connection.execute(
        "SELECT attempts FROM parked WHERE device=? AND epoch=? AND seq=?", at_key
    ).fetchone()
    attempts = known["attempts"] if known else 0
    next_ms = now_ms + min(RETRY_CAP_MS, RETRY_BASE_MS << min(attempts, 20))
    connection.execute(
        "INSERT INTO parked (device, epoch, seq, type, reason, attempts, next_ms) VALUES (?,?,?,?,?,?,?)"
        " ON CONFLICT (device, epoch, seq) DO UPDATE SET reason=excluded.reason,"
        " attempts=excluded.attempts, next_ms=excluded.next_ms",
        (*at_key, type_name, reason, attempts + 1, next_ms),
    )
    report: dict[str, Any] = {
        "device": at.device,
        "epoch": at.epoch,
        "seq": at.seq,
        "type": type_name,
        "reason": reason,
    }
    put_record(connection, "parked", _parked_id(at), report)


def _unpark(connection: Connection, at: AppliedThrough) -> None:
    gone = connection.execute(
        "DELETE FROM parked WHERE device=? AND epoch=? AND seq=?", (at.device, at.epoch, at.seq)
    )
    if gone.rowcount:
        put_record(connection, "parked", _parked_id(at), None)


def _parked_id(at: AppliedThrough) -> str:
    return f"{at.device}-{at.epoch}-{at.seq}"
