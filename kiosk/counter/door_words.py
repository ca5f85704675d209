"""Words of the pages for doors, door records and devices."""

from kiosk.words import Text

STATES = {
    "closed": Text("关着", "closed"),
    "released": Text("锁已松开，等门动", "released, waiting for the door"),
    "open": Text("开着", "open"),
    "pre_alarm": Text("开得太久，正在响铃", "open for long, buzzer sounds"),
    "held_open": Text("超时未关", "held open"),
    "forced": Text("强行开门", "forced open"),
    "unknown": Text("不知道", "not known"),
}
"""States of a door's machine."""
MODES = {
    "normal": Text("", ""),
    "held": Text("常开", "kept open"),
    "locked_down": Text("锁闭", "locked down"),
    "fire": Text("消防释放", "fire release"),
}
LOOPS = {
    "busy": Text("地感上有车", "a vehicle on the loop"),
    "clear": Text("地感上没有车", "nothing on the loop"),
    "unknown": Text("不知道地感上有没有车", "loop not known"),
}
GRAVE = frozenset({"forced", "held_open", "pre_alarm"})
"""States that a person should see at once."""
CONTACTS = {
    "open": Text("门磁说：开着", "contact: open"),
    "closed": Text("门磁说：关着", "contact: closed"),
    "unknown": Text("门磁没有回音，不知道", "contact silent, not known"),
    "none": Text("没有装门磁", "no contact fitted"),
}
ALARMS = {
    "forced": Text("强行开门", "Forced open"),
    "held_open": Text("超时未关", "Held open"),
    "contact_lost": Text("门磁断了", "Contact lost"),
    "tamper": Text("有人动了设备", "Tampering"),
}
GROUPS = {
    "residents": Text("住户", "residents"),
    "visitor": Text("住户和访客", "residents and visitors"),
    "staff": Text("工作人员", "staff"),
    "plant": Text("机房", "plant room"),
    "parcels": Text("快递间", "parcel room"),
}
OPEN_REASONS = {
    "known_visitor": Text("认得的访客", "visitor I know"),
    "resident_without_pass": Text("住户没带手机和卡", "resident without phone or card"),
    "delivery": Text("送货、快递", "delivery"),
    "emergency": Text("急救、警察、消防", "ambulance, police, fire brigade"),
    "device_failed": Text("读码器坏了", "the reader does not work"),
    "other": Text("其他", "other"),
}
HOLD_REASONS = {
    "moving": Text("搬家", "moving"),
    "delivery": Text("大批送货", "a large delivery"),
    "event": Text("活动", "event"),
    "maintenance": Text("施工、维修", "works"),
    "other": Text("其他", "other"),
}
RULES = {
    "schedule": Text("按时间表常开", "by the schedule"),
    "fire": Text("消防释放", "fire release"),
}
"""Why a door stays open without anybody's word."""
LOCK_DOWN_REASONS = {
    "intruder": Text("有人闯入", "intruder"),
    "police": Text("警察要求", "asked by the police"),
    "drill": Text("演练", "drill"),
    "other": Text("其他", "other"),
}
WAYS = {
    "visitor": Text("访客码", "visitor pass"),
    "staff": Text("工作码", "staff pass"),
    "resident": Text("住户码", "resident code"),
    "command": Text("手机远程", "from the app"),
    "card": Text("门卡", "card"),
    "room_pin": Text("房号加密码", "room and PIN"),
    "guard": Text("值班的人", "by a person here"),
    "pickup": Text("取件", "pickup"),
    "deposit": Text("存件", "deposit"),
    "staff_cell": Text("两人开柜", "two people"),
    "test": Text("试开", "test"),
    "exit": Text("出门按钮", "exit button"),
    "parallel": Text("另一套门禁", "other controller"),
}
RESULTS = {
    "opened": Text("开了", "opened"),
    "unknown": Text("不知道开没开", "not known"),
    "refused": Text("没有开", "not opened"),
    "intended": Text("正在开", "being opened"),
    "fired": Text("锁已松开", "released"),
}
HOLD_MINUTES = (15, 60, 120, 480)
"""Lengths of a hold that are offered, in minutes; a door kept open all day has a schedule instead."""


def say_of(table: dict[str, Text], code: str) -> Text:
    """The words of a code, or the code itself."""
    return table.get(code, Text(code, code))
