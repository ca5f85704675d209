"""A disk in trouble is told to the platform: at once where that can be written, else as soon as it can."""

import json

from edge.service.disk_alarm import DiskAlarm
from edge.store import journal
from edge.store.condition import Condition, Standing
from edge.store.inline import InlineStore
from edge.tables import MIGRATIONS
from tests.fakes.clock import FakeClock


def told(store: InlineStore) -> list[tuple[str, str, str]]:
    """Event, kind and detail of every alarm in the journal."""
    lines = [json.loads(journal.line(row)) for row in journal.tail(store.executor.connection, 0, 100)]
    return [
        (line["type"].split(".")[-2], line["data"]["kind"], line["data"].get("detail", ""))
        for line in lines
        if "alarm" in line["data"]
    ]


async def test_a_full_disk_is_an_alarm_while_it_lasts() -> None:
    store = InlineStore.in_memory(clock=FakeClock(), migrations=MIGRATIONS)
    alarm = DiskAlarm(store)
    await alarm.judge()
    store.executor.standing = Standing(Condition.RESERVE, "the disk is full")
    await alarm.judge()
    await alarm.judge()
    store.executor.standing = Standing(Condition.READY)
    await alarm.judge()
    assert told(store) == [
        ("AlarmRaised", "disk_full", "the disk is full"),
        ("AlarmCleared", "disk_full", ""),
    ]
    store.close()


async def test_a_time_in_which_nothing_could_be_written_is_told_afterwards() -> None:
    store = InlineStore.in_memory(clock=FakeClock(), migrations=MIGRATIONS)
    now_s = [10.0]
    alarm = DiskAlarm(store, monotonic_s=lambda: now_s[0])
    store.executor.standing = Standing(Condition.NOT_WRITABLE, "the disk failed")
    await alarm.judge()
    now_s[0] = 14.0
    await alarm.judge()
    assert told(store) == []
    store.executor.standing = Standing(Condition.READY)
    await alarm.judge()
    await alarm.judge()
    assert told(store) == [
        ("AlarmRaised", "disk_not_writable", "nothing could be written for 4 s: the disk failed"),
        ("AlarmCleared", "disk_not_writable", ""),
    ]
    store.close()
