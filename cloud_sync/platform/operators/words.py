"""What the operators' pages call things: (Chinese, English)."""

STATES = {
    "": ("全部", "all"),
    "well": ("正常", "well"),
    "behind": ("有积压", "behind"),
    "away": ("没有声音", "silent"),
    "alarm": ("要人处理", "needs a person"),
    "closed": ("已关", "closed"),
}
MARKS = {"well": "done", "behind": "wait", "away": "unsure", "alarm": "stop", "closed": "wait"}
DEVICE_STATES = {
    "active": ("在用", "in use"),
    "waiting": ("等待登记", "to be enrolled"),
    "revoked": ("已停用", "revoked"),
    "quarantined": ("已隔离", "quarantined"),
}
PARTS = {
    "shop": ("购物和收银", "Shop and checkout"),
    "fees": ("缴费", "Fee payment"),
    "pickup": ("自提柜", "Pickup and deposits"),
    "doors": ("门禁：扫码、刷卡、手机开门", "Doors: codes, cards and the app"),
}
TRUST = {
    "synced": ("已对时", "in step"),
    "holdover": ("自走", "holding over"),
    "unknown": ("不可信", "not trusted"),
}
GAUGES = {
    "uplink_waiting": ("站点还没有送出的事件", "Events that the site still holds"),
    "wall_clock_offset_ms": ("墙钟偏差（毫秒）", "Wall clock ahead, ms"),
    "disk_free_mb": ("磁盘剩余（MB）", "Disk free, MB"),
    "cpu_temperature_c": ("处理器温度（°C）", "Processor, °C"),
    "battery_percent": ("电池（%）", "Battery, %"),
    "battery_mv": ("电池（mV）", "Battery, mV"),
    "ups_percent": ("备用电源（%）", "Back-up supply, %"),
}
"""Gauges that are drawn where a device tells them, in this order."""
REFUSED = {
    "unauthorized": ("账号或密码不对。", "Login and password do not belong together."),
    "operator_locked": (
        "试错太多次，账号先锁一会儿，15 分钟后再试。",
        "Too many failures: the account is locked, try again in 15 minutes.",
    ),
    "forbidden": ("这个请求不是从本页发出的。", "That did not come from one of our own pages."),
    "not_found": ("这里没有。", "There is nothing here."),
    "malformed": ("填的内容不能用。", "What was filled in cannot be used."),
    "device_unknown": ("没有这台设备。", "There is no such device."),
    "webhook_invalid": ("这个地址不能用。", "That address cannot be used."),
}
