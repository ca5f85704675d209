"""Pickup (自提): an order's cells open one after another, each waited for until it is closed."""

import asyncio
import sqlite3
from collections.abc import Callable

from edge.access.contacts import ContactDesk
from edge.access.credentials.judging import check_not_revoked
from edge.access.errors import (
    PassWrongKind,
    PassWrongSite,
    UnknownSession,
)
from edge.access.events import PassRefused
from edge.access.late import needing_journal
from edge.access.lockers import codes, pickup_records
from edge.access.lockers.pickup_records import PickupSession
from edge.access.lockers.pickups import (
    Holder,
    begin_session,
    give_up_cell,
    intend_cell,
    report_problem,
)
from edge.access.lockers.sending import CellSender
from edge.access.ports import CellPort, OrderBook, Patience
from edge.access.refusals import RefusalLog
from edge.errors import Refusal
from edge.store.personal import commit_person
from edge.store.store import Store
from edge.store.unit import Unit
from edge.trust.clock import Clock
from edge.trust.keys import KeySet
from edge.trust.passes import Pass, PassExpired, open_pass
from edge.trust.time_policy import Decision, is_over, judged_at

SOURCE = "kiosk"


def start_session(unit: Unit, shown: Pass, orders: OrderBook) -> PickupSession:
    """Begin the session of an order pass, or resume its unfinished one.

    Raises PassWrongSite, PassWrongKind, PassExpired, PassRevoked, PassUsedUp, AskAtCounter, OrderInProgress,
    UnknownOrder.
    """
    if shown.site != unit.site:
        raise PassWrongSite(site=shown.site)
    if shown.kind != "order" or shown.order is None:
        raise PassWrongKind(kind=shown.kind)
    # An unknown clock is a lower bound: a parcel waits for its holder, but what is over is over.
    if is_over(shown.expires_ms, unit.now):
        raise PassExpired(expires_ms=shown.expires_ms)
    check_not_revoked(unit.connection, shown)
    holder = Holder("pass", shown.id, commit_person(unit, shown.subject))
    return begin_session(unit, shown.order, holder, orders)


class PickupDesk:
    """Runs pickup sessions. Hints on the topic `lockers`; a screen then asks `find` and `open_next`."""

    def __init__(
        self,
        *,
        store: Store,
        clock: Clock,
        keys: Callable[[], KeySet],
        cells: CellPort,
        orders: OrderBook,
        contacts: ContactDesk,
        refusals: RefusalLog,
        contact_timeout_ms: int = 5000,
        patience: Patience = asyncio.sleep,
    ) -> None:
        self._store = store
        self._clock = clock
        self._keys = keys
        self._orders = orders
        self._refusals = refusals
        self.sender = CellSender(
            store=store,
            cells=cells,
            contacts=contacts,
            contact_timeout_ms=contact_timeout_ms,
            patience=patience,
        )

    async def start(self, text: str) -> PickupSession:
        """Begin or resume the session of an order pass. Raises Refusal, after it was written down."""
        try:
            reading = self._clock.now()
            keys = self._keys().without_ended(reading.at_ms)
            shown = open_pass(text, keys, judged_at(Decision.PICKUP, reading))
            with needing_journal(self._store):
                return await self._store.run(lambda unit: start_session(unit, shown, self._orders))
        except Refusal as refusal:
            await self._refuse(refusal)
            raise

    async def start_by_code(self, digits: str, *, source: str = SOURCE) -> PickupSession:
        """Begin or resume by an 8-digit code (取件码) typed at `source`. Raises Refusal, written down.

        A wrong code is counted on disk before the answer; too many lock the source for a while.
        """
        try:
            with needing_journal(self._store):
                tried = await self._store.run(lambda unit: codes.try_code(unit, digits, source))
                if isinstance(tried, Refusal):
                    raise tried
                order_id: str = tried
                holder = Holder("code", "", "")
                return await self._store.run(lambda unit: begin_session(unit, order_id, holder, self._orders))
        except Refusal as refusal:
            await self._refuse(refusal)
            raise

    async def start_for(self, subject: str, order_id: str) -> PickupSession:
        """Begin or resume for somebody who identified themselves without a phone (刷卡, 房号加密码).

        Whether the order is theirs is the caller's to know (`orders_waiting`). Raises Refusal.
        """
        with needing_journal(self._store):
            return await self._store.run(
                lambda unit: begin_session(
                    unit, order_id, Holder("person", "", commit_person(unit, subject)), self._orders
                )
            )

    async def find(self, session_id: str) -> PickupSession:
        """The session as it is now. Raises UnknownSession."""
        session = await self._store.read(
            lambda connection: pickup_records.find_session(connection, session_id)
        )
        if session is None:
            raise UnknownSession(session=session_id[:64])
        return session

    async def wrong_cell(self, session: PickupSession) -> str:
        """The cell that opened in place of the session's own, as long as its bank is halted for it; or ""."""
        places = {cell.bank: cell.cell for cell in session.cells if cell.state == "unknown"}

        def look(connection: sqlite3.Connection) -> str:
            return codes.other_cell(connection, places)

        return await self._store.read(look) if places else ""

    async def open_next(self, session_id: str, *, again: bool = False) -> PickupSession:
        """Open the current cell if it waits; does nothing while one is open, asked for or unknown.

        Raises UnknownSession, AttemptsUsedUp, CellInUse, CellIsHeld, BankIsHalted, BankBusy, JournalStopped.
        """
        with needing_journal(self._store):
            opening = await self._store.run(
                lambda unit: intend_cell(unit, session_id, self._orders, again=again)
            )
        if opening is not None:
            await self.sender.send(opening)
        return await self.find(session_id)

    async def retry(self, session_id: str) -> PickupSession:
        """The holder's gesture: try the unknown or refused cell again. Raises as `open_next`."""
        return await self.open_next(session_id, again=True)

    async def give_up(self, session_id: str) -> PickupSession:
        """The holder's gesture: go on without the cell that did not open. Raises UnknownSession."""
        return await self._store.run(lambda unit: give_up_cell(unit, session_id, self._orders))

    async def report(self, session_id: str, cell: str, problem: str) -> str:
        """格口是空的 (empty), 东西不对 (wrong): the cell is held; returns the case. Raises UnknownSession."""
        return await self._store.run(
            lambda unit: report_problem(unit, session_id, cell, problem, self._orders)
        )

    async def decided(self, opening_id: str) -> None:
        """Wait until an opening of a cell has its result."""
        await self.sender.decided(opening_id)

    async def close(self) -> None:
        """Stop waiting; what is undecided becomes unknown at the next start."""
        await self.sender.close()

    async def _refuse(self, refusal: Refusal) -> None:
        await self._refusals.refuse(SOURCE, PassRefused(source=SOURCE, place="pickup", code=refusal.code))
