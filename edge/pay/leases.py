"""Leases: what the platform lets this device spend of an account, online or not.

Granted is cumulative and only rises, and so is what was spent here; so a message lost or repeated changes
nothing. A lease belongs to one epoch. It comes back when the platform recalls it: with no hold open we record
`LeaseReturned`, and the platform frees the rest once it holds our journal up to there.
"""

import sqlite3
from typing import Any, Protocol

import msgspec

from edge.errors import PlatformRejected, PlatformUnreachable
from edge.pay import account_records as records
from edge.pay.accounts import find_account
from edge.pay.copies import own_epoch
from edge.pay.errors import BalanceExceeded, LeaseExceeded
from edge.pay.events import LeaseReturned
from edge.store.store import Store
from edge.store.unit import Unit

ACTOR = "pay"


class Lease(msgspec.Struct, frozen=True, kw_only=True):
    """A lease with our own figures: `spent_fen` of all time, `held_fen` at this moment."""

    id: str
    account: str
    epoch: int
    granted_fen: int
    recall: bool = False
    closed: bool = False
    spent_fen: int = 0
    held_fen: int = 0
    returned: bool = False

    @property
    def left_fen(self) -> int:
        """What may still be held of it."""
        return self.granted_fen - self.spent_fen - self.held_fen


class LeaseRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A lease as the platform tells it."""

    id: str
    account: str
    device: str
    epoch: int
    granted_fen: int
    recall: bool = False
    closed: bool = False


class LeasePlatform(Protocol):
    """Where leases come from; may raise PlatformUnreachable or PlatformRejected."""

    async def raise_lease(self, account: str, *, lease: str, epoch: int, granted_fen: int) -> LeaseRecord:
        """Ask for `granted_fen` in all of a lease (empty: of a new one); a retry is the same."""


def apply_lease(unit: Unit, record_id: str, version: int, data: dict[str, Any] | None) -> None:
    """Take a lease of this device from the feed; a recalled one is given back when nothing of it is held.

    A lease is never deleted here: its spends have to be counted. Raises msgspec.ValidationError.
    """
    if data is None:
        return
    told = msgspec.convert({**data, "id": record_id}, LeaseRecord)
    if told.device != unit.device:
        return
    records.put_lease(unit.connection, {**msgspec.structs.asdict(told), "version": version})
    return_if_recalled(unit, record_id)


def find_lease(connection: sqlite3.Connection, lease_id: str) -> Lease | None:
    """Return one lease of this device, or None."""
    row = records.lease_row(connection, lease_id)
    return None if row is None else _lease_of(row)


def live_lease(connection: sqlite3.Connection, account_id: str) -> Lease | None:
    """Return the lease of an account that may be spent now, or None."""
    row = records.live_lease_row(connection, account_id, own_epoch(connection))
    return None if row is None else _lease_of(row)


def lease_left_fen(connection: sqlite3.Connection, account_id: str) -> int:
    """Return what may be spent of an account without asking the platform."""
    lease = live_lease(connection, account_id)
    return 0 if lease is None else lease.left_fen


def return_if_recalled(unit: Unit, lease_id: str) -> None:
    """Tell that a recalled lease comes back, once, and only when none of it is held."""
    lease = find_lease(unit.connection, lease_id)
    if lease is None or not lease.recall or lease.closed or lease.returned or lease.held_fen:
        return
    records.mark_returned(unit.connection, lease_id)
    unit.record(LeaseReturned(lease=lease.id, account=lease.account, spent_fen=lease.spent_fen), actor=ACTOR)


class LeaseDesk:
    """Finds room in a lease for a sum, and asks the platform for more when it is there to be asked."""

    def __init__(self, store: Store, platform: LeasePlatform) -> None:
        self._store = store
        self._platform = platform

    async def cover(self, account_id: str, amount_fen: int) -> Lease:
        """Return a lease of which `amount_fen` may be held.

        Raises AccountUnknown, BalanceExceeded when the account has less, LeaseExceeded when the lease is too
        small and the platform cannot be asked or grants no more.
        """
        account, lease, epoch = await self._store.read(lambda connection: _standing(connection, account_id))
        if lease is not None and lease.left_fen >= amount_fen:
            return lease
        left_fen = 0 if lease is None else lease.left_fen
        wanted_fen = amount_fen if lease is None else lease.granted_fen - lease.left_fen + amount_fen
        try:
            told = await self._platform.raise_lease(
                account_id, lease="" if lease is None else lease.id, epoch=epoch, granted_fen=wanted_fen
            )
        except PlatformUnreachable as error:
            raise LeaseExceeded(left_fen=left_fen) from error
        except PlatformRejected as error:
            if error.code == BalanceExceeded.code:
                raise BalanceExceeded(free_fen=max(0, account.balance_fen)) from error
            raise LeaseExceeded(left_fen=left_fen) from error
        await self._store.run(lambda unit: _take_raised(unit, told))
        return await self._store.read(lambda connection: _enough(connection, told.id, amount_fen))


def _standing(connection: sqlite3.Connection, account_id: str) -> tuple[Any, Lease | None, int]:
    return find_account(connection, account_id), live_lease(connection, account_id), own_epoch(connection)


def _take_raised(unit: Unit, told: LeaseRecord) -> None:
    if told.device == unit.device:
        records.raise_lease(unit.connection, msgspec.structs.asdict(told))


def _enough(connection: sqlite3.Connection, lease_id: str, amount_fen: int) -> Lease:
    lease = find_lease(connection, lease_id)
    if lease is None or lease.left_fen < amount_fen:
        raise LeaseExceeded(left_fen=0 if lease is None else lease.left_fen)
    return lease


def _lease_of(row: dict[str, Any]) -> Lease:
    return msgspec.convert(row, Lease, strict=False)
