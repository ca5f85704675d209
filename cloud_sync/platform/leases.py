"""Standing leases: what a device may spend of an account, online or not.

`granted` and `spent` are cumulative and only rise. The platform tops a lease up as spends arrive, so that
`granted - spent` is the standing limit or all that is free; what is leased out is free nowhere else. A lease
comes back only when its last spend is known here, or when a person declares the device lost.
"""

from typing import ClassVar

import msgspec

from cloud_sync.platform.balances import AccountMissing, Cause, move, publish, read_account
from cloud_sync.platform.custody import StreamSuperseded
from cloud_sync.platform.feed import put_record
from cloud_sync.platform.store.port import Connection, Row
from cloud_sync.platform.terms import read_terms
from cloud_sync.wire.accounts import LeaseRaise
from cloud_sync.wire.collections import Lease, LineKind
from edge.errors import Refusal


class AccountUnknown(Refusal):
    """No such account."""

    code: ClassVar[str] = "account_unknown"


class BalanceExceeded(Refusal):
    """More is asked for than is free: `free_fen` could be added to what is granted."""

    code: ClassVar[str] = "balance_exceeded"


class LeaseEnded(Refusal):
    """The lease is recalled or has come back; a new one is asked for without its name."""

    code: ClassVar[str] = "lease_ended"


class DeviceLost(Refusal):
    """A person declared this device lost; only a new epoch of it is granted anything."""

    code: ClassVar[str] = "device_lost"


def free_of(connection: Connection, account: str) -> int:
    """What of the balance is not leased out, in fen; never below zero."""
    row = connection.execute(
        "SELECT a.balance_fen - coalesce((SELECT sum(l.granted_fen - l.spent_fen) FROM leases l"
        " WHERE l.account=a.id AND l.closed=0 AND l.granted_fen>l.spent_fen), 0)"
        " FROM accounts a WHERE a.id=?",
        (account,),
    ).fetchone()
    return 0 if row is None else max(0, int(row[0]))


def _grantable(connection: Connection, account: str) -> int:
    """What may be leased out: what is free, less points that have ended and only wait to come back."""
    waits = connection.execute("SELECT expiring_fen FROM accounts WHERE id=?", (account,)).fetchone()
    return max(0, free_of(connection, account) - int(waits[0]))


def settle_account(connection: Connection, account: str) -> None:
    """After an account moved: renew its leases, grant standing ones, and write it into the feed."""
    publish(connection, account)
    limit_fen = read_terms(connection).lease_limit_fen
    if limit_fen <= 0:
        return
    devices = connection.execute(
        "SELECT s.device, s.epoch"
        " FROM (SELECT device, max(epoch) AS epoch FROM streams WHERE site=? GROUP BY device) s"
        " LEFT JOIN lost_devices l USING (device, epoch) WHERE l.device IS NULL ORDER BY s.device",
        (connection.site,),
    ).fetchall()
    for row in devices:
        _renew(connection, account, row["device"], row["epoch"], limit_fen)


def _renew(connection: Connection, account: str, device: str, epoch: int, limit_fen: int) -> None:
    """Top the open lease up to the limit, or grant a first one; nothing while it is being recalled."""
    free_fen, row = _grantable(connection, account), _open_lease(connection, account, device, epoch)
    if row is None:
        if free_fen > 0:
            _grant(connection, account, device, epoch, min(limit_fen, free_fen))
        return
    left_fen = max(0, row["granted_fen"] - row["spent_fen"])
    if not row["recall"] and left_fen < limit_fen and free_fen > 0:
        used_fen = max(row["granted_fen"], row["spent_fen"])
        _set_granted(connection, row, used_fen + min(limit_fen - left_fen, free_fen))


def credit(connection: Connection, account: str, kind: LineKind, amount_fen: int, cause: Cause) -> bool:
    """Add to an account, once per key, and renew its leases; False when the key was there.

    Raises AccountMissing.
    """
    moved = move(connection, account, kind, amount_fen, cause)
    if moved:
        settle_account(connection, account)
    return moved


def grant_at_beginning(connection: Connection, device: str, epoch: int) -> None:
    """Grant a device that began an epoch its standing leases: without them it spends nothing offline."""
    limit_fen = read_terms(connection).lease_limit_fen
    if limit_fen <= 0:
        return
    for row in connection.execute(
        "SELECT id FROM accounts WHERE site=? AND balance_fen>0 ORDER BY id", (connection.site,)
    ).fetchall():
        _renew(connection, row["id"], device, epoch, limit_fen)


def raise_lease(connection: Connection, device: str, account: str, asked: LeaseRaise) -> Lease:
    """Raise a lease to `granted_fen`, absolute; with nothing to raise the answer is the lease as it stands.

    Raises AccountUnknown, StreamSuperseded, DeviceLost, LeaseEnded, BalanceExceeded.
    """
    try:
        read_account(connection, account)
    except AccountMissing as error:
        raise AccountUnknown(account=account) from error
    _require_present(connection, device, asked.epoch)
    row = _named_lease(connection, account, device, asked)
    if row is None:
        free_fen = _grantable(connection, account)
        if free_fen < asked.granted_fen:
            raise BalanceExceeded(account=account, free_fen=free_fen)
        return _grant(connection, account, device, asked.epoch, asked.granted_fen)
    more_fen = asked.granted_fen - row["granted_fen"]
    if more_fen > 0:
        free_fen = _grantable(connection, account)
        if free_fen < more_fen:
            raise BalanceExceeded(account=account, free_fen=free_fen)
        _set_granted(connection, row, asked.granted_fen)
    return read_lease(connection, row["id"])


def _require_present(connection: Connection, device: str, epoch: int) -> None:
    newest = connection.execute("SELECT max(epoch) FROM streams WHERE device=?", (device,)).fetchone()[0]
    if newest is not None and epoch < newest:
        raise StreamSuperseded(epoch=newest, seq=0)
    lost = connection.execute(
        "SELECT 1 FROM lost_devices WHERE device=? AND epoch>=?", (device, epoch)
    ).fetchone()
    if lost is not None:
        raise DeviceLost(device=device, epoch=epoch)


def _named_lease(connection: Connection, account: str, device: str, asked: LeaseRaise) -> Row | None:
    row = _open_lease(connection, account, device, asked.epoch)
    if asked.lease and (row is None or row["id"] != asked.lease):
        raise LeaseEnded(lease=asked.lease)
    if row is not None and row["recall"]:
        raise LeaseEnded(lease=row["id"])
    return row


def recall(connection: Connection, lease: str) -> None:
    """Ask for a lease back: the device makes no new holds in it and returns it when none is open."""
    connection.execute("UPDATE leases SET recall=1 WHERE id=? AND closed=0", (lease,))
    _publish(connection, lease)


def recall_all(connection: Connection, account: str) -> None:
    """Ask for every open lease of an account back."""
    rows = connection.execute(
        "SELECT id FROM leases WHERE account=? AND closed=0 AND recall=0", (account,)
    ).fetchall()
    for row in rows:
        recall(connection, row["id"])


def close_older(connection: Connection, device: str, epoch: int, reason: str, now_ms: int) -> None:
    """Take back every lease of the device from before `epoch`."""
    rows = connection.execute(
        "SELECT * FROM leases WHERE device=? AND epoch<? AND closed=0", (device, epoch)
    ).fetchall()
    for row in rows:
        close_lease(connection, row, reason, now_ms)


def read_lease(connection: Connection, lease: str) -> Lease:
    """One lease in the feed's shape. Raises LeaseEnded when there is none."""
    row = connection.execute("SELECT * FROM leases WHERE id=?", (lease,)).fetchone()
    if row is None:
        raise LeaseEnded(lease=lease)
    return Lease(
        id=row["id"],
        account=row["account"],
        device=row["device"],
        epoch=row["epoch"],
        granted_fen=row["granted_fen"],
        recall=bool(row["recall"]),
        closed=bool(row["closed"]),
    )


def _open_lease(connection: Connection, account: str, device: str, epoch: int) -> Row | None:
    row: Row | None = connection.execute(
        "SELECT * FROM leases WHERE account=? AND device=? AND epoch=? AND closed=0", (account, device, epoch)
    ).fetchone()
    return row


def _grant(connection: Connection, account: str, device: str, epoch: int, granted_fen: int) -> Lease:
    number = connection.execute(
        "SELECT count(*) + 1 FROM leases WHERE account=? AND device=? AND epoch=?", (account, device, epoch)
    ).fetchone()[0]
    lease = f"{account}@{device}-{epoch}#{number}"
    connection.execute(
        "INSERT INTO leases (id, account, device, epoch, number, granted_fen) VALUES (?,?,?,?,?,?)",
        (lease, account, device, epoch, number, granted_fen),
    )
    _publish(connection, lease)
    return read_lease(connection, lease)


def _set_granted(connection: Connection, row: Row, granted_fen: int) -> None:
    connection.execute("UPDATE leases SET granted_fen=? WHERE id=?", (granted_fen, row["id"]))
    _publish(connection, row["id"])


def close_lease(connection: Connection, row: Row, reason: str, now_ms: int) -> None:
    """A lease came back: what was left of it is free again."""
    connection.execute(
        "UPDATE leases SET closed=1, closed_reason=?, closed_ms=? WHERE id=?", (reason, now_ms, row["id"])
    )
    _publish(connection, row["id"])
    settle_account(connection, row["account"])


def _publish(connection: Connection, lease: str) -> None:
    put_record(connection, "leases", lease, msgspec.to_builtins(read_lease(connection, lease)))
