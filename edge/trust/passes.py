"""Passes (通行码), holder certificates and resident codes: CWT claims (RFC 8392) as base45 text in a QR.

A pass says nothing about a name, a room or a phone. Codec and signature only: doors, uses, deny lists and the
policy for an unknown clock belong to ``edge.access``.
"""

import re
import secrets
from typing import Any

import base45
import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from edge.errors import Refusal
from edge.trust import cose
from edge.trust.keys import KeySet, SigningKey

PREFIX = "CE1:"
"""Two letters of ours, the version of the encoding, and a colon."""
_ANY_VERSION = re.compile(r"CE[0-9]{1,3}:")
RESIDENT_SKEW_MS = 120_000
"""Architecture, Trust: a resident's own code is good for 120 s to either side."""

CERTIFICATE_LIFE_MS = 30 * 24 * 3_600_000
"""Architecture, Trust: a resident holds a 30-day certificate."""

_SUB, _AUD, _EXP, _NBF, _IAT, _CTI, _CNF = 2, 3, 4, 5, 6, 7, 8
_KIND, _DOORS, _ORDER, _USES, _CERTIFICATE = -70001, -70002, -70003, -70004, -70010
_ISSUED_KINDS = {"visitor": 1, "order": 2, "staff": 3, "deposit": 5}
"""`deposit` is a courier's: it opens the parcel room and lets parcels be put into cells."""
_KIND_NAMES = {number: name for name, number in _ISSUED_KINDS.items()}
_RESIDENT = "resident"
_CERTIFICATE_KIND = 4
_CONFIRMATION_KEY, _KEY_TYPE, _CURVE, _X = 1, 1, -1, -2
_OKP, _ED25519 = 1, 6
_CLAIMS_OF_A_PASS = {_SUB, _AUD, _EXP, _NBF, _CTI, _KIND, _DOORS, _ORDER, _USES}
_CLAIMS_OF_A_CERTIFICATE = {_SUB, _AUD, _EXP, _IAT, _CNF, _KIND}
_CLAIMS_OF_A_CODE = {_IAT, _CTI, _CERTIFICATE}
_LIMIT_CHARACTERS = len(PREFIX) + cose.LIMIT_BYTES // 2 * 3


class NotAPass(Refusal):
    """The text is no pass of ours, or a damaged one."""

    code = "not_a_pass"


class PassTooNew(Refusal):
    """The pass says something that this version of the product does not know, and so cannot judge."""

    code = "pass_too_new"


class PassExpired(Refusal):
    """The pass, or the certificate behind a resident's code, is over."""

    code = "pass_expired"


class PassNotYetValid(Refusal):
    """The pass begins later."""

    code = "pass_not_yet_valid"


class Pass(msgspec.Struct, frozen=True, kw_only=True):
    """What a pass says. ``uses`` None means any number within the window; times are whole seconds in ms.

    ``certified_ms`` is when the phone behind a resident's code was certified, 0 in all other kinds: a lost
    phone is revoked by everything that was certified before.
    """

    id: str
    kind: str
    site: str
    subject: str
    doors: tuple[str, ...] = ()
    order: str | None = None
    not_before_ms: int
    expires_ms: int
    uses: int | None = None
    certified_ms: int = 0


def issue_pass(key: SigningKey, issued: Pass) -> str:
    """Sign a visitor, order, staff or deposit pass and return the text for its QR."""
    if issued.kind not in _ISSUED_KINDS:
        raise ValueError(f"no pass of kind {issued.kind!r} is issued")
    claims: dict[int, Any] = {
        _SUB: issued.subject,
        _AUD: issued.site,
        _EXP: -(-issued.expires_ms // 1000),
        _NBF: issued.not_before_ms // 1000,
        _CTI: issued.id.encode("utf-8"),
        _KIND: _ISSUED_KINDS[issued.kind],
    }
    optional = {_DOORS: list(issued.doors) or None, _ORDER: issued.order, _USES: issued.uses}
    claims |= {label: value for label, value in optional.items() if value is not None}
    return _to_text(cose.sign(key, claims))


def open_pass(text: str, keys: KeySet, at_ms: int | None) -> Pass:
    """Verify a platform-signed pass; ``at_ms`` None leaves every time unjudged.

    Raises NotAPass, PassTooNew, PassNotYetValid, PassExpired and the refusals of ``cose.open_signed``.
    """
    claims = cose.open_signed(_from_text(text), keys, purpose="passes", at_ms=at_ms)
    kind = _issued_kind(claims)
    opened = _convert(
        {
            "id": _text_of(claims.get(_CTI)),
            "kind": kind,
            "site": claims.get(_AUD),
            "subject": claims.get(_SUB),
            "doors": claims.get(_DOORS, []),
            "order": claims.get(_ORDER),
            "not_before_ms": _seconds(claims, _NBF) * 1000,
            "expires_ms": _seconds(claims, _EXP) * 1000,
            "uses": claims.get(_USES),
        }
    )
    _check_window(opened, at_ms)
    return opened


def issue_holder_certificate(
    key: SigningKey, subject: str, site: str, public_key: bytes, expires_ms: int, *, issued_ms: int = 0
) -> bytes:
    """Certify a resident's phone key (32 raw bytes) until ``expires_ms``; thirty days are usual."""
    cose_key = {_KEY_TYPE: _OKP, _CURVE: _ED25519, _X: public_key}
    claims: dict[int, Any] = {
        _SUB: subject,
        _AUD: site,
        _EXP: expires_ms // 1000,
        _CNF: {_CONFIRMATION_KEY: cose_key},
        _KIND: _CERTIFICATE_KIND,
    }
    if issued_ms:
        claims[_IAT] = issued_ms // 1000
    return cose.sign(key, claims)


def resident_code(private: Ed25519PrivateKey, certificate: bytes, at_ms: int) -> str:
    """Sign a fresh code with the phone's own key, without any network."""
    claims = {_IAT: at_ms // 1000, _CTI: secrets.token_bytes(8), _CERTIFICATE: certificate}
    return _to_text(cose.sign_with(private, claims))


def open_resident_code(text: str, keys: KeySet, at_ms: int | None) -> Pass:
    """Verify a resident's code and the certificate inside it; the pass's id is unique to this code.

    Raises NotAPass, PassTooNew, PassNotYetValid, PassExpired and the refusals of ``cose.open_signed``.
    """
    message = _from_text(text)
    _, unverified = cose.peek(message)
    certificate = unverified.get(_CERTIFICATE)
    if not isinstance(certificate, bytes):
        raise NotAPass(part="certificate")
    holder = cose.open_signed(certificate, keys, purpose="passes", at_ms=at_ms)
    if holder.get(_KIND) != _CERTIFICATE_KIND:
        raise NotAPass(part="certificate")
    claims = cose.open_with(_holder_key(holder), message)
    if not (set(holder) <= _CLAIMS_OF_A_CERTIFICATE and set(claims) <= _CLAIMS_OF_A_CODE):
        raise PassTooNew(part="claims")
    identity = claims.get(_CTI)
    if not isinstance(identity, bytes) or len(identity) != 8:
        raise NotAPass(part="id")
    issued_ms = _seconds(claims, _IAT) * 1000
    certified_until_ms = _seconds(holder, _EXP) * 1000
    opened = _convert(
        {
            "id": f"r-{identity.hex()}",
            "kind": _RESIDENT,
            "site": holder.get(_AUD),
            "subject": holder.get(_SUB),
            "not_before_ms": issued_ms - RESIDENT_SKEW_MS,
            "expires_ms": min(issued_ms + RESIDENT_SKEW_MS, certified_until_ms),
            "certified_ms": _certified_at_ms(holder),
        }
    )
    _check_window(opened, at_ms)
    return opened


def open_scan(text: str, keys: KeySet, at_ms: int | None) -> Pass:
    """Verify whichever of the two a reader saw: an issued pass or a resident's own code."""
    kid, _ = cose.peek(_from_text(text))
    return open_pass(text, keys, at_ms) if kid else open_resident_code(text, keys, at_ms)


def is_pass_text(text: str) -> bool:
    """Tell whether a scanned text claims to be one of ours, of whatever version."""
    return _ANY_VERSION.match(text) is not None


def _issued_kind(claims: dict[Any, Any]) -> str:
    """The kind in words. An unknown one, or a claim that may restrict the pass, is of a later version."""
    number = claims.get(_KIND)
    if type(number) is not int or number == _CERTIFICATE_KIND:
        raise NotAPass(part="kind")
    if number not in _KIND_NAMES:
        raise PassTooNew(part="kind")
    if not set(claims) <= _CLAIMS_OF_A_PASS:
        raise PassTooNew(part="claims")
    return _KIND_NAMES[number]


def _to_text(message: bytes) -> str:
    return PREFIX + str(base45.b45encode(message), "ascii")


def _from_text(text: str) -> bytes:
    if not text.startswith(PREFIX):
        raise PassTooNew(part="prefix") if is_pass_text(text) else NotAPass(part="prefix")
    if len(text) > _LIMIT_CHARACTERS:
        raise cose.MessageTooLarge(characters=len(text), limit_characters=_LIMIT_CHARACTERS)
    body = text.removeprefix(PREFIX)
    try:
        message = bytes(base45.b45decode(body))
        written = base45.b45encode(message).decode("ascii")
    except ValueError as error:
        raise NotAPass(part="base45") from error
    if written != body:
        raise NotAPass(part="base45")
    return message


def _convert(fields: dict[str, Any]) -> Pass:
    try:
        return msgspec.convert(fields, Pass, strict=True)
    except msgspec.ValidationError as error:
        raise NotAPass(part="claims") from error


def _text_of(value: object) -> str:
    if not isinstance(value, bytes):
        raise NotAPass(part="id")
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError as error:
        raise NotAPass(part="id") from error


def _seconds(claims: dict[Any, Any], label: int) -> int:
    value = claims.get(label)
    if not isinstance(value, int) or isinstance(value, bool):
        raise NotAPass(part="time")
    return value


def _certified_at_ms(holder: dict[Any, Any]) -> int:
    """When it was signed; certificates of before this was said live as long as was usual."""
    if _IAT in holder:
        return _seconds(holder, _IAT) * 1000
    return _seconds(holder, _EXP) * 1000 - CERTIFICATE_LIFE_MS


def _holder_key(holder: dict[Any, Any]) -> bytes:
    confirmation = holder.get(_CNF)
    cose_key = confirmation.get(_CONFIRMATION_KEY) if isinstance(confirmation, dict) else None
    if not isinstance(cose_key, dict) or (cose_key.get(_KEY_TYPE), cose_key.get(_CURVE)) != (_OKP, _ED25519):
        raise NotAPass(part="key")
    public = cose_key.get(_X)
    if not isinstance(public, bytes):
        raise NotAPass(part="key")
    return public


def _check_window(opened: Pass, at_ms: int | None) -> None:
    if at_ms is None:
        return
    if at_ms < opened.not_before_ms:
        raise PassNotYetValid(not_before_ms=opened.not_before_ms)
    if at_ms >= opened.expires_ms:
        raise PassExpired(expires_ms=opened.expires_ms)
