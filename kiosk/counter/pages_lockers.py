"""Lockers: the banks as they stand, overdue parcels, cases, halted banks, cells opened by staff."""

from typing import get_args

from aiohttp import web

from kiosk.counter.errors import CellNotThere, ReasonMissing
from kiosk.counter.locker_words import CASE_OUTCOMES
from kiosk.counter.roles import JUDGES, LOCKER_STAFF, LOCKERS_SEEN
from kiosk.counter.server import Route, Visit, go
from kiosk.desks.locker_ports import Outcome, StaffReason
from kiosk.desks.views import Bank, BankCell

REASONS: tuple[StaffReason, ...] = get_args(StaffReason)
OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)


async def list_lockers(visit: Visit) -> web.Response:
    """Every bank, what waits for a person, and what lies too long."""
    desk = visit.lockers
    banks, parcels = await desk.banks(), await desk.parcels()
    return visit.show(
        "lockers.html",
        banks=banks,
        overdue={(parcel.bank, parcel.cell) for parcel in parcels if parcel.overdue},
        parcels=parcels,
        cases=await desk.cases(),
        halts=await desk.halts(),
        waiting=await desk.staff_cells(),
        case_outcomes=CASE_OUTCOMES,
        outcomes=OUTCOMES,
    )


async def show_cell(visit: Visit) -> web.Response:
    """One cell, what lies in it, and what staff may do with it. Raises CellNotThere."""
    bank, cell = await _found(visit)
    desk, name = visit.lockers, cell.name
    parcels = [each for each in await desk.parcels() if (each.bank, each.cell) == (bank.id, name)]
    return visit.show(
        "cell.html",
        bank=bank,
        cell=cell,
        parcels=parcels,
        cases=[each for each in await desk.cases() if (each.bank, each.cell) == (bank.id, name)],
        waiting=[each for each in await desk.staff_cells() if (each.bank, each.cell) == (bank.id, name)],
        alone=cell.state in ("free", "out_of_order") and cell.door == "closed",
        reasons=REASONS,
        outcomes=OUTCOMES,
    )


async def open_cell(visit: Visit) -> web.Response:
    """Open a free, closed cell alone, any other with a second person. Raises ReasonMissing, PinRefused."""
    bank, cell = await _found(visit)
    reason = visit.form.get("reason", "")
    if reason not in REASONS:
        raise ReasonMissing
    desk = visit.lockers
    login, pin = visit.form.get("second_login", ""), visit.form.get("second_pin", "")
    if login:
        async with visit.deps.signing_in:
            await desk.open_by_two(bank.id, cell.name, reason, visit.person, login, pin)
    else:
        await desk.open_cell(bank.id, cell.name, reason, visit.person)
    return go(_path(visit))


async def settle(visit: Visit) -> web.Response:
    """Say what was found in a cell that staff opened. Raises ReasonMissing."""
    outcome, back = visit.form.get("outcome", ""), visit.form.get("back", "")
    if outcome not in OUTCOMES:
        raise ReasonMissing
    await visit.lockers.settle(visit.form.get("opening", ""), outcome, visit.person)
    return go(back if back.startswith("/lockers") else "/lockers")


async def block(visit: Visit) -> web.Response:
    """Take a free cell out of use, or put it back."""
    bank, cell = await _found(visit)
    await visit.lockers.block(bank.id, cell.name, visit.form.get("blocked") == "yes", visit.person)
    return go(_path(visit))


async def close_case(visit: Visit) -> web.Response:
    """Close a case at a cell. Raises ReasonMissing."""
    outcome = visit.form.get("outcome", "")
    if outcome not in CASE_OUTCOMES:
        raise ReasonMissing
    await visit.lockers.close_case(visit.form.get("case", ""), outcome, visit.person)
    return go("/lockers")


async def clear_halt(visit: Visit) -> web.Response:
    """Let a halted bank go on, in the name of whose PIN is given. Raises PinRefused."""
    person = await visit.countersign("login", "pin", JUDGES)
    await visit.lockers.clear_halt(visit.form.get("bank", ""), person)
    return go("/lockers")


async def _found(visit: Visit) -> tuple[Bank, BankCell]:
    wanted_bank, wanted = visit.request.match_info["bank"], visit.request.match_info["cell"]
    for bank in await visit.lockers.banks():
        for column in bank.columns:
            for cell in column:
                if (bank.id, cell.name) == (wanted_bank, wanted):
                    return bank, cell
    raise CellNotThere(cell=wanted[:32])


def _path(visit: Visit) -> str:
    return f"/lockers/cell/{visit.request.match_info['bank']}/{visit.request.match_info['cell']}"


ROUTES = (
    Route("GET", "/lockers", list_lockers, LOCKERS_SEEN),
    Route("POST", "/lockers/settle", settle, LOCKER_STAFF),
    Route("POST", "/lockers/case", close_case, LOCKER_STAFF),
    Route("POST", "/lockers/halt", clear_halt, JUDGES),
    Route("GET", "/lockers/cell/{bank}/{cell}", show_cell, LOCKERS_SEEN),
    Route("POST", "/lockers/cell/{bank}/{cell}/open", open_cell, LOCKER_STAFF),
    Route("POST", "/lockers/cell/{bank}/{cell}/block", block, LOCKER_STAFF),
)
