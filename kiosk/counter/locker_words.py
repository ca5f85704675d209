"""Words of the locker pages."""

from kiosk.words import Text

USES = {
    "free": Text("空着", "free"),
    "reserved": Text("留着", "reserved"),
    "occupied": Text("有包裹", "occupied"),
    "held": Text("停住，等人看", "held for a person"),
    "out_of_order": Text("停用", "out of order"),
}
DOORS = {
    "open": Text("门开着", "door open"),
    "closed": Text("门关着", "door closed"),
    "unknown": Text("门不知道", "door not known"),
}
SIZES = {"s": Text("小", "small"), "m": Text("中", "medium"), "l": Text("大", "large")}
CASES = {
    "empty": Text("格口是空的", "It was empty"),
    "wrong": Text("东西不对", "Wrong things in it"),
    "not_empty": Text("存件时里面有东西", "Something lay in it at a deposit"),
    "jam": Text("打不开", "Does not open"),
    "unasked": Text("没叫它开，自己开了", "Opened though nobody asked for it"),
    "double": Text("两个订单在一格里", "Two orders in one cell"),
    "left_open": Text("一直没关", "Never closed"),
}
CASE_OUTCOMES = {
    "put_right": Text("找到了，交给本人", "found and handed over"),
    "compensated": Text("已赔", "made good"),
    "mistaken": Text("看错了，没有问题", "nothing was wrong"),
    "repaired": Text("修好了", "repaired"),
}
STAFF_REASONS = {
    "overdue": Text("滞留件取出", "take an overdue parcel out"),
    "case": Text("查差错", "look into a case"),
    "jam": Text("打不开，手动处理", "it jams"),
    "inspection": Text("检查格口", "inspection"),
    "handed_over": Text("当面交给收件人", "hand over in person"),
}
OUTCOMES = {
    "empty": Text("空的", "it is empty"),
    "parcel_left": Text("包裹还放在里面", "the parcel stays in"),
    "to_counter": Text("拿到前台了", "taken to the counter"),
    "returned": Text("退给寄件方", "returned to its sender"),
}
STAFF_STATES = {
    "requested": Text("正在开", "being opened"),
    "opened": Text("开着，看好后关上", "open; close it afterwards"),
    "closed": Text("关上了，里面怎么样？", "closed; what was found?"),
    "unknown": Text("不知道开没开", "not known whether it opened"),
    "refused": Text("没有打开", "did not open"),
    "done": Text("办完", "done"),
}
PARCELS = {
    "reserved": Text("留好了格口", "cell reserved"),
    "opening": Text("正在开", "being opened"),
    "open": Text("开着，放进去，关上", "open; put it in and close"),
    "stored": Text("存好了", "stored"),
    "unknown": Text("不知道开没开", "not known whether it opened"),
    "jam": Text("没有打开", "did not open"),
    "released": Text("没有存", "not stored"),
}


def say_of(table: dict[str, Text], code: str) -> Text:
    """The words of a code, or the code itself."""
    return table.get(code, Text(code, code))
