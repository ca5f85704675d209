"""What events of a device do to leases: spends count in them, returns and new epochs bring them back."""

import msgspec

from cloud_sync.platform.balances import POINTS, Cause, move, read_account
from cloud_sync.platform.custody import note_incident
from cloud_sync.platform.leases import close_lease, close_older, grant_at_beginning, settle_account
from cloud_sync.platform.store.port import Connection
from cloud_sync.platform.stored import StoredEvent
from edge.errors import EdgeError

LEASE_EXCEEDED = "lease_exceeded"
"""Incident: a device spent more of a lease than it was granted; the spend counts."""
TENDER_NOT_ALLOWED = "tender_not_allowed"
"""Incident: an account paid what it may not, another company or something collected for others; it counts."""
LEASE_FOREIGN = "lease_foreign"
"""Incident: a spend names no lease, or one of another account or device; the spend counts."""
SPENT_AFTER_RETURN = "spent_after_return"
"""Incident: a spend of a lease that had come back already; the spend counts."""


class LeaseIncomplete(EdgeError):
    """A lease cannot come back yet: a spend that its device counted is not applied here."""


class TenderPart(msgspec.Struct, frozen=True):
    """What we read of a part of a payment that came out of an account."""

    kind: str
    account: str = ""
    lease: str = ""
    amount_fen: int = 0


class LeaseReturned(msgspec.Struct, frozen=True):
    """What we read of a lease that the device gives back: all that it ever spent of it."""

    lease: str
    spent_fen: int


class EpochBegan(msgspec.Struct, frozen=True):
    """What we read of a new epoch: the head that it goes on from."""

    previous_seq: int


def spend(
    connection: Connection,
    event: StoredEvent,
    order: str,
    parts: list[TenderPart],
    *,
    payee: str,
    of: str = "",
    for_others: bool = False,
) -> None:
    """Take an order's tenders (of a bill) from their accounts and count them in their leases, once.

    Raises AccountMissing. A spend outside of its lease, or on what the account may not pay, counts and is an
    incident: the goods are gone.
    """
    for part in parts:
        account = read_account(connection, part.account, part.kind)
        if for_others if part.kind == POINTS else account["issuer"] != payee:
            _incident(connection, event, TENDER_NOT_ALLOWED)
        key = f"spent:{order}:{of}:{part.account}"
        cause = Cause(key, event.at_ms, order, part.lease, event.at)
        if move(connection, part.account, "spent", -part.amount_fen, cause):
            _count_spend(connection, event, part)
            settle_account(connection, part.account)


def _count_spend(connection: Connection, event: StoredEvent, part: TenderPart) -> None:
    row = connection.execute("SELECT * FROM leases WHERE id=?", (part.lease,)).fetchone()
    if row is None or row["account"] != part.account or row["device"] != event.at.device:
        _incident(connection, event, LEASE_FOREIGN)
        return
    spent_fen = row["spent_fen"] + part.amount_fen
    connection.execute("UPDATE leases SET spent_fen=? WHERE id=?", (spent_fen, part.lease))
    if row["closed"]:
        _incident(connection, event, SPENT_AFTER_RETURN)
    if spent_fen > row["granted_fen"]:
        _incident(connection, event, LEASE_EXCEEDED)


def apply_lease_returned(connection: Connection, event: StoredEvent) -> None:
    """Free the rest of a lease; raises LeaseIncomplete while a spend that the device counted is not here."""
    returned = msgspec.json.decode(event.body, type=LeaseReturned)
    row = connection.execute("SELECT * FROM leases WHERE id=?", (returned.lease,)).fetchone()
    if row is None or row["device"] != event.at.device:
        raise LeaseIncomplete(returned.lease)
    if row["spent_fen"] < returned.spent_fen:
        raise LeaseIncomplete(f"{returned.lease}: {row['spent_fen']} of {returned.spent_fen} fen are here")
    if not row["closed"]:
        close_lease(connection, row, "returned", event.at_ms)


def apply_epoch_began(connection: Connection, event: StoredEvent) -> None:
    """Grant the new epoch its leases, and take the old ones back if the old life is here to its end.

    A life that goes on from an older copy, or from nothing, may have lost spends: those leases stay out until
    a person declares the device lost. Raises LeaseIncomplete while an event of the old life waits parked.
    """
    began = msgspec.json.decode(event.body, type=EpochBegan)
    device, epoch = event.at.device, event.at.epoch
    waiting = connection.execute(
        "SELECT count(*) FROM parked WHERE device=? AND (epoch<? OR seq<?)", (device, epoch, event.at.seq)
    ).fetchone()[0]
    if waiting:
        raise LeaseIncomplete(f"{device}: {waiting} events of the old epoch are not applied")
    head = connection.execute(
        "SELECT max(head_seq) FROM streams WHERE device=? AND epoch<?", (device, epoch)
    ).fetchone()[0]
    if head is None or began.previous_seq >= head:
        close_older(connection, device, epoch, "epoch", event.at_ms)
    grant_at_beginning(connection, device, epoch)


def declare_lost(connection: Connection, device: str, epoch: int, *, person: str, now_ms: int) -> None:
    """A named person says that this epoch of the device will not be heard again: its leases come back.

    What it spent and never told is the issuer's loss; a spend that comes after all counts, as an incident.
    """
    connection.execute(
        "INSERT INTO lost_devices (device, epoch, person, at_ms) VALUES (?,?,?,?) ON CONFLICT DO NOTHING",
        (device, epoch, person, now_ms),
    )
    close_older(connection, device, epoch + 1, "lost", now_ms)


def _incident(connection: Connection, event: StoredEvent, code: str) -> None:
    device, epoch, seq = event.at.device, event.at.epoch, event.at.seq
    note_incident(connection, device, epoch, code=code, seq=seq, now_ms=event.at_ms)
