"""What opens nothing any more: kept here, signed as one list, told to the site as one change of the feed."""

import base64
from collections.abc import Iterable

from cloud_sync.platform.feed import get_record, put_record
from cloud_sync.platform.store.port import Connection
from edge.trust.keys import SigningKey
from edge.trust.revocations import RevocationList, Scope, sign_revocations, void_before_ms

COLLECTION, RECORD = "revocation_list", "site"
RENEW_MS = 6 * 3_600_000
"""The list is signed anew at least this often: its age tells a door how long ago the site heard."""
_DAY_MS = 24 * 3_600_000
PHONE_KEPT_MS = 31 * _DAY_MS
"""A certificate of before a loss is over after 30 days anyway."""
GONE_KEPT_MS = 400 * _DAY_MS
"""So long a person who left or a lost card is named; their records left the feed long before."""


def revoke_passes(connection: Connection, passes: Iterable[tuple[str, int]], *, now_ms: int) -> None:
    """Note passes, each with the moment at which it is over anyway."""
    _note(connection, "pass", passes, now_ms)


def revoke_phone(connection: Connection, subject: str, *, now_ms: int) -> None:
    """Note that what was certified for a person's phones until now, this millisecond too, is void."""
    _note(connection, "phone", [(subject, void_before_ms(now_ms + 1))], now_ms)


def revoke_person(connection: Connection, subject: str, *, now_ms: int) -> None:
    """Note that a person opens nothing any more."""
    _note(connection, "all", [(subject, void_before_ms(now_ms))], now_ms)


def revoke_card(connection: Connection, digest: str, *, now_ms: int) -> None:
    """Note a lost card by its hash."""
    _note(connection, "card", [(digest, now_ms)], now_ms)


def certified_from_ms(connection: Connection, subject: str, *, now_ms: int) -> int:
    """From when a certificate may begin, so that the last loss does not void it, too."""
    row = connection.execute("SELECT ms FROM revoked WHERE kind='phone' AND key=?", (subject,)).fetchone()
    return max(now_ms, row["ms"]) if row else now_ms


def publish(connection: Connection, key: SigningKey, site: str, *, now_ms: int) -> int:
    """Sign the list and put it into the feed, before any other record changes; returns its version."""
    before = get_record(connection, COLLECTION, RECORD) or {"version": 0}
    revoked = RevocationList(
        site=site,
        version=before["version"] + 1,
        issued_ms=now_ms,
        passes=tuple(_rows(connection, "pass", "ms > ?", now_ms)),
        subjects=(
            *_people(connection, "phone", now_ms - PHONE_KEPT_MS),
            *_people(connection, "all", now_ms - GONE_KEPT_MS),
        ),
        cards=tuple(card for card, _ in _rows(connection, "card", "at_ms > ?", now_ms - GONE_KEPT_MS)),
    )
    message = base64.b64encode(sign_revocations(key, revoked)).decode()
    record = {"id": RECORD, "version": revoked.version, "issued_ms": now_ms, "message": message}
    put_record(connection, COLLECTION, RECORD, record)
    return revoked.version


def keep_fresh(connection: Connection, key: SigningKey, site: str, *, now_ms: int) -> bool:
    """Sign the list anew when it is old or missing; tells whether it was."""
    record = get_record(connection, COLLECTION, RECORD)
    if record is not None and now_ms - record["issued_ms"] < RENEW_MS:
        return False
    publish(connection, key, site, now_ms=now_ms)
    return True


def _note(connection: Connection, kind: str, entries: Iterable[tuple[str, int]], now_ms: int) -> None:
    connection.executemany(
        "INSERT INTO revoked (kind, key, ms, at_ms) VALUES (?,?,?,?)"
        " ON CONFLICT (kind, key) DO UPDATE SET at_ms=excluded.at_ms,"
        " ms=CASE WHEN revoked.ms>excluded.ms THEN revoked.ms ELSE excluded.ms END",
        [(kind, key, ms, now_ms) for key, ms in entries],
    )


def _rows(connection: Connection, kind: str, which: str, after_ms: int) -> list[tuple[str, int]]:
    rows = connection.execute(
        f"SELECT key, ms FROM revoked WHERE kind=? AND {which} ORDER BY key",  # noqa: S608 - constants
        (kind, after_ms),
    )
    return [(row["key"], row["ms"]) for row in rows]


def _people(connection: Connection, scope: Scope, after_ms: int) -> list[tuple[str, int, Scope]]:
    return [(key, ms, scope) for key, ms in _rows(connection, scope, "at_ms > ?", after_ms)]
