"""The walk-test (走查): door after door is opened by the hub and looked at by a person.

It proves which level of a contact is *closed*: an opening moves a door from closed to open and never back, so
the level that its lock reads before is closed, whatever anybody believed. It proves that each opening moves
its own door and no other, and the person says that it is the door with that label.
"""

import asyncio
from collections.abc import Collection, Mapping, Sequence

import msgspec

from edge.access import records as openings
from edge.access.boards import records
from edge.access.boards.course import Walk, WalkCell, mark
from edge.access.boards.errors import BankInUse, BankSilent, DoorsNotClosed, UnknownBank, WalkElsewhere
from edge.access.boards.events import BankProofFailed, BankProved
from edge.access.boards.ports import WalkedBanks
from edge.access.boards.records import BankProof
from edge.access.errors import NotMoved
from edge.access.events import CellOpenRequested
from edge.access.openings import record_fired, record_not_fired, record_opened, record_unknown
from edge.access.places import cell_place
from edge.access.ports import Patience
from edge.access.records import Opening
from edge.errors import DeviceError
from edge.store.store import Store
from edge.store.unit import Unit

LOOK_MS = 50
MOVE_LIMIT_MS = 5_000
"""A latch throws its door open within a second; reading a whole board takes another."""

SETTLE_MS = 1_500
"""After a movement every other lock of the board has been read once more."""

HARMLESS = frozenset({"did_not_move", "not_fired", "stopped"})
"""Reasons that say nothing against what was proved before."""


class WalkDesk:
    """Leads people along banks; one walk a bank. A walk lives in memory, what it proved in the database."""

    def __init__(
        self,
        *,
        store: Store,
        cells: Mapping[str, Sequence[str]],
        banks: Mapping[str, WalkedBanks],
        patience: Patience = asyncio.sleep,
    ) -> None:
        self._store = store
        self._cells = cells
        self._banks = banks
        self._patience = patience
        self._walks: dict[str, Walk] = {}
        self._proved: set[str] = set()
        self._turns = {bank: asyncio.Lock() for bank in cells}

    async def load(self) -> None:
        """Tell the drivers what was proved before, where the wiring is still the same."""
        for proof in await self._store.read(records.all_proofs):
            driver = self._banks.get(proof.bank)
            if driver is not None and driver.wiring(proof.bank) == proof.wiring:
                driver.prove(proof.bank, proof.closed_level)
                self._proved.add(proof.bank)

    def is_proved(self, bank: str) -> bool:
        """Whether the contacts of a bank are proved for its wiring of today."""
        return bank in self._proved

    async def proofs(self) -> list[BankProof]:
        """What is proved, by bank."""
        return await self._store.read(records.all_proofs)

    def walk_of(self, bank: str) -> Walk | None:
        """The last walk along a bank since the start of the program."""
        return self._walks.get(bank)

    async def begin(self, bank: str, account: str) -> Walk:
        """Begin anew at the first door. Raises UnknownBank, BankInUse, BankSilent, DoorsNotClosed."""
        driver = self._driver(bank)
        in_use = await self._store.read(lambda connection: records.cells_in_use(connection, bank))
        tested = [cell for cell in self._cells[bank] if cell not in in_use]
        if not tested:
            raise BankInUse(bank=bank)
        closed = _level_of_all(driver.levels(bank), tested)
        cells = tuple(
            WalkCell(cell=cell, state="skipped" if cell in in_use else "waiting")
            for cell in self._cells[bank]
        )
        walk = Walk(bank=bank, account=account, step="open", cells=cells, closed_level=closed)
        self._walks[bank] = walk
        return walk

    async def open_next(self, bank: str, account: str) -> Walk:
        """Open the next door, once, and see what moves. Raises WalkElsewhere, BankSilent, DoorsNotClosed."""
        async with self._turn(bank):
            walk = self._at(bank, account, "open")
            cell = next(each.cell for each in walk.cells if each.state == "waiting")
            driver = self._driver(bank)
            before = dict(driver.levels(bank))
            _level_of_all(before, [each.cell for each in walk.cells if each.state != "skipped"])
            opening = await self._store.run(lambda unit: _intend(unit, bank, cell, account))
            try:
                await driver.try_cell(opening.id, bank, cell)
            except NotMoved as fault:
                reason = fault.reason
                await self._store.run(lambda unit: record_not_fired(unit, opening.id, reason))
                return await self._fail(walk, cell, "not_fired")
            except DeviceError:
                pass  # nobody can tell; the contacts are looked at all the same
            await self._store.run(lambda unit: record_fired(unit, opening.id))
            moved = await self._movement(driver, bank, before)
            return await self._judge_movement(walk, cell, opening, moved)

    async def say_label(self, bank: str, account: str, *, right: bool) -> Walk:
        """The person says whether the door with this cell's label opened. Raises WalkElsewhere."""
        async with self._turn(bank):
            walk = self._at(bank, account, "label")
            if not right:
                return await self._fail(walk, walk.current, "wrong_label")
            return self._keep(msgspec.structs.replace(walk, step="close"))

    async def look(self, bank: str, account: str) -> Walk:
        """See whether the door is closed again; after the last one all is proved. Raises WalkElsewhere."""
        async with self._turn(bank):
            walk = self._at(bank, account, "close")
            if self._driver(bank).levels(bank).get(walk.current) != walk.closed_level:
                return walk
            walk = mark(walk, walk.current, "passed", step="open")
            if any(each.state == "waiting" for each in walk.cells):
                return self._keep(walk)
            return await self._finish(walk)

    async def stop(self, bank: str, account: str) -> Walk:
        """End a walk before its end. Raises WalkElsewhere."""
        async with self._turn(bank):
            walk = self._at(bank, account, "open", "label", "close")
            return await self._fail(walk, walk.current, "stopped")

    async def _movement(
        self, driver: WalkedBanks, bank: str, before: Mapping[str, str | None]
    ) -> dict[str, str]:
        """The cells that moved and the level that they moved to, once everything was read again.

        A door that falls shut at once has moved all the same.
        """
        moved: dict[str, str] = {}
        left_ms = MOVE_LIMIT_MS
        while left_ms > 0:
            found = _changed(before, driver.levels(bank))
            if found and not moved:
                left_ms = SETTLE_MS
            moved |= found
            await self._patience(LOOK_MS / 1000)
            left_ms -= LOOK_MS
        return moved

    async def _judge_movement(self, walk: Walk, cell: str, opening: Opening, moved: dict[str, str]) -> Walk:
        if set(moved) == {cell}:
            await self._store.run(lambda unit: record_opened(unit, opening))
            expected = self._driver(walk.bank).expected_open(walk.bank)
            if expected not in (None, moved[cell]):
                return await self._fail(walk, cell, "polarity", tuple(moved))
            opened = mark(walk, cell, "opened", step="label")
            return self._keep(msgspec.structs.replace(opened, current=cell, open_level=moved[cell]))
        reason = "wrong_cell" if moved else "did_not_move"
        await self._store.run(lambda unit: record_unknown(unit, opening.id, reason))
        return await self._fail(walk, cell, reason, tuple(sorted(moved)))

    async def _fail(self, walk: Walk, cell: str, reason: str, moved: tuple[str, ...] = ()) -> Walk:
        voids = reason not in HARMLESS

        def write(unit: Unit) -> None:
            voided = voids and records.drop_proof(unit.connection, walk.bank)
            event = BankProofFailed(bank=walk.bank, cell=cell, reason=reason, voided=voided)
            unit.record(event, actor=walk.account)

        await self._store.run(write)
        if voids:
            self._driver(walk.bank).prove(walk.bank, None)
            self._proved.discard(walk.bank)
        failed = walk if reason == "stopped" else mark(walk, cell, "failed", step="failed")
        return self._keep(
            msgspec.structs.replace(failed, step="failed", current=cell, reason=reason, moved=moved)
        )

    async def _finish(self, walk: Walk) -> Walk:
        driver = self._driver(walk.bank)
        wiring = driver.wiring(walk.bank)

        def write(unit: Unit) -> None:
            proof = BankProof(
                bank=walk.bank,
                wiring=wiring,
                closed_level=walk.closed_level,
                tested=tuple(each.cell for each in walk.cells if each.state == "passed"),
                skipped=tuple(each.cell for each in walk.cells if each.state == "skipped"),
                account=walk.account,
                at_ms=unit.now.at_ms,
            )
            records.keep_proof(unit.connection, proof)
            event = BankProved(
                bank=walk.bank,
                wiring=wiring,
                closed_level=walk.closed_level,
                tested=list(proof.tested),
                skipped=list(proof.skipped),
            )
            unit.record(event, actor=walk.account)

        await self._store.run(write)
        driver.prove(walk.bank, walk.closed_level)
        self._proved.add(walk.bank)
        return self._keep(msgspec.structs.replace(walk, step="proved"))

    def _driver(self, bank: str) -> WalkedBanks:
        driver = self._banks.get(bank)
        if driver is None:
            raise UnknownBank(bank=bank[:64])
        return driver

    def _turn(self, bank: str) -> asyncio.Lock:
        self._driver(bank)
        return self._turns[bank]

    def _at(self, bank: str, account: str, *steps: str) -> Walk:
        walk = self._walks.get(bank)
        if walk is None or walk.account != account or walk.step not in steps:
            raise WalkElsewhere(bank=bank, step="" if walk is None else walk.step)
        return walk

    def _keep(self, walk: Walk) -> Walk:
        self._walks[walk.bank] = walk
        return walk


def _intend(unit: Unit, bank: str, cell: str, account: str) -> Opening:
    """Commit the intent. Raises BankInUse when somebody began to use the cell meanwhile."""
    if cell in records.cells_in_use(unit.connection, bank):
        raise BankInUse(bank=bank)
    opening_id = unit.next_id()
    opening = Opening(
        id=opening_id,
        place=cell_place(bank, cell),
        authorisation=f"test:{opening_id}",
        kind="test",
        requested_at_ms=unit.now.at_ms,
        source=account,
    )
    openings.insert_opening(unit.connection, opening)
    event = CellOpenRequested(
        opening=opening.id, place=opening.place, authorisation=opening.authorisation, session=""
    )
    unit.record(event, actor=account)
    return opening


def _level_of_all(levels: Mapping[str, str | None], cells: Collection[str]) -> str:
    """The one level that all of these read. Raises BankSilent, DoorsNotClosed."""
    found = {cell: levels.get(cell) for cell in cells}
    known = [level for level in found.values() if level is not None]
    if len(known) < len(found):
        raise BankSilent(cells=" ".join(sorted(cell for cell, level in found.items() if level is None)))
    usual = max(set(known), key=known.count)
    odd = sorted(cell for cell, level in found.items() if level != usual)
    if odd:
        raise DoorsNotClosed(cells=" ".join(odd))
    return usual


def _changed(before: Mapping[str, str | None], after: Mapping[str, str | None]) -> dict[str, str]:
    return {
        cell: level
        for cell, level in after.items()
        if level is not None and before.get(cell) not in (None, level)
    }
