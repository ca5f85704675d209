"""The door records: who, what, when, by which authorisation, and what the contact said (A7)."""

from datetime import date as Date
from datetime import datetime, timedelta
from typing import NamedTuple

from aiohttp import web

from kiosk.counter.door_views import Search
from kiosk.counter.door_words import WAYS
from kiosk.counter.roles import RECORDERS
from kiosk.counter.server import Route, Visit
from kiosk.render import ZONE, local

DAYS_KEPT = 180
"""Requirement A7: kept 180 days at least."""
PAGE = 50


class Asked(NamedTuple):
    """The fields as they were typed; dates are ISO, empty where none was given."""

    door: str
    way: str
    first: str
    last: str


async def show_records(visit: Visit) -> web.Response:
    """Entries of a door, a way or a span of days, the newest first."""
    site = await visit.deps.doors.site()
    today = local(visit.now_ms).date()
    asked = _asked(visit)
    search = Search(
        door=asked.door if asked.door in {door.id for door in site.doors} else "",
        way=asked.way if asked.way in WAYS else "",
        from_ms=_start_ms(_day(asked.first) or today - timedelta(days=DAYS_KEPT)),
        until_ms=_start_ms((_day(asked.last) or today) + timedelta(days=1)),
        before=_cursor(visit.query("before")),
        size=PAGE,
    )
    found = await visit.deps.doors.records(search)
    return visit.show(
        "records.html",
        asked=asked,
        entries=found.entries,
        before=found.before,
        names={door.id: door.name for door in site.doors},
        days=DAYS_KEPT,
        oldest=(today - timedelta(days=DAYS_KEPT)).isoformat(),
        today=today.isoformat(),
    )


def _asked(visit: Visit) -> Asked:
    first, last = visit.query("first"), visit.query("last")
    return Asked(
        door=visit.query("door"),
        way=visit.query("way"),
        first=first if _day(first) else "",
        last=last if _day(last) else "",
    )


def _cursor(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else None


def _day(text: str) -> Date | None:
    try:
        day = Date.fromisoformat(text)
    except ValueError:
        return None
    return day if 2000 <= day.year <= 2200 else None


def _start_ms(day: Date) -> int:
    """When a day of the site begins."""
    return round(datetime(day.year, day.month, day.day, tzinfo=ZONE).timestamp() * 1000)


ROUTES = (Route("GET", "/records", show_records, RECORDERS),)
