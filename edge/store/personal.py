"""The side table of persons: what a commitment in the journal stands for, until the person is erased.

An event about a person carries `SHA-256(salt + canonical JSON of who it is)` in lower-case hex. Salt and
content lie here and nowhere else. Without the salt (128 random bits at least; 256 here) a commitment can be
matched with nobody, not even by trying every resident. One commitment a person: a sale costs one look-up.
"""

import hashlib
import secrets
import sqlite3

import msgspec

from edge.store import canonical
from edge.store.events import PersonErased
from edge.store.unit import Unit

SALT_BYTES = 32


def commit_person(unit: Unit, subject: str) -> str:
    """Return the commitment of a person, made at the first event about them; 64 hex digits."""
    known = unit.kept.read(_kept(subject), lambda: find_commitment(unit.connection, subject))
    if known is not None:
        return known
    salt = secrets.token_bytes(SALT_BYTES)
    content = canonical.encode({"site": unit.site, "subject": subject})
    commitment = commitment_of(salt, content)
    unit.connection.execute(
        "INSERT INTO personal(commitment, subject, salt, content) VALUES (?, ?, ?, ?)",
        (commitment, subject, salt, content),
    )
    unit.kept.forget(_kept(subject))
    return commitment


def find_commitment(connection: sqlite3.Connection, subject: str) -> str | None:
    """Return the commitment of a person, None while no event is about them, or when they were erased."""
    row = connection.execute("SELECT commitment FROM personal WHERE subject = ?", (subject,)).fetchone()
    return None if row is None else str(row[0])


def commitment_of(salt: bytes, content: bytes) -> str:
    """Return the commitment to canonical JSON under a salt."""
    return hashlib.sha256(salt + content).hexdigest()


def who_is(connection: sqlite3.Connection, commitment: str) -> str | None:
    """Return the subject behind a commitment, None once erased; a row that does not match opens nothing."""
    row = connection.execute(
        "SELECT salt, content FROM personal WHERE commitment = ?", (commitment,)
    ).fetchone()
    if row is None or commitment_of(*row) != commitment:
        return None
    return str(msgspec.json.decode(row[1])["subject"])


def erase_person(unit: Unit, subject: str, *, actor: str, reason: str) -> bool:
    """Forget who a person's events are about: delete salt and content, and record that somebody was erased.

    The event names nobody. Returns False, and records nothing, when there was nothing to forget.
    """
    erased = forget_person(unit, subject)
    if not erased:
        return False
    unit.record(PersonErased(reason=reason, tables=1, rows=erased), actor=actor)
    return True


def forget_person(unit: Unit, subject: str) -> int:
    """Delete salt and content of a person without an event; returns how many rows.

    The writer's `PRAGMA secure_delete` overwrites the deleted bytes in the file.
    """
    erased = unit.connection.execute("DELETE FROM personal WHERE subject = ?", (subject,)).rowcount
    unit.kept.forget(_kept(subject))
    return erased


def _kept(subject: str) -> str:
    return f"person:{subject}"
