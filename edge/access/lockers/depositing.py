"""Deposits (投递) as the screens run them: a courier's pass or a clerk, one cell after another."""

from collections.abc import Callable, Mapping
from functools import partial

from edge.access.contacts import ContactDesk, ContactState
from edge.access.credentials.judging import check_not_revoked
from edge.access.errors import PassWrongKind, PassWrongSite
from edge.access.events import PassRefused
from edge.access.late import needing_journal
from edge.access.lockers import deposit_records, records
from edge.access.lockers.choice import count_free
from edge.access.lockers.deposit_records import Deposit
from edge.access.lockers.deposits import (
    begin_deposit,
    cancel_parcel,
    end_deposit,
    intend_deposit,
    reserve_parcel,
    wish,
)
from edge.access.lockers.errors import UnknownDeposit
from edge.access.lockers.layout import CellPlace
from edge.access.lockers.sending import CellSender
from edge.access.lockers.settings import LockerSettings
from edge.access.places import cell_place
from edge.access.refusals import RefusalLog
from edge.errors import Refusal
from edge.store.store import Store
from edge.store.unit import Unit
from edge.trust.clock import Clock
from edge.trust.keys import KeySet
from edge.trust.passes import Pass, PassExpired, open_pass
from edge.trust.time_policy import Decision, is_over, judged_at

SOURCE = "kiosk"


class DepositDesk:
    """Runs deposits. Hints on the topic `lockers`; a screen then asks `find` and `open_next`."""

    def __init__(
        self,
        *,
        store: Store,
        clock: Clock,
        keys: Callable[[], KeySet],
        sender: CellSender,
        contacts: ContactDesk,
        refusals: RefusalLog,
        places: Mapping[tuple[str, str], CellPlace],
        rules: LockerSettings,
    ) -> None:
        self._store = store
        self._clock = clock
        self._keys = keys
        self._sender = sender
        self._contacts = contacts
        self._refusals = refusals
        self._places = places
        self._rules = rules

    async def start(self, text: str) -> Deposit:
        """Begin or resume the deposit of a courier's pass. Raises Refusal, after it was written down."""
        try:
            reading = self._clock.now()
            keys = self._keys().without_ended(reading.at_ms)
            shown = open_pass(text, keys, judged_at(Decision.PICKUP, reading))
            with needing_journal(self._store):
                return await self._store.run(partial(start_by_pass, shown, self._rules))
        except Refusal as refusal:
            refused = PassRefused(source=SOURCE, place="deposit", code=refusal.code)
            await self._refusals.refuse(SOURCE, refused)
            raise

    async def start_by_clerk(self, account: str) -> Deposit:
        """Begin or resume the deposit of a person who works here. Raises TradeStopped, JournalStopped."""
        with needing_journal(self._store):
            return await self._store.run(lambda unit: begin_deposit(unit, "clerk", account, self._rules))

    async def find(self, deposit_id: str) -> Deposit:
        """The deposit as it is now. Raises UnknownDeposit."""
        deposit = await self._store.read(
            lambda connection: deposit_records.find_deposit(connection, deposit_id)
        )
        if deposit is None:
            raise UnknownDeposit(deposit=deposit_id[:64])
        return deposit

    async def count_free(self) -> dict[str, tuple[int, int]]:
        """Size → free cells, and those of them within reach, as far as their doors are known to be closed."""
        free = await self._store.read(records.free_cells)
        return count_free(self._places, free & self._closed())

    async def put(
        self, deposit_id: str, *, mailbox: str, room: str, size: str, accessible: bool = False
    ) -> Deposit:
        """Reserve a cell for one more parcel and open it.

        Raises UnknownDeposit, CellStillOpen, TooManyParcels, NoCellFree, JournalStopped.
        """
        closed = self._closed()
        with needing_journal(self._store):
            await self._store.run(
                lambda unit: reserve_parcel(
                    unit,
                    deposit_id,
                    mailbox=mailbox,
                    room=room,
                    size=size,
                    accessible=accessible,
                    places=self._places,
                    closed=closed,
                    rules=self._rules,
                )
            )
        return await self.open_next(deposit_id)

    async def open_next(self, deposit_id: str, *, again: bool = False) -> Deposit:
        """Open the reserved cell of the present parcel, if it waits. Raises as `intend_deposit`."""
        with needing_journal(self._store):
            opening = await self._store.run(
                lambda unit: intend_deposit(unit, deposit_id, again=again, rules=self._rules)
            )
        if opening is not None:
            await self._sender.send(opening)
        return await self.find(deposit_id)

    async def retry(self, deposit_id: str) -> Deposit:
        """The depositor's gesture: try the unknown or refused cell again. Raises as `open_next`."""
        return await self.open_next(deposit_id, again=True)

    async def take_another(self, deposit_id: str, what: str, size: str) -> Deposit:
        """The open cell is `too_small` or `not_empty`: another of `size` opens once it is closed.

        Raises UnknownDeposit, CellStillOpen, NoCellFree, TooManyParcels.
        """
        closed = self._closed()
        await self._store.run(
            lambda unit: wish(
                unit, deposit_id, what, size=size, places=self._places, closed=closed, rules=self._rules
            )
        )
        return await self.find(deposit_id)

    async def cancel(self, deposit_id: str) -> Deposit:
        """Not this parcel. Raises UnknownDeposit, CellStillOpen."""
        await self._store.run(lambda unit: cancel_parcel(unit, deposit_id))
        return await self.find(deposit_id)

    async def finish(self, deposit_id: str) -> Deposit:
        """The deposit is over. Raises UnknownDeposit, CellStillOpen."""
        return await self._store.run(lambda unit: end_deposit(unit, deposit_id))

    def _closed(self) -> set[tuple[str, str]]:
        """Cells whose door is known to be closed now: unknown is never free."""
        return {
            (bank, cell)
            for bank, cell in self._places
            if self._contacts.state_of(cell_place(bank, cell)) is ContactState.CLOSED
        }


def start_by_pass(shown: Pass, rules: LockerSettings, unit: Unit) -> Deposit:
    """Begin or resume the deposit of a courier's pass.

    Raises PassWrongSite, PassWrongKind, PassExpired, PassRevoked, TradeStopped.
    """
    if shown.site != unit.site:
        raise PassWrongSite(site=shown.site)
    if shown.kind != "deposit":
        raise PassWrongKind(kind=shown.kind)
    if is_over(shown.expires_ms, unit.now):
        raise PassExpired(expires_ms=shown.expires_ms)
    check_not_revoked(unit.connection, shown)
    return begin_deposit(unit, "courier", shown.id, rules)
