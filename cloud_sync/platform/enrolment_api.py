"""What a device asks before it has a certificate, and when its certificate draws to its end."""

from aiohttp import web

from cloud_sync.platform import enrolment
from cloud_sync.platform.access import Forbidden
from cloud_sync.platform.configuration import keep_configurations, listener_ca, read_message
from cloud_sync.platform.context import Platform
from cloud_sync.platform.enrolment import Enrolled
from cloud_sync.platform.exchange import Access, Route, read_body, reply
from cloud_sync.platform.settings import PlatformSettings
from cloud_sync.platform.store.port import Connection
from cloud_sync.wire.clock import COSE_MEDIA_TYPE
from cloud_sync.wire.enrolment import (
    BrokerAccount,
    Enrolment,
    EnrolmentRequest,
    PlatformIdentity,
    RenewalNonce,
    RenewalRequest,
    RenewedCertificate,
    digest,
    sign_document,
)
from edge.trust.certificates import Request, open_request


async def get_platform(request: web.Request, platform: Platform) -> web.StreamResponse:
    """Who this platform is, signed by the root key whose fingerprint stands in every code."""
    identity = PlatformIdentity(
        root=platform.keys.root.public, ca=listener_ca(platform.settings, platform.keys)
    )
    return _signed(sign_document(platform.keys.root, identity))


async def post_enrolment(request: web.Request, platform: Platform) -> web.StreamResponse:
    """Use a one-time code."""
    asked = await read_body(request, EnrolmentRequest)
    _require_listener(platform)
    proved, now_ms = open_request(asked.csr), platform.clock_ms()

    def use(connection: Connection) -> tuple[Enrolled, bytes | None]:
        enrolled = enrolment.enrol_device(
            connection,
            platform.keys.authority,
            device=asked.device,
            secret=asked.secret,
            public=proved.public,
            hardware=asked.hardware,
            now_ms=now_ms,
        )
        keep_configurations(connection, platform.settings, platform.keys)
        return enrolled, read_message(connection.of(enrolled.device.site))

    enrolled, configuration = await platform.database.write(use)
    platform.known.forget(asked.device)
    assert configuration is not None, "a platform with a device listener configures its sites"
    answer = Enrolment(
        site=enrolled.device.site,
        device=asked.device,
        csr=digest(asked.csr),
        certificate=enrolled.issued.pem,
        ca=listener_ca(platform.settings, platform.keys),
        keyset=platform.keys.keyset,
        configuration=configuration,
        broker=_account(platform.settings, enrolled.device.site, asked.device),
        epoch_above=enrolled.epoch_above,
    )
    return _signed(sign_document(platform.keys.root, answer))


async def get_nonce(request: web.Request, platform: Platform) -> web.StreamResponse:
    """A nonce for a request for a certificate."""
    nonce = platform.known.nonces.make(request.match_info["device"], now_ms=platform.clock_ms())
    return reply(RenewalNonce(nonce))


async def post_certificate(request: web.Request, platform: Platform) -> web.StreamResponse:
    """Another certificate for the key that a device enrolled with; the request's signature is the proof."""
    asked = await read_body(request, RenewalRequest)
    site, device, now_ms = request.match_info["site"], request.match_info["device"], platform.clock_ms()
    proved: Request = open_request(asked.csr)
    platform.known.nonces.check(device, proved.nonce, now_ms=now_ms)

    def renew(connection: Connection) -> str:
        known = enrolment.find_device(connection, device)
        if known is not None and known.public == proved.public and asked.hardware:
            enrolment.meet_hardware(connection, device, asked.hardware, now_ms=now_ms)
        return enrolment.renew_certificate(
            connection, platform.keys.authority, device, proved.public, now_ms=now_ms
        ).pem

    certificate = await platform.database.of(site).write(renew)
    platform.known.forget(device)
    return reply(RenewedCertificate(certificate))


def _account(settings: PlatformSettings, site: str, device: str) -> BrokerAccount | None:
    """The device's account on the broker, where its file is."""
    if settings.broker is None or not settings.broker.accounts_dir:
        return None
    account = f"{site}.{device}"
    file = settings.path(settings.broker.accounts_dir) / f"{account}.password"
    if not file.exists():
        return None
    return BrokerAccount(username=account, password=file.read_text("ascii").strip())


def _require_listener(platform: Platform) -> None:
    if platform.settings.device_listener is None:
        raise Forbidden(reason="no device listener")


def _signed(message: bytes) -> web.Response:
    return web.Response(body=message, content_type=COSE_MEDIA_TYPE)


_DEVICE = "/v1/sites/{site}/devices/{device}"
ROUTES: tuple[Route, ...] = (
    Route("GET", "/v1/enrolment", get_platform, Access.OPEN, "Who this platform is, signed", answer=bytes),
    Route(
        "POST",
        "/v1/enrolment",
        post_enrolment,
        Access.OPEN,
        "Enrol with a one-time code",
        body=EnrolmentRequest,
        answer=bytes,
        codes=("code_unknown", "code_used", "code_expired", "csr_bad"),
    ),
    Route(
        "GET",
        f"{_DEVICE}/certificate/nonce",
        get_nonce,
        Access.OPEN,
        "A nonce for a request for a certificate",
        answer=RenewalNonce,
    ),
    Route(
        "POST",
        f"{_DEVICE}/certificate",
        post_certificate,
        Access.OPEN,
        "Another certificate for the same key",
        body=RenewalRequest,
        answer=RenewedCertificate,
        codes=("csr_bad", "proof_stale", "device_unknown", "device_revoked", "device_quarantined"),
    ),
)
