"""Pickup: the bank as it stands, cells one after another, each waited for until its contact says closed."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from kiosk.desks.views import Bank, Pickup, PickupCell
from kiosk.layout import page_count
from kiosk.screens.base import Gesture, Screen
from kiosk.visit import Answer, Dialog
from kiosk.words import Text

if TYPE_CHECKING:
    from kiosk.session import Session

MOST_ATTEMPTS = 2
"""Attempts on one cell (architecture, Passes: two per cell at most)."""
MARKS: dict[str, tuple[str, str]] = {
    "got": ("", "check"),
    "open": ("open", "dooropen"),
    "opening": ("wait", "clock"),
    "waiting": ("wait", "clock"),
    "unknown": ("unsure", "unsure"),
    "jam": ("stop", "cross"),
    "left": ("stop", "cross"),
    "disputed": ("stop", "cross"),
}
STATES: dict[str, Text] = {
    "got": Text("已拿，门已关", "Taken, door closed"),
    "open": Text("门开着", "Door open"),
    "opening": Text("正在开", "Opening"),
    "waiting": Text("还没开", "Not opened yet"),
    "unknown": Text("不知道开没开", "Not known whether it opened"),
    "jam": Text("没有打开", "Did not open"),
    "left": Text("没有打开，请找前台", "Did not open, ask at the counter"),
    "disputed": Text("已登记，有人联系您", "On record, we call you"),
}
PICTURES = {"open": "open", "got": "got", "unknown": "unsure", "jam": "jam", "left": "jam", "opening": "next"}
PROBLEMS: dict[str, Text] = {
    "empty": Text("格口是空的？", "Is it empty?"),
    "wrong": Text("东西不对？", "Are they the wrong things?"),
}


@dataclass(frozen=True, slots=True)
class Step:
    """One line of the list of cells."""

    cell: str
    items: Text
    words: Text
    mark: tuple[str, str]
    at_ms: int | None


class PickupScreen(Screen):
    """Without a code it waits for one; with one it opens, waits and goes on by itself."""

    name = "pickup"
    template = "pickup.html"
    timeout_s = 90

    def __init__(self) -> None:
        self._banks: tuple[Bank, ...] = ()
        self.gestures: Mapping[str, Gesture] = {
            "problem": _problem,
            "later": _later,
            "retry": _retry,
            "skip": _skip,
        }

    def holds(self, session: "Session") -> bool:
        """A cell is open or about to open."""
        pickup = session.visit.pickup
        return pickup is not None and any(cell.state in ("open", "opening") for cell in pickup.cells)

    async def may_leave(self, session: "Session") -> bool:
        """Not with an open cell."""
        if self.holds(session):
            session.say(Text("先把开着的柜门关上", "Close the open door first"), icon="dooropen")
            return False
        return True

    async def enter(self, session: "Session") -> None:
        """Read the bank. A pickup left before is begun anew by its code."""
        self._banks = await session.desks.lockers.banks()
        session.visit.pickup = None

    async def poll(self, session: "Session") -> None:
        """Look at the cells; when none is open, open the next."""
        visit = session.visit
        self._banks = await session.desks.lockers.banks()
        if visit.pickup is None or visit.pickup.finished:
            return
        await look(session)
        present = _present(visit.pickup)
        if visit is session.visit and present is not None and present.state == "waiting":
            await session.desks.lockers.open_next(visit.pickup.session_id)
            await look(session)

    def view(self, session: "Session") -> dict[str, object]:
        """The bank with its cells, and the cell whose turn it is."""
        pickup = session.visit.pickup
        cells = pickup.cells if pickup else ()
        present = _present(pickup) if pickup else None
        bank = _bank_of(self._banks, cells[0].cell if cells else "")
        size = session.rows("steps")
        pages = page_count(len(cells), size)
        session.visit.page = min(session.visit.page, pages - 1)
        start = session.visit.page * size
        following = next((cell.cell for cell in cells if cell.state == "waiting" and cell != present), "")
        since_ms = present.since_ms if present else None
        stuck = present is not None and present.state in ("jam", "unknown")
        return {
            "pickup": pickup,
            "present": present,
            "done": bool(cells) and present is None,
            "left": [cell.cell for cell in cells if cell.state == "left"],
            "position": cells.index(present) + 1 if present else len(cells),
            "total": len(cells),
            "bank": bank,
            "here": len(bank.columns) // 2 if bank else 0,
            "states": _pictures(bank, cells, following),
            "bank_label": _label(cells).say(session.visit.language),
            "steps": [_step(cell) for cell in cells[start : start + size]],
            "steps_page": session.visit.page,
            "steps_pages": pages,
            "open_s": 0 if since_ms is None else max(0, (session.now_ms - since_ms) // 1000),
            "following": following,
            "may_retry": stuck and present is not None and present.attempts < MOST_ATTEMPTS,
            "may_skip": stuck,
        }


async def begin_pickup(session: "Session", pickup: Pickup) -> None:
    """Show a pickup session that was just begun or resumed; the first cell opens at once."""
    session.visit.pickup = None
    await session.show("pickup")
    session.visit.pickup = pickup
    session.knock("read")
    await session.screen.poll(session)


async def look(session: "Session") -> None:
    """Read the session again, noting since when each cell is as it is."""
    visit, before = session.visit, session.visit.pickup
    if before is None:
        return
    after = await session.desks.lockers.look(before.session_id)
    if visit is not session.visit or visit.pickup is None:
        return
    was = {cell.cell: cell for cell in before.cells}
    now_ms = session.now_ms
    cells = []
    for cell in after.cells:
        old = was.get(cell.cell)
        same = old is not None and old.state == cell.state
        cells.append(replace(cell, since_ms=old.since_ms if old and same else now_ms))
    visit.pickup = replace(after, cells=tuple(cells))
    if any(cell.state != was[cell.cell].state for cell in cells if cell.cell in was):
        visit.touched_ms = session.monotonic_ms()
        session.knock("done" if after.finished else "read")


def _present(pickup: Pickup) -> PickupCell | None:
    return next((cell for cell in pickup.cells if cell.cell == pickup.present), None)


def _step(cell: PickupCell) -> Step:
    at_ms = cell.since_ms if cell.state == "got" else None
    return Step(cell.cell, cell.items, STATES[cell.state], MARKS[cell.state], at_ms)


def _bank_of(banks: tuple[Bank, ...], cell: str) -> Bank | None:
    """The bank the cell stands in, or the first."""
    for bank in banks:
        if any(place.name == cell for column in bank.columns for place in column):
            return bank
    return banks[0] if banks else None


def _pictures(bank: Bank | None, cells: tuple[PickupCell, ...], following: str) -> dict[str, str]:
    """Cell name → how it is drawn. Cells of others carry no more than their number, or hatch."""
    states: dict[str, str] = {}
    for column in bank.columns if bank else ():
        for place in column:
            if place.out_of_use:
                states[place.name] = "jam"
            elif place.door == "unknown":
                states[place.name] = "unsure"
    for cell in cells:
        states[cell.cell] = PICTURES.get(cell.state, "")
    if following:
        states[following] = "next"
    return states


def _label(cells: tuple[PickupCell, ...]) -> Text:
    """The bank in words: own cells only."""
    if not cells:
        return Text("柜子", "The lockers")
    zh = "，".join(f"{cell.cell} {STATES[cell.state].zh}" for cell in cells)
    en = ", ".join(f"{cell.cell} {STATES[cell.state].en.lower()}" for cell in cells)
    return Text("柜子：{cells}", "The lockers: {cells}").fill(cells=Text(zh, en))


async def _problem(session: "Session", value: str) -> None:
    """Empty or wrong: nothing is decided here, a person is called with the order's number."""
    pickup = session.visit.pickup
    present = _present(pickup) if pickup else None
    if pickup is None or present is None or value not in PROBLEMS:
        return
    entries = await session.desks.home.directory()
    office = next((entry for entry in entries if entry.kind == "property"), None)
    body = Text(
        "先把门关上。请到前台{phone}，说单号 {order}、柜门 {cell}，有记录可查。",
        "Close the door first. Go to the counter{phone} with order {order}, cell {cell}: it is on record.",
    ).fill(
        phone=Text(f"，或打 {office.phone}", f", or phone {office.phone},") if office else Text("", ""),
        order=pickup.order_id,
        cell=present.cell,
    )
    session.ask(Dialog(PROBLEMS[value], body, (Answer("dismiss", Text("知道了", "All right"), main=True),)))


async def _later(session: "Session", value: str) -> None:
    """The rest stays; the same code opens it another day."""
    del value
    await session.show("home", remember=False)
    if session.visit.screen == "home":
        session.say(Text("剩下的给您留着，还是那张取件码", "The rest stays. The same code opens it"))


async def _retry(session: "Session", value: str) -> None:
    del value
    if session.visit.pickup is not None:
        await session.desks.lockers.retry(session.visit.pickup.session_id)
        await look(session)


async def _skip(session: "Session", value: str) -> None:
    del value
    if session.visit.pickup is not None:
        await session.desks.lockers.give_up(session.visit.pickup.session_id)
        await look(session)
