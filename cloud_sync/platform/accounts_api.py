"""What devices ask of accounts, and how a person declares one of them lost."""

from typing import Annotated, Any

import msgspec
from aiohttp import web

from cloud_sync.platform.context import Platform
from cloud_sync.platform.custody import EventNotHere
from cloud_sync.platform.exchange import DEVICE, Access, Route, read_body, reply
from cloud_sync.platform.lease_events import declare_lost
from cloud_sync.platform.leases import raise_lease
from cloud_sync.wire.accounts import LeaseRaise
from cloud_sync.wire.collections import Lease


class LossDeclared(msgspec.Struct, frozen=True):
    """A named person says that a device will not be heard again."""

    person: Annotated[str, msgspec.Meta(min_length=1, max_length=64)]


async def post_raise(request: web.Request, platform: Platform) -> web.StreamResponse:
    """Raise what the device may spend of an account."""
    asked = await read_body(request, LeaseRaise)
    device, account = request[DEVICE], request.match_info["account"]
    lease = await platform.database.write(lambda c: raise_lease(c, device, account, asked))
    return reply(lease)


async def post_lost(request: web.Request, platform: Platform) -> web.StreamResponse:
    """Take back what the newest epoch of a device was granted: it will not be heard again."""
    declared = await read_body(request, LossDeclared)
    device, now_ms = request.match_info["device"], platform.clock_ms()

    def declare(connection: Any) -> None:
        epoch = connection.execute(
            "SELECT max(epoch) FROM streams WHERE site=? AND device=?", (connection.site, device)
        ).fetchone()[0]
        if epoch is None:
            raise EventNotHere()
        declare_lost(connection, device, epoch, person=declared.person, now_ms=now_ms)

    await platform.database.write(declare)
    return web.Response(status=204)


ROUTES: tuple[Route, ...] = (
    Route(
        "POST",
        "/v1/sites/{site}/devices/{device}/leases/{account}/raise",
        post_raise,
        Access.DEVICE,
        "Raise what the device may spend of an account",
        body=LeaseRaise,
        answer=Lease,
        codes=("account_unknown", "balance_exceeded", "lease_ended", "superseded", "device_lost"),
    ),
    Route(
        "POST",
        "/sim/devices/{device}/lost",
        post_lost,
        Access.DEMO,
        "A person declares a device lost",
        body=LossDeclared,
        codes=("not_found",),
    ),
)
