"""Which charts a site's page has: events by the hour, and the gauges that its devices tell."""

from datetime import datetime
from typing import NamedTuple

from cloud_sync.platform.operators import words
from cloud_sync.platform.operators.charts import Axis, Point, draw_bars, draw_line
from cloud_sync.platform.operators.render import SHANGHAI
from cloud_sync.platform.operators.site_view import DAY_MS, HOUR_MS, WEEK_MS, SiteView

GAP_MS = 90 * 60_000
"""A line is broken where a device told nothing for longer than three of its points."""
_FROM_ZERO = {"uplink_waiting", "disk_free_mb", "battery_percent", "ups_percent"}
_SHANGHAI_MS = 8 * HOUR_MS


class Chart(NamedTuple):
    """A chart and its words: what it shows, and its newest figure."""

    title: str
    now: str
    drawn: str


def draw_charts(view: SiteView, *, now_ms: int, en: bool) -> list[Chart]:
    """The week's charts of a site; a gauge that no device tells has none."""
    axis = _week(now_ms)
    total = sum(count for _, count in view.hours)
    title = ("每小时收到的事件", "Events received an hour")[en]
    bars = draw_bars([Point(at, count) for at, count in view.hours], axis, step_ms=HOUR_MS, title=title)
    charts = [Chart(title, f"{total} {('件', 'in all')[en]}", bars)]
    for gauge, pair in words.GAUGES.items():
        for device, points in sorted(view.gauges.get(gauge, {}).items()):
            title = f"{pair[en]} · {device}"
            line = draw_line(
                [Point(*point) for point in points],
                axis,
                gap_ms=GAP_MS,
                title=title,
                low=0 if gauge in _FROM_ZERO else None,
            )
            charts.append(Chart(title, str(points[-1][1]), line))
    return charts


def _week(now_ms: int) -> Axis:
    """The last seven days, with a mark at every midnight of the sites."""
    until_ms = (now_ms // HOUR_MS + 1) * HOUR_MS
    first_ms = ((until_ms - WEEK_MS + _SHANGHAI_MS) // DAY_MS + 1) * DAY_MS - _SHANGHAI_MS
    midnights = range(first_ms, until_ms, DAY_MS)
    marks = [(at, datetime.fromtimestamp(at / 1000, SHANGHAI).strftime("%m-%d")) for at in midnights]
    return Axis(until_ms - WEEK_MS, until_ms, marks)
