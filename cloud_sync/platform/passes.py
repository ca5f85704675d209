"""Passes that the platform signs: one per order that lies in cells, visitors' passes, holder certificates."""

from typing import Annotated, Any, ClassVar

import msgspec

from cloud_sync.platform.feed import get_record, put_record
from cloud_sync.platform.keys import new_id
from cloud_sync.platform.revoking import publish, revoke_passes
from cloud_sync.platform.store.port import Connection
from edge.errors import Refusal
from edge.trust.keys import SigningKey
from edge.trust.passes import Pass, issue_holder_certificate, issue_pass

ORDER_PASS_LIFE_MS = 14 * 24 * 3_600_000
VISITOR_LIFE_LIMIT_MS = 30 * 24 * 3_600_000
HOLDER_LIFE_MS = 30 * 24 * 3_600_000
"""A resident's certificate lives 30 days (architecture.md, Passes)."""


class DoorNotAllowed(Refusal):
    """The person has no grant for this door now."""

    code: ClassVar[str] = "door_not_allowed"


class PassNotFound(Refusal):
    """No such pass of this person."""

    code: ClassVar[str] = "not_found"


class VisitorRequest(msgspec.Struct, frozen=True):
    """A visitor's pass as the resident asks for it; `label` stays on the platform, never in the code."""

    doors: Annotated[list[str], msgspec.Meta(min_length=1, max_length=8)]
    from_ms: Annotated[int, msgspec.Meta(ge=0)]
    until_ms: Annotated[int, msgspec.Meta(ge=0)]
    uses: Annotated[int, msgspec.Meta(ge=1, le=100)] | None = 2
    label: Annotated[str, msgspec.Meta(max_length=40)] = ""


class VisitorPass(msgspec.Struct, frozen=True):
    """A visitor's pass as the phone shows it; `text` is what the QR carries, `used` what the site told."""

    id: str
    doors: list[str]
    from_ms: int
    until_ms: int
    uses: int | None
    label: str
    text: str
    revoked: bool = False
    used: int = 0


def order_pass(
    connection: Connection,
    key: SigningKey,
    site: str,
    order: dict[str, Any],
    subject: str,
    *,
    now_ms: int,
) -> str:
    """A person's QR text for an order; it keeps its pass while that is good for another day."""
    row = connection.execute(
        "SELECT id, text, until_ms FROM passes WHERE order_id=? AND subject=? AND kind='order'",
        (order["id"], subject),
    ).fetchone()
    if row is not None and row["until_ms"] > now_ms + 24 * 3_600_000:
        return str(row["text"])
    identity = new_id("p") if row is None else row["id"]
    issued = _pass_of_order(identity, site, order["id"], subject, now_ms)
    text = issue_pass(key, issued)
    connection.execute(
        "INSERT INTO passes (id, kind, subject, order_id, doors, from_ms, until_ms, uses, text)"
        " VALUES (?,'order',?,?,'[]',?,?,NULL,?)"
        " ON CONFLICT (id) DO UPDATE SET from_ms=excluded.from_ms, until_ms=excluded.until_ms,"
        " text=excluded.text",
        (identity, subject, order["id"], issued.not_before_ms, issued.expires_ms, text),
    )
    return text


def delegate_order(
    connection: Connection,
    key: SigningKey,
    site: str,
    order_id: str,
    subject: str,
    label: str,
    *,
    now_ms: int,
) -> VisitorPass:
    """A pass for a friend who collects an order; `label` stays on the platform."""
    issued = _pass_of_order(new_id("p"), site, order_id, subject, now_ms)
    text = issue_pass(key, issued)
    connection.execute(
        "INSERT INTO passes (id, kind, subject, order_id, doors, from_ms, until_ms, uses, label, text)"
        " VALUES (?,'delegated',?,?,'[]',?,?,NULL,?,?)",
        (issued.id, subject, order_id, issued.not_before_ms, issued.expires_ms, label, text),
    )
    return VisitorPass(issued.id, [], issued.not_before_ms, issued.expires_ms, None, label, text)


def _pass_of_order(identity: str, site: str, order_id: str, subject: str, now_ms: int) -> Pass:
    return Pass(
        id=identity,
        kind="order",
        site=site,
        subject=subject,
        order=order_id,
        not_before_ms=_whole_seconds(now_ms - 3_600_000),
        expires_ms=_whole_seconds(now_ms + ORDER_PASS_LIFE_MS),
    )


def create_visitor_pass(
    connection: Connection,
    key: SigningKey,
    site: str,
    subject: str,
    request: VisitorRequest,
    *,
    now_ms: int,
) -> VisitorPass:
    """Sign a visitor's pass for doors that the resident may open; raises DoorNotAllowed, PassNotFound."""
    allowed = granted_doors(connection, subject, now_ms=now_ms)
    for door in request.doors:
        if door not in allowed:
            raise DoorNotAllowed(door=door)
    until_ms = min(request.until_ms, request.from_ms + VISITOR_LIFE_LIMIT_MS)
    if until_ms <= max(request.from_ms, now_ms):
        raise PassNotFound(until_ms=until_ms)
    issued = Pass(
        id=new_id("v"),
        kind="visitor",
        site=site,
        subject=subject,
        doors=tuple(request.doors),
        order=None,
        not_before_ms=_whole_seconds(request.from_ms),
        expires_ms=_whole_seconds(until_ms),
        uses=request.uses,
    )
    text, doors = issue_pass(key, issued), msgspec.json.encode(request.doors).decode()
    connection.execute(
        "INSERT INTO passes (id, kind, subject, doors, from_ms, until_ms, uses, label, text, number)"
        " VALUES (?,'visitor',?,?,?,?,?,?,?,"
        " (SELECT coalesce(max(number), 0) + 1 FROM passes WHERE subject=?))",
        (
            *(issued.id, subject, doors, request.from_ms, until_ms),
            *(request.uses, request.label, text, subject),
        ),
    )
    return VisitorPass(issued.id, request.doors, request.from_ms, until_ms, request.uses, request.label, text)


def revoke_pass(
    connection: Connection, key: SigningKey, site: str, subject: str, pass_id: str, *, now_ms: int
) -> None:
    """Take a visitor's pass back; the site hears of it in the feed. Raises PassNotFound."""
    row = connection.execute(
        "UPDATE passes SET revoked_ms=coalesce(revoked_ms, ?) WHERE id=? AND subject=? AND kind='visitor'"
        " RETURNING until_ms",
        (now_ms, pass_id, subject),
    ).fetchone()
    if row is None:
        raise PassNotFound()
    revoke_passes(connection, [(pass_id, row["until_ms"])], now_ms=now_ms)
    publish(connection, key, site, now_ms=now_ms)
    put_record(connection, "revocations", pass_id, {"pass_id": pass_id, "until_ms": row["until_ms"]})


def list_visitor_passes(connection: Connection, subject: str, *, now_ms: int) -> list[VisitorPass]:
    """A resident's visitor passes that are not over, newest first."""
    rows = connection.execute(
        "SELECT * FROM passes WHERE kind='visitor' AND subject=? AND until_ms>?"
        " ORDER BY number DESC LIMIT 50",
        (subject, now_ms),
    )
    return [
        VisitorPass(
            row["id"],
            msgspec.json.decode(row["doors"]),
            row["from_ms"],
            row["until_ms"],
            row["uses"],
            row["label"],
            row["text"],
            row["revoked_ms"] is not None,
            uses_of(connection, row["id"]),
        )
        for row in rows
    ]


def uses_of(connection: Connection, pass_id: str) -> int:
    """How often a pass opened, or may have, as far as the site has told; a second try is no further use."""
    row = connection.execute(
        "SELECT count(*) FROM door_records WHERE authorisation LIKE 'pass:' || ? || ':%'"
        " AND authorisation NOT LIKE '%:again' AND outcome<>'not_fired'",
        (pass_id,),
    ).fetchone()
    return int(row[0])


def granted_doors(connection: Connection, subject: str, *, now_ms: int) -> list[str]:
    """The doors that a person may open now, by the grants in the feed, groups resolved."""
    grant = get_record(connection, "grants", subject)
    if grant is None or not grant["from_ms"] <= now_ms < grant["until_ms"]:
        return []
    groups = [get_record(connection, "door_groups", group) for group in grant.get("groups", [])]
    of_groups = [door for group in groups if group for door in group["doors"]]
    return sorted({*grant["doors"], *of_groups})


def certify_holder(
    key: SigningKey, site: str, subject: str, public_key: bytes, *, from_ms: int
) -> tuple[bytes, int]:
    """A certificate for the key that a resident's phone made, and when it ends.

    `from_ms` is now, or the moment before which a loss made everything void (`revoking.certified_from_ms`).
    """
    expires_ms = _whole_seconds(from_ms + HOLDER_LIFE_MS)
    certificate = issue_holder_certificate(key, subject, site, public_key, expires_ms, issued_ms=from_ms)
    return certificate, expires_ms


def _whole_seconds(at_ms: int) -> int:
    return at_ms // 1000 * 1000
