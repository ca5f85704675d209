"""Which device asks: by the certificate that it shows, or by a token on this machine's plain listener."""

import ssl
from typing import Any, ClassVar

from aiohttp import web

from cloud_sync.platform import enrolment
from cloud_sync.platform.context import Platform
from cloud_sync.platform.enrolment import Device
from cloud_sync.platform.keys import hash_token
from cloud_sync.wire.enrolment import HARDWARE_HEADER
from edge.errors import Refusal
from edge.trust.certificates import Holder, serial_text


class Unauthorized(Refusal):
    """Neither a certificate nor a token that is known."""

    code: ClassVar[str] = "unauthorized"


class Forbidden(Refusal):
    """Known, but not for this site or device."""

    code: ClassVar[str] = "forbidden"


async def identify(request: web.Request, platform: Platform) -> Holder:
    """Who asks. Raises Unauthorized and the refusals of `check_certificate`, which are noted as incidents."""
    peer = request.get_extra_info("peercert")
    if not peer:
        return _by_token(request, platform)
    holder = _holder_of(peer)
    if holder is None:
        raise Unauthorized()
    now_ms = platform.clock_ms()
    try:
        await _check(request, platform, holder, peer, now_ms)
    except Refusal as refusal:
        await platform.known.note(platform.database, holder, refusal.code, now_ms=now_ms)
        raise
    return holder


async def _check(
    request: web.Request, platform: Platform, holder: Holder, peer: dict[str, Any], now_ms: int
) -> None:
    known = await platform.known.find(platform.database, holder, now_ms=now_ms)
    until_ms = int(ssl.cert_time_to_seconds(peer["notAfter"])) * 1000
    serial = serial_text(int(peer["serialNumber"], 16))
    enrolment.check_certificate(known, holder, serial, until_ms, now_ms=now_ms)
    hardware = request.headers.get(HARDWARE_HEADER, "")
    if known is not None and hardware and hardware != known.hardware:
        await _meet_hardware(platform, known, hardware, now_ms)


async def _meet_hardware(platform: Platform, known: Device, hardware: str, now_ms: int) -> None:
    met = await platform.database.of(known.site).take(
        lambda c: enrolment.meet_hardware(c, known.id, hardware, now_ms=now_ms)
    )
    platform.known.forget(known.id)
    enrolment.require_active(met)


def _by_token(request: web.Request, platform: Platform) -> Holder:
    """A token never counts over TLS: there devices have certificates."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    holder = platform.keys.devices.get(hash_token(token.strip())) if scheme == "Bearer" else None
    if holder is None or request.secure:
        raise Unauthorized()
    return holder


def _holder_of(peer: dict[str, Any]) -> Holder | None:
    urns = [value for kind, value in peer.get("subjectAltName", ()) if kind == "URI"]
    return Holder.parse(urns[0]) if len(urns) == 1 else None
