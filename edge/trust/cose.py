"""COSE_Sign1 (RFC 9052) with EdDSA over canonical CBOR, and nothing else of COSE.

The protected header holds the algorithm (1: -8) and, unless the key is held by a phone, the key id (4). The
unprotected header is empty. Everything that is not exactly that, or not in canonical encoding (RFC 7049
section 3.9: shortest forms, shorter keys first), is refused before any signature is looked at.
"""

import base64
from functools import lru_cache
from typing import Any, NamedTuple

import cbor2
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from edge.errors import Refusal
from edge.trust.keys import KeySet, SigningKey, verify_raw

LIMIT_BYTES = 512
"""Architecture, Trust: more than 512 bytes is refused."""

_TAG_SIGN1 = 18
_ALGORITHM, _CRITICAL, _KID = 1, 2, 4
_EDDSA = -8
_DEPTH_LIMIT = 8
_PLAIN = frozenset({str, bytes, bool, type(None)})
"""Types with nothing to check; a command waits for this, so they are told apart first."""
_NAMES = frozenset({str, int})


class MessageTooLarge(Refusal):
    """The message is longer than its purpose allows."""

    code = "message_too_large"


class NotCanonical(Refusal):
    """The message is not one COSE_Sign1 in canonical encoding."""

    code = "not_canonical"


class UnknownCritical(Refusal):
    """The message carries a header that we do not understand."""

    code = "unknown_critical"


class _Parts(NamedTuple):
    kid: str
    payload: dict[Any, Any]
    signature: bytes
    signed_bytes: bytes


def encode_canonical(value: object) -> bytes:
    """Return the one canonical CBOR encoding of a plain value."""
    return cbor2.dumps(value, canonical=True)


def sign(key: SigningKey, payload: dict[Any, Any], *, limit_bytes: int = LIMIT_BYTES) -> bytes:
    """Sign a payload of plain values with a named key. Raises MessageTooLarge, NotCanonical."""
    return _sign(key.private, {_ALGORITHM: _EDDSA, _KID: key.kid.encode("utf-8")}, payload, limit_bytes)


def sign_with(
    private: Ed25519PrivateKey, payload: dict[Any, Any], *, limit_bytes: int = LIMIT_BYTES
) -> bytes:
    """Sign with a key that has no id, such as one that a phone made for itself."""
    return _sign(private, {_ALGORITHM: _EDDSA}, payload, limit_bytes)


def open_signed(
    message: bytes, keys: KeySet, *, purpose: str, at_ms: int | None, limit_bytes: int = LIMIT_BYTES
) -> dict[Any, Any]:
    """Verify a message by the key set and return its payload; ``at_ms`` None skips the keys' windows.

    Raises MessageTooLarge, NotCanonical, UnknownCritical, UnknownKey, BadSignature.
    """
    parts = _take_apart(message, limit_bytes)
    keys.find(parts.kid, purpose, at_ms).verify(parts.signature, parts.signed_bytes)
    return parts.payload


def open_with(public: bytes, message: bytes, *, limit_bytes: int = LIMIT_BYTES) -> dict[Any, Any]:
    """Verify a message by one public key (32 raw bytes), whatever key id it names; refusals as above."""
    parts = _take_apart(message, limit_bytes)
    verify_raw(public, parts.signature, parts.signed_bytes)
    return parts.payload


def read_base64(text: str) -> bytes:
    """Decode the one base64 text of a message (RFC 4648, section 3.5). Raises NotCanonical for any other."""
    try:
        message = base64.b64decode(text, validate=True)
    except ValueError as error:
        raise NotCanonical(part="base64") from error
    if base64.b64encode(message).decode("ascii") != text:
        raise NotCanonical(part="base64")
    return message


def peek(message: bytes, *, limit_bytes: int = LIMIT_BYTES) -> tuple[str, dict[Any, Any]]:
    """Return key id and payload **without** verifying: only to find out whose key to verify with."""
    parts = _take_apart(message, limit_bytes)
    return parts.kid, parts.payload


def _sign(
    private: Ed25519PrivateKey, header: dict[int, Any], payload: dict[Any, Any], limit_bytes: int
) -> bytes:
    if not _is_plain(payload):
        raise NotCanonical(part="payload")
    protected = encode_canonical(header)
    body = encode_canonical(payload)
    signature = private.sign(_to_be_signed(protected, body))
    message = encode_canonical(cbor2.CBORTag(_TAG_SIGN1, [protected, {}, body, signature]))
    if len(message) > limit_bytes:
        raise MessageTooLarge(bytes=len(message), limit_bytes=limit_bytes)
    return message


def _to_be_signed(protected: bytes, body: bytes) -> bytes:
    return encode_canonical(["Signature1", protected, b"", body])


def _take_apart(message: bytes, limit_bytes: int) -> _Parts:
    if len(message) > limit_bytes:
        raise MessageTooLarge(bytes=len(message), limit_bytes=limit_bytes)
    outer = _decode_canonical(message, "message")
    if not isinstance(outer, cbor2.CBORTag) or outer.tag != _TAG_SIGN1:
        raise NotCanonical(part="message")
    fields = outer.value
    if not isinstance(fields, list | tuple) or len(fields) != 4:
        raise NotCanonical(part="message")
    protected, unprotected, body, signature = fields
    if not (isinstance(protected, bytes) and isinstance(body, bytes) and isinstance(signature, bytes)):
        raise NotCanonical(part="message")
    if unprotected != {}:
        raise UnknownCritical(part="unprotected")
    payload = _decode_canonical(body, "payload")
    if not isinstance(payload, dict) or not _is_plain(payload):
        raise NotCanonical(part="payload")
    return _Parts(_read_header(protected), payload, signature, _to_be_signed(protected, body))


@lru_cache(maxsize=64)
def _read_header(protected: bytes) -> str:
    """The key id of a protected header; every message of a key has the same one."""
    header = _decode_canonical(protected, "protected")
    if not isinstance(header, dict):
        raise NotCanonical(part="protected")
    if not set(header) <= {_ALGORITHM, _KID} or header.get(_ALGORITHM) != _EDDSA:
        raise UnknownCritical(part="protected")
    kid = header.get(_KID, b"")
    if not isinstance(kid, bytes):
        raise NotCanonical(part="protected")
    try:
        return kid.decode("utf-8")
    except UnicodeDecodeError as error:
        raise NotCanonical(part="kid") from error


def _decode_canonical(data: bytes, part: str) -> Any:
    """Decode and demand that encoding the result again gives the very same bytes."""
    try:
        value = cbor2.loads(data)
        again = encode_canonical(value)
    except (cbor2.CBORError, ValueError, TypeError, OverflowError, RecursionError) as error:
        raise NotCanonical(part=part) from error
    if again != data:
        raise NotCanonical(part=part)
    return value


def _is_plain(value: object, depth: int = 0) -> bool:
    """Only integers of 64 bits, text, bytes, booleans, null, lists and maps of those, eight deep at most."""
    if type(value) in _PLAIN or isinstance(value, str | bytes):
        return True
    if isinstance(value, int):
        return -(2**63) <= value < 2**63
    if depth >= _DEPTH_LIMIT:
        return False
    if isinstance(value, list | tuple):
        return all(_is_plain(item, depth + 1) for item in value)
    if isinstance(value, dict):
        for name, item in value.items():
            if type(name) not in _NAMES or (type(item) not in _PLAIN and not _is_plain(item, depth + 1)):
                return False
        return True
    return False
