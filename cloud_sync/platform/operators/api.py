"""The operators' pages: signing in, all sites, one site, and the forms on them."""

from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlencode, urlsplit

from aiohttp import web
from aiohttp.typedefs import Handler

from cloud_sync.platform import custody, register
from cloud_sync.platform.context import PLATFORM, Platform
from cloud_sync.platform.exchange import (
    OPERATOR,
    OPERATOR_COOKIE,
    Access,
    Malformed,
    Route,
    require_own_page,
)
from cloud_sync.platform.operators import accounts, overview, site_view, words
from cloud_sync.platform.operators.figures import draw_charts
from cloud_sync.platform.operators.render import LANGUAGES, Renderer
from cloud_sync.platform.store.port import Connection
from cloud_sync.platform.webhooks.records import list_webhooks
from cloud_sync.wire.errors import CODES
from edge.errors import Refusal

PATH = "/operator"
LANGUAGE_COOKIE = "operator_language"
RENDERER = Renderer()


@web.middleware
async def show_refusals(request: web.Request, handler: Handler) -> web.StreamResponse:
    """A refusal of an operator's page is a page: who is not signed in gets the form for it."""
    if not _is_page(request):
        return await handler(request)
    try:
        return await handler(request)
    except Refusal as refusal:
        status = CODES.get(refusal.code, 409)
        said = words.REFUSED.get(refusal.code, words.REFUSED["malformed"])[_language(request) == "en"]
        reason = words.REASONS.get(str(refusal.details.get("reason", "")), ("", ""))[
            _language(request) == "en"
        ]
        if refusal.code in ("unauthorized", "operator_locked"):
            asked = request.method == "POST" and request.path == f"{PATH}/login"
            values = {"refused": said if asked else "", "typed": await _typed_login(request) if asked else ""}
            return page(request, "login.html", values, status=status)
        values = {"refused": f"{said} {reason}".strip(), "back": _page_before(request)}
        return page(request, "fault.html", values, status=status)


def page(request: web.Request, template: str, values: dict[str, Any], *, status: int = 200) -> web.Response:
    """A page in the visitor's language; a chosen language is kept in a cookie."""
    language = _language(request)
    login = request.get(OPERATOR, "")
    now_ms = request.app[PLATFORM].clock_ms()
    text = RENDERER.page(template, language, {"login": login, "now_ms": now_ms} | values)
    response = web.Response(text=text, content_type="text/html", status=status)
    response.headers["Cache-Control"] = "no-store"
    # Forms of a page without any referrer say "null" for their origin, which is what we judge them by.
    response.headers["Referrer-Policy"] = "same-origin"
    if request.query.get("lang") in LANGUAGES:
        response.set_cookie(LANGUAGE_COOKIE, language, path=PATH, samesite="Strict", max_age=31_536_000)
    return response


async def read_form(request: web.Request, *names: str) -> list[str]:
    """Text fields of a form, without the space around them. Raises Malformed."""
    form = await request.post()
    values = [form.get(name, "") for name in names]
    if not all(isinstance(value, str) for value in values):
        raise Malformed(reason="form")
    return [str(value) for value in values]


async def get_login(request: web.Request, platform: Platform) -> web.StreamResponse:
    """The form to sign in."""
    return page(request, "login.html", {"refused": "", "typed": ""})


async def post_login(request: web.Request, platform: Platform) -> web.StreamResponse:
    """Sign in; too many failures in a row lock the account for a while."""
    require_own_page(request)
    login, password = await read_form(request, "login", "password")
    now_ms = platform.clock_ms()
    token = await accounts.sign_in(platform.database, login.strip(), password, now_ms=now_ms)
    response = see(PATH)
    response.set_cookie(
        OPERATOR_COOKIE,
        token,
        path=PATH,
        max_age=accounts.SESSION_MS // 1000,
        httponly=True,
        samesite="Strict",
        secure=request.secure,
    )
    return response


async def post_logout(request: web.Request, platform: Platform) -> web.StreamResponse:
    """Sign out."""
    token = request.cookies[OPERATOR_COOKIE]
    await platform.database.write(lambda c: accounts.end_session(c, token))
    response = see(f"{PATH}/login")
    response.del_cookie(OPERATOR_COOKIE, path=PATH)
    return response


async def get_sites(request: web.Request, platform: Platform) -> web.StreamResponse:
    """All sites, found by words and state, the oldest backlog first."""
    q, state, now_ms = request.query.get("q", ""), request.query.get("state", ""), platform.clock_ms()

    def read(connection: Connection) -> tuple[list[overview.SiteRow], int]:
        rows = overview.list_overview(
            connection, platform.presence, now_ms=now_ms, words=q[:100], state=state
        )
        return rows, len(register.list_sites(connection))

    rows, total = await platform.database.read(read)
    return page(request, "sites.html", {"rows": rows, "total": total, "q": q, "state": state})


async def get_site(request: web.Request, platform: Platform) -> web.StreamResponse:
    """One site."""
    id, now_ms = request.match_info["site"], platform.clock_ms()

    def read(connection: Connection) -> dict[str, Any] | None:
        site = register.find_site(connection, id)
        if site is None:
            return None
        rows = overview.list_overview(connection, platform.presence, now_ms=now_ms)
        view = site_view.read_site(connection, platform.presence, now_ms=now_ms)
        hooks = list_webhooks(connection, lambda hook: hook.site in ("", id))
        row = next(row for row in rows if row.id == id)
        return {"site": site, "view": view, "row": row, "hooks": hooks}

    found = await platform.database.of(id).read(read)
    if found is None:
        raise custody.EventNotHere()
    charts = draw_charts(found["view"], now_ms=now_ms, en=_language(request) == "en")
    listens = platform.settings.device_listener is not None
    return page(request, "site.html", found | {"charts": charts, "listens": listens})


async def post_again(request: web.Request, platform: Platform) -> web.StreamResponse:
    """Try a parked event again, with the next round of applying."""
    site, device = request.match_info["site"], request.match_info["device"]
    epoch, seq = (read_count(request, name) for name in ("epoch", "seq"))
    if not await platform.database.of(site).write(lambda c: site_view.try_again(c, device, epoch, seq)):
        raise custody.EventNotHere()
    platform.ingested.set()
    return see(f"{PATH}/sites/{site}")


def see(path: str, **query: str) -> web.Response:
    """Answer a form: look there."""
    where = f"{path}?{urlencode(query)}" if query else path
    return web.Response(status=303, headers={"Location": where})


def read_count(request: web.Request, name: str) -> int:
    """A number in the address. Raises Malformed."""
    text = request.match_info[name]
    if not (text.isascii() and text.isdecimal() and len(text) <= 15):
        raise Malformed(parameter=name)
    return int(text)


def route(
    method: str,
    path: str,
    handler: Callable[[web.Request, Platform], Awaitable[web.StreamResponse]],
    summary: str,
    access: Access = Access.OPERATOR,
) -> Route:
    """A row for a page or a form."""
    return Route(method, PATH + path, handler, access, summary, answer=str, media="text/html")


async def _typed_login(request: web.Request) -> str:
    """The account that was typed, so that only the password has to be typed again."""
    [login] = await read_form(request, "login")
    return login


def _page_before(request: web.Request) -> str:
    """The page of ours whose form was sent, else the first one."""
    before = urlsplit(request.headers.get("Referer", ""))
    ours = before.netloc == request.host and before.path.startswith(f"{PATH}/")
    again = request.method == "GET" and before.path == request.path
    return before.path if ours and not again else PATH


def _is_page(request: web.Request) -> bool:
    return request.path == PATH or request.path.startswith(f"{PATH}/")


def _language(request: web.Request) -> str:
    asked = request.query.get("lang") or request.cookies.get(LANGUAGE_COOKIE, "")
    return asked if asked in LANGUAGES else LANGUAGES[0]


ROUTES: tuple[Route, ...] = (
    route("GET", "/login", get_login, "The form to sign in", Access.OPEN),
    route("POST", "/login", post_login, "Sign in", Access.OPEN),
    route("POST", "/logout", post_logout, "Sign out"),
    route("GET", "", get_sites, "All sites"),
    route("GET", "/sites/{site}", get_site, "One site"),
    route(
        "POST", "/sites/{site}/parked/{device}/{epoch}/{seq}/again", post_again, "Try a parked event again"
    ),
)
