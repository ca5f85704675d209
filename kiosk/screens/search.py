"""Search: a keyboard for pinyin and initials, results as a shelf."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from kiosk.screens.base import Gesture, Screen
from kiosk.screens.shop import add

if TYPE_CHECKING:
    from kiosk.session import Session

LONGEST = 12
KEYS = frozenset("abcdefghijklmnopqrstuvwxyz0123456789")


class SearchScreen(Screen):
    """Type, see, tap: the product goes into the basket."""

    name = "search"
    template = "search.html"
    timeout_s = 90

    def __init__(self) -> None:
        self.gestures: Mapping[str, Gesture] = {
            "type": _type,
            "rub": _rub,
            "wipe": _wipe,
            "found": _turn,
            "add": add,
        }

    def view(self, session: "Session") -> dict[str, object]:
        """What was found last."""
        return {"found": session.visit.browse.found}


async def _type(session: "Session", value: str) -> None:
    browse = session.visit.browse
    if value in KEYS and len(browse.typed) < LONGEST:
        browse.typed += value
        await _find(session, 0)


async def _rub(session: "Session", value: str) -> None:
    del value
    session.visit.browse.typed = session.visit.browse.typed[:-1]
    await _find(session, 0)


async def _wipe(session: "Session", value: str) -> None:
    del value
    session.visit.browse.typed, session.visit.browse.found = "", None


async def _turn(session: "Session", value: str) -> None:
    found = session.visit.browse.found
    if found is not None:
        await _find(session, max(0, found.page + (1 if value == "next" else -1)))


async def _find(session: "Session", page: int) -> None:
    browse = session.visit.browse
    typed = browse.typed
    if not typed:
        browse.found = None
        return
    found = await session.desks.shop.search(typed, page, session.rows("found"))
    if browse.typed == typed:
        browse.found = found
