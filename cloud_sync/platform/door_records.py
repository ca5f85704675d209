"""What doors told of every opening, and whose it was; a household reads its own."""

from collections.abc import Callable

import msgspec

from cloud_sync.platform.commands import note_answer
from cloud_sync.platform.household import is_owner, people_of, person_of
from cloud_sync.platform.store.port import Connection
from cloud_sync.platform.stored import StoredEvent
from cloud_sync.wire.commands import AnswerState, CommandAnswer

CODES_KEPT = 500
"""Ids of own codes that are remembered for each person, newest first."""
RECORDS_SHOWN = 100
DOOR = "door:"


class Request(msgspec.Struct, frozen=True):
    """What we read of an intent to open; `place` is `door:ID` or `cell:BANK/CELL`.

    `asked_at_ms` is there where the opening came first and was written later.
    """

    opening: str
    place: str
    authorisation: str
    kind: str = ""
    asked_at_ms: int | None = None


class Opening(msgspec.Struct, frozen=True):
    """What we read of an opening's outcome."""

    place: str
    opening: str = ""
    authorisation: str = ""
    reason: str = ""


class DoorRecord(msgspec.Struct, frozen=True):
    """One opening as a household reads it.

    `by`: command, code, pass, card or pin; `label`: what the resident called a visitor; `outcome`: opened,
    unknown, not_fired, or empty while nothing was told; times are the device's.
    """

    place: str
    who: str
    by: str
    label: str
    outcome: str
    reason: str
    asked_ms: int
    decided_ms: int


def apply_requested(connection: Connection, event: StoredEvent) -> None:
    """An intent to open a door is on the device's disk."""
    asked = msgspec.json.decode(event.body, type=Request)
    connection.execute(
        "INSERT INTO door_records (device, opening, place, authorisation, kind, subject, asked_ms)"
        " VALUES (?,?,?,?,?,?,?) ON CONFLICT (device, opening) DO UPDATE SET kind=excluded.kind,"
        " asked_ms=excluded.asked_ms",
        (
            event.at.device,
            asked.opening,
            asked.place,
            asked.authorisation,
            asked.kind,
            _subject_of(connection, asked.authorisation),
            event.at_ms if asked.asked_at_ms is None else asked.asked_at_ms,
        ),
    )


def apply_opening(outcome: str, answer: AnswerState) -> Callable[[Connection, StoredEvent], None]:
    """Count an opening by its outcome; the journal also answers a command whose own answer was lost."""

    def apply(connection: Connection, event: StoredEvent) -> None:
        opening = _count(connection, event, outcome)
        if opening.opening and opening.place.startswith(DOOR):
            _note_outcome(connection, event, opening, outcome.removeprefix("door_"))
        kind, _, command = opening.authorisation.partition(":")
        if kind == "command":
            reply = CommandAnswer(command, answer, event.at_ms, opening.reason)
            note_answer(connection, reply, device=event.at.device)

    return apply


def count_opening(outcome: str) -> Callable[[Connection, StoredEvent], None]:
    """Count an opening at a site whose residents read no records here."""

    def count(connection: Connection, event: StoredEvent) -> None:
        _count(connection, event, outcome)

    return count


def _count(connection: Connection, event: StoredEvent, outcome: str) -> Opening:
    opening = msgspec.json.decode(event.body, type=Opening)
    connection.execute(
        "INSERT INTO openings (device, epoch, seq, place, outcome, at_ms) VALUES (?,?,?,?,?,?)",
        (*event.key, opening.place, outcome, event.at_ms),
    )
    return opening


def _note_outcome(connection: Connection, event: StoredEvent, opening: Opening, outcome: str) -> None:
    connection.execute(
        "INSERT INTO door_records"
        " (device, opening, place, authorisation, subject, outcome, reason, asked_ms, decided_ms)"
        " VALUES (?,?,?,?,?,?,?,?,?) ON CONFLICT (device, opening)"
        " DO UPDATE SET outcome=excluded.outcome, reason=excluded.reason, decided_ms=excluded.decided_ms",
        (
            event.at.device,
            opening.opening,
            opening.place,
            opening.authorisation,
            _subject_of(connection, opening.authorisation),
            outcome,
            opening.reason,
            event.at_ms,
            event.at_ms,
        ),
    )


def _subject_of(connection: Connection, authorisation: str) -> str:
    """Whose an authorisation is; empty while that is not known."""
    kind, _, rest = authorisation.partition(":")
    identity = rest.partition(":")[0]
    queries = {
        "command": "SELECT subject FROM commands WHERE id=?",
        "pass": "SELECT subject FROM passes WHERE id=?",
        "code": "SELECT subject FROM shown_codes WHERE code=?",
        "card": "SELECT subject FROM credentials WHERE id=?",
        "pin": "SELECT subject FROM credentials WHERE id=?",
    }
    if kind not in queries:
        return ""
    row = connection.execute(queries[kind], (identity,)).fetchone()
    return str(row["subject"]) if row else ""


def note_codes(connection: Connection, subject: str, codes: list[str], *, now_ms: int) -> None:
    """A phone tells which codes it signed: openings by them are its person's. Whoever told first keeps it."""
    connection.executemany(
        "INSERT INTO shown_codes (code, subject, at_ms) VALUES (?,?,?) ON CONFLICT DO NOTHING",
        [(code, subject, now_ms) for code in codes],
    )
    connection.execute(
        "DELETE FROM shown_codes WHERE subject=? AND code NOT IN"
        " (SELECT code FROM shown_codes WHERE subject=? ORDER BY at_ms DESC, code DESC LIMIT ?)",
        (subject, subject, CODES_KEPT),
    )
    connection.execute(
        "UPDATE door_records SET subject=? WHERE subject='' AND authorisation IN"
        " (SELECT 'code:' || code FROM shown_codes WHERE subject=?)",
        (subject, subject),
    )


def read_records(connection: Connection, subject: str) -> list[DoorRecord]:
    """The newest openings by a person and what they gave out; an owner's, by everybody of the room.

    Raises NotOfThisRoom.
    """
    me = person_of(connection, subject)
    people = people_of(connection, me["room"]) if is_owner(me) else [me]
    names = {one["subject"]: one.get("nickname") or one["name_masked"] for one in people}
    marks = ",".join("?" * len(names))
    rows = connection.execute(
        "SELECT d.*, (SELECT label FROM passes p WHERE d.authorisation LIKE 'pass:' || p.id || ':%') AS label"
        f" FROM door_records d WHERE d.subject IN ({marks}) ORDER BY d.asked_ms DESC LIMIT ?",
        (*names, RECORDS_SHOWN),
    )
    return [
        DoorRecord(
            row["place"].removeprefix(DOOR),
            names[row["subject"]],
            row["authorisation"].partition(":")[0],
            row["label"] or "",
            row["outcome"],
            row["reason"],
            row["asked_ms"],
            row["decided_ms"],
        )
        for row in rows
    ]
