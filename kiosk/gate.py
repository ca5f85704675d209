"""The screen at a door (读卡屏): what the reader said and why. It takes no touch and opens nothing."""

from typing import TYPE_CHECKING, NamedTuple

from kiosk.desks.gate_views import GateDesk, GateSaying
from kiosk.refusals import REFUSALS
from kiosk.screens.base import Screen
from kiosk.words import Text

if TYPE_CHECKING:
    from kiosk.session import Session


class Words(NamedTuple):
    """A headline, a line, and the way on."""

    title: Text
    line: Text
    way: Text


RING = Text("请住户再发一张，或按铃找人", "Ask for a new one, or ring for a person")
SAID: dict[str, Words] = {
    "ask": Words(
        Text("请出示通行码", "Show your pass"),
        Text("手机码、门卡，或按房号", "Phone code, card, or room and PIN"),
        Text("把手机放在读码器前 10 厘米", "Hold the phone 10 cm before the reader"),
    ),
    "granted": Words(
        Text("请拉门", "Pull the door"),
        Text("锁已松开", "The lock has let go"),
        Text("等门磁报告", "Waiting for the contact"),
    ),
    "opened": Words(Text("门开了", "Open"), Text("请进", "Come in"), Text("门磁确认", "The contact says so")),
    "unknown": Words(
        Text("不知道开没开", "Not known whether it opened"),
        Text("锁已松开，门磁没有回音", "The lock let go, the contact is silent"),
        Text("推一下试试。已经告诉值班的人", "Try the door. The person on duty has been told"),
    ),
    "free": Words(
        Text("门没有锁", "The door is not locked"),
        Text("现在常开，请进", "It is kept open now, come in"),
        Text("进来以后请随手带上门", "Please close it behind you"),
    ),
    "fire": Words(
        Text("消防释放，门没有锁", "Fire release, the door is open"),
        Text("听广播，按指示走", "Listen and follow directions"),
        Text("不要坐电梯", "Do not use the lifts"),
    ),
    "locked_down": Words(
        Text("现在锁闭", "Locked down"),
        Text("只有工作人员能进", "Staff only at present"),
        Text("请按铃，或打物业电话", "Ring, or phone the property office"),
    ),
    "refused": Words(Text("不能开", "No entry"), Text("这张码开不了这扇门", "This opens another door"), RING),
}
"""What is said in each case; a refusal's line is by its code."""
NOT_THIS_DOOR = Text("这张码不开这扇门", "This code is not for this door")
LINES: dict[str, Text] = {
    "pass_wrong_door": NOT_THIS_DOOR,
    "pass_wrong_kind": NOT_THIS_DOOR,
    "pass_used_up": Text("这张码的次数用完了", "All uses of this code are taken"),
    "unknown_door": NOT_THIS_DOOR,
}
"""Lines that read otherwise at a door than at the kiosk."""
CONTRADICTED = Text("锁可能没有松开", "The lock may not have let go")


class GateScreen(Screen):
    """The only screen of a door's session; it stands as long as the hub runs."""

    name = "idle"
    template = "gate.html"

    def __init__(self, door: str, desk: GateDesk) -> None:
        self._door = door
        self._desk = desk

    def view(self, session: "Session") -> dict[str, object]:
        """The words of the moment."""
        del session
        said = self._desk.look(self._door)
        return {"said": said, "said_words": words_of(said)}


def words_of(said: GateSaying) -> Words:
    """Headline, line and way on of a moment at a door."""
    words = SAID[said.saying]
    if said.saying == "refused":
        known = LINES.get(said.code) or (REFUSALS[said.code][0] if said.code in REFUSALS else words.line)
        return words._replace(line=known)
    if said.saying == "unknown" and said.code == "no_answer":
        return words._replace(line=CONTRADICTED)
    return words
