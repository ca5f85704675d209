"""Deposit (投递): a courier puts parcels into cells, one by one, each waited for until it is closed."""

from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING

from kiosk.desks.locker_views import Deposit, DepositParcel
from kiosk.desks.views import Bank
from kiosk.screens.bank_view import bank_of, is_silent
from kiosk.screens.base import Gesture, Screen
from kiosk.visit import Answer, Depositing, Dialog
from kiosk.words import Text

if TYPE_CHECKING:
    from kiosk.session import Session

ROOM_LONGEST = 12
MOST_ATTEMPTS = 2
"""Attempts on one cell, as at pickup."""
KEYS = frozenset("0123456789-")
ROWS_OF_KEYS = ("123", "456", "789", "-0")
SIZES: dict[str, tuple[Text, Text]] = {
    "s": (Text("小", "Small"), Text("信封、鞋盒以下", "letters, up to a shoe box")),
    "m": (Text("中", "Medium"), Text("鞋盒到行李箱", "a shoe box up to a cabin bag")),
    "l": (Text("大", "Large"), Text("大箱子、米面", "big boxes, sacks of rice")),
}
MARKS: dict[str, tuple[str, str]] = {
    "stored": ("", "check"),
    "open": ("open", "dooropen"),
    "reserved": ("wait", "clock"),
    "opening": ("wait", "clock"),
    "unknown": ("unsure", "unsure"),
    "jam": ("stop", "cross"),
    "released": ("stop", "cross"),
}
STATES: dict[str, Text] = {
    "stored": Text("放好了", "Stored"),
    "open": Text("门开着", "Door open"),
    "reserved": Text("留好了", "Reserved"),
    "opening": Text("正在开", "Opening"),
    "unknown": Text("不知道开没开", "Not known whether it opened"),
    "jam": Text("没有打开", "Did not open"),
    "released": Text("没有放", "Not stored"),
}
PICTURES = {"open": "open", "stored": "got", "unknown": "unsure", "jam": "jam", "opening": "next"}


class DepositScreen(Screen):
    """Room, size, open, close, next."""

    name = "deposit"
    template = "deposit.html"
    timeout_s = 90

    def __init__(self) -> None:
        self._banks: tuple[Bank, ...] = ()
        self.gestures: Mapping[str, Gesture] = {
            "type": _type,
            "rub": _rub,
            "recipient": _recipient,
            "other_room": _other_room,
            "reach": _reach,
            "size": _size,
            "change": _change,
            "keep": _keep,
            "not_empty": _not_empty,
            "cancel": _cancel,
            "cancel_now": _cancel_now,
            "retry": _retry,
            "finish": _finish,
        }

    def holds(self, session: "Session") -> bool:
        """A cell is open or about to open."""
        now = session.visit.depositing
        present = now.deposit.present if now else None
        return present is not None and present.state in ("opening", "open", "reserved")

    async def may_leave(self, session: "Session") -> bool:
        """Not with an open cell."""
        if self.holds(session):
            session.say(Text("先把开着的柜门关上", "Close the open door first"), icon="dooropen")
            return False
        return True

    async def enter(self, session: "Session") -> None:
        """Read the bank. A deposit left before is resumed by its pass."""
        self._banks = await session.desks.lockers.banks()
        if session.visit.depositing is not None and session.visit.depositing.deposit.ended:
            session.visit.depositing = None

    async def poll(self, session: "Session") -> None:
        """Look at the cell that is open; the other cell of a parcel that did not fit opens by itself."""
        self._banks = await session.desks.lockers.banks()
        now = session.visit.depositing
        present = now.deposit.present if now else None
        if now is None or present is None:
            return
        desk = session.desks.deposits
        step = desk.open_next if present.state == "reserved" else desk.look
        await take(session, await step(now.deposit.id))

    async def scanned(self, session: "Session", symbology: str, text: str) -> bool:
        """A resident's code names the room of the next parcel; anything else goes the ordinary way."""
        del symbology
        now = session.visit.depositing
        if now is None or now.deposit.present is not None or now.deposit.ended:
            return False
        if now.recipient is not None or await session.desks.home.kind_of(text) != "resident":
            return False
        await _find(session, now, text)
        return True

    def view(self, session: "Session") -> dict[str, object]:
        """The bank, the parcels, and the question of the moment."""
        now = session.visit.depositing
        deposit = now.deposit if now else None
        parcels = deposit.parcels if deposit else ()
        present = deposit.present if deposit else None
        bank = bank_of(self._banks, present.cell if present else parcels[-1].cell if parcels else "")
        since_ms = now.since_ms if now else 0
        return {
            "depositing": now,
            "deposit": deposit,
            "present": present,
            "step": _step(now),
            "bank": bank,
            "here": len(bank.columns) // 2 if bank else 0,
            "states": _pictures(bank, parcels),
            "parcels": [
                (each, MARKS[each.state], STATES[each.state]) for each in parcels[-session.rows("parcels") :]
            ],
            "keys": ROWS_OF_KEYS,
            "sizes": [(each, *SIZES[each.size]) for each in (now.sizes if now else ()) if each.size in SIZES],
            "silent": present is not None and is_silent(bank, present.cell),
            "open_s": max(0, (session.now_ms - since_ms) // 1000) if since_ms else 0,
            "may_retry": present is not None and present.attempts < MOST_ATTEMPTS,
        }


async def begin_deposit(session: "Session", deposit: Deposit) -> None:
    """Show a deposit that was just begun or resumed."""
    session.visit.depositing = Depositing(deposit, since_ms=session.now_ms)
    await session.show("deposit")
    session.knock("read")


async def take(session: "Session", deposit: Deposit) -> None:
    """The deposit as it is now; a parcel that lies in its cell leads to the next one's room."""
    visit, now = session.visit, session.visit.depositing
    if now is None or now.deposit.id != deposit.id:
        return
    before, after = now.deposit.present, deposit.present
    if _standing(before) != _standing(after):
        now.since_ms, visit.touched_ms = session.now_ms, session.monotonic_ms()
        session.knock("done" if after is None else "read")
    if after is None and before is not None:
        now.typed, now.recipient, now.accessible, now.changing = "", None, False, False
    now.deposit = deposit


def _standing(parcel: DepositParcel | None) -> tuple[int, str] | None:
    """Which parcel it is about, and how its cell stands."""
    return None if parcel is None else (parcel.position, parcel.state)


def _step(now: Depositing | None) -> str:
    """Which question is on the screen."""
    if now is None:
        return "show_code"
    if now.deposit.ended:
        return "done"
    if now.deposit.present is not None:
        return "size" if now.changing else "cell"
    return "room" if now.recipient is None else "size"


def _pictures(bank: Bank | None, parcels: tuple[DepositParcel, ...]) -> dict[str, str]:
    states: dict[str, str] = {}
    for column in bank.columns if bank else ():
        for place in column:
            if place.out_of_use:
                states[place.name] = "jam"
            elif place.door == "unknown":
                states[place.name] = "unsure"
    for parcel in parcels:
        states[parcel.cell] = PICTURES.get(parcel.state, states.get(parcel.cell, ""))
    return states


async def _type(session: "Session", value: str) -> None:
    now = session.visit.depositing
    if now is not None and value in KEYS and len(now.typed) < ROOM_LONGEST:
        now.typed += value


async def _rub(session: "Session", value: str) -> None:
    del value
    if session.visit.depositing is not None:
        session.visit.depositing.typed = session.visit.depositing.typed[:-1]


async def _recipient(session: "Session", value: str) -> None:
    del value
    now = session.visit.depositing
    if now is not None and now.typed:
        await _find(session, now, now.typed)


async def _find(session: "Session", now: Depositing, text: str) -> None:
    recipient = await session.desks.deposits.recipient(text)
    now.recipient, now.sizes = recipient, await session.desks.deposits.sizes()


async def _other_room(session: "Session", value: str) -> None:
    del value
    now = session.visit.depositing
    if now is not None and now.deposit.present is None:
        now.recipient, now.typed = None, ""


async def _reach(session: "Session", value: str) -> None:
    del value
    now = session.visit.depositing
    if now is not None:
        now.accessible = not now.accessible


async def _size(session: "Session", value: str) -> None:
    """Open a cell of that size: for the next parcel, or in place of one that is too small."""
    now, desk = session.visit.depositing, session.desks.deposits
    if now is None or value not in SIZES:
        return
    if now.changing:
        now.changing = False
        await take(session, await desk.too_small(now.deposit.id, value))
    elif now.recipient is not None and now.deposit.present is None:
        room, reach = now.recipient.room, now.accessible
        await take(session, await desk.put(now.deposit.id, room, value, accessible=reach))


async def _change(session: "Session", value: str) -> None:
    """It does not fit: which size instead?"""
    del value
    now = session.visit.depositing
    if now is not None and now.deposit.present is not None:
        now.sizes, now.changing = await session.desks.deposits.sizes(), True


async def _keep(session: "Session", value: str) -> None:
    del value
    if session.visit.depositing is not None:
        session.visit.depositing.changing = False


async def _not_empty(session: "Session", value: str) -> None:
    del value
    await _do(session, session.desks.deposits.not_empty)
    words = Text("记下了。关上它，另开一格", "On record. Close it, another one opens")
    session.say(words, icon="dooropen")


async def _cancel(session: "Session", value: str) -> None:
    """Asked once more: the parcel has to come out again."""
    del value
    now = session.visit.depositing
    if now is None or now.deposit.present is None:
        return
    body = Text("把包裹拿出来，关上门，这一格就还回去。", "Take the parcel out and close the door.")
    answers = (
        Answer("dismiss", Text("还是放", "Keep it in")),
        Answer("cancel_now", Text("不放了", "Not this one"), main=True),
    )
    session.ask(Dialog(Text("这件不放了？", "Not this parcel?"), body, answers))


async def _cancel_now(session: "Session", value: str) -> None:
    del value
    session.visit.dialog = None
    await _do(session, session.desks.deposits.cancel)


async def _retry(session: "Session", value: str) -> None:
    del value
    await _do(session, session.desks.deposits.retry)


async def _finish(session: "Session", value: str) -> None:
    del value
    await _do(session, session.desks.deposits.finish)


async def _do(session: "Session", step: Callable[[str], Awaitable[Deposit]]) -> None:
    now = session.visit.depositing
    if now is not None:
        await take(session, await step(now.deposit.id))
