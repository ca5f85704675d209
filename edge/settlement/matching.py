"""When a day is matched: after 10:00 on the next one, again until its bill is there, and while it has cases.

The platform is asked outside of any unit; what was found is written in one unit a payee.
"""

import logging
import sqlite3
from collections.abc import Iterable
from datetime import date as Date
from datetime import datetime, timedelta
from functools import partial
from itertools import groupby

import msgspec

from edge.errors import PlatformError
from edge.pay import settlement_records
from edge.pay.business_day import SITE_OFFSET, date_of
from edge.pay.records import Row
from edge.settlement import records
from edge.settlement.cases import note_match
from edge.settlement.errors import DayNotOver
from edge.settlement.match import BillLine, Own, PlatformLine, Subject, match_day
from edge.settlement.ports import SettlementPlatform
from edge.store.lanes import Lane
from edge.store.store import Store
from edge.store.unit import Unit
from edge.trust.clock import Clock, Trust

log = logging.getLogger(__name__)

MATCH_TOPIC = "match_due"
BILL_HOUR = 10
"""From this hour on the channels have yesterday's bill (WeChat Pay: bill of a day is made by 10:00)."""
DAYS_BACK = 35
"""How far back a day is caught up on: a month that the site was away, and some."""
AGAIN_MS = 20 * 3_600_000
"""A day with open cases is matched once more a day: a difference may have vanished."""
DAY_MS = 86_400_000


class MatchedDay(msgspec.Struct, frozen=True, kw_only=True):
    """How a date and payee stand; `state` is "waiting" (no bill yet) or "matched". Sums in fen."""

    date: str
    payee: str
    state: str
    tried_at_ms: int
    agreed: int
    differing: int
    here_lines: int
    here_fen: int
    channel_lines: int
    channel_fen: int
    platform_lines: int
    platform_fen: int


class Matcher:
    """Asks the platform and keeps what was found; also a role, woken by the hint of its timer."""

    def __init__(self, *, store: Store, clock: Clock, platform: SettlementPlatform) -> None:
        self._store = store
        self._clock = clock
        self._platform = platform

    async def run(self) -> None:
        """Match what is due at the start and after each hint, until cancelled."""
        with self._store.notifier.subscribe(MATCH_TOPIC) as hints:
            while True:
                await self.match_due()
                await hints.wait()

    async def match_due(self) -> tuple[str, ...]:
        """Match every date that is due; returns those that were tried. A silent platform is asked later."""
        now = self._clock.now()
        if now.trust is Trust.UNKNOWN:
            return ()
        dates = await self._store.read(partial(due_dates, now_ms=now.at_ms))
        try:
            for date in dates:
                await self.match(date)
        except PlatformError as error:
            log.warning("the match waits: %s", error)
        return dates

    async def match(self, date: str) -> tuple[MatchedDay, ...]:
        """Match all payees of a date now.

        Raises DayNotOver for a day to come or none, PlatformUnreachable, PlatformRejected.
        """
        now = self._clock.now()
        if now.trust is Trust.UNKNOWN or not is_date(date) or date > date_of(now.at_ms):
            raise DayNotOver(date=date)
        platform = await self._platform.day(date)
        named = {line.payee for line in platform}
        for payee in sorted(named | await self._store.read(lambda connection: _payees(connection, date))):
            await self._match_payee(date, payee, tuple(each for each in platform if each.payee == payee))
        return await self._store.read(lambda connection: matched_days(connection, date))

    async def _match_payee(self, date: str, payee: str, platform: tuple[PlatformLine, ...]) -> None:
        bill = await self._platform.bill(date, payee)
        if bill.ready:
            work = partial(_note, date, payee, without_taken_back(bill.lines), platform)
            await self._store.run(work, lane=Lane.BULK)
        else:
            await self._store.run(lambda unit: _note_waiting(unit, date, payee), lane=Lane.BULK)


def due_dates(connection: sqlite3.Connection, *, now_ms: int) -> tuple[str, ...]:
    """Return the dates to match now, oldest first."""
    local = datetime.fromisoformat(date_of(now_ms))
    is_early = (now_ms + SITE_OFFSET // timedelta(milliseconds=1)) % DAY_MS < BILL_HOUR * 3_600_000
    last = (local - timedelta(days=2 if is_early else 1)).date()
    horizon = last - timedelta(days=DAYS_BACK)
    first_ms = settlement_records.first_payment_ms(connection)
    newest = records.newest_day(connection)
    if first_ms is None and newest is None:
        return ()
    begin = _next(newest) if newest is not None else Date.fromisoformat(date_of(first_ms or now_ms))
    days = (last - max(begin, horizon)).days + 1
    fresh = {(last - timedelta(days=back)).isoformat() for back in range(days)}
    again = records.unfinished_dates(connection, horizon.isoformat(), now_ms - AGAIN_MS)
    return tuple(sorted(fresh | {date for date in again if date <= last.isoformat()}))


def matched_days(connection: sqlite3.Connection, date: str) -> tuple[MatchedDay, ...]:
    """Return how every payee of a date stands."""
    return tuple(msgspec.convert(row, MatchedDay) for row in records.day_rows(connection, date))


def without_taken_back(bill: Iterable[BillLine]) -> tuple[BillLine, ...]:
    """Leave out a payment that the channel took back whole by itself (撤销): two lines of one number."""
    lines = sorted(bill, key=lambda line: (line.subject, line.line))
    kept: list[BillLine] = []
    for _, group in groupby(lines, key=lambda line: line.subject):
        same = list(group)
        if [line.line for line in same] == ["payment", "refund"] and same[0].amount_yuan == same[
            1
        ].amount_yuan:
            continue
        kept += same
    return tuple(kept)


def is_date(text: str) -> bool:
    """Whether a text is a date as we write it."""
    try:
        return Date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def own_lines(
    connection: sqlite3.Connection, date: str, payee: str, named: Iterable[Subject]
) -> tuple[Own, ...]:
    """Return this device's subjects of a date and payee, and all that bill or platform named."""
    of_payee = [row for row in _moved(connection, date) if row["payee"] == payee]
    found = {
        (row["line"], row["subject"]): row
        for row in (*of_payee, *settlement_records.named_rows(connection, named))
    }
    return tuple(
        msgspec.convert({**row, "date": date_of(row["at_ms"])}, Own, strict=False) for row in found.values()
    )


def _next(date: str) -> Date:
    return Date.fromisoformat(date) + timedelta(days=1)


def _payees(connection: sqlite3.Connection, date: str) -> set[str]:
    """Everybody who may have a bill: the payees of the copy, and those of the date's own lines."""
    return settlement_records.payee_ids(connection) | {row["payee"] for row in _moved(connection, date)}


def _moved(connection: sqlite3.Connection, date: str) -> list[Row]:
    from_ms = round(datetime.fromisoformat(f"{date}T00:00:00+08:00").timestamp() * 1000)
    return settlement_records.moved_rows(connection, from_ms, from_ms + DAY_MS)


def _note(
    date: str, payee: str, bill: tuple[BillLine, ...], platform: tuple[PlatformLine, ...], unit: Unit
) -> None:
    named: set[Subject] = {(each.line, each.subject) for each in bill}
    named |= {(each.line, each.subject) for each in platform}
    elsewhere = msgspec.convert(records.elsewhere_rows(unit.connection, date), list[Subject])
    found = match_day(
        date,
        payee,
        here=own_lines(unit.connection, date, payee, named),
        bill=bill,
        platform=platform,
        device=unit.device,
        elsewhere=frozenset(elsewhere),
    )
    note_match(unit, found)


def _note_waiting(unit: Unit, date: str, payee: str) -> None:
    records.note_waiting(unit.connection, date, payee, unit.now.at_ms)
