"""What is done in the app so far: a short page that says so and shows the way."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kiosk.screens.base import Screen
from kiosk.words import Text

if TYPE_CHECKING:
    from kiosk.session import Session


@dataclass(frozen=True, slots=True)
class Topic:
    """One thing to do in the app."""

    title: Text
    icon: str
    headline: Text
    steps: tuple[Text, ...]


REPAIRS = Topic(
    Text("报修投诉", "Repairs"),
    "wrench",
    Text("在手机上报修", "Report it on your phone"),
    (
        Text("打开 App，点“报修投诉”", "Open the app and tap “Repairs”"),
        Text("写一句哪里坏了，能拍照更好", "Say in a sentence what is wrong, a photo helps"),
        Text("急事请直接打物业电话", "If it is urgent, phone the property office"),
    ),
)
VISITORS = Topic(
    Text("访客进门", "Visitors"),
    "visitor",
    Text("给访客发一张码", "Send your visitor a pass"),
    (
        Text("打开 App，点“访客”", "Open the app and tap “Visitors”"),
        Text("选门、选时间，发给客人", "Choose doors and hours, send it to your guest"),
        Text("客人到了，把码给门口的读码器看", "Your guest shows the pass to the reader at the gate"),
    ),
)
PREORDERS = Topic(
    Text("预订团购", "Pre-orders"),
    "preorder",
    Text("在手机上预订", "Order ahead on your phone"),
    (
        Text("打开 App，点“预订”", "Open the app and tap “Pre-orders”"),
        Text(
            "货到了放进柜子，您会收到取件码",
            "When it is here it goes into a locker and you get a pickup code",
        ),
        Text("拿取件码到这里，柜门自己开", "Bring the code here and the door opens"),
    ),
)


class InAppScreen(Screen):
    """One topic."""

    template = "in_app.html"

    def __init__(self, name: str, topic: Topic) -> None:
        self.name = name
        self._topic = topic

    def view(self, session: "Session") -> dict[str, object]:
        """The topic."""
        del session
        return {"topic": self._topic}
