"""The key set as a document signed by the platform's root key, whose public half is pinned at enrolment."""

from collections.abc import Sequence
from typing import Any

from edge.errors import Refusal
from edge.trust.cose import NotCanonical, open_with, sign
from edge.trust.keys import PURPOSES, ROOT_PURPOSE, KeySet, SigningKey, VerifyingKey, key_rows

LIMIT_BYTES = 8192
_DOCUMENT = "edge.keyset.v1"
_PUBLIC_BYTES = 32


class KeySetTooOld(Refusal):
    """The key set is older than the one already believed."""

    code = "key_set_too_old"


def sign_keyset(
    root: SigningKey, keys: Sequence[VerifyingKey], version: int, revoked: Sequence[str] = ()
) -> bytes:
    """Sign a key set with the root key; raise ``ValueError`` for a wrong root or an unknown purpose.

    ``revoked`` names keys that were taken back; it is left out of the document while there are none.
    """
    if root.purpose != ROOT_PURPOSE:
        raise ValueError("only a root key signs key sets")
    for key in keys:
        if key.purpose not in PURPOSES:
            raise ValueError(f"unknown purpose {key.purpose!r}")
    payload: dict[str, Any] = {"document": _DOCUMENT, "version": version, "keys": key_rows(keys)}
    if revoked:
        payload["revoked"] = sorted(revoked)
    return sign(root, payload, limit_bytes=LIMIT_BYTES)


def open_keyset(message: bytes, root_public: bytes, *, minimum_version: int = 0) -> KeySet:
    """Verify a key set by the root's 32 public bytes.

    Raises MessageTooLarge, NotCanonical, UnknownCritical, BadSignature, KeySetTooOld.
    """
    payload = open_with(root_public, message, limit_bytes=LIMIT_BYTES)
    if payload.get("document") != _DOCUMENT:
        raise NotCanonical(part="document")
    version = payload.get("version")
    rows = payload.get("keys")
    if not isinstance(version, int) or not isinstance(rows, list):
        raise NotCanonical(part="keyset")
    if version < minimum_version:
        raise KeySetTooOld(version=version, minimum_version=minimum_version)
    revoked = payload.get("revoked", [])
    if not isinstance(revoked, list) or not all(isinstance(kid, str) for kid in revoked):
        raise NotCanonical(part="keyset")
    return KeySet(version, [_read_row(row) for row in rows], revoked)


def _read_row(row: object) -> VerifyingKey:
    if not isinstance(row, list) or len(row) != 5:
        raise NotCanonical(part="keyset")
    kid, purpose, public, not_before_ms, not_after_ms = row
    well_formed = (
        isinstance(kid, str)
        and purpose in PURPOSES
        and isinstance(public, bytes)
        and len(public) == _PUBLIC_BYTES
        and all(edge is None or isinstance(edge, int) for edge in (not_before_ms, not_after_ms))
    )
    if not well_formed:
        raise NotCanonical(part="keyset")
    return VerifyingKey(kid, purpose, public, not_before_ms, not_after_ms)
