"""What the property company sets of a door: windows of the day, limits, anti-passback, interlock.

Minutes are of the site's day (China, UTC+8 all year since 1991). Anti-passback and interlock are off until
they are set.
"""

import datetime
from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Literal

import msgspec

from edge.access.doors.records import CalendarDays

MINUTE_MS = 60_000
DAY_MS = 1440 * MINUTE_MS
SITE_OFFSET_MS = 8 * 60 * MINUTE_MS
LOOK_AHEAD_DAYS = 8
"""A weekly window begins again within a week; the day after it shows its end."""

Weekday = Annotated[int, msgspec.Meta(ge=1, le=7)]


class Window(msgspec.Struct, frozen=True, kw_only=True):
    """A part of the day. `days`: 1 is Monday; `on_holidays`: also on holidays, any weekday.

    `until_min` may be over 1440: then the window ends on the next day.
    """

    days: tuple[Weekday, ...]
    on_holidays: bool = False
    from_min: Annotated[int, msgspec.Meta(ge=0, lt=1440)]
    until_min: Annotated[int, msgspec.Meta(gt=0, le=2880)]


class AntiPassback(msgspec.Struct, frozen=True, kw_only=True):
    """Who went into a zone goes in again only after going out, or after `forget_after_s` seconds.

    0 seconds: it is never forgotten.
    """

    zone: str
    direction: Literal["in", "out"]
    forget_after_s: Annotated[int, msgspec.Meta(ge=0)] = 0


class DoorPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """A door's policy. None leaves the figure of the site file; `interlock` names a group of doors."""

    open_windows: tuple[Window, ...] = ()
    night_lock: tuple[Window, ...] = ()
    held_open_s: Annotated[int, msgspec.Meta(ge=5, le=3600)] | None = None
    pre_alarm_s: Annotated[int, msgspec.Meta(ge=0, le=600)] | None = None
    anti_passback: AntiPassback | None = None
    interlock: str = ""


def end_of_window(windows: Iterable[Window], days: Sequence[CalendarDays], at_ms: int) -> int | None:
    """When the windows that are open at a moment are over, None when none is; windows that meet are one."""
    spans = _spans(windows, days, at_ms)
    reached_ms = at_ms
    for from_ms, until_ms in spans:
        if from_ms <= reached_ms < until_ms:
            reached_ms = until_ms
    return None if reached_ms == at_ms else reached_ms


def next_turn(windows: Iterable[Window], days: Sequence[CalendarDays], at_ms: int) -> int:
    """The first moment after a given one at which a window begins or ends, else a day later."""
    edges = [edge for span in _spans(windows, days, at_ms) for edge in span if edge > at_ms]
    return min(edges, default=at_ms + DAY_MS)


def _spans(windows: Iterable[Window], days: Sequence[CalendarDays], at_ms: int) -> list[tuple[int, int]]:
    """From yesterday on, in order: what began then may last until now."""
    today = (at_ms + SITE_OFFSET_MS) // DAY_MS
    kinds = _kinds(days, today)
    spans: list[tuple[int, int]] = []
    for window in windows:
        for day in range(today - 2, today + LOOK_AHEAD_DAYS):
            if _applies(window, day, kinds):
                start_ms = day * DAY_MS - SITE_OFFSET_MS
                end_min = max(window.until_min, window.from_min)
                spans.append((start_ms + window.from_min * MINUTE_MS, start_ms + end_min * MINUTE_MS))
    return sorted(spans)


def _kinds(days: Sequence[CalendarDays], today: int) -> Mapping[int, str]:
    """Day number → what the calendar says of it; the first record that names a day counts."""
    kinds: dict[int, str] = {}
    for day in range(today - 2, today + LOOK_AHEAD_DAYS):
        date = (datetime.date(1970, 1, 1) + datetime.timedelta(days=day)).isoformat()
        named = (each.kind for each in days if each.from_day <= date <= each.until_day)
        if (kind := next(named, None)) is not None:
            kinds[day] = kind
    return kinds


def _applies(window: Window, day: int, kinds: Mapping[int, str]) -> bool:
    """A holiday is no weekday; a worked weekend day (调休) is a Monday. Day 0 was a Thursday."""
    kind = kinds.get(day)
    if kind == "holiday":
        return window.on_holidays
    weekday = 1 if kind == "workday" else (day + 3) % 7 + 1
    return weekday in window.days
