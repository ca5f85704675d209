"""What the owner's app asks: personas' login, own code, orders, bills, doors, visitors, notices."""

import base64
import secrets
from typing import Any

import msgspec
from aiohttp import web

from cloud_sync.platform import feed, passes
from cloud_sync.platform.access import Unauthorized
from cloud_sync.platform.context import Platform
from cloud_sync.platform.exchange import (
    SESSION_COOKIE,
    SUBJECT,
    Access,
    Malformed,
    Route,
    read_body,
    reply,
)
from cloud_sync.platform.household import is_owner
from cloud_sync.platform.keys import hash_token
from cloud_sync.platform.parcels import code_of, orders_of
from cloud_sync.platform.phone_shapes import (
    Certificate,
    CertificateRequest,
    DoorView,
    Login,
    OrderView,
    Persona,
    Profile,
)
from cloud_sync.platform.revoking import certified_from_ms
from edge.trust.keys import SigningKey

SESSION_LIFE_MS = 30 * 24 * 3_600_000


async def get_personas(request: web.Request, platform: Platform) -> web.StreamResponse:
    """Whom the demo's login offers."""

    def read(connection: Any) -> list[Persona]:
        wanted = connection.execute("SELECT subject FROM personas ORDER BY position").fetchall()
        found = [feed.get_record(connection, "residents", row["subject"]) for row in wanted]
        return [_persona(connection, record) for record in found if record is not None]

    return reply(await platform.database.read(read))


async def post_login(request: web.Request, platform: Platform) -> web.StreamResponse:
    """Begin a session as one of the demo's people."""
    login = await read_body(request, Login)
    token, now_ms = secrets.token_urlsafe(32), platform.clock_ms()

    def start(connection: Any) -> Persona:
        record = feed.get_record(connection, "residents", login.subject)
        if record is None or not record["room"]:
            raise Unauthorized()
        connection.execute("DELETE FROM tokens WHERE expires_ms<?", (now_ms,))
        connection.execute(
            "INSERT INTO tokens (hash, kind, holder, expires_ms) VALUES (?,'phone',?,?)",
            (hash_token(token), login.subject, now_ms + SESSION_LIFE_MS),
        )
        return _persona(connection, record)

    response = reply(await platform.database.write(start))
    response.set_cookie(
        SESSION_COOKIE,
        token,
        httponly=True,
        samesite="Strict",
        path="/phone",
        max_age=SESSION_LIFE_MS // 1000,
    )
    return response


async def post_logout(request: web.Request, platform: Platform) -> web.StreamResponse:
    """End the session."""
    digest = hash_token(request.cookies.get(SESSION_COOKIE, ""))
    await platform.database.write(lambda c: c.execute("DELETE FROM tokens WHERE hash=?", (digest,)).rowcount)
    response = web.Response(status=204)
    response.del_cookie(SESSION_COOKIE, path="/phone")
    return response


async def get_me(request: web.Request, platform: Platform) -> web.StreamResponse:
    """Who is logged in, and which doors the person may open."""
    subject, now_ms, settings = request[SUBJECT], platform.clock_ms(), platform.settings

    def read(connection: Any) -> Profile:
        record = feed.get_record(connection, "residents", subject)
        if record is None:
            raise Unauthorized()
        allowed = passes.granted_doors(connection, subject, now_ms=now_ms)
        doors = [DoorView(d.id, d.name_zh, d.name_en) for d in settings.door if d.id in allowed]
        person = _persona(connection, record)
        names = (settings.site, settings.name_zh, settings.name_en)
        camera_url = settings.camera_url if settings.demo else ""
        return Profile(subject, person.name, person.room, *names, doors, camera_url, is_owner(record))

    return reply(await platform.database.read(read))


async def get_orders(request: web.Request, platform: Platform) -> web.StreamResponse:
    """The person's orders, each with its pass while it lies in cells."""
    subject, now_ms = request[SUBJECT], platform.clock_ms()
    key, site = platform.keys.signing["passes"], platform.settings.site

    def read(connection: Any) -> list[OrderView]:
        return [
            _order_view(connection, key, site, order, subject, now_ms)
            for order in orders_of(connection, subject)
        ]

    return reply(await platform.database.write(read))


def _order_view(
    connection: Any, key: SigningKey, site: str, order: dict[str, Any], subject: str, now_ms: int
) -> OrderView:
    waits = order["state"] == "in_cells"
    return OrderView(
        order["id"],
        order["state"],
        order["cells"],
        passes.order_pass(connection, key, site, order, subject, now_ms=now_ms) if waits else None,
        code_of(connection, order["id"], now_ms=now_ms) if waits else "",
        order.get("kind", "order"),
        order.get("overdue_ms", 0),
    )


async def get_bills(request: web.Request, platform: Platform) -> web.StreamResponse:
    """The bills of the person's room."""
    subject = request[SUBJECT]

    def read(connection: Any) -> list[dict[str, Any]]:
        resident = feed.get_record(connection, "residents", subject) or {}
        rows = connection.execute(
            "SELECT data FROM records WHERE site=? AND collection='bills' AND data IS NOT NULL"
            " AND json_extract(data, '$.room')=? ORDER BY json_extract(data, '$.due_on'), id",
            (connection.site, resident.get("room")),
        )
        return [msgspec.json.decode(row["data"]) for row in rows]

    return reply(await platform.database.read(read))


async def get_notices(request: web.Request, platform: Platform) -> web.StreamResponse:
    """Notices that count now."""
    now_ms = platform.clock_ms()
    notices = await platform.database.read(lambda c: feed.list_records(c, "notices"))
    return reply([n for n in notices if n["from_ms"] <= now_ms < n["until_ms"]])


async def post_certificate(request: web.Request, platform: Platform) -> web.StreamResponse:
    """Certify the key that the phone made."""
    asked = await read_body(request, CertificateRequest)
    try:
        public_key = base64.b64decode(asked.public_key, validate=True)
    except ValueError as error:
        raise Malformed(parameter="public_key") from error
    if len(public_key) != 32:
        raise Malformed(parameter="public_key")
    now_ms, subject = platform.clock_ms(), request[SUBJECT]
    from_ms = await platform.database.read(lambda c: certified_from_ms(c, subject, now_ms=now_ms))
    certificate, expires_ms = passes.certify_holder(
        platform.keys.signing["passes"], platform.settings.site, subject, public_key, from_ms=from_ms
    )
    return reply(Certificate(base64.b64encode(certificate).decode(), expires_ms, now_ms))


def _persona(connection: Any, record: dict[str, Any]) -> Persona:
    room = feed.get_record(connection, "rooms", record["room"])
    place = f"{room['building']}-{room['number']}" if room else record["room"]
    return Persona(record["subject"], record.get("nickname") or record["name_masked"], place)


_API = "/phone/api"
ROUTES: tuple[Route, ...] = (
    Route(
        "GET", f"{_API}/personas", get_personas, Access.DEMO, "Whom the login offers", answer=list[Persona]
    ),
    Route("POST", f"{_API}/login", post_login, Access.DEMO, "Demo login", body=Login, answer=Persona),
    Route("POST", f"{_API}/logout", post_logout, Access.PHONE, "End the session"),
    Route("GET", f"{_API}/me", get_me, Access.PHONE, "Who is logged in", answer=Profile),
    Route("GET", f"{_API}/orders", get_orders, Access.PHONE, "Own orders", answer=list[OrderView]),
    Route(
        "GET", f"{_API}/bills", get_bills, Access.PHONE, "Bills of the own room", answer=list[dict[str, Any]]
    ),
    Route("GET", f"{_API}/notices", get_notices, Access.PHONE, "Notices", answer=list[dict[str, Any]]),
    Route(
        "POST",
        f"{_API}/certificate",
        post_certificate,
        Access.PHONE,
        "Certify the phone's key",
        body=CertificateRequest,
        answer=Certificate,
    ),
)
