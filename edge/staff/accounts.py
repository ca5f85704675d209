"""Accounts of the people who work here. PINs are kept as argon2id hashes only (RFC 9106).

Hashing takes tens of milliseconds, so it happens in a thread, before or beside the unit, never inside it.
"""

import asyncio
from collections.abc import Collection

import msgspec
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from edge.staff import records
from edge.staff.errors import LoginTaken, PinRefused, PinTooSimple, RoleMissing, StaffLocked
from edge.staff.events import PinChanged, StaffAdded, StaffClosed, StaffLockedOut
from edge.staff.records import Role, StaffMember
from edge.store.store import Store
from edge.store.unit import Unit

FAILURES_ALLOWED = 5
LOCK_MS = 15 * 60 * 1000
PIN_DIGITS_MIN = 6


class StaffDesk:
    """Opens and closes accounts and checks PINs, with lock-out. ``hasher`` may be a cheap one in tests."""

    def __init__(self, store: Store, *, hasher: PasswordHasher | None = None) -> None:
        self._store = store
        self._hasher = hasher or PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
        self._nobody = ""

    async def add(self, login: str, name: str, role: Role, pin: str, *, actor: str) -> StaffMember:
        """Open an account. Raises PinTooSimple, LoginTaken."""
        pin_hash = await asyncio.to_thread(self._hash, pin)
        return await self._store.run(
            lambda unit: _add(unit, login, name, role, pin_hash=pin_hash, actor=actor)
        )

    async def change_pin(self, member: StaffMember, pin: str, *, actor: str) -> None:
        """Set a new PIN. Raises PinTooSimple."""
        pin_hash = await asyncio.to_thread(self._hash, pin)

        def work(unit: Unit) -> None:
            records.set_pin_hash(unit.connection, member.id, pin_hash)
            unit.record(PinChanged(staff=member.id), actor=actor)

        await self._store.run(work)

    async def close(self, member: StaffMember, *, actor: str) -> None:
        """Close an account for good."""

        def work(unit: Unit) -> None:
            records.close_member(unit.connection, member.id)
            unit.record(StaffClosed(staff=member.id), actor=actor)

        await self._store.run(work)

    async def check(self, login: str, pin: str, *, roles: Collection[Role] | None = None) -> StaffMember:
        """Return the person behind a login name and PIN, if the role is one of ``roles`` (None = any).

        An attempt is counted before the PIN is looked at, so attempts side by side cannot outrun the lock.
        Raises PinRefused, StaffLocked, RoleMissing.
        """
        member = await self._store.run(lambda unit: _count_attempt(unit, login))
        right = await asyncio.to_thread(self._matches, member, pin)
        if member is None or not right:
            if member is not None and member.locked_until_ms:
                locked = StaffLockedOut(staff=member.id, until_ms=member.locked_until_ms)
                await self._store.run(lambda unit: unit.record(locked, actor=locked.staff))
            raise PinRefused
        identity = member.id
        await self._store.run(lambda unit: records.set_attempts(unit.connection, identity, 0, 0))
        if roles is not None and member.role not in roles:
            raise RoleMissing(role=member.role.value)
        return member

    def _hash(self, pin: str) -> str:
        if not (pin.isascii() and pin.isdigit()) or len(pin) < PIN_DIGITS_MIN or len(set(pin)) == 1:
            raise PinTooSimple(digits=PIN_DIGITS_MIN)
        return self._hasher.hash(pin)

    def _matches(self, member: StaffMember | None, pin: str) -> bool:
        """Compare; an unknown login costs the same time as a known one."""
        if not self._nobody:
            self._nobody = self._hasher.hash("nobody")
        try:
            return (
                self._hasher.verify(member.pin_hash if member else self._nobody, pin) and member is not None
            )
        except (VerificationError, InvalidHashError):
            return False


def _add(unit: Unit, login: str, name: str, role: Role, *, pin_hash: str, actor: str) -> StaffMember:
    if records.find_by_login(unit.connection, login) is not None:
        raise LoginTaken(login=login)
    member = StaffMember(
        id=unit.next_id(),
        login=login,
        name=name,
        role=role,
        pin_hash=pin_hash,
        active=True,
        failures=0,
        locked_until_ms=0,
    )
    records.insert_member(unit.connection, member)
    unit.record(StaffAdded(staff=member.id, role=role.value), actor=actor)
    return member


def _count_attempt(unit: Unit, login: str) -> StaffMember | None:
    """Count one more attempt as failed until it proves right; lock the account with the last one allowed."""
    member = records.find_by_login(unit.connection, login)
    if member is None or not member.active:
        return None
    if unit.now.at_ms < member.locked_until_ms:
        raise StaffLocked(until_ms=member.locked_until_ms)
    failures = member.failures % FAILURES_ALLOWED + 1
    locked_until_ms = unit.now.at_ms + LOCK_MS if failures == FAILURES_ALLOWED else 0
    records.set_attempts(unit.connection, member.id, failures, locked_until_ms)
    return msgspec.structs.replace(member, failures=failures, locked_until_ms=locked_until_ms)
