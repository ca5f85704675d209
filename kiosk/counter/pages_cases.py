"""Cases and the match of a day."""

from datetime import date as Date
from datetime import timedelta

from aiohttp import web

from edge.pay.business_day import date_of
from edge.settlement.cases import (
    Reason,
    cases_of_day,
    close_case,
    closed_cases,
    find_case,
    note_export,
    open_cases,
)
from edge.settlement.errors import DayNotOver
from edge.settlement.matching import is_date, matched_days
from edge.settlement.sheets import cases_csv, match_csv
from edge.settlement.site_sales import site_sales_of
from kiosk.counter.names import payee_names, staff_names
from kiosk.counter.roles import JUDGES, READERS, SERVERS
from kiosk.counter.server import Route, Visit, attachment, go


async def list_cases(visit: Visit) -> web.Response:
    """Open cases, the oldest first, and the ones closed last."""
    waiting, done, payees, people = await visit.deps.store.read(
        lambda c: (open_cases(c), closed_cases(c, 50), payee_names(c), staff_names(c))
    )
    return visit.show("cases.html", waiting=waiting, done=done, payees=payees, people=people)


async def show_case(visit: Visit) -> web.Response:
    """One case: what each side has, what to do, and the form that closes it."""
    case_id = visit.request.match_info["case"]
    case, payees, people = await visit.deps.store.read(
        lambda c: (find_case(c, case_id), payee_names(c), staff_names(c))
    )
    return visit.show(
        "case.html", case=case, payees=payees, people=people, reasons=Reason, may_close=visit.may(JUDGES)
    )


async def close(visit: Visit) -> web.Response:
    """Close a case in the name of who is signed in."""
    case_id, form = visit.request.match_info["case"], visit.form
    reason, note, staff = form.get("reason", ""), form.get("note", ""), visit.person_id
    await visit.deps.store.run(lambda unit: close_case(unit, case_id, staff=staff, reason=reason, note=note))
    return go(f"/cases/{case_id}")


async def export_cases(visit: Visit) -> web.Response:
    """All open cases and the last closed ones as a file; on record with who took it."""
    staff = visit.person_id
    await visit.deps.store.run(lambda unit: note_export(unit, staff=staff, what="cases"))
    cases = await visit.deps.store.read(lambda c: (*open_cases(c), *closed_cases(c)))
    return attachment("cases.csv", cases_csv(cases))


async def show_match(visit: Visit) -> web.Response:
    """The match of a date, yesterday's unless one is named."""
    today = date_of(visit.deps.clock.now().at_ms)
    date = visit.query("date") or _day_before(today)
    if not is_date(date):
        raise DayNotOver(date=date)
    days, cases, payees, in_app = await visit.deps.store.read(
        lambda c: (
            matched_days(c, date),
            cases_of_day(c, date),
            payee_names(c),
            site_sales_of(c, date, date),
        )
    )
    return visit.show(
        "match.html",
        in_app=in_app,
        date_shown=date,
        before=_day_before(date),
        after=_day_after(date) if date < today else None,
        days=days,
        cases=cases,
        payees=payees,
        may_match=visit.may(SERVERS),
    )


async def match_now(visit: Visit) -> web.Response:
    """Ask the platform for bill and day, and match."""
    date = visit.form.get("date", "")
    await visit.deps.matcher.match(date)
    return go(f"/match?date={date}")


async def export_match(visit: Visit) -> web.Response:
    """The match of a date as a file; on record with who took it."""
    date, staff = visit.form.get("date", ""), visit.person_id
    if not is_date(date):
        raise DayNotOver(date=date)
    await visit.deps.store.run(lambda unit: note_export(unit, staff=staff, what="match", date=date))
    days, cases = await visit.deps.store.read(lambda c: (matched_days(c, date), cases_of_day(c, date)))
    return attachment(f"match-{date}.csv", match_csv(days) + "\n" + cases_csv(cases))


def _day_before(date: str) -> str:
    return (Date.fromisoformat(date) - timedelta(days=1)).isoformat()


def _day_after(date: str) -> str:
    return (Date.fromisoformat(date) + timedelta(days=1)).isoformat()


ROUTES = (
    Route("GET", "/cases", list_cases, READERS),
    Route("GET", "/cases/{case}", show_case, READERS),
    Route("POST", "/cases/{case}/close", close, JUDGES),
    Route("POST", "/cases/export", export_cases, READERS),
    Route("GET", "/match", show_match, READERS),
    Route("POST", "/match", match_now, SERVERS),
    Route("POST", "/match/export", export_match, READERS),
)
