"""What every key may do on every screen, and the words of a key that is out of use."""

from typing import TYPE_CHECKING

from edge.store.parts import Part
from kiosk.screens.base import Gesture
from kiosk.visit import Answer, Dialog
from kiosk.words import Text

if TYPE_CHECKING:
    from kiosk.session import Session


async def _home(session: "Session", value: str) -> None:
    del value
    await session.show("home", remember=False)
    if session.visit.screen == "home":
        session.visit.trail.clear()


async def _back(session: "Session", value: str) -> None:
    del value
    await session.back()


async def _help(session: "Session", value: str) -> None:
    del value
    session.visit.dialog = None
    if not session.screen.holds(session):
        await session.show("help")
        return
    entries = await session.desks.home.directory()
    phone = next((entry for entry in entries if entry.kind == "property"), None)
    words = Text("请到前台，或打物业电话。", "Please go to the counter, or phone the property office.")
    if phone is not None:
        words = Text(
            "打 {phone}，或到前台。这里会替您等着。", "Phone {phone}, or go to the counter. This page waits."
        ).fill(phone=phone.phone)
    session.ask(
        Dialog(
            Text("叫人帮忙", "Call a person"), words, (Answer("dismiss", Text("好", "All right"), main=True),)
        )
    )


async def _language(session: "Session", value: str) -> None:
    del value
    session.visit.language = "zh" if session.visit.language == "en" else "en"


async def _large(session: "Session", value: str) -> None:
    del value
    session.visit.large = not session.visit.large
    await session.screen.enter(session)


async def _contrast(session: "Session", value: str) -> None:
    del value
    session.visit.contrast = not session.visit.contrast


async def _sound(session: "Session", value: str) -> None:
    del value
    session.visit.sound = not session.visit.sound


async def _dismiss(session: "Session", value: str) -> None:
    del value
    session.visit.dialog = None


async def _stay(session: "Session", value: str) -> None:
    """The touch itself has already given the time back."""
    del session, value


async def _end(session: "Session", value: str) -> None:
    del value
    if await session.screen.may_leave(session):
        session.end()


async def _open(session: "Session", value: str) -> None:
    if value in OPENABLE:
        session.place.require(PARTS.get(value, ""))
        await session.show(value)


async def _turn(session: "Session", value: str) -> None:
    session.visit.page = max(0, session.visit.page + (1 if value == "next" else -1))


async def _reason(session: "Session", value: str) -> None:
    """A key that is out of use says why when it is tapped."""
    reason = REASONS.get(value)
    if reason is not None:
        session.say(reason, icon="unsure")


REASONS: dict[str, Text] = {
    "first_page": Text("已经是第一页", "This is the first page"),
    "last_page": Text("已经是最后一页", "This is the last page"),
    "empty_basket": Text("篮子还是空的，先放一件", "The basket is empty. Add something first"),
    "no_sum": Text("先输要付多少", "Type how much to pay first"),
    "nothing_chosen": Text("先选一张账单", "Choose a bill first"),
    "cash": Text("现金在前台付，报单号就行", "Cash is taken at the counter"),
    "over_limit": Text("加上这笔会超过能存的上限", "That would be more than it may hold"),
    "eight_figures": Text("取件码有 8 位数字", "A pickup code has eight figures"),
    "no_room": Text("先输房号", "Type the room first"),
    "no_pin": Text("密码至少 4 位", "A PIN has four figures at least"),
    "no_cell": Text("这种格口没有空的了", "No cell of this size is free"),
    "cell_open": Text("先把开着的柜门关上", "Close the open door first"),
}
OPENABLE = frozenset(
    {
        "shop",
        "pickup",
        "fees",
        "notices",
        "directory",
        "help",
        "repairs",
        "visitors",
        "points",
        "preorders",
        "settled",
        "wallet",
        "doubles",
        "pickup_code",
        "room_pin",
        "deposit",
    }
)
PARTS: dict[str, Part] = {
    "shop": Part.SHOP,
    "preorders": Part.SHOP,
    "fees": Part.FEES,
    "pickup": Part.PICKUP,
    "pickup_code": Part.PICKUP,
    "deposit": Part.PICKUP,
    "visitors": Part.DOORS,
}
"""Which part of the site a screen begins something of."""
STILL_ALLOWED = frozenset({"language", "large", "contrast", "sound", "stay", "help"})
EVERYWHERE: dict[str, Gesture] = {
    "home": _home,
    "back": _back,
    "help": _help,
    "language": _language,
    "large": _large,
    "contrast": _contrast,
    "sound": _sound,
    "dismiss": _dismiss,
    "stay": _stay,
    "end": _end,
    "open": _open,
    "turn": _turn,
    "reason": _reason,
}
