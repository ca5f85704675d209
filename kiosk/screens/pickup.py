"""Pickup: the bank as it stands, cells one after another, each waited for until its contact says closed."""

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from kiosk.desks.locker_views import Problem
from kiosk.desks.views import Bank, Pickup, PickupCell
from kiosk.layout import page_count
from kiosk.screens.bank_view import bank_of, is_silent, label_of, pictures_of, step_of
from kiosk.screens.base import Gesture, Screen
from kiosk.visit import Answer, Dialog
from kiosk.words import Text

if TYPE_CHECKING:
    from kiosk.session import Session

MOST_ATTEMPTS = 2
"""Attempts on one cell (architecture, Passes: two per cell at most)."""
FORGOTTEN_S = 60
"""Seconds with an open door after which the screen says it once more, louder (ours)."""
PROBLEMS: dict[str, Problem] = {"empty": "empty", "wrong": "wrong"}
ASKED: dict[str, tuple[Text, Text]] = {
    "empty": (
        Text("{cell} 是空的？", "Is {cell} empty?"),
        Text("是空的，记下", "It is empty, put it on record"),
    ),
    "wrong": (
        Text("{cell} 里的东西不对？", "Are the things in {cell} wrong?"),
        Text("东西不对，记下", "They are wrong, put it on record"),
    ),
}
"""What is asked once more, and the key that says so."""


class PickupScreen(Screen):
    """Without a code it waits for one; with one it opens, waits and goes on by itself."""

    name = "pickup"
    template = "pickup.html"
    timeout_s = 90

    def __init__(self) -> None:
        self._banks: tuple[Bank, ...] = ()
        self.gestures: Mapping[str, Gesture] = {
            "problem": _problem,
            "report": _report,
            "collect": _collect,
            "no_phone": _no_phone,
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
        """Read the bank, and what waits for a known person. A pickup left before is begun anew."""
        visit, desk = session.visit, session.desks.lockers
        self._banks = await desk.banks()
        visit.pickup, visit.waiting = None, ()
        if visit.resident is not None:
            visit.waiting = await desk.waiting(visit.resident)

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
        bank = bank_of(self._banks, cells[0].cell if cells else "")
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
            "states": pictures_of(bank, cells, following),
            "bank_label": label_of(bank, cells).say(session.visit.language),
            "steps": [step_of(cell, bank) for cell in cells[start : start + size]],
            "steps_page": session.visit.page,
            "steps_pages": pages,
            "open_s": 0 if since_ms is None else max(0, (session.now_ms - since_ms) // 1000),
            "forgotten_s": FORGOTTEN_S,
            "silent": present is not None and is_silent(bank, present.cell),
            "halted": bank.halted if bank else "",
            "disputed": [cell.cell for cell in cells if cell.state == "disputed"],
            "waiting": session.visit.waiting[: session.rows("waiting")],
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
    _remind(session, visit.pickup)
    if any(cell.state != was[cell.cell].state for cell in cells if cell.cell in was):
        visit.touched_ms, visit.reminded = session.monotonic_ms(), 0
        session.knock("done" if after.finished else "read")


def _remind(session: "Session", pickup: Pickup) -> None:
    """A door that stays open: a low knock each time the while has passed again."""
    present = _present(pickup)
    if present is None or present.state != "open" or present.since_ms is None:
        return
    open_s = (session.now_ms - present.since_ms) // 1000
    if open_s // FORGOTTEN_S > session.visit.reminded:
        session.visit.reminded = open_s // FORGOTTEN_S
        session.knock("no")


def _present(pickup: Pickup) -> PickupCell | None:
    return next((cell for cell in pickup.cells if cell.cell == pickup.present), None)


async def _problem(session: "Session", value: str) -> None:
    """Empty or wrong: asked once more before it is put on record."""
    pickup = session.visit.pickup
    present = _present(pickup) if pickup else None
    if present is None or value not in ASKED:
        return
    title, key = ASKED[value]
    body = Text(
        "我们会记下来，这一格留着不动，打电话给您。先看一眼格口最里面。",
        "It is put on record, the cell is kept as it is, and we call you. Please look to the back first.",
    )
    answers = (
        Answer("dismiss", Text("没事，我再看看", "Never mind, I look again")),
        Answer("report", key, value, main=True),
    )
    session.ask(Dialog(title.fill(cell=present.cell), body, answers))


async def _report(session: "Session", value: str) -> None:
    """A case is opened and its cell held; nobody decides here who is right."""
    visit, pickup = session.visit, session.visit.pickup
    present = _present(pickup) if pickup else None
    visit.dialog = None
    if pickup is None or present is None or value not in PROBLEMS:
        return
    case = await session.desks.lockers.report(pickup.session_id, present.cell, PROBLEMS[value])
    await look(session)
    body = Text(
        "编号 {case}。请把 {cell} 的门关上，别的照常取。我们打电话给您。",
        "Number {case}. Please close {cell} and collect the rest as usual. We call you.",
    ).fill(case=case, cell=present.cell)
    answers = (Answer("dismiss", Text("知道了", "All right"), main=True),)
    session.ask(Dialog(Text("记下了", "It is on record"), body, answers))


async def _no_phone(session: "Session", value: str) -> None:
    """Who it is by room and PIN, or by a card; then back to what waits for them."""
    del value
    session.visit.wanted = "pickup"
    await session.show("room_pin")


async def _collect(session: "Session", value: str) -> None:
    """One of the orders that wait for the person who is known."""
    visit = session.visit
    if visit.resident is None or value not in {order.order_id for order in visit.waiting}:
        return
    await begin_pickup(session, await session.desks.lockers.begin_for(visit.resident, value))


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
