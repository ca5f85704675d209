"""What is away, said once: one line what is wrong, one line what still works."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kiosk.words import Text

if TYPE_CHECKING:
    from kiosk.session import Session


@dataclass(frozen=True, slots=True)
class Banner:
    """One banner. kind: part (amber), unsure (hatched), stop (red). more: how many others are not shown."""

    kind: str
    icon: str
    title: Text
    body: Text
    more: int = 0


BANNERS: dict[str, Banner] = {
    "journal": Banner(
        "stop",
        "disk",
        Text("存储写不进去，先不卖东西", "Storage cannot be written, nothing can be sold"),
        Text(
            "住户自己的码照样开门；取件和计次的码先停。请告诉前台。",
            "Residents' own codes open doors; pickup and counted passes wait. Please tell the counter.",
        ),
    ),
    "storage": Banner(
        "stop",
        "disk",
        Text("存储满了，先不卖东西", "Storage is full, nothing can be sold"),
        Text("门和柜子照常。已经告诉技术员。", "Doors and lockers work. A technician has been told."),
    ),
    "identity": Banner(
        "stop",
        "disk",
        Text("这台设备要核对，先不卖东西", "This device has to be checked, nothing is sold"),
        Text(
            "住户开门和取件照常。已经告诉技术员。",
            "Residents' doors and pickup work. A technician has been told.",
        ),
    ),
    "doors": Banner(
        "part",
        "dooropen",
        Text("门的控制器没有回答", "The door controller does not answer"),
        Text(
            "能用：买东西、取件、缴费。进门请按门口对讲。",
            "Works: shop, pickup, fees. At the gate use the intercom.",
        ),
    ),
    "platform": Banner(
        "part",
        "netoff",
        Text("网络断了，手机付款先停一停", "The network is away, phone payment has to wait"),
        Text(
            "能用：取件、开门、查账单；前台收现金。恢复了这条会自己消失。",
            "Works: pickup, doors, looking at bills; cash at the counter. This line goes when it is back.",
        ),
    ),
    "lockers": Banner(
        "unsure",
        "locker",
        Text("不知道柜子的情况", "The state of the lockers is not known"),
        Text(
            "柜子暂时没有回答。买东西和缴费照常。",
            "The lockers do not answer at present. Shop and fees work.",
        ),
    ),
    "camera": Banner(
        "part",
        "camera",
        Text("摄像头没有画面，先不能扫码", "The camera has no picture, codes cannot be read"),
        Text(
            "买东西请在货架上挑选。取件请到前台。",
            "Pick goods from the shelf here. For pickup go to the counter.",
        ),
    ),
    "clock": Banner(
        "unsure",
        "clock",
        Text("不知道准确时间，时钟还没对准", "The exact time is not known, the clock is not set"),
        Text("访客码暂不能用，住户照常。", "Visitor passes cannot be used yet. Residents can."),
    ),
}


def banner_of(session: "Session") -> Banner | None:
    """The gravest banner, with the number of others."""
    away = [condition for condition in session.desks.health.conditions().away if condition.name in BANNERS]
    if not away:
        return None
    away.sort(key=lambda condition: list(BANNERS).index(condition.name))
    first = BANNERS[away[0].name]
    return Banner(first.kind, first.icon, first.title, first.body, len(away) - 1)
