"""Does what was shown still count? The revocation list, its age at a door, and the deny list."""

import sqlite3
from enum import StrEnum

from edge.access import records as access_records
from edge.access.credentials import records
from edge.access.credentials.errors import CardRevoked, Denied
from edge.access.errors import PassRevoked
from edge.trust.clock import Reading
from edge.trust.passes import Pass


class ShownCard(Pass, frozen=True, kw_only=True):
    """A card as something shown: like a pass without a count, for whatever its person may open."""

    hash: str


class ListAge(StrEnum):
    """How old the revocation list is, beside a door's limit."""

    FRESH = "fresh"
    OLD = "too old"
    NONE = "none yet"


def age_of_list(connection: sqlite3.Connection, limit_ms: int | None, now: Reading) -> ListAge:
    """How old the believed list is. An unknown clock reads its floor: what is too old then, surely is."""
    if limit_ms is None:
        return ListAge.FRESH
    believed = records.read_list(connection)
    if believed is None:
        return ListAge.NONE
    return ListAge.OLD if now.at_ms - believed.issued_ms > limit_ms else ListAge.FRESH


def check_not_revoked(connection: sqlite3.Connection, shown: Pass) -> None:
    """Whatever was shown, wherever. Raises PassRevoked, CardRevoked.

    `phone`: codes of phones that were certified before the loss; `all`: the person has no right left.
    """
    if access_records.is_revoked(connection, shown.id):
        raise PassRevoked(id=shown.id)
    if records.revoked_at(connection, "pass", shown.id) is not None:
        raise PassRevoked(id=shown.id)
    check_person(connection, shown.subject)
    lost_ms = records.revoked_at(connection, "phone", shown.subject)
    if shown.kind == "resident" and lost_ms is not None and shown.certified_ms < lost_ms:
        raise PassRevoked(id=shown.id)
    if isinstance(shown, ShownCard) and records.revoked_at(connection, "card", shown.hash) is not None:
        raise CardRevoked()


def check_person(connection: sqlite3.Connection, subject: str) -> None:
    """Somebody who moved out opens nothing, by whatever they show. Raises PassRevoked."""
    if records.revoked_at(connection, "all", subject) is not None:
        raise PassRevoked()


def check_not_denied(connection: sqlite3.Connection, shown: Pass, door: str, now: Reading) -> None:
    """The deny list at a door: by person, pass or card. Raises Denied."""
    check_subject(connection, shown.subject, door, now)
    card = shown.hash if isinstance(shown, ShownCard) else ""
    if records.is_denied(connection, "pass", shown.id, door, now) or (
        card and records.is_denied(connection, "card", card, door, now)
    ):
        raise Denied(door=door)


def check_subject(connection: sqlite3.Connection, subject: str, door: str, now: Reading) -> None:
    """The deny list at a door, by person. Raises Denied."""
    if records.is_denied(connection, "subject", subject, door, now):
        raise Denied(door=door)
