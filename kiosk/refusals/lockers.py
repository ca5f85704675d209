"""Lockers: pickup and deposit."""

from kiosk.refusals.phrases import AGAIN, Words
from kiosk.words import Text

LOCKERS: dict[str, Words] = {
    "unknown_order": (
        Text("柜子里没有这一单", "This order is not in the lockers"),
        Text(
            "可能还没送到，或已经取走。请看手机上的状态。",
            "It may not be here yet, or be collected. See your phone.",
        ),
    ),
    "order_in_progress": (
        Text("这单正在取", "This order is being collected"),
        Text("不是您在取？请马上告诉前台。", "It is not you? Tell the counter now."),
    ),
    "cell_in_use": (
        Text("这一格里可能还有别人的包裹", "Another parcel may still be in this cell"),
        Text("请叫人来看。", "A person will have a look."),
    ),
    "attempts_used_up": (
        Text("这一格试了两次都没打开", "This cell was tried twice"),
        Text("东西还是您的。请叫人来开。", "It is still yours. A person will open it."),
    ),
    "ask_at_counter": (
        Text("这单剩下的在前台", "The rest of this order is at the counter"),
        Text(
            "上次有格口没打开。请到前台说单号。",
            "A cell did not open last time. Tell the counter the number.",
        ),
    ),
    "unknown_session": AGAIN,
}
