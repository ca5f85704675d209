"""Requests and answers: bodies as structs, refusals as codes, who may ask what."""

from collections.abc import Awaitable, Callable
from enum import StrEnum
from typing import Any, ClassVar, NamedTuple, TypeVar
from urllib.parse import urlsplit

import msgspec
from aiohttp import web

from cloud_sync.platform import api_keys, custody
from cloud_sync.platform.access import Forbidden, Unauthorized, identify
from cloud_sync.platform.admission import TooBusy
from cloud_sync.platform.context import PLATFORM, Platform
from cloud_sync.platform.keys import hash_token
from cloud_sync.platform.operators import accounts
from cloud_sync.platform.register import find_site
from cloud_sync.platform.store.port import StoreAway, ValueRefused
from cloud_sync.wire.batches import ENCODINGS, EncodingUnsupported
from cloud_sync.wire.errors import CODES, ErrorBody
from cloud_sync.wire.protocol import PROTOCOL_HEADER, PROTOCOL_VERSION, ProtocolUnsupported, require_supported
from edge.errors import Refusal
from edge.trust.certificates import Holder

T = TypeVar("T")
Handler = Callable[[web.Request, Platform], Awaitable[web.StreamResponse]]

SESSION_COOKIE = "phone"
OPERATOR_COOKIE = "operator"
STORE_AWAY, STORE_AWAY_S = "store_away", 2
SUBJECT = web.RequestKey("subject", str)
DEVICE = web.RequestKey("device", str)
OPERATOR = web.RequestKey("operator", str)
API_KEY = web.RequestKey("api_key", api_keys.ApiKey)
CONTENT_POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self';"
    " object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'self' http://127.0.0.1:*"
    " http://localhost:*"
)


class Malformed(Refusal):
    """The body or a parameter does not have the shape that the protocol asks for."""

    code: ClassVar[str] = "malformed"


class Access(StrEnum):
    """Who may ask."""

    OPEN = "open"
    DEVICE = "device"
    SITE = "site"
    PHONE = "phone"
    DEMO = "demo"
    KEY = "key"
    OPERATOR = "operator"


class Route(NamedTuple):
    """One row of the route table; OpenAPI is made from it.

    `scope` is what an API key needs, with names of the path in braces.
    """

    method: str
    path: str
    handler: Handler
    access: Access
    summary: str
    body: type[Any] | None = None
    answer: type[Any] | None = None
    media: str = "application/json"
    codes: tuple[str, ...] = ()
    scope: str = ""


async def read_body(request: web.Request, shape: type[T]) -> T:
    """Decode a JSON body; raises Malformed with the place of the fault."""
    if request.content_type != "application/json":
        raise Malformed(reason="content type must be application/json")
    try:
        return msgspec.json.decode(await request.read(), type=shape)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise Malformed(reason=str(error)[:200]) from error


def read_number(request: web.Request, name: str, default: int, *, low: int, high: int) -> int:
    """An integer query parameter within bounds; raises Malformed."""
    text = request.query.get(name)
    if not text:
        return default
    if not text.isascii() or not text.isdecimal() or len(text) > 18:
        raise Malformed(parameter=name)
    return max(low, min(high, int(text)))


def reply(content: Any, status: int = 200) -> web.Response:
    """A JSON answer."""
    return web.Response(body=msgspec.json.encode(content), status=status, content_type="application/json")


def guard(route: Route) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """The handler behind the check of who asks."""

    async def guarded(request: web.Request) -> web.StreamResponse:
        platform = request.app[PLATFORM]
        if route.access is Access.KEY:
            await check_key(request, platform, route.scope.format(**request.match_info))
        else:
            await _CHECKS[route.access](request, platform)
        await _check_protocol(request, platform)
        return await route.handler(request, platform)

    return guarded


async def _check_protocol(request: web.Request, platform: Platform) -> None:
    """Another major version of the protocol is refused; of a device that proved who it is it is noted."""
    try:
        require_supported(request.headers.get(PROTOCOL_HEADER))
    except ProtocolUnsupported:
        device, now_ms = request.get(DEVICE), platform.clock_ms()
        if device is not None:
            code = ProtocolUnsupported.code
            await platform.database.write(
                lambda c: custody.note_incident(c, device, 0, code=code, seq=0, now_ms=now_ms)
            )
        raise


async def tell_protocol(_: web.Request, response: web.StreamResponse) -> None:
    """Every answer says which version it speaks."""
    response.headers[PROTOCOL_HEADER] = PROTOCOL_VERSION


@web.middleware
async def answer_refusals(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Every refusal becomes its code and status; every page gets the content policy."""
    try:
        response = await handler(request)
    except Refusal as refusal:
        response = reply(ErrorBody(refusal.code, refusal.details), CODES.get(refusal.code, 409))
        if isinstance(refusal, EncodingUnsupported):
            response.headers["Accept-Encoding"] = ", ".join(ENCODINGS)
        elif isinstance(refusal, TooBusy):
            response.headers["Retry-After"] = str(refusal.retry_after_s)
    except ValueRefused:
        response = reply(ErrorBody(Malformed.code, {"reason": "a value that cannot be kept"}), 400)
    except StoreAway:
        response = reply(ErrorBody(STORE_AWAY), CODES[STORE_AWAY])
        response.headers["Retry-After"] = str(STORE_AWAY_S)
    except ConnectionResetError:
        # Who asked has gone in the middle of a body: nobody reads this, and it is no fault of the platform.
        response = reply(ErrorBody(Malformed.code), CODES[Malformed.code])
    except web.HTTPException as error:
        if error.status < 400:
            raise
        code = {404: "not_found", 405: "method_not_allowed", 413: "batch_too_large"}.get(
            error.status, "malformed"
        )
        response = reply(ErrorBody(code), error.status)
    if not response.prepared:
        response.headers["Content-Security-Policy"] = CONTENT_POLICY
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers.setdefault("Referrer-Policy", "no-referrer")
    return response


async def _allow(request: web.Request, platform: Platform) -> None:
    """Anybody may ask."""


async def _check_site(request: web.Request, platform: Platform) -> None:
    """A device that asks about its own site."""
    holder = await identify(request, platform)
    if request.match_info.get("site") != holder.site:
        await platform.known.note(platform.database, holder, Forbidden.code, now_ms=platform.clock_ms())
        raise Forbidden(site=request.match_info.get("site", ""))
    request[DEVICE] = holder.device
    program = request.headers.get("User-Agent", "")
    platform.presence.hear(holder.device, now_ms=platform.clock_ms(), program=program)


async def _check_device(request: web.Request, platform: Platform) -> None:
    """A device that asks about itself."""
    await _check_site(request, platform)
    if request.match_info.get("device") != request[DEVICE]:
        holder = Holder(request.match_info["site"], request[DEVICE])
        await platform.known.note(platform.database, holder, Forbidden.code, now_ms=platform.clock_ms())
        raise Forbidden(device=request.match_info.get("device", ""))


async def _check_phone(request: web.Request, platform: Platform) -> None:
    """A phone's session cookie."""
    token = request.cookies.get(SESSION_COOKIE, "")
    digest, now_ms = hash_token(token), platform.clock_ms()
    row = await platform.database.read(
        lambda c: c.execute(
            "SELECT holder FROM tokens WHERE hash=? AND kind='phone' AND expires_ms>?", (digest, now_ms)
        ).fetchone()
    )
    if row is None:
        raise Unauthorized()
    request[SUBJECT] = row["holder"]


async def _check_demo(request: web.Request, platform: Platform) -> None:
    """Only where the demo's doors are open."""
    if not platform.settings.demo:
        raise Forbidden(reason="demo is off")


async def _check_operator(request: web.Request, platform: Platform) -> None:
    """An operator's session; what changes something must come from our own pages."""
    token, now_ms = request.cookies.get(OPERATOR_COOKIE, ""), platform.clock_ms()
    login = await platform.database.read(lambda c: accounts.find_session(c, token, now_ms=now_ms))
    require_own_page(request)
    request[OPERATOR] = login


def require_own_page(request: web.Request) -> None:
    """A form is taken from pages of this address only. Raises Forbidden."""
    origin = urlsplit(request.headers.get("Origin", ""))
    if request.method not in ("GET", "HEAD") and origin.netloc != request.host:
        raise Forbidden(reason="origin")


async def check_key(request: web.Request, platform: Platform, scope: str) -> None:
    """An API key with this scope, at the site of the address where it names one."""
    scheme, _, text = request.headers.get("Authorization", "").partition(" ")
    if scheme != "Bearer":
        raise Unauthorized()
    key = await platform.database.read(lambda c: api_keys.find_key(c, text.strip()))
    site = request.match_info.get("site", "")
    api_keys.require_scope(key, scope, site=site)
    if site and await platform.database.read(lambda c: find_site(c, site)) is None:
        raise Forbidden(site=site)
    now_ms = platform.clock_ms()
    if api_keys.is_worth_noting(key, now_ms=now_ms):
        await platform.database.take(lambda c: api_keys.note_use(c, key, now_ms=now_ms))
    request[API_KEY] = key


_CHECKS: dict[Access, Callable[[web.Request, Platform], Awaitable[None]]] = {
    Access.OPEN: _allow,
    Access.SITE: _check_site,
    Access.DEVICE: _check_device,
    Access.PHONE: _check_phone,
    Access.DEMO: _check_demo,
    Access.OPERATOR: _check_operator,
}
