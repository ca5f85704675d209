"""Forms about a site's devices: a one-time code to enrol or replace one, and taking one out of service."""

from aiohttp import web

from cloud_sync.platform import custody, enrolment, register
from cloud_sync.platform.context import Platform
from cloud_sync.platform.exchange import Malformed, Route
from cloud_sync.platform.operators.api import PATH, page, read_form, route, see
from cloud_sync.platform.store.port import Connection
from cloud_sync.wire.enrolment import fingerprint
from cloud_sync.wire.enrolment_code import OneTimeCode
from edge.ids import is_device_name


async def post_code(request: web.Request, platform: Platform) -> web.StreamResponse:
    """Give out a one-time code and show it, this once; one that was not used before is void."""
    site, now_ms = request.match_info["site"], platform.clock_ms()
    [device] = [text.strip() for text in await read_form(request, "device")]
    listener = platform.settings.device_listener
    if listener is None:
        raise Malformed(reason="no_listener")
    if not is_device_name(device):
        raise Malformed(reason="device_name")
    root = fingerprint(platform.keys.root.public)

    def issue(connection: Connection) -> OneTimeCode:
        if register.find_site(connection, site) is None:
            raise custody.EventNotHere()
        try:
            return enrolment.issue_code(connection, device, root, now_ms=now_ms)
        except register.DeviceElsewhere as error:
            raise Malformed(reason="device_elsewhere") from error

    code = await platform.database.of(site).write(issue)
    platform.known.forget(device)
    values = {"code": str(code), "device": device, "site": site, "url": listener.url}
    return page(request, "code.html", values | {"until_ms": now_ms + enrolment.CODE_LIFE_MS})


async def post_revoke(request: web.Request, platform: Platform) -> web.StreamResponse:
    """Take a device out of service: it is turned away from its next request on."""
    site, device, now_ms = request.match_info["site"], request.match_info["device"], platform.clock_ms()
    await platform.database.of(site).write(lambda c: enrolment.revoke_device(c, device, now_ms=now_ms))
    platform.known.forget(device)
    return see(f"{PATH}/sites/{site}")


ROUTES: tuple[Route, ...] = (
    route("POST", "/sites/{site}/codes", post_code, "A one-time code for a device, shown once"),
    route("POST", "/sites/{site}/devices/{device}/revoke", post_revoke, "Take a device out of service"),
)
