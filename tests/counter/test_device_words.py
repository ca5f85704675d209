"""Words for parts of the hub and for what they say of themselves."""

import pytest

from kiosk.counter.device_words import say_detail, say_part


@pytest.mark.parametrize(
    ("detail", "zh"),
    [
        ("", ""),
        ("ready", "就绪"),
        ("-3 days left", "还有 -3 天"),
        ("900 wait, 100 sent, 50 a second", "还有 900 条，已送 100 条，每秒 50 条"),
        ("900 wait, 100 sent, 50 a second, 18 s left", "还有 900 条，已送 100 条，每秒 50 条，还要 18 秒"),
        ("7 records read, 3.5/s, ? s left", "已读 7 条，每秒 3.5 条，还要 ? 秒"),
        ("send 1.0 of 4.0 MB, 6 s left", "正在送往平台 1.0 / 4.0 MB，还要 6 秒"),
        ("fork from entry 7", "fork from entry 7"),
    ],
)
def test_what_a_part_says_is_said_in_chinese_too(detail: str, zh: str) -> None:
    assert (say_detail(detail).zh, say_detail(detail).en) == (zh, detail)


def test_a_part_without_words_keeps_its_name() -> None:
    assert say_part("uplink").zh == "上传" and say_part("reader:gate").zh == "reader:gate"
