"""Residents, bills, notices and the directory as the screens see them."""

import sqlite3
from collections.abc import Callable
from typing import cast

from edge.access.credentials.identity import IdentityDesk
from edge.access.errors import PassWrongSite
from edge.homes import bills, directory
from edge.homes.notices import current_notices
from edge.homes.offsets import points_offset_fen
from edge.homes.residents import find_resident
from edge.homes.rooms import find_room
from edge.pay.business_day import business_date
from edge.pay.copies import copy_as_of
from edge.pay.payees import find_payee
from edge.shop.orders import IN_CELLS, orders_of
from edge.store.store import Store
from edge.trust.clock import Clock
from edge.trust.keys import KeySet
from edge.trust.passes import Pass, PassExpired, open_resident_code, open_scan
from edge.trust.time_policy import Decision, is_over, judged_at
from kiosk.desks.ports import CodeKind
from kiosk.desks.views import Account, Bill, Entry, Notice, Resident
from kiosk.words import Text, same


class RoomHomeDesk:
    """`kiosk.desks.ports.HomeDesk` over homes and trust."""

    def __init__(
        self,
        *,
        store: Store,
        clock: Clock,
        keys: Callable[[], KeySet],
        identity: IdentityDesk,
        kiosk: str,
    ) -> None:
        self._store = store
        self._clock = clock
        self._keys = keys
        self._identity = identity
        self._source = f"kiosk:{kiosk}"

    async def kind_of(self, code: str) -> CodeKind:
        """What sort of code of this community it is. Raises PassRevoked."""
        return cast(CodeKind, (await self._open(code, open_scan)).kind)

    async def identify(self, code: str) -> Resident:
        """The resident whose fresh code this is. Raises ResidentUnknown, PassExpired, PassRevoked."""
        return await self._resident((await self._open(code, open_resident_code)).subject)

    async def identify_by_card(self, number: str) -> Resident:
        """The resident of a card or fob. Raises CardUnknown, CardRevoked, NotACard, PassRevoked."""
        return await self._resident(await self._identity.identify_by_card(number, source=self._source))

    async def identify_by_pin(self, room: str, pin: str) -> Resident:
        """The resident behind a room and PIN. Raises RoomPinRefused, RoomPinLocked, PassRevoked."""
        return await self._resident(await self._identity.identify_by_pin(room, pin, source=self._source))

    async def _resident(self, subject: str) -> Resident:
        """Who a pseudonym is. Raises ResidentUnknown."""

        def look(connection: sqlite3.Connection) -> Resident:
            resident = find_resident(connection, subject)
            room = find_room(connection, resident.room)
            waiting = [order for order in orders_of(connection, subject) if order.state == IN_CELLS]
            return Resident(
                subject=subject,
                room=room.id,
                room_label=Text("{b}号楼 {n} 室", "Building {b}, room {n}").fill(
                    b=room.building, n=room.number
                ),
                name=resident.nickname or resident.name_masked,
                orders_waiting=len(waiting),
            )

        return await self._store.read(look)

    async def account(self, room: str) -> Account:
        """The bills of a room, the company's own before what is collected for others."""
        now = self._clock.now()

        def look(connection: sqlite3.Connection) -> Account:
            found = bills.list_bills(connection, room, now)
            unpaid = [bill for group in bills.group_unpaid(found) for bill in group.bills]
            settled = [bill for bill in reversed(found) if bill.to_pay_fen == 0]
            return Account(
                open=tuple(_bill(connection, bill) for bill in unpaid),
                settled=tuple(_bill(connection, bill) for bill in settled),
                as_of_ms=copy_as_of(connection),
                offset_fen=points_offset_fen(connection, room, business_date(connection, now)[:4]),
            )

        return await self._store.read(look)

    async def notices(self) -> tuple[Notice, ...]:
        """Notices of now, newest first."""
        now = self._clock.now()
        found = await self._store.read(lambda connection: current_notices(connection, now))
        return tuple(
            Notice(
                id=notice.id,
                kind=notice.kind,
                title=Text(notice.title_zh, notice.title_en),
                body=Text(notice.body_zh, notice.body_en),
                from_ms=notice.from_ms or 0,
            )
            for notice in found
        )

    async def directory(self) -> tuple[Entry, ...]:
        """The service directory."""
        return tuple(
            Entry(
                id=entry.id,
                kind=entry.kind,
                name=Text(entry.name_zh, entry.name_en),
                phone=entry.phone,
                address=Text(entry.address_zh, entry.address_en),
                hours=same(entry.hours),
                url=entry.url,
            )
            for entry in await self._store.read(directory.list_directory)
        )

    async def _open(self, code: str, read: Callable[[str, KeySet, int | None], Pass]) -> Pass:
        """A code of this community that is not over, nor withdrawn."""
        now = self._clock.now()
        shown = read(code, self._keys().without_ended(now.at_ms), judged_at(Decision.SIGN_IN, now))
        if shown.site != self._store.site:
            raise PassWrongSite(site=shown.site)
        if is_over(shown.expires_ms, now):
            raise PassExpired(expires_ms=shown.expires_ms)
        await self._identity.check(shown)
        return shown


def _bill(connection: sqlite3.Connection, bill: bills.Bill) -> Bill:
    payee = find_payee(connection, bill.payee)
    return Bill(
        id=bill.id,
        item=bill.item,
        period=bill.period,
        due_on=bill.due_on,
        payee=bill.payee,
        payee_name=Text(payee.name_zh, payee.name_en),
        open_fen=bill.unpaid_fen,
        penalty_fen=bill.penalty_fen,
        amount_fen=bill.amount_fen,
        for_others=bill.collected_for_others,
        overdue_days=bill.days,
        part_allowed=bill.part_allowed,
        paid_fen=bill.paid_fen + bill.unconfirmed_fen,
        state="open" if bill.to_pay_fen else "pending" if bill.unconfirmed_fen else "paid",
    )
