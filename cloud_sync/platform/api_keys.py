"""API keys of other systems: what each may do, at which site, and until it is taken back.

A key is shown once, when it is made; only its SHA-256 is kept. Scopes are words of `SCOPES`, and
`feed:write:{collection}` for each collection that another system may author.
"""

import secrets
from typing import ClassVar

import msgspec

from cloud_sync.platform.keys import TOKEN_BYTES, hash_token, new_id
from cloud_sync.platform.seed import AUTHORED
from cloud_sync.platform.store.port import Connection, Row
from edge.errors import EdgeError, Refusal

SCOPES: tuple[str, ...] = (
    "events:read",
    "figures:read",
    "webhooks",
    *(f"feed:write:{collection}" for collection in AUTHORED),
)
"""Everything that a key may be allowed."""
SHOWN_EVERY_MS = 60_000
"""The last use of a key is kept to the minute: not every question is worth a write."""


class ApiKeyInvalid(EdgeError):
    """A scope that is none, a site that is not served, or a key that is not there."""


class KeyRefused(Refusal):
    """No key, one that is not known, or one that was taken back."""

    code: ClassVar[str] = "unauthorized"


class ScopeMissing(Refusal):
    """The key is good, but not for this, or not at this site."""

    code: ClassVar[str] = "forbidden"


class ApiKey(msgspec.Struct, frozen=True):
    """A key as listed; `site` is empty where it counts at every site, a time 0 where there is none."""

    id: str
    name: str
    scopes: list[str]
    site: str
    created_ms: int
    used_ms: int
    revoked_ms: int


def make_key(
    connection: Connection, name: str, scopes: list[str], *, site: str, now_ms: int
) -> tuple[str, str]:
    """Make a key; returns its id and its text, which is nowhere to be had again. Raises ApiKeyInvalid."""
    unknown = sorted(set(scopes) - set(SCOPES))
    if unknown or not scopes:
        raise ApiKeyInvalid(f"unknown or no scopes: {unknown}; there are {', '.join(SCOPES)}")
    if site and connection.execute("SELECT 1 FROM sites WHERE id=?", (site,)).fetchone() is None:
        raise ApiKeyInvalid(f"no site {site!r} here")
    key_id, text = new_id("key"), f"cek_{secrets.token_urlsafe(TOKEN_BYTES)}"
    connection.execute(
        "INSERT INTO api_keys (id, name, hash, scopes, site, created_ms, used_ms, revoked_ms)"
        " VALUES (?,?,?,?,?,?,0,0)",
        (key_id, name, hash_token(text), " ".join(sorted(set(scopes))), site, now_ms),
    )
    return key_id, text


def revoke_key(connection: Connection, key_id: str, *, now_ms: int) -> None:
    """Take a key back; a second time changes nothing. Raises ApiKeyInvalid."""
    if connection.execute("SELECT 1 FROM api_keys WHERE id=?", (key_id,)).fetchone() is None:
        raise ApiKeyInvalid(f"no key {key_id!r}")
    connection.execute("UPDATE api_keys SET revoked_ms=? WHERE id=? AND revoked_ms=0", (now_ms, key_id))


def list_keys(connection: Connection) -> list[ApiKey]:
    """All keys, the oldest first."""
    rows = connection.execute("SELECT * FROM api_keys ORDER BY created_ms, id")
    return [_read(row) for row in rows]


def find_key(connection: Connection, text: str) -> ApiKey:
    """The key of this text. Raises KeyRefused where there is none, or it was taken back."""
    query = "SELECT * FROM api_keys WHERE hash=? AND revoked_ms=0"
    row = connection.execute(query, (hash_token(text),)).fetchone()
    if row is None:
        raise KeyRefused()
    return _read(row)


def require_scope(key: ApiKey, scope: str, *, site: str) -> None:
    """Judge what a key asks for. Raises ScopeMissing."""
    if scope not in key.scopes or (site and key.site not in ("", site)):
        raise ScopeMissing(scope=scope, site=site)


def note_use(connection: Connection, key: ApiKey, *, now_ms: int) -> None:
    """Remember when the key was used last."""
    connection.execute("UPDATE api_keys SET used_ms=? WHERE id=? AND used_ms<?", (now_ms, key.id, now_ms))


def is_worth_noting(key: ApiKey, *, now_ms: int) -> bool:
    """Whether the last use that is kept is a minute old."""
    return now_ms - key.used_ms >= SHOWN_EVERY_MS


def _read(row: Row) -> ApiKey:
    named = dict(row)
    return msgspec.convert(named | {"scopes": named["scopes"].split()}, ApiKey)
