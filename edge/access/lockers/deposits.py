"""Units of work of a deposit (投递): a cell reserved and asked for a parcel, closed over it, given back."""

from collections.abc import Collection, Mapping

import msgspec

from edge.access.errors import AttemptsUsedUp
from edge.access.events import CellClosed, CellOpenRequested
from edge.access.lockers import deposit_records, pickup_records, records
from edge.access.lockers.cells import ACTOR, free_cell, occupy_cell, open_case, require_bank
from edge.access.lockers.choice import choose_cell
from edge.access.lockers.deposit_records import Deposit, DepositParcel
from edge.access.lockers.errors import (
    BankBusy,
    CellStillOpen,
    NoCellFree,
    TooManyParcels,
    UnknownDeposit,
)
from edge.access.lockers.events import DepositEnded, DepositStarted, ParcelDeposited
from edge.access.lockers.layout import CellPlace
from edge.access.lockers.records import Due, Parcel
from edge.access.lockers.rounds import IDLE, set_order_dues
from edge.access.lockers.settings import LockerSettings
from edge.access.lockers.steps import DEPOSIT
from edge.access.places import cell_place
from edge.access.records import Opening, insert_opening
from edge.store.parts import Part, require_part
from edge.store.unit import Unit

MAX_PARCELS = 40
MAX_ATTEMPTS = 2
"""Attempts on one cell (architecture, Trust: two per cell at most)."""

Places = Mapping[tuple[str, str], CellPlace]
Closed = Collection[tuple[str, str]]
"""Cells whose contact says closed now: only they are given to anybody."""


def begin_deposit(unit: Unit, by: str, who: str, rules: LockerSettings) -> Deposit:
    """Begin somebody's deposit, or resume the one that they left open. Raises TradeStopped, PartOff."""
    found = deposit_records.open_deposit_of(unit.connection, by, who)
    if found is not None:
        _touch(unit, found.id, rules)
        return found
    unit.require_trade()
    require_part(unit.connection, Part.PICKUP)
    deposit = Deposit(id=unit.next_id(), by=by, who=who, state="open", parcels=())
    deposit_records.insert_deposit(unit.connection, deposit, unit.now.at_ms)
    unit.record(DepositStarted(deposit=deposit.id, by=by, who=who), actor=f"{by}:{who}")
    _touch(unit, deposit.id, rules)
    return deposit


def reserve_parcel(
    unit: Unit,
    deposit_id: str,
    *,
    mailbox: str,
    room: str,
    size: str,
    accessible: bool,
    places: Places,
    closed: Closed,
    rules: LockerSettings,
) -> DepositParcel:
    """Reserve a cell for one more parcel.

    Raises UnknownDeposit, CellStillOpen, TooManyParcels, NoCellFree.
    """
    deposit = open_deposit(unit, deposit_id)
    if deposit.current is not None:
        raise CellStillOpen(cell=deposit.current.cell)
    _touch(unit, deposit_id, rules)
    same = [each for each in deposit.parcels if each.mailbox == mailbox and each.state == "stored"]
    order_id = same[0].order_id if same else unit.next_id()
    if pickup_records.session_of_order(unit.connection, order_id) is not None:
        order_id = unit.next_id()  # its people are collecting already: what comes now is another order
    wanted = DepositParcel(
        position=len(deposit.parcels),
        order_id=order_id,
        parcel=unit.next_id(),
        mailbox=mailbox,
        room=room,
        size=size,
        accessible=int(accessible),
        bank="",
        cell="",
    )
    return _reserve(unit, deposit, wanted, places, closed)


def _reserve(
    unit: Unit, deposit: Deposit, wanted: DepositParcel, places: Places, closed: Closed
) -> DepositParcel:
    if len(deposit.parcels) >= MAX_PARCELS:
        raise TooManyParcels(limit=MAX_PARCELS)
    free = records.free_cells(unit.connection) & set(closed)
    place = choose_cell(places, free, size=wanted.size, accessible=bool(wanted.accessible))
    if place is None:
        raise NoCellFree(size=wanted.size)
    parcel = msgspec.structs.replace(wanted, position=len(deposit.parcels), bank=place.bank, cell=place.cell)
    records.set_cell_state(
        unit.connection,
        place.bank,
        place.cell,
        state="reserved",
        reason=deposit.id,
        at_ms=unit.now.at_ms,
    )
    deposit_records.insert_parcel(unit.connection, deposit.id, parcel)
    unit.hint("lockers")
    return parcel


def intend_deposit(unit: Unit, deposit_id: str, *, again: bool, rules: LockerSettings) -> Opening | None:
    """Commit the intent to open the cell of the present parcel; None when there is nothing to open now.

    `again` is the depositor's gesture, without which a cell that is unknown or refused is left alone.
    Raises UnknownDeposit, AttemptsUsedUp, BankIsHalted, and BankBusy on a gesture.
    """
    deposit = open_deposit(unit, deposit_id)
    parcel = deposit.current
    wanted = ("reserved", "unknown", "refused") if again else ("reserved",)
    if parcel is None or parcel.state not in wanted:
        return None
    if parcel.attempts >= MAX_ATTEMPTS:
        raise AttemptsUsedUp(cell=parcel.cell)
    found = records.find_cell(unit.connection, parcel.bank, parcel.cell)
    if found is None or found.state != "reserved":
        _release(unit, deposit, parcel, how="never_opened")  # it was taken out of use meanwhile
        return None
    try:
        require_bank(unit, parcel.bank)
    except BankBusy:
        if again:
            raise
        return None
    _touch(unit, deposit_id, rules)
    return _intend(unit, deposit, parcel)


def _intend(unit: Unit, deposit: Deposit, parcel: DepositParcel) -> Opening:
    number = deposit_records.count_openings(unit.connection, deposit.id, parcel.position) + 1
    opening = Opening(
        id=unit.next_id(),
        place=cell_place(parcel.bank, parcel.cell),
        authorisation=f"deposit:{deposit.id}:{parcel.position}:{number}",
        kind=DEPOSIT,
        pass_id=deposit.who if deposit.by == "courier" else None,
        session=deposit.id,
        position=parcel.position,
        requested_at_ms=unit.now.at_ms,
        source=f"{deposit.by}:{deposit.who}",
    )
    insert_opening(unit.connection, opening)
    deposit_records.set_parcel(
        unit.connection,
        deposit.id,
        parcel.position,
        state="requested",
        attempts=parcel.attempts + 1,
        opening=opening.id,
    )
    unit.record(
        CellOpenRequested(
            opening=opening.id, place=opening.place, authorisation=opening.authorisation, session=deposit.id
        ),
        actor=opening.source,
    )
    unit.hint("lockers")
    return opening


def close_deposit_cell(unit: Unit, deposit: Deposit, parcel: DepositParcel, rules: LockerSettings) -> None:
    """The cell was closed: over the parcel, or as the depositor's wish says."""
    place = cell_place(parcel.bank, parcel.cell)
    unit.record(CellClosed(opening=parcel.opening or "", place=place, session=deposit.id), actor=ACTOR)
    if parcel.wish == "not_empty":
        deposit_records.set_parcel(unit.connection, deposit.id, parcel.position, state="released")
        open_case(unit, "not_empty", parcel.bank, parcel.cell, "")
    elif parcel.wish:
        _release(unit, deposit, parcel, how="unused")
    else:
        _store(unit, deposit, parcel, rules)
    unit.hint("lockers")


def _store(unit: Unit, deposit: Deposit, parcel: DepositParcel, rules: LockerSettings) -> None:
    deposit_records.set_parcel(unit.connection, deposit.id, parcel.position, state="stored")
    keep_until_ms = rules.keep_until_ms(unit.now.at_ms)
    records.insert_parcel(
        unit.connection,
        Parcel(
            order_id=parcel.order_id,
            parcel=parcel.parcel,
            bank=parcel.bank,
            cell=parcel.cell,
            mailbox=parcel.mailbox,
            origin="deposit",
            state="in_cell",
            stored_at_ms=unit.now.at_ms,
            overdue_at_ms=keep_until_ms,
        ),
    )
    occupy_cell(unit, parcel.bank, parcel.cell)
    unit.record(
        ParcelDeposited(
            deposit=deposit.id,
            order_id=parcel.order_id,
            parcel=parcel.parcel,
            place=cell_place(parcel.bank, parcel.cell),
            mailbox=parcel.mailbox,
            by=deposit.by,
            who=deposit.who,
            keep_until_ms=keep_until_ms,
        ),
        actor=f"{deposit.by}:{deposit.who}",
    )
    set_order_dues(unit, parcel.order_id, keep_until_ms, rules)


def wish(
    unit: Unit,
    deposit_id: str,
    what: str,
    *,
    size: str,
    places: Places,
    closed: Closed,
    rules: LockerSettings,
) -> None:
    """Say of the open cell that it is too_small or not_empty: another one is reserved at once.

    It is opened when the present one was closed. Where no other is free, a cell that is not empty is held all
    the same. Raises UnknownDeposit, CellStillOpen (nothing is open), TooManyParcels, and NoCellFree for a
    parcel that does not fit: then nothing has changed.
    """
    deposit = open_deposit(unit, deposit_id)
    parcel = deposit.current
    if parcel is None or parcel.state != "opened" or parcel.wish:
        raise CellStillOpen(cell=parcel.cell if parcel else "")
    _touch(unit, deposit_id, rules)
    another = msgspec.structs.replace(
        parcel,
        parcel=unit.next_id(),
        size=size,
        state="reserved",
        attempts=0,
        opening=None,
    )
    try:
        _reserve(unit, deposit, another, places, closed)
    except NoCellFree:
        if what != "not_empty":
            raise
    deposit_records.set_parcel(unit.connection, deposit_id, parcel.position, state="opened", wish=what)


def cancel_parcel(unit: Unit, deposit_id: str) -> None:
    """Not this parcel: its cell is given back, an open one once it is closed.

    A cell that may have opened unseen is held for a person. Raises UnknownDeposit, CellStillOpen.
    """
    deposit = open_deposit(unit, deposit_id)
    parcel = deposit.current
    if parcel is None:
        return
    if parcel.state == "requested":
        raise CellStillOpen(cell=parcel.cell)
    if parcel.state == "opened":
        deposit_records.set_parcel(
            unit.connection, deposit_id, parcel.position, state="opened", wish=parcel.wish or "cancel"
        )
    elif parcel.state == "unknown":
        deposit_records.set_parcel(unit.connection, deposit_id, parcel.position, state="released")
        open_case(unit, "jam", parcel.bank, parcel.cell, "")
    else:
        _release(unit, deposit, parcel, how="never_opened")
    unit.hint("lockers")


def end_deposit(unit: Unit, deposit_id: str) -> Deposit:
    """The deposit is over; reserved cells are given back.

    Raises UnknownDeposit, CellStillOpen while a cell is open or asked for.
    """
    deposit = open_deposit(unit, deposit_id)
    moving = [each for each in deposit.parcels if each.state in ("requested", "opened")]
    if moving:
        raise CellStillOpen(cell=moving[0].cell)
    for _ in deposit.parcels:
        cancel_parcel(unit, deposit_id)
    deposit_records.end_deposit(unit.connection, deposit_id, unit.now.at_ms)
    records.drop_due(unit.connection, IDLE, deposit_id)
    stored = sum(each.state == "stored" for each in deposit.parcels)
    unit.record(DepositEnded(deposit=deposit_id, stored=stored), actor=f"{deposit.by}:{deposit.who}")
    unit.hint("lockers")
    return found_deposit(unit, deposit_id)


def end_idle(unit: Unit, deposit_id: str, rules: LockerSettings) -> None:
    """An act: nobody went on with the deposit; one whose cell stands open is asked about again later."""
    deposit = deposit_records.find_deposit(unit.connection, deposit_id)
    if deposit is None or deposit.state != "open":
        return
    try:
        end_deposit(unit, deposit_id)
    except CellStillOpen:
        _touch(unit, deposit_id, rules)


def open_deposit(unit: Unit, deposit_id: str) -> Deposit:
    """The deposit of this id, if it is open. Raises UnknownDeposit."""
    deposit = found_deposit(unit, deposit_id)
    if deposit.state != "open":
        raise UnknownDeposit(deposit=deposit_id[:64])
    return deposit


def found_deposit(unit: Unit, deposit_id: str) -> Deposit:
    """The deposit of this id, open or not. Raises UnknownDeposit."""
    deposit = deposit_records.find_deposit(unit.connection, deposit_id)
    if deposit is None:
        raise UnknownDeposit(deposit=deposit_id[:64])
    return deposit


def _release(unit: Unit, deposit: Deposit, parcel: DepositParcel, *, how: str) -> None:
    deposit_records.set_parcel(unit.connection, deposit.id, parcel.position, state="released")
    found = records.find_cell(unit.connection, parcel.bank, parcel.cell)
    if found is not None and found.state == "reserved":
        free_cell(unit, parcel.bank, parcel.cell, how=how)


def _touch(unit: Unit, deposit_id: str, rules: LockerSettings) -> None:
    due_at_ms = unit.now.at_ms + rules.idle_s * 1000
    records.put_due(unit.connection, Due(kind=IDLE, subject=deposit_id, due_at_ms=due_at_ms))
