"""Enrolment, renewal and the site's configuration as they go over the wire (docs/enrolment.md).

What the platform answers to an enrolment is signed by its root key, whose fingerprint stands in the code.
"""

import hashlib
from typing import Annotated, Any, TypeVar

import msgspec

from edge.trust.cose import NotCanonical, open_with, peek, sign
from edge.trust.keys import BadSignature, SigningKey

S = TypeVar("S", bound=msgspec.Struct)

HARDWARE_HEADER = "Community-Edge-Hardware"
"""On every request of a device that has a certificate: `mark_hardware` of its machine."""
FINGERPRINT_BYTES = 10
"""80 bits of SHA-256: whoever wants another root for a printed code would have to try 2^80."""
LIMIT_BYTES = 65_536
TIME_ZONE = "Asia/Shanghai"
"""The zone (IANA name) that dates, hours and schedules of a site are reckoned in."""
PARTS = ("shop", "fees", "pickup", "doors")
"""What a site's configuration may switch off: 购物, 缴费, 自提, 门禁. A site has what is not named."""
_PLATFORM, _ENROLMENT, _CONFIGURATION = "edge.platform.v1", "edge.enrolment.v1", "edge.configuration.v1"

Pem = Annotated[str, msgspec.Meta(max_length=8_192)]
Mark = Annotated[str, msgspec.Meta(pattern="^([0-9a-f]{32})?$")]


class PlatformIdentity(msgspec.Struct, frozen=True, kw_only=True):
    """Who the platform is: its root key (32 raw bytes) and the authority of its device listener (PEM)."""

    document: str = _PLATFORM
    root: bytes
    ca: str


class EnrolmentRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A device shows the secret of its code (hex), and asks for a certificate for its key.

    `hardware` is `mark_hardware` of the machine, empty where it has no serial number.
    """

    device: str
    secret: Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{20}$")]
    csr: Pem
    hardware: Mark = ""


class BrokerAccount(msgspec.Struct, frozen=True, kw_only=True):
    """The device's account on the platform's broker."""

    username: str
    password: str


class Enrolment(msgspec.Struct, frozen=True, kw_only=True):
    """The platform's answer: everything that a device needs to be believed and to believe.

    `csr` is the SHA-256 of the request that it answers (hex). `keyset` and `configuration` are signed
    messages of their own. Where the platform knows the device already, `epoch_above` is its newest epoch: the
    device begins a newer one.
    """

    document: str = _ENROLMENT
    site: str
    device: str
    csr: str
    certificate: str
    ca: str
    keyset: bytes
    configuration: bytes
    broker: BrokerAccount | None = None
    epoch_above: int = 0


class BrokerAddress(msgspec.Struct, frozen=True, kw_only=True):
    """Where the platform's broker is; `ca` (PEM) signs its certificate, empty: no TLS."""

    host: str
    port: int
    ca: str = ""


class SiteConfiguration(msgspec.Struct, frozen=True, kw_only=True):
    """What the platform decides of a site's configuration; hardware is the site's own business.

    `version` rises with every change; an older one is never taken. A device that reckons in another
    `time_zone` does not take it either: it would book on other dates than the platform. `parts_off` names
    what the site does not have, of `PARTS`; an older device leaves a word alone that it does not know.
    """

    document: str = _CONFIGURATION
    version: Annotated[int, msgspec.Meta(ge=1)]
    site: str
    name_zh: str
    name_en: str
    url: str
    ca: str
    broker: BrokerAddress | None = None
    time_zone: str = TIME_ZONE
    parts_off: tuple[str, ...] = ()


class RenewalNonce(msgspec.Struct, frozen=True):
    """A nonce of the platform for one request for a certificate; it lives for a minute."""

    nonce: str


class RenewalRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A request for a certificate for the same key, which carries the platform's nonce."""

    csr: Pem
    hardware: Mark = ""


class RenewedCertificate(msgspec.Struct, frozen=True):
    """The new certificate (PEM)."""

    certificate: str


def mark_hardware(serial: str | None) -> str:
    """How a machine is told from another: 32 hex digits of a hash of its serial number; empty without one."""
    if serial is None:
        return ""
    return hashlib.sha256(b"edge.hardware.v1:" + serial.encode("ascii")).hexdigest()[:32]


def fingerprint(root_public: bytes) -> bytes:
    """What a code carries of the root key."""
    return hashlib.sha256(root_public).digest()[:FINGERPRINT_BYTES]


def digest(text: str) -> str:
    """SHA-256 of a PEM text, in hex."""
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def sign_document(root: SigningKey, document: msgspec.Struct) -> bytes:
    """Sign one of the documents of this module by the root key."""
    return sign(root, msgspec.to_builtins(document, builtin_types=(bytes,)), limit_bytes=LIMIT_BYTES)


def open_platform(message: bytes, *, root_fingerprint: bytes) -> PlatformIdentity:
    """Believe a platform whose root key has this fingerprint.

    Raises BadSignature for another root, NotCanonical and the other refusals of `open_with`.
    """
    claimed = _convert(peek(message, limit_bytes=LIMIT_BYTES)[1], PlatformIdentity, _PLATFORM)
    if fingerprint(claimed.root) != root_fingerprint:
        raise BadSignature(part="root")
    open_with(claimed.root, message, limit_bytes=LIMIT_BYTES)
    return claimed


def open_enrolment(message: bytes, root_public: bytes) -> Enrolment:
    """Verify the platform's answer. Raises the refusals of `open_with`."""
    return _convert(open_with(root_public, message, limit_bytes=LIMIT_BYTES), Enrolment, _ENROLMENT)


def open_configuration(message: bytes, root_public: bytes) -> SiteConfiguration:
    """Verify a site's configuration. Raises the refusals of `open_with`."""
    payload = open_with(root_public, message, limit_bytes=LIMIT_BYTES)
    return _convert(payload, SiteConfiguration, _CONFIGURATION)


def _convert(payload: dict[Any, Any], shape: type[S], document: str) -> S:
    if payload.get("document") != document:
        raise NotCanonical(part="document")
    try:
        return msgspec.convert(payload, shape, builtin_types=(bytes,))
    except msgspec.ValidationError as error:
        raise NotCanonical(part=document) from error
