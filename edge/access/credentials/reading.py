"""Who is meant by what a reader read: a pass or code, a card's number, a room and its PIN.

All become one `Pass`, so that every door judges, counts and remembers them the same way. Nothing secret of a
card or a PIN goes further than this module.
"""

import asyncio
import sqlite3
from collections.abc import Callable

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from edge.access import records as access_records
from edge.access.credentials import records
from edge.access.credentials.errors import CardUnknown, CredentialUnknown, RoomPinRefused
from edge.access.credentials.judging import ShownCard
from edge.access.credentials.lockout import Lockout, Scope
from edge.access.credentials.records import RoomPin
from edge.access.doors.door import Door
from edge.store.store import Store
from edge.trust.cards import card_hash
from edge.trust.clock import Clock
from edge.trust.keys import KeySet
from edge.trust.passes import Pass, open_scan
from edge.trust.time_policy import Decision, has_begun, is_over, judged_at

QR, CARD, PIN = "qr", "card", "pin"
"""Symbologies of what opens doors; `pin` is `ROOM#PIN`."""
FOREVER_MS = 2**53
PEOPLE_OF_A_ROOM = 8
"""So many PINs are tried for one room; the platform gives no more."""
PIN_TEXT_LIMIT = 32


class CredentialReader:
    """Turns what was read into a `Pass`. ``hasher`` may be a cheap one in tests.

    argon2id takes tens of milliseconds and 19 MB a PIN: one at a time, in a thread.
    """

    def __init__(
        self,
        *,
        store: Store,
        clock: Clock,
        keys: Callable[[], KeySet],
        hasher: PasswordHasher | None = None,
    ) -> None:
        self._store = store
        self._clock = clock
        self._keys = keys
        self._hasher = hasher or PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
        self._lockout = Lockout(store=store, clock=clock)
        self._one_at_a_time = asyncio.Lock()
        self._nobody = ""

    async def read(self, text: str, symbology: str, *, source: str, door: Door | None = None) -> Pass:
        """Who is meant. ``door`` is where; None at the kiosk. Raises the refusals of the methods below."""
        if symbology == QR:
            return self.read_code(text)
        if symbology == CARD:
            return await self.read_card(text)
        if symbology == PIN:
            room, separator, pin = text.rstrip("#").rpartition("#")
            if not separator:
                raise RoomPinRefused()
            return await self.read_room_pin(room, pin, source=source, door=door)
        raise CredentialUnknown(symbology=symbology[:16])

    def read_code(self, text: str) -> Pass:
        """A pass, or a resident's own code. Raises the refusals of `edge.trust.passes`."""
        reading = self._clock.now()
        keys = self._keys().without_ended(reading.at_ms)
        return open_scan(text, keys, judged_at(Decision.OWN_DOOR, reading))

    async def read_card(self, number: str) -> ShownCard:
        """A card or fob by its number. Raises NotACard, CardUnknown."""
        now, site = self._clock.now(), self._store.site

        def look(connection: sqlite3.Connection) -> ShownCard:
            salt = records.read_salt(connection)
            if salt is None:
                raise CardUnknown()
            for card in records.cards_of_hash(connection, card_hash(salt, number)):
                if has_begun(Decision.GRANT, card.from_ms, now) and not is_over(card.until_ms, now):
                    return ShownCard(
                        id=card.id,
                        kind="card",
                        site=site,
                        subject=card.subject,
                        not_before_ms=card.from_ms,
                        expires_ms=card.until_ms,
                        hash=card.hash,
                    )
            raise CardUnknown()

        return await self._store.read(look)

    async def read_room_pin(self, room: str, pin: str, *, source: str, door: Door | None = None) -> Pass:
        """The person of a room whose PIN this is. Raises RoomPinRefused, RoomPinLocked, StoreError.

        At a door the building may be left out: those count who may open that door. Which of room and PIN is
        wrong shows neither in the answer nor in the time that it takes.
        """
        digits = records.digits_of(room)
        if not digits or len(room) + len(pin) > PIN_TEXT_LIMIT:
            raise RoomPinRefused()
        scopes = (Scope("room", digits), Scope("reader", source))
        await self._lockout.begin(scopes)
        known = await self._store.read(lambda connection: self._candidates(connection, digits, door))
        async with self._one_at_a_time:
            found = await asyncio.to_thread(self._match, known, pin)
        if found is None:
            await self._lockout.fail(source, scopes)
            raise RoomPinRefused()
        await self._lockout.succeed(scopes)
        return Pass(
            id=found.id,
            kind="room_pin",
            site=self._store.site,
            subject=found.subject,
            not_before_ms=0,
            expires_ms=FOREVER_MS,
        )

    def _candidates(
        self, connection: sqlite3.Connection, digits: str, door: Door | None
    ) -> tuple[RoomPin, ...]:
        now = self._clock.now()
        found = records.pins_of_room(connection, digits, limit=8 * PEOPLE_OF_A_ROOM)
        exact = [pin for pin in found if records.digits_of(pin.room) == digits]
        if door is None:
            return tuple(exact[:PEOPLE_OF_A_ROOM])
        here = [pin for pin in found if access_records.has_grant(connection, pin.subject, door.id, now)]
        return tuple((exact or here)[:PEOPLE_OF_A_ROOM])

    def _match(self, known: tuple[RoomPin, ...], pin: str) -> RoomPin | None:
        """Compare with every PIN of the room, and with nobody's where there is none."""
        if not self._nobody:
            self._nobody = self._hasher.hash("nobody")
        found = None
        for candidate in known:
            if self._verifies(candidate.hash, pin) and found is None:
                found = candidate
        if not known:
            self._verifies(self._nobody, pin)
        return found

    def _verifies(self, hashed: str, pin: str) -> bool:
        try:
            return self._hasher.verify(hashed, pin)
        except (VerificationError, InvalidHashError):
            return False
