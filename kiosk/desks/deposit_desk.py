"""Deposits (投递) as the screens see them."""

import sqlite3
from collections.abc import Callable
from typing import Literal, cast

from edge.access.lockers import deposit_records
from edge.access.lockers.depositing import DepositDesk
from edge.access.lockers.errors import RecipientUnknown
from edge.access.lockers.layout import SIZES
from edge.homes.errors import ResidentUnknown, RoomUnknown
from edge.homes.residents import find_resident, residents_of
from edge.homes.rooms import Room, find_room, search_room
from edge.staff.records import StaffMember
from edge.store.store import Store
from edge.trust.clock import Clock
from edge.trust.keys import KeySet
from edge.trust.passes import is_pass_text, open_resident_code
from edge.trust.time_policy import Decision, judged_at
from kiosk.desks.locker_views import Deposit, DepositParcel, DepositState, Recipient, SizeCount, Wish
from kiosk.words import Text

STATES: dict[str, DepositState] = {
    "reserved": "reserved",
    "requested": "opening",
    "opened": "open",
    "stored": "stored",
    "unknown": "unknown",
    "refused": "jam",
    "released": "released",
}


class RoomDepositDesk:
    """`kiosk.desks.locker_ports.DepositDesk` over the access room, and the rooms of the roster."""

    def __init__(
        self, *, store: Store, clock: Clock, keys: Callable[[], KeySet], deposits: DepositDesk
    ) -> None:
        self._store = store
        self._clock = clock
        self._keys = keys
        self._deposits = deposits

    async def begin(self, code: str) -> Deposit:
        """Start or resume the deposit of a courier's pass."""
        return _view(await self._deposits.start(code))

    async def begin_by_clerk(self, member: StaffMember) -> Deposit:
        """Start or resume a clerk's deposit."""
        return _view(await self._deposits.start_by_clerk(member.id))

    async def sizes(self) -> tuple[SizeCount, ...]:
        """What can be taken now, small to large."""
        counts = await self._deposits.count_free()
        return tuple(SizeCount(size, *counts[size]) for size in SIZES)

    async def recipient(self, text: str) -> Recipient:
        """The room that was typed, or whose resident's code was shown. Raises RecipientUnknown, Refusal."""
        if is_pass_text(text):
            reading = self._clock.now()
            keys = self._keys().without_ended(reading.at_ms)
            subject = open_resident_code(text, keys, judged_at(Decision.SIGN_IN, reading)).subject
            room = await self._store.read(lambda connection: _room_of(connection, subject))
        else:
            room = await self._store.read(lambda connection: _typed_room(connection, text))
        label = Text("{b}号楼 {n} 室", "Building {b}, room {n}").fill(b=room.building, n=room.number)
        return Recipient(room.id, label)

    async def put(self, deposit_id: str, room: str, size: str, *, accessible: bool = False) -> Deposit:
        """Reserve a cell for one more parcel and open it."""
        found = await self._store.read(lambda connection: _typed_room(connection, room))
        return _view(
            await self._deposits.put(
                deposit_id, mailbox=found.mailbox, room=found.id, size=size, accessible=accessible
            )
        )

    async def look(self, deposit_id: str) -> Deposit:
        """The deposit as the store knows it now."""
        return _view(await self._deposits.find(deposit_id))

    async def open_next(self, deposit_id: str) -> Deposit:
        """Open the other cell of a parcel that did not fit, once the first one is closed."""
        return _view(await self._deposits.open_next(deposit_id))

    async def retry(self, deposit_id: str) -> Deposit:
        """The person's gesture: try again."""
        return _view(await self._deposits.retry(deposit_id))

    async def too_small(self, deposit_id: str, size: str) -> Deposit:
        """The parcel does not fit: another cell of `size`."""
        return _view(await self._deposits.take_another(deposit_id, "too_small", size))

    async def not_empty(self, deposit_id: str) -> Deposit:
        """Something lies in the open cell: another one of the same size."""
        current = (await self._deposits.find(deposit_id)).current
        size = current.size if current else "s"
        return _view(await self._deposits.take_another(deposit_id, "not_empty", size))

    async def cancel(self, deposit_id: str) -> Deposit:
        """Not this parcel."""
        return _view(await self._deposits.cancel(deposit_id))

    async def finish(self, deposit_id: str) -> Deposit:
        """The deposit is over."""
        return _view(await self._deposits.finish(deposit_id))


def _room_of(connection: sqlite3.Connection, subject: str) -> Room:
    try:
        return _reachable(connection, find_room(connection, find_resident(connection, subject).room))
    except (ResidentUnknown, RoomUnknown) as unknown:
        raise RecipientUnknown() from unknown


def _typed_room(connection: sqlite3.Connection, text: str) -> Room:
    try:
        return _reachable(connection, search_room(connection, text))
    except RoomUnknown as unknown:
        raise RecipientUnknown(room=text[:32]) from unknown


def _reachable(connection: sqlite3.Connection, room: Room) -> Room:
    """A parcel for a room in which nobody can be told would only become overdue."""
    if not room.mailbox or not residents_of(connection, room.id):
        raise RecipientUnknown(room=room.id)
    return room


def _view(deposit: deposit_records.Deposit) -> Deposit:
    current = deposit.current
    return Deposit(
        id=deposit.id,
        by=cast(Literal["courier", "clerk"], deposit.by),
        parcels=tuple(_parcel(parcel) for parcel in deposit.parcels),
        present=_parcel(current) if current and deposit.state == "open" else None,
        ended=deposit.state != "open",
    )


def _parcel(parcel: deposit_records.DepositParcel) -> DepositParcel:
    return DepositParcel(
        position=parcel.position,
        bank=parcel.bank,
        cell=parcel.cell,
        size=parcel.size,
        accessible=bool(parcel.accessible),
        room=parcel.room,
        state=STATES[parcel.state],
        wish=cast(Wish, parcel.wish),
        attempts=parcel.attempts,
    )
