"""The form about a site's parts: what of the shop, the fees, the lockers and the doors the site has."""

from aiohttp import web

from cloud_sync.platform import custody, register
from cloud_sync.platform.configuration import keep_configurations
from cloud_sync.platform.context import Platform
from cloud_sync.platform.exchange import Malformed, Route
from cloud_sync.platform.operators.api import PATH, read_form, route, see
from cloud_sync.platform.store.port import Connection
from cloud_sync.wire.enrolment import PARTS


async def post_parts(request: web.Request, platform: Platform) -> web.StreamResponse:
    """Switch on what is ticked and everything else off; devices are told by the signed configuration."""
    site = request.match_info["site"]
    ticked = await read_form(request, *PARTS)
    if platform.settings.device_listener is None:
        raise Malformed(reason="no_listener")
    off = [part for part, mark in zip(PARTS, ticked, strict=True) if not mark]

    def put(connection: Connection) -> None:
        if not register.put_parts_off(connection, off):
            raise custody.EventNotHere()
        keep_configurations(connection, platform.settings, platform.keys)

    await platform.database.of(site).write(put)
    return see(f"{PATH}/sites/{site}")


ROUTES: tuple[Route, ...] = (
    route("POST", "/sites/{site}/parts", post_parts, "Which parts the site has: `shop`, `fees`, …"),
)
