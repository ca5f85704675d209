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
    "bank_halted": (
        Text("这组柜子停用了", "These lockers are stopped"),
        Text(
            "开错了格口，要有人先看过。请叫人来。", "Another cell opened. A person has to look at it first."
        ),
    ),
    "cell_held": (
        Text("这一格有人在查", "This cell is being looked into"),
        Text("请叫人来开，单号报给他。", "A person opens it: tell them the number of the order."),
    ),
    "bank_busy": (
        Text("旁边一格正在开", "Another cell is just opening"),
        Text("请稍等，再按一次。", "Wait a moment, then press again."),
    ),
    "no_cell_free": (
        Text("没有这么大的空格口了", "No free cell of this size"),
        Text("请换一种大小，或交给前台。", "Choose another size, or ask at the counter."),
    ),
    "unknown_deposit": AGAIN,
    "recipient_unknown": (
        Text("没有找到这间房", "This room is not known"),
        Text("请看一下楼号和房号，再输一次。", "Check building and room, and type again."),
    ),
    "cell_still_open": (
        Text("先把开着的柜门关上", "Close the open door first"),
        Text("关好后再继续。", "Then go on."),
    ),
    "unknown_cell": (
        Text("没有这个格口", "There is no such cell"),
        Text("请看一下柜门上的编号。", "Look at the number on its door."),
    ),
    "cell_not_empty": (
        Text("这一格里还有包裹", "A parcel still lies in this cell"),
        Text("先两个人一起打开看过。", "Two people have to open and look first."),
    ),
    "two_people_needed": (
        Text("这一格要两个人一起开", "Two people are needed for this cell"),
        Text(
            "请另一位同事输入自己的密码，其中一位要是主管。",
            "Another colleague types a PIN; one must be in charge.",
        ),
    ),
    "unknown_case": AGAIN,
    "pickup_code_wrong": (
        Text("取件码不对", "This pickup code is not right"),
        Text("请看手机上的八位数字，再输一次。", "Look at the eight digits on your phone and type again."),
    ),
    "pickup_codes_locked": (
        Text("取件码错了太多次", "Too many wrong pickup codes"),
        Text("先停几分钟。也可以扫手机上的取件二维码。", "Wait some minutes, or show the QR on your phone."),
    ),
    "too_many_parcels": (
        Text("这一次放得够多了", "Enough parcels for one time"),
        Text("请先结束，再开始一次。", "Finish, then begin again."),
    ),
}
