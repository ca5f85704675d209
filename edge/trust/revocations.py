"""The revocation list: everything that opens nothing any more, as one document signed by the platform.

One document, so that a lost phone, a lost card or somebody who moves out is one change of the feed. It is
signed anew every few hours also when nothing changed: its age says how long ago the site heard.
"""

from typing import Any, Literal

import msgspec

from edge.errors import Refusal
from edge.trust.cose import NotCanonical, open_signed, sign
from edge.trust.keys import KeySet, SigningKey

LIMIT_BYTES = 262_144
"""Some 5,000 entries. What is over or deleted anyway leaves the list."""
_DOCUMENT = "edge.revocations.v1"

Scope = Literal["phone", "all"]


class RevocationsTooOld(Refusal):
    """The revocation list is older than the one already believed."""

    code = "revocations_too_old"


class RevocationsWrongSite(Refusal):
    """The revocation list is another site's."""

    code = "revocations_wrong_site"


class RevocationList(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What opens nothing any more. Versions only rise; times are milliseconds UTC.

    `passes`: (id of a pass, when it is over anyway). `subjects`: (person, before, scope). `phone`: codes of
    phones that were certified before that moment are void, as after a loss. `all`: nothing of this person
    opens, whatever is shown and whatever its date, as after moving out. `cards`: hashes (`edge.trust.cards`).
    """

    site: str
    version: int
    issued_ms: int
    passes: tuple[tuple[str, int], ...] = ()
    subjects: tuple[tuple[str, int, Scope], ...] = ()
    cards: tuple[str, ...] = ()


def sign_revocations(key: SigningKey, revoked: RevocationList) -> bytes:
    """Sign a revocation list with a key for passes. Raises MessageTooLarge."""
    claims: dict[Any, Any] = {"document": _DOCUMENT, **msgspec.to_builtins(revoked)}
    return sign(key, claims, limit_bytes=LIMIT_BYTES)


def open_revocations(message: bytes, keys: KeySet, *, site: str) -> RevocationList:
    """Verify a revocation list; a list has no end, so that the caller leaves out keys that have ended.

    Raises RevocationsWrongSite, NotCanonical and the other refusals of `cose.open_signed`.
    """
    claims = open_signed(message, keys, purpose="passes", at_ms=None, limit_bytes=LIMIT_BYTES)
    if claims.pop("document", None) != _DOCUMENT:
        raise NotCanonical(part="document")
    try:
        revoked = msgspec.convert(claims, RevocationList, strict=True)
    except msgspec.ValidationError as error:
        raise NotCanonical(part="revocations") from error
    if revoked.site != site:
        raise RevocationsWrongSite(site=revoked.site)
    return revoked


def void_before_ms(now_ms: int) -> int:
    """The moment that voids everything that was certified until now: signatures say whole seconds."""
    return -(-now_ms // 1000) * 1000
