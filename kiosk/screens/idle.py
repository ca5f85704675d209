"""Idle: invitation, notices, clock. Holds nothing of anybody."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from edge.store.parts import Part
from kiosk.desks.views import Notice, Product
from kiosk.screens.base import Gesture, Screen
from kiosk.words import Text

if TYPE_CHECKING:
    from kiosk.session import Session

READ_AGAIN_MS = 10_000
PROMOTION = "promotion"
KINDS: dict[str, Text] = {
    "notice": Text("通知", "Notice"),
    "announcement": Text("公告", "Announcement"),
    "activity": Text("活动", "Activity"),
    "news": Text("新闻", "News"),
    PROMOTION: Text("店里", "Shop"),
    "maintenance": Text("检修", "Works"),
}


@dataclass(frozen=True, slots=True)
class BoardNotice:
    """A notice with the word for its kind."""

    title: Text
    body: Text
    from_ms: int
    kind_words: Text


def board_notice(notice: Notice) -> BoardNotice:
    """A notice as the board shows it."""
    return BoardNotice(notice.title, notice.body, notice.from_ms, KINDS.get(notice.kind, KINDS["notice"]))


class IdleScreen(Screen):
    """What everybody sees. Its notices belong to the screen, not to a visit."""

    name = "idle"
    template = "idle.html"

    def __init__(self) -> None:
        self._notices: tuple[Notice, ...] = ()
        self._offer: Product | None = None
        self._read_at_ms: int | None = None
        self.gestures: Mapping[str, Gesture] = {"touch": _touch}

    def view(self, session: "Session") -> dict[str, object]:
        """The newest notices and one product of the shelf."""
        room = session.rows("board") - (1 if self._offer else 0)
        return {"notices": [board_notice(notice) for notice in self._notices[:room]], "offer": self._offer}

    async def poll(self, session: "Session") -> None:
        """Read notices and an offer anew now and then."""
        now_ms = session.monotonic_ms()
        if self._notices and self._read_at_ms is not None and now_ms - self._read_at_ms < READ_AGAIN_MS:
            return
        self._read_at_ms = now_ms
        notices = await session.desks.home.notices()
        if not session.place.has(Part.SHOP):
            self._notices = tuple(notice for notice in notices if notice.kind != PROMOTION)
            return
        self._notices = notices
        categories = await session.desks.shop.categories()
        shelf = await session.desks.shop.shelf(categories[0][0], 0, 4) if categories else None
        self._offer = shelf.products[-1] if shelf and shelf.products else None


async def _touch(session: "Session", value: str) -> None:
    del value
    await session.show("home")
