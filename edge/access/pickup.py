"""Pickup (自提): an order pass opens its cells one after another, each waited for until it is closed."""

import asyncio
from collections.abc import Callable

from edge.access import records
from edge.access.contacts import ContactDesk, end_when_done
from edge.access.credentials.judging import check_not_revoked
from edge.access.errors import (
    AskAtCounter,
    AttemptsUsedUp,
    CellInUse,
    NotMoved,
    OrderInProgress,
    PassUsedUp,
    PassWrongKind,
    PassWrongSite,
    UnknownOrder,
    UnknownSession,
)
from edge.access.events import CellGivenUp, CellOpenRequested, PassRefused, PickupStarted
from edge.access.late import needing_journal
from edge.access.openings import ACTOR, record_fired, record_not_fired
from edge.access.places import cell_place
from edge.access.ports import CellPort, OrderBook, Patience
from edge.access.records import Opening, PickupSession, SessionCell
from edge.access.refusals import RefusalLog
from edge.access.watch import watch_openings
from edge.errors import DeviceError, Refusal
from edge.store.crashpoints import reach
from edge.store.personal import commit_person
from edge.store.store import Store
from edge.store.unit import Unit
from edge.trust.clock import Clock
from edge.trust.keys import KeySet
from edge.trust.passes import Pass, PassExpired, open_pass
from edge.trust.time_policy import Decision, is_over, judged_at

MAX_ATTEMPTS = 2
"""Architecture, Trust: two attempts per cell at most."""
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
    session = records.session_of_order(unit.connection, shown.order)
    if session is not None:
        return _resume(session, shown, commit_person(unit, shown.subject))
    cells = orders.find_cells(unit.connection, shown.order)
    if not cells:
        raise UnknownOrder(order=shown.order)
    session = PickupSession(
        id=unit.next_id(),
        order_id=shown.order,
        pass_id=shown.id,
        person=commit_person(unit, shown.subject),
        state="open",
        cells=tuple(
            SessionCell(
                position=position,
                bank=cell.bank,
                cell=cell.cell,
                parcel=cell.parcel,
                items_zh=cell.items_zh,
                items_en=cell.items_en,
                state="waiting",
                attempts=0,
                opening=None,
            )
            for position, cell in enumerate(cells)
        ),
    )
    records.insert_session(unit.connection, session, unit.now.at_ms)
    unit.record(
        PickupStarted(session=session.id, order_id=session.order_id, pass_id=shown.id, cells=len(cells)),
        actor=f"order:{shown.id}",
    )
    return session


def _resume(session: PickupSession, shown: Pass, person: str) -> PickupSession:
    if session.state == "collected":
        raise PassUsedUp(order=session.order_id)
    if session.state == "partial":
        raise AskAtCounter(order=session.order_id)
    if shown.id != session.pass_id and person != session.person:
        raise OrderInProgress(order=session.order_id)
    return session


def intend_cell(unit: Unit, session_id: str, orders: OrderBook, *, again: bool) -> Opening | None:
    """Commit the intent to open the session's current cell; None when there is nothing to open now.

    `again` is the holder's gesture, without which a cell that is unknown or refused is left alone. A cell
    that another order asked for is not opened until it was closed again or that order counts as collected.
    Raises UnknownSession, AttemptsUsedUp, CellInUse.
    """
    session = found_session(unit, session_id)
    cell = session.current
    wanted = ("waiting", "unknown", "refused") if again else ("waiting",)
    if session.state != "open" or cell is None or cell.state not in wanted:
        return None
    if cell.attempts >= MAX_ATTEMPTS:
        raise AttemptsUsedUp(cell=cell.cell)
    others = records.orders_at_cell(unit.connection, cell.bank, cell.cell, besides=session_id)
    if any(orders.find_cells(unit.connection, order) for order in others):
        raise CellInUse(cell=cell.cell)
    number = records.count_of_cell(unit.connection, session_id, cell.position) + 1
    opening = Opening(
        id=unit.next_id(),
        place=cell_place(cell.bank, cell.cell),
        authorisation=f"pickup:{session_id}:{cell.position}:{number}",
        kind="pickup",
        pass_id=session.pass_id,
        person=session.person,
        session=session_id,
        position=cell.position,
        requested_at_ms=unit.now.at_ms,
    )
    records.insert_opening(unit.connection, opening)
    records.set_cell(
        unit.connection,
        session_id,
        cell.position,
        state="requested",
        attempts=cell.attempts + 1,
        opening=opening.id,
    )
    unit.record(
        CellOpenRequested(
            opening=opening.id, place=opening.place, authorisation=opening.authorisation, session=session_id
        ),
        actor=f"order:{session.pass_id}",
    )
    unit.hint("lockers")
    return opening


def give_up_cell(unit: Unit, session_id: str, orders: OrderBook) -> PickupSession:
    """Go on without the current cell, when it is unknown or refused. Raises UnknownSession."""
    session = found_session(unit, session_id)
    cell = session.current
    if session.state == "open" and cell is not None and cell.state in ("unknown", "refused"):
        records.set_cell(unit.connection, session_id, cell.position, state="given_up")
        unit.record(CellGivenUp(place=cell_place(cell.bank, cell.cell), session=session_id), actor=ACTOR)
        end_when_done(unit, session_id, orders)
        unit.hint("lockers")
    return found_session(unit, session_id)


def found_session(unit: Unit, session_id: str) -> PickupSession:
    """The session of this id. Raises UnknownSession."""
    session = records.find_session(unit.connection, session_id)
    if session is None:
        raise UnknownSession(session=session_id[:64])
    return session


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
        self._cells = cells
        self._orders = orders
        self._contacts = contacts
        self._refusals = refusals
        self._contact_timeout_ms = contact_timeout_ms
        self._waits = watch_openings(store=store, contacts=contacts, patience=patience)

    async def start(self, text: str) -> PickupSession:
        """Begin or resume the session of an order pass. Raises Refusal, after it was written down."""
        try:
            reading = self._clock.now()
            keys = self._keys().without_ended(reading.at_ms)
            shown = open_pass(text, keys, judged_at(Decision.PICKUP, reading))
            with needing_journal(self._store):
                return await self._store.run(lambda unit: start_session(unit, shown, self._orders))
        except Refusal as refusal:
            await self._refusals.refuse(SOURCE, PassRefused(source=SOURCE, place="pickup", code=refusal.code))
            raise

    async def find(self, session_id: str) -> PickupSession:
        """The session as it is now. Raises UnknownSession."""
        session = await self._store.read(lambda connection: records.find_session(connection, session_id))
        if session is None:
            raise UnknownSession(session=session_id[:64])
        return session

    async def open_next(self, session_id: str, *, again: bool = False) -> PickupSession:
        """Open the current cell if it waits; does nothing while one is open, asked for or unknown.

        Raises UnknownSession, AttemptsUsedUp, CellInUse, JournalStopped.
        """
        with needing_journal(self._store):
            opening = await self._store.run(
                lambda unit: intend_cell(unit, session_id, self._orders, again=again)
            )
        if opening is not None:
            await self._send(opening)
        return await self.find(session_id)

    async def retry(self, session_id: str) -> PickupSession:
        """The holder's gesture: try the unknown or refused cell again. Raises as `open_next`."""
        return await self.open_next(session_id, again=True)

    async def give_up(self, session_id: str) -> PickupSession:
        """The holder's gesture: go on without the cell that did not open. Raises UnknownSession."""
        return await self._store.run(lambda unit: give_up_cell(unit, session_id, self._orders))

    async def decided(self, opening_id: str) -> None:
        """Wait until an opening of a cell has its result."""
        watch = self._waits.of(opening_id)
        if watch is not None:
            await asyncio.shield(watch)

    async def close(self) -> None:
        """Stop waiting; what is undecided becomes unknown at the next start."""
        await self._waits.close()

    async def _send(self, opening: Opening) -> None:
        reach("pickup.after_intent")
        signal = self._contacts.watch(opening.id)
        bank, _, cell = opening.place.removeprefix("cell:").partition("/")
        try:
            await self._cells.open_cell(opening.id, bank, cell)
        except NotMoved as fault:
            self._contacts.unwatch(opening.id)
            reason = fault.reason
            await self._store.run(lambda unit: record_not_fired(unit, opening.id, reason))
            return
        except DeviceError:
            self._waits.begin(opening.id, signal, self._contact_timeout_ms, "no_answer")
            return
        reach("pickup.after_send")
        self._waits.begin(opening.id, signal, self._contact_timeout_ms, "contact_silent")
        await self._store.run(lambda unit: record_fired(unit, opening.id))
