"""Pages to read: notices, the directory, help."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from kiosk.desks.views import Entry, Notice
from kiosk.layout import page_count
from kiosk.screens.base import Gesture, Screen
from kiosk.screens.idle import board_notice

if TYPE_CHECKING:
    from kiosk.session import Session


def _page(session: "Session", count: int, name: str) -> tuple[slice, dict[str, object]]:
    """The slice of the list that is shown, and its page numbers."""
    size = session.rows(name)
    pages = page_count(count, size)
    session.visit.page = min(session.visit.page, pages - 1)
    start = session.visit.page * size
    return slice(start, start + size), {"page": session.visit.page, "pages": pages}


class NoticesScreen(Screen):
    """Notices and activities."""

    name = "notices"
    template = "notices.html"

    def __init__(self) -> None:
        self._notices: tuple[Notice, ...] = ()

    async def enter(self, session: "Session") -> None:
        """Read the notices of today."""
        self._notices = await session.desks.home.notices()

    def view(self, session: "Session") -> dict[str, object]:
        """One page of notices."""
        part, numbers = _page(session, len(self._notices), "notices")
        return {"notices": [board_notice(notice) for notice in self._notices[part]], **numbers}


class DirectoryScreen(Screen):
    """Numbers of the neighbourhood, and the way to one of them as a code for the phone."""

    name = "directory"
    template = "directory.html"

    def __init__(self) -> None:
        self._entries: tuple[Entry, ...] = ()
        self._way: Entry | None = None
        self.gestures: Mapping[str, Gesture] = {"way": self._show_way, "list": self._show_list}

    async def enter(self, session: "Session") -> None:
        """Read the directory."""
        self._entries, self._way = await session.desks.home.directory(), None

    def view(self, session: "Session") -> dict[str, object]:
        """One page of entries, or the way to the one that was chosen."""
        part, numbers = _page(session, len(self._entries), "directory")
        return {"entries": self._entries[part], "way": self._way, **numbers}

    async def _show_way(self, session: "Session", value: str) -> None:
        del session
        self._way = next((entry for entry in self._entries if entry.id == value and entry.url), None)

    async def _show_list(self, session: "Session", value: str) -> None:
        del session, value
        self._way = None


class HelpScreen(DirectoryScreen):
    """Whom to call."""

    name = "help"
    template = "help.html"

    def view(self, session: "Session") -> dict[str, object]:
        """The property office and security, two at most."""
        del session
        near = [entry for entry in self._entries if entry.kind in ("property", "security")]
        return {"entries": (near or list(self._entries))[:2]}
