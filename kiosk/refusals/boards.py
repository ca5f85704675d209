"""Locker banks walked along by a technician."""

from kiosk.refusals.phrases import Words
from kiosk.words import Text

BOARDS: dict[str, Words] = {
    "unknown_bank": (
        Text("没有这组柜子", "There is no such bank"),
        Text("请看一下配置里的名字。", "Look at its name in the site's file."),
    ),
    "bank_in_use": (
        Text("这组柜子都有东西", "Every cell of this bank is in use"),
        Text("等有空格口时再走查。", "Walk along it when a cell is free."),
    ),
    "bank_silent": (
        Text("读不到这组柜子的门锁", "The locks of this bank cannot be read"),
        Text("请检查锁控板的电源和接线。", "Check the board's power and its cable."),
    ),
    "doors_not_closed": (
        Text("先把柜门都关上", "Close every door first"),
        Text(
            "有的门锁读数和别的不一样，请看一下再试。",
            "Some locks read otherwise than the rest; look, then try again.",
        ),
    ),
    "walk_elsewhere": (
        Text("走查不在这一步", "The walk is not at this step"),
        Text("可能有别人在走查。请重新开始。", "Somebody else may be walking. Begin anew."),
    ),
}
