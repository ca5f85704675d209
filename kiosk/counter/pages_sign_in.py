"""Signing in and out, and the language."""

from http import HTTPStatus

from aiohttp import web

from edge.errors import Refusal
from kiosk.counter.navigation import start_of
from kiosk.counter.roles import EVERYBODY
from kiosk.counter.server import COOKIE, LANGUAGE, Route, Visit, go
from kiosk.counter.words import explain

LANGUAGE_AGE_S = 365 * 24 * 3600


async def show_sign_in(visit: Visit) -> web.Response:
    """The form; somebody signed in is led on."""
    return (
        go(start_of(visit.person.role))
        if visit.session is not None
        else visit.show("sign_in.html", refused=None)
    )


async def sign_in(visit: Visit) -> web.Response:
    """Check account and PIN; StaffDesk counts and locks."""
    staff, login = visit.deps.staff, visit.form.get("login", "")
    try:
        async with visit.deps.signing_in:
            person = await staff.check(login, visit.form.get("pin", ""), roles=EVERYBODY)
    except Refusal as refusal:
        return visit.show("sign_in.html", status=HTTPStatus.FORBIDDEN, refused=explain(refusal))
    visit.deps.sessions.end(visit.request.cookies.get(COOKIE, ""))
    answer = go(start_of(person.role))
    cookie = visit.deps.sessions.begin(person)
    answer.set_cookie(COOKIE, cookie, httponly=True, samesite="Strict", secure=visit.deps.secure, path="/")
    return answer


async def sign_out(visit: Visit) -> web.Response:
    """End the session."""
    visit.deps.sessions.end(visit.request.cookies.get(COOKIE, ""))
    answer = go("/login")
    answer.del_cookie(COOKIE, path="/")
    return answer


async def choose_language(visit: Visit) -> web.Response:
    """Chinese or English, kept by the browser; back to the page that asked."""
    back = visit.form.get("back", "/")
    answer = go(back if back.startswith("/") and not back.startswith(("//", "/\\")) else "/")
    chosen = "en" if visit.form.get("language") == "en" else "zh"
    answer.set_cookie(
        LANGUAGE, chosen, max_age=LANGUAGE_AGE_S, httponly=True, samesite="Strict", secure=visit.deps.secure
    )
    return answer


ROUTES = (
    Route("GET", "/login", show_sign_in, None),
    Route("POST", "/login", sign_in, None),
    Route("POST", "/logout", sign_out, EVERYBODY),
    Route("POST", "/language", choose_language, None),
)
