"""Words of the technician's page."""

import re

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
PARTS = {
    "store": Text("数据库", "Database"),
    "identity": Text("设备身份", "Identity"),
    "guard": Text("继电器守护", "Relay guard"),
    "vision": Text("识码", "Code reading"),
    "platform": Text("平台", "Platform"),
    "copy": Text("下发的资料", "Copy of the platform's records"),
    "uplink": Text("上传", "Uplink"),
    "commands": Text("远程指令", "Commands"),
    "clock": Text("时钟", "Clock"),
    "certificate": Text("证书", "Certificate"),
    "backup": Text("备份", "Backup"),
}
"""Parts of the hub; `reader:…` and `bank:…` stand as they are."""
_DETAILS = (
    (r"ready", "就绪"),
    (r"no answer", "没有回话"),
    (r"clock unknown", "时间还不知道"),
    (r"(-?\d+) days left", r"还有 \1 天"),
    (r"(\d+) wait, (\d+) sent, (\d+) a second", r"还有 \1 条，已送 \2 条，每秒 \3 条"),
    (r"(\d+) records read, ([\d.]+)/s", r"已读 \1 条，每秒 \2 条"),
    (r"copy ([\d.]+) of ([\d.]+) MB", r"正在复制 \1 / \2 MB"),
    (r"seal ([\d.]+) of ([\d.]+) MB", r"正在封存 \1 / \2 MB"),
    (r"stick ([\d.]+) of ([\d.]+) MB", r"正在写到 U 盘 \1 / \2 MB"),
    (r"send ([\d.]+) of ([\d.]+) MB", r"正在送往平台 \1 / \2 MB"),
)
"""What parts say of themselves, before the seconds left; anything else stands as it is."""
_LEFT = re.compile(r", (\d+|\?) s left$")


def say_part(name: str) -> Text:
    """The words for a part of the hub."""
    return PARTS.get(name, Text(name, name))


def say_detail(detail: str) -> Text:
    """What a part says of itself."""
    head, _, left_s = (
        detail.removesuffix(" s left").rpartition(", ") if _LEFT.search(detail) else (detail, "", "")
    )
    for pattern, words in _DETAILS:
        if found := re.fullmatch(pattern, head):
            return Text(found.expand(words) + (f"，还要 {left_s} 秒" if left_s else ""), detail)
    return Text(detail, detail)


def say_kind(code: str) -> Text:
    """The words for a kind of line."""
    return KINDS.get(code, Text(code, code))


def say_state(code: str) -> Text:
    """The words for a state of a line or reader."""
    return STATES.get(code, Text(code, code))
