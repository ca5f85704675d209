"""HTTP around the counter's pages: who may ask, for what, from where. Pages are forms.

A form is taken only from our own pages (cookie SameSite=Strict, Origin) and only once (its ticket). One
script of our own looks again at what stands live; such a look is no sign of a person and makes no tickets.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, NamedTuple, Protocol
from urllib.parse import urlsplit

from aiohttp import web

from edge.errors import EdgeError, Refusal
from edge.pay.attempts import Attempt
from edge.pay.engine import PaymentEngine
from edge.settlement.matching import Matcher
from edge.staff.accounts import StaffDesk
from edge.staff.records import Role, StaffMember, find_by_login
from edge.store.store import Store
from edge.trust.clock import Clock
from kiosk.counter.device_views import DeviceDesk
from kiosk.counter.door_views import DoorDesk
from kiosk.counter.errors import CellNotThere
from kiosk.counter.render import CounterRenderer
from kiosk.counter.sessions import Sessions, StaffSession
from kiosk.counter.words import explain
from kiosk.desks.locker_ports import DepositDesk, LockerCounter
from kiosk.words import Language, Text

COOKIE, LANGUAGE = "counter", "counter_language"
LIVE = "X-Live"
"""Header of a look by the page's own script: no sign of life, no new forms."""
FORM_LIMIT_BYTES = 16 * 1024
SIGN_INS_AT_ONCE = 4
"""Each costs the processor some tens of milliseconds; the others wait."""
SECURITY_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self'; font-src 'self'; script-src 'self';"
        " connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}


class Release(Protocol):
    """Gives the goods of an open payment out in a supervisor's name."""

    async def __call__(self, attempt_id: str, *, supervisor: str, reason: str) -> Attempt:
        """Raises AttemptUnknown, ReleaseNotPossible."""


@dataclass(frozen=True)
class LockerDesks:
    """Lockers as staff works with them, and parcels that staff stores."""

    counter: LockerCounter
    deposits: DepositDesk


@dataclass(frozen=True, kw_only=True)
class CounterDeps:
    """What the counter stands on. hosts: names under which the pages may be asked for; secure: over TLS.

    lockers: None at a site without them.
    """

    store: Store
    engine: PaymentEngine
    release: Release
    staff: StaffDesk
    clock: Clock
    matcher: Matcher
    sessions: Sessions
    doors: DoorDesk
    devices: DeviceDesk
    lockers: LockerDesks | None
    place: Text
    hosts: frozenset[str]
    secure: bool = False
    renderer: CounterRenderer = field(default_factory=CounterRenderer)
    signing_in: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(SIGN_INS_AT_ONCE))


class FormSentAlready(Refusal):
    """This form was sent before, or is too old."""

    code = "form_sent_already"


@dataclass
class Visit:
    """One request of somebody: the form's fields, the language, and who it is (None before signing in)."""

    deps: CounterDeps
    request: web.Request
    language: Language
    session: StaffSession | None = None
    form: Mapping[str, str] = field(default_factory=dict)

    @property
    def person(self) -> StaffMember:
        """Who is signed in."""
        assert self.session is not None, "a page for somebody"
        return self.session.person

    @property
    def person_id(self) -> str:
        """The opaque id of the person who is signed in."""
        return self.person.id

    @property
    def lockers(self) -> LockerCounter:
        """The lockers. Raises CellNotThere at a site without them."""
        return self._locker_desks.counter

    @property
    def deposits(self) -> DepositDesk:
        """Where staff stores parcels. Raises CellNotThere at a site without lockers."""
        return self._locker_desks.deposits

    @property
    def _locker_desks(self) -> LockerDesks:
        if self.deps.lockers is None:
            raise CellNotThere
        return self.deps.lockers

    async def countersign(self, login: str, pin: str, roles: frozenset[Role]) -> StaffMember:
        """The person whose PIN was given on this form. Raises PinRefused, StaffLocked, RoleMissing."""
        async with self.deps.signing_in:
            return await self.deps.staff.check(self.form.get(login, ""), self.form.get(pin, ""), roles=roles)

    def may(self, roles: frozenset[Role]) -> bool:
        """Whether the person's role is among these."""
        return self.session is not None and self.session.person.role in roles

    @property
    def is_live(self) -> bool:
        """Whether the page's script asks by itself."""
        return LIVE in self.request.headers

    @property
    def now_ms(self) -> int:
        """The trusted clock's time, whatever its trust."""
        return self.deps.clock.now().at_ms

    def query(self, name: str) -> str:
        """A field of the address, without blanks around it."""
        return self.request.query.get(name, "").strip()

    def show(self, template: str, *, status: int = HTTPStatus.OK, **values: Any) -> web.Response:
        """A page."""
        text = self.deps.renderer.page(self, template, values)
        return web.Response(text=text, status=status, content_type="text/html")


def go(path: str) -> web.Response:
    """After a form: look at a page (303)."""
    return web.Response(status=HTTPStatus.SEE_OTHER, headers={"Location": path})


def attachment(name: str, text: str) -> web.Response:
    """A file of comma-separated values, in UTF-8 with the mark that spreadsheets look for."""
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return web.Response(
        body=b"\xef\xbb\xbf" + text.encode(), content_type="text/csv", charset="utf-8", headers=headers
    )


Handler = Callable[[Visit], Awaitable[web.StreamResponse]]


class Route(NamedTuple):
    """A page: its roles, None for anybody. A form of somebody signed in carries a ticket."""

    method: str
    path: str
    handle: Handler
    roles: frozenset[Role] | None


def build_app(deps: CounterDeps, routes: tuple[Route, ...]) -> web.Application:
    """The application over a table of routes."""
    app = web.Application(middlewares=[_guard(deps)], client_max_size=FORM_LIMIT_BYTES)
    for route in routes:
        app.router.add_route(route.method, route.path, _answer(deps, route))
    app.router.add_get("/static/{hash}/{name:.+}", _asset(deps))
    return app


def _answer(deps: CounterDeps, route: Route) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def respond(request: web.Request) -> web.StreamResponse:
        language: Language = "en" if request.cookies.get(LANGUAGE) == "en" else "zh"
        visit = Visit(deps, request, language, await _session_of(deps, request))
        if route.roles is not None and visit.session is None:
            return visit.show("sign_in.html", status=HTTPStatus.UNAUTHORIZED, refused=None)
        if route.roles is not None and not visit.may(route.roles):
            return visit.show(
                "no.html", status=HTTPStatus.FORBIDDEN, refusal=explain("role_missing"), back="/"
            )
        try:
            if request.method == "POST":
                await _read_form(visit)
                if route.roles is not None and not _take_ticket(visit):
                    raise FormSentAlready
            return await route.handle(visit)
        except EdgeError as error:
            back = urlsplit(request.headers.get("Referer", "")).path or "/"
            return visit.show("no.html", status=HTTPStatus.CONFLICT, refusal=explain(error), back=back)

    return respond


async def _session_of(deps: CounterDeps, request: web.Request) -> StaffSession | None:
    """The session of the cookie, as long as the account is open and as it was."""
    session = deps.sessions.find(request.cookies.get(COOKIE, ""), alive=LIVE not in request.headers)
    if session is None:
        return None
    login = session.person.login
    person = await deps.store.read(lambda connection: find_by_login(connection, login))
    known = (session.person.id, session.person.role, session.person.pin_hash)
    if person is None or not person.active or (person.id, person.role, person.pin_hash) != known:
        deps.sessions.end(request.cookies.get(COOKIE, ""))
        return None
    return session


def _take_ticket(visit: Visit) -> bool:
    return visit.session is not None and visit.session.take_ticket(visit.form.get("ticket", ""))


async def _read_form(visit: Visit) -> None:
    sent = await visit.request.post()
    visit.form = {name: value.strip() for name, value in sent.items() if isinstance(value, str)}


def _asset(deps: CounterDeps) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def asset(request: web.Request) -> web.StreamResponse:
        found = deps.renderer.find_asset(request.path)
        if found is None:
            raise web.HTTPNotFound
        headers = {"Cache-Control": "public, max-age=31536000, immutable"}
        return web.Response(body=found.body, content_type=found.media_type, charset="utf-8", headers=headers)

    return asset


def _guard(deps: CounterDeps) -> Callable[..., Awaitable[web.StreamResponse]]:
    """Only our own names are answered, forms only from our own pages. Headers on everything."""

    @web.middleware
    async def guard(
        request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        try:
            if _name_of(request.host) not in deps.hosts:
                raise web.HTTPMisdirectedRequest(text="host")
            if request.method not in ("GET", "HEAD") and not _is_own_origin(deps, request):
                raise web.HTTPForbidden(text="origin")
            response = await handler(request)
        except web.HTTPException as error:
            error.headers.update({**SECURITY_HEADERS, "Cache-Control": "no-store"})
            raise
        response.headers.update(SECURITY_HEADERS)
        response.headers.setdefault("Cache-Control", "no-store")
        return response

    return guard


def _name_of(host: str) -> str | None:
    """The name in a Host header, without its port; None for what is no host."""
    try:
        return urlsplit(f"//{host}").hostname
    except ValueError:
        return None


def _is_own_origin(deps: CounterDeps, request: web.Request) -> bool:
    scheme = "https" if deps.secure else "http"
    return request.headers.get("Origin", "") == f"{scheme}://{request.host}"
