"""Webhooks over HTTP: other systems manage theirs with an API key, operators theirs on a page."""

from typing import Any

import msgspec
from aiohttp import web

from cloud_sync.platform import custody, register
from cloud_sync.platform.context import Platform
from cloud_sync.platform.exchange import API_KEY, Access, Route, read_body, reply
from cloud_sync.platform.operators.api import PATH, page, read_count, read_form, route, see
from cloud_sync.platform.store.port import Connection
from cloud_sync.platform.webhooks import records
from cloud_sync.platform.webhooks.addresses import WebhookInvalid, check_url
from cloud_sync.platform.webhooks.records import OPERATORS, Webhook


class WebhookOrder(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A subscription: `types` as `SaleSettled` or `SaleSettled.v3`, none for all; no `site`: all sites."""

    url: str
    types: list[str] = []
    site: str = ""


class WebhookRow(msgspec.Struct, frozen=True, kw_only=True):
    """A subscription and how it goes; `letters` is how many deliveries were given up."""

    id: str
    url: str
    types: list[str]
    site: str
    created_ms: int
    delivered: int
    delivered_ms: int
    failed_ms: int
    failure: str
    letters: int


class WebhookMade(msgspec.Struct, frozen=True):
    """A new subscription and the secret of its signatures."""

    webhook: WebhookRow
    secret: str


class WebhookList(msgspec.Struct, frozen=True):
    """The subscriptions of a key."""

    webhooks: list[WebhookRow]


class LetterRow(msgspec.Struct, frozen=True, kw_only=True):
    """A delivery that was given up."""

    device: str
    epoch: int
    seq: int
    event: str
    type: str
    attempts: int
    failure: str
    given_up_ms: int


class LetterList(msgspec.Struct, frozen=True):
    """Dead letters, the first hundred in order of custody."""

    letters: list[LetterRow]


async def list_webhooks(request: web.Request, platform: Platform) -> web.StreamResponse:
    """The webhooks of the asking key."""
    owner = request[API_KEY].id
    hooks = await platform.database.read(lambda c: _owned(c, owner))
    return reply(WebhookList([_row(hook) for hook in hooks]))


async def add_webhook(request: web.Request, platform: Platform) -> web.StreamResponse:
    """Subscribe; a key of one site gets that site's events only."""
    order, key = await read_body(request, WebhookOrder), request[API_KEY]
    if key.site and order.site not in ("", key.site):
        raise WebhookInvalid(reason="site")
    hook = await _add(platform, key.id, msgspec.structs.replace(order, site=key.site or order.site))
    return reply(WebhookMade(_row(hook), platform.webhooks.secret_of(hook)), 201)


async def remove_webhook(request: web.Request, platform: Platform) -> web.StreamResponse:
    """End a subscription."""
    hook = await _find(platform, request.match_info["id"], request[API_KEY].id)
    await _remove(platform, hook)
    return web.Response(status=204)


async def list_letters(request: web.Request, platform: Platform) -> web.StreamResponse:
    """What was given up."""
    hook = await _find(platform, request.match_info["id"], request[API_KEY].id)
    letters = await platform.database.read(lambda c: records.list_letters(c, hook.id))
    return reply(LetterList([_letter(letter) for letter in letters]))


async def send_again(request: web.Request, platform: Platform) -> web.StreamResponse:
    """Send all dead letters once more."""
    hook = await _find(platform, request.match_info["id"], request[API_KEY].id)
    await platform.database.take(lambda c: records.send_again(c, hook.id))
    return web.Response(status=204)


async def get_page(request: web.Request, platform: Platform) -> web.StreamResponse:
    """All webhooks, whoever made them, with their dead letters."""
    return page(request, "webhooks.html", await _read_page(platform) | {"made": None, "secret": ""})


async def post_webhook(request: web.Request, platform: Platform) -> web.StreamResponse:
    """Make an operators' webhook and show its secret, this once."""
    url, types, site = await read_form(request, "url", "types", "site")
    order = WebhookOrder(url.strip(), types.replace(",", " ").split(), site)
    hook = await _add(platform, OPERATORS, order)
    shown = {"made": hook, "secret": platform.webhooks.secret_of(hook)}
    return page(request, "webhooks.html", await _read_page(platform) | shown)


async def post_removed(request: web.Request, platform: Platform) -> web.StreamResponse:
    """End a subscription, whoever made it."""
    await _remove(platform, await _find(platform, request.match_info["id"], None))
    return see(f"{PATH}/webhooks")


async def post_again(request: web.Request, platform: Platform) -> web.StreamResponse:
    """Send one dead letter once more."""
    hook = await _find(platform, request.match_info["id"], None)
    key = (request.match_info["device"], read_count(request, "epoch"), read_count(request, "seq"))
    if not await platform.database.take(lambda c: records.send_again(c, hook.id, key)):
        raise custody.EventNotHere()
    return see(f"{PATH}/webhooks")


async def _add(platform: Platform, owner: str, order: WebhookOrder) -> Webhook:
    check_url(order.url, platform.settings.webhooks.networks())
    now_ms = platform.clock_ms()
    return await platform.database.write(
        lambda c: records.add_webhook(
            c, owner=owner, site=order.site, url=order.url, types=order.types, now_ms=now_ms
        )
    )


async def _find(platform: Platform, id: str, owner: str | None) -> Webhook:
    """A webhook of this owner, None: of anybody. Raises EventNotHere."""
    hooks = await platform.database.read(lambda c: _owned(c, owner))
    hook = next((hook for hook in hooks if hook.id == id), None)
    if hook is None:
        raise custody.EventNotHere()
    return hook


async def _remove(platform: Platform, hook: Webhook) -> None:
    now_ms = platform.clock_ms()
    await platform.database.write(lambda c: records.remove_webhook(c, hook.id, now_ms=now_ms))


async def _read_page(platform: Platform) -> dict[str, Any]:
    def read(connection: Connection) -> dict[str, Any]:
        hooks = records.list_webhooks(connection)
        letters = {hook.id: records.list_letters(connection, hook.id) for hook in hooks if hook.letters}
        return {"hooks": hooks, "letters": letters, "sites": register.list_sites(connection)}

    return await platform.database.read(read)


def _owned(connection: Connection, owner: str | None) -> list[Webhook]:
    return records.list_webhooks(connection, lambda hook: owner is None or hook.owner == owner)


def _row(hook: Webhook) -> WebhookRow:
    return msgspec.convert(records.row_of(hook), WebhookRow)


def _letter(letter: records.Letter) -> LetterRow:
    return msgspec.convert(msgspec.to_builtins(letter), LetterRow)


_API, _ONE = "/api/webhooks", "/api/webhooks/{id}"
ROUTES: tuple[Route, ...] = (
    Route("GET", _API, list_webhooks, Access.KEY, "A key's webhooks", answer=WebhookList, scope="webhooks"),
    Route(
        "POST",
        _API,
        add_webhook,
        Access.KEY,
        "Subscribe a webhook",
        body=WebhookOrder,
        answer=WebhookMade,
        codes=("webhook_invalid",),
        scope="webhooks",
    ),
    Route(
        "DELETE",
        _ONE,
        remove_webhook,
        Access.KEY,
        "End a webhook",
        codes=("not_found",),
        scope="webhooks",
    ),
    Route(
        "GET",
        f"{_ONE}/dead-letters",
        list_letters,
        Access.KEY,
        "Deliveries that were given up",
        answer=LetterList,
        codes=("not_found",),
        scope="webhooks",
    ),
    Route(
        "POST",
        f"{_ONE}/dead-letters/again",
        send_again,
        Access.KEY,
        "Send the dead letters once more",
        codes=("not_found",),
        scope="webhooks",
    ),
    route("GET", "/webhooks", get_page, "All webhooks"),
    route("POST", "/webhooks", post_webhook, "Make a webhook"),
    route("POST", "/webhooks/{id}/remove", post_removed, "End a webhook"),
    route(
        "POST", "/webhooks/{id}/letters/{device}/{epoch}/{seq}/again", post_again, "Send a dead letter again"
    ),
)
