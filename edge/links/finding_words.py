"""Words of the technician's list: what is wrong and what to do.

A driver that finds something new adds a row.
"""

from collections.abc import Mapping

WORDS: Mapping[str, tuple[str, str]] = {
    "unknown_device": (
        "代理服务器上有未登记的设备，请登记或撤销其账号",
        "a device that the site file does not name is on the broker; add it or take its account away",
    ),
    "bad_format": (
        "固件回复的格式不对，已隔离，请更新固件",
        "its firmware answers in another format; it is not used until it answers right",
    ),
    "offline": ("设备离线", "the device is away"),
    "duty_refused": (
        "不能用于开门：未能确认由设备自己计时",
        "refused for door duty: it was not proved that the device times its pulse itself",
    ),
    "pulse_time_wrong": (
        "PulseTime 与配置不符，不用于开门",
        "its PulseTime is not the door's pulse; set it as the detail says",
    ),
    "starts_released": (
        "上电后会自动开门，请将 PowerOnState 设为 0",
        "it would release the lock when it starts; set PowerOnState to 0",
    ),
    "retained_command": (
        "代理服务器上留有保留的开门命令，已删除",
        "a retained command lay on the broker; it was removed, find who left it",
    ),
    "still_on": (
        "脉冲结束后继电器仍吸合，已强制断开并停用",
        "its relay was on after the pulse's end; it was switched off and is not used any more",
    ),
    "tamper": ("机箱被打开，请查看是谁", "the cabinet is open; see who is at it"),
    "fire_not_read": (
        "读不到消防信号：火警时只靠硬件开门",
        "the fire contact cannot be read: in a fire only the wiring opens doors",
    ),
    "hold_lost": ("常开未能保持", "a hold was not kept by the device"),
    "line_fault": (
        "GPIO 线路不可用，其余线路照常工作",
        "a line of the board cannot be used; the other lines work on",
    ),
    "dead_contact": (
        "门磁无动作，请检查接线",
        "the contact does not move although the door is opened; check its wire",
    ),
    "reader_lost": ("读头离线", "the reader is away"),
    "reader_flood": ("读头数据过多，已限制", "the reader floods; what is beyond its limit is thrown away"),
    "reader_guesses": (
        "读头上有人连续试号，已锁定",
        "somebody tries numbers at the reader; it is locked for a while",
    ),
    "reader_nonsense": ("读头发来无法识别的数据", "the reader sends what nobody can read"),
    "reader_busy": ("读头被其他程序占用", "another program has the reader"),
    "picture_refused": ("画面过大或已损坏，已丢弃", "a picture was too large or broken and was thrown away"),
    "board_silent": ("锁控板无回复", "the lock board does not answer"),
    "board_unproven": (
        "门锁极性未经走查确认，柜门状态未知",
        "its polarity was not proved by the walk-test; its cells are unknown until then",
    ),
    "board_nonsense": ("锁控板回复格式错误", "the lock board answers nonsense"),
    "bus_lost": ("锁控总线断开", "the bus of the lock boards is away"),
}
"""Code to its line in Chinese and English."""
