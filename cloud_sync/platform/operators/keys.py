"""The page of API keys: make one, shown this once, and take one back."""

from typing import Any

from aiohttp import web

from cloud_sync.platform import api_keys, custody, register
from cloud_sync.platform.context import Platform
from cloud_sync.platform.exchange import Malformed, Route
from cloud_sync.platform.operators.api import PATH, page, read_form, route, see
from cloud_sync.platform.store.port import Connection

NAME_LIMIT = 60


async def get_keys(request: web.Request, platform: Platform) -> web.StreamResponse:
    """All keys, those that were taken back among them."""
    return await _show(request, platform, text="")


async def post_key(request: web.Request, platform: Platform) -> web.StreamResponse:
    """Make a key and show it, this once."""
    name, site = [text.strip() for text in await read_form(request, "name", "site")]
    scopes = [str(scope) for scope in (await request.post()).getall("scope", [])]
    if not 0 < len(name) <= NAME_LIMIT:
        raise Malformed(reason="key_name")
    if not scopes:
        raise Malformed(reason="key_scopes")
    now_ms = platform.clock_ms()

    def make(connection: Connection) -> str:
        try:
            return api_keys.make_key(connection, name, scopes, site=site, now_ms=now_ms)[1]
        except api_keys.ApiKeyInvalid as error:
            raise Malformed(reason="site") from error

    return await _show(request, platform, text=await platform.database.write(make))


async def post_revoked(request: web.Request, platform: Platform) -> web.StreamResponse:
    """Take a key back; its webhooks end with it."""
    id, now_ms = request.match_info["id"], platform.clock_ms()

    def revoke(connection: Connection) -> None:
        try:
            api_keys.revoke_key(connection, id, now_ms=now_ms)
        except api_keys.ApiKeyInvalid as error:
            raise custody.EventNotHere() from error

    await platform.database.write(revoke)
    return see(f"{PATH}/keys")


async def _show(request: web.Request, platform: Platform, *, text: str) -> web.StreamResponse:
    def read(connection: Connection) -> dict[str, Any]:
        return {"keys": api_keys.list_keys(connection), "sites": register.list_sites(connection)}

    values = await platform.database.read(read)
    return page(request, "keys.html", values | {"text": text, "scopes": api_keys.SCOPES})


ROUTES: tuple[Route, ...] = (
    route("GET", "/keys", get_keys, "All API keys"),
    route("POST", "/keys", post_key, "Make an API key, shown once"),
    route("POST", "/keys/{id}/revoke", post_revoked, "Take an API key back"),
)
