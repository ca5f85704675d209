"""The control socket's routes of the three-way match and its cases."""

from collections.abc import Iterable

import msgspec
from aiohttp import web

from edge.control import Credentials, answer
from edge.pay.business_day import date_of
from edge.settlement.cases import cases_of_day, close_case, note_export, open_cases
from edge.settlement.errors import DayNotOver
from edge.settlement.matching import DAY_MS, Matcher, is_date, matched_days
from edge.staff.accounts import StaffDesk
from edge.staff.records import Role
from edge.store.store import Store
from edge.trust.clock import Clock

MATCHERS = {Role.CLERK, Role.SUPERVISOR, Role.MANAGER}
CLOSERS = {Role.SUPERVISOR, Role.MANAGER}
"""Who closes a case: not the person at the till alone."""
TAKERS = {Role.CLERK, Role.SUPERVISOR, Role.AUDITOR, Role.MANAGER}


class MatchAsked(Credentials, frozen=True, forbid_unknown_fields=True):
    """A date (ISO text; empty: yesterday), and who asks."""

    date: str = ""


class CaseClosing(Credentials, frozen=True, forbid_unknown_fields=True):
    """Why a case is closed: a reason of the list, and the person's own words."""

    reason: str
    note: str


class MatchControl:
    """The handlers; `routes()` goes to `edge.links.control.build_control` with the others."""

    def __init__(self, *, store: Store, clock: Clock, staff: StaffDesk, matcher: Matcher) -> None:
        self._store = store
        self._clock = clock
        self._staff = staff
        self._matcher = matcher

    def routes(self) -> Iterable[web.AbstractRouteDef]:
        """All routes."""
        return (
            web.get("/match", answer(self.show)),
            web.post("/match", answer(self.match)),
            web.post("/match/export", answer(self.export)),
            web.get("/cases", answer(self.cases)),
            web.post("/cases/{case}/close", answer(self.close)),
        )

    async def show(self, request: web.Request) -> object:
        """How a date stands: its payees and its cases."""
        return await self._standing(self._date(request.query.get("date", "")))

    async def match(self, request: web.Request) -> object:
        """Ask the platform and match a date; asks for a person's PIN."""
        asked = msgspec.json.decode(await request.read(), type=MatchAsked)
        await self._staff.check(asked.login, asked.pin, roles=MATCHERS)
        date = self._date(asked.date)
        await self._matcher.match(date)
        return await self._standing(date)

    async def export(self, request: web.Request) -> object:
        """As `show`, to be taken away: asks for a person's PIN and is recorded."""
        asked = msgspec.json.decode(await request.read(), type=MatchAsked)
        person = await self._staff.check(asked.login, asked.pin, roles=TAKERS)
        date = self._date(asked.date)
        await self._store.run(lambda unit: note_export(unit, staff=person.id, what="match", date=date))
        return await self._standing(date)

    async def cases(self, request: web.Request) -> object:
        """Every case that waits for a person."""
        return await self._store.read(open_cases)

    async def close(self, request: web.Request) -> object:
        """Close a case; asks for a person's PIN."""
        asked = msgspec.json.decode(await request.read(), type=CaseClosing)
        person = await self._staff.check(asked.login, asked.pin, roles=CLOSERS)
        case = request.match_info["case"]
        return await self._store.run(
            lambda unit: close_case(unit, case, staff=person.id, reason=asked.reason, note=asked.note)
        )

    def _date(self, text: str) -> str:
        date = text or date_of(self._clock.now().at_ms - DAY_MS)
        if not is_date(date):
            raise DayNotOver(date=date)
        return date

    async def _standing(self, date: str) -> object:
        days, cases = await self._store.read(lambda c: (matched_days(c, date), cases_of_day(c, date)))
        return {"date": date, "days": days, "cases": cases}
