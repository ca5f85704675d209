"""Home: three doors and six letterboxes."""

from typing import TYPE_CHECKING

from kiosk.screens.base import Screen
from kiosk.words import Text

if TYPE_CHECKING:
    from kiosk.session import Session

GREETINGS = (
    (5, Text("夜深了", "Good night")),
    (11, Text("早上好", "Good morning")),
    (13, Text("中午好", "Good day")),
    (18, Text("下午好", "Good afternoon")),
    (24, Text("晚上好", "Good evening")),
)
HELLO = Text("您好", "Hello")


class HomeScreen(Screen):
    """Where everything starts; every key is one of the numbers 1 to 9."""

    name = "home"
    template = "home.html"

    def view(self, session: "Session") -> dict[str, object]:
        """A greeting that fits the hour, if the hour is known."""
        if not session.clock_known:
            return {"greeting": HELLO}
        hour = session.local_hour
        return {"greeting": next(words for until, words in GREETINGS if hour < until)}
