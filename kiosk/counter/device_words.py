"""Words of the technician's page."""

from kiosk.words import Text

KINDS = {
    "door": Text("门", "door"),
    "fire": Text("消防信号", "fire input"),
    "exit_button": Text("出门按钮", "exit button"),
    "parallel": Text("另一套门禁", "other controller"),
    "loop": Text("地感", "loop"),
    "tamper": Text("防拆", "tamper"),
    "lamp_green": Text("绿灯", "green lamp"),
    "lamp_red": Text("红灯", "red lamp"),
    "buzzer": Text("蜂鸣器", "buzzer"),
}
STATES = {
    "": Text("", ""),
    "open": Text("开着", "open"),
    "closed": Text("关着", "closed"),
    "unknown": Text("不知道", "not known"),
    "active": Text("有信号", "active"),
    "idle": Text("没有信号", "idle"),
    "lost": Text("断开了", "lost"),
    "locked_out": Text("读得太多，先停一停", "read too much, paused"),
    "flooding": Text("读得太多，先停一停", "read too much, paused"),
}


def say_kind(code: str) -> Text:
    """The words for a kind of line."""
    return KINDS.get(code, Text(code, code))


def say_state(code: str) -> Text:
    """The words for a state of a line or reader."""
    return STATES.get(code, Text(code, code))
