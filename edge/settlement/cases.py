"""Cases: differences that a named person closes with a reason. All of this runs inside a unit of work.

A case never closes by itself, unless its difference has vanished, and that is on record. What a person has
closed is not opened again as long as it looks the same.
"""

import secrets
import sqlite3
from collections.abc import Iterable
from enum import StrEnum
from typing import Any

import msgspec

from edge.settlement import records
from edge.settlement.errors import CaseAlreadyClosed, CaseReasonMissing, CaseUnknown
from edge.settlement.events import CaseChanged, CaseClosed, CaseOpened, DayMatched, MatchExported
from edge.settlement.match import DayMatch, Difference, Kind, Line, Subject
from edge.store.personal import SALT_BYTES, commitment_of
from edge.store.unit import Unit

ACTOR = "match"
TOPIC = "cases"
VANISHED = "vanished"
"""Reason of a case that needed nobody: when matched again, all three agreed."""
NOTE_MIN, NOTE_MAX = 3, 500
"""Characters of a person's own words."""


class Reason(StrEnum):
    """Why a person closes a case."""

    BOOKED_BY_HAND = "booked_by_hand"
    REFUNDED_BY_HAND = "refunded_by_hand"
    PAID_OUTSIDE = "paid_outside"
    CHANNEL_MISTAKE = "channel_mistake"
    ANOTHER_DATE = "another_date"
    WRITTEN_OFF = "written_off"


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """A difference; a side that has nothing is None, times in epoch milliseconds.

    `closed_by` is the person's opaque id, or "match" for one that vanished.
    """

    id: str
    date: str
    payee: str
    line: Line
    subject: str
    kind: Kind
    order_id: str
    here_fen: int | None
    channel_fen: int | None
    platform_fen: int | None
    opened_at_ms: int
    changed_at_ms: int
    closed_at_ms: int | None
    closed_by: str
    reason: str
    note: str

    @property
    def is_open(self) -> bool:
        """Whether it waits for a person."""
        return self.closed_at_ms is None

    @property
    def look(self) -> tuple[Kind, int | None, int | None, int | None]:
        """What it is about: kind and sums."""
        return (self.kind, self.here_fen, self.channel_fen, self.platform_fen)


class CaseCount(msgspec.Struct, frozen=True, kw_only=True):
    """What one match did to the cases."""

    opened: int = 0
    changed: int = 0
    vanished: int = 0


def note_match(unit: Unit, found: DayMatch) -> CaseCount:
    """Keep the match of a date and payee, open and change cases, close those whose difference vanished."""
    _keep_day(unit, found)
    for line, subject in found.moved:
        records.put_elsewhere(unit.connection, line, subject, found.date)
    standing = {
        (case.line, case.subject): case for case in open_cases(unit.connection) if case.payee == found.payee
    }
    opened = changed = 0
    for difference in found.differences:
        case = standing.get((difference.line, difference.subject))
        if case is None:
            opened += _open(unit, found, difference)
        elif _look_of(difference) != case.look:
            changed += 1
            _change(unit, case, difference)
    gone = [case for case in standing.values() if _has_vanished(case, found)]
    for case in gone:
        _close(unit, case.id, by=ACTOR, reason=VANISHED, note="")
    if opened or changed or gone:
        unit.hint(TOPIC)
    return CaseCount(opened=opened, changed=changed, vanished=len(gone))


def close_case(unit: Unit, case_id: str, *, staff: str, reason: str, note: str) -> Case:
    """Close a case in a person's name. Raises CaseUnknown, CaseAlreadyClosed, CaseReasonMissing."""
    words = note.strip()
    if reason not in set(Reason) or not NOTE_MIN <= len(words) <= NOTE_MAX:
        raise CaseReasonMissing(letters=NOTE_MIN)
    if not find_case(unit.connection, case_id).is_open:
        raise CaseAlreadyClosed(case=case_id)
    _close(unit, case_id, by=staff, reason=reason, note=words)
    unit.hint(TOPIC)
    return find_case(unit.connection, case_id)


def find_case(connection: sqlite3.Connection, case_id: str) -> Case:
    """Return one case. Raises CaseUnknown."""
    row = records.case_row(connection, case_id)
    if row is None:
        raise CaseUnknown(case=case_id)
    return msgspec.convert(row, Case)


def open_cases(connection: sqlite3.Connection) -> tuple[Case, ...]:
    """Return every case that waits for a person, oldest first."""
    return _cases(records.open_case_rows(connection))


def closed_cases(connection: sqlite3.Connection, limit: int = 200) -> tuple[Case, ...]:
    """Return the cases closed last, newest first."""
    return _cases(records.closed_case_rows(connection, limit))


def cases_of_day(connection: sqlite3.Connection, date: str) -> tuple[Case, ...]:
    """Return the cases of a date, open and closed, payee by payee."""
    return _cases(records.day_case_rows(connection, date))


def note_export(unit: Unit, *, staff: str, what: str, date: str = "") -> None:
    """Record that a person takes "cases" or the "match" of a date away as a file."""
    unit.record(MatchExported(staff=staff, what=what, date=date), actor=staff)


def _cases(rows: Iterable[dict[str, Any]]) -> tuple[Case, ...]:
    return tuple(msgspec.convert(row, Case) for row in rows)


def _has_vanished(case: Case, found: DayMatch) -> bool:
    """All agree on it by now, or the same date of the payee was matched and nothing is wrong with it."""
    subject: Subject = (case.line, case.subject)
    if subject in found.agreed:
        return True
    return case.date == found.date and all((each.line, each.subject) != subject for each in found.differences)


def _look_of(difference: Difference) -> tuple[Kind, int | None, int | None, int | None]:
    return (difference.kind, difference.here_fen, difference.channel_fen, difference.platform_fen)


def _open(unit: Unit, found: DayMatch, difference: Difference) -> bool:
    """Open a case, unless a person closed one that looked the same; answers whether it did."""
    earlier = _cases(records.cases_about(unit.connection, found.payee, difference.line, difference.subject))
    if any(case.reason != VANISHED and case.look == _look_of(difference) for case in earlier):
        return False
    facts = {
        **msgspec.structs.asdict(difference),
        "kind": difference.kind.value,
        "date": found.date,
        "payee": found.payee,
    }
    case_id = unit.next_id()
    records.insert_case(unit.connection, {**facts, "id": case_id, "opened_at_ms": unit.now.at_ms})
    unit.record(CaseOpened(case_id=case_id, **facts), actor=ACTOR)
    return True


def _change(unit: Unit, case: Case, difference: Difference) -> None:
    kind, here_fen, channel_fen, platform_fen = _look_of(difference)
    sums = {"here_fen": here_fen, "channel_fen": channel_fen, "platform_fen": platform_fen}
    row = {"id": case.id, "kind": kind.value, "order_id": difference.order_id or case.order_id, **sums}
    records.change_case(unit.connection, {**row, "changed_at_ms": unit.now.at_ms})
    unit.record(CaseChanged(case_id=case.id, kind=kind.value, **sums), actor=ACTOR)


def _close(unit: Unit, case_id: str, *, by: str, reason: str, note: str) -> None:
    salt = secrets.token_bytes(SALT_BYTES) if note else None
    commitment = commitment_of(salt, note.encode()) if salt else ""
    closing = {"id": case_id, "by": by, "reason": reason, "note": note, "salt": salt}
    records.close_case(unit.connection, {**closing, "at_ms": unit.now.at_ms})
    unit.record(CaseClosed(case_id=case_id, reason=reason, note=commitment), actor=by)


def _keep_day(unit: Unit, found: DayMatch) -> None:
    """Write the day's row; an entry of the journal says so only when its figures are new."""
    counts = {"agreed": len(found.agreed), "differing": len(found.differences)}
    sums = {
        "here_fen": found.here.total_fen,
        "channel_fen": found.channel.total_fen,
        "platform_fen": found.platform.total_fen,
    }
    lines = {
        "here_lines": found.here.lines,
        "channel_lines": found.channel.lines,
        "platform_lines": found.platform.lines,
    }
    day = {"date": found.date, "payee": found.payee, "state": "matched", **counts, **lines, **sums}
    earlier = records.day_row(unit.connection, found.date, found.payee)
    records.put_day(unit.connection, {**day, "tried_at_ms": unit.now.at_ms})
    if earlier is None or any(earlier[name] != value for name, value in day.items()):
        unit.record(DayMatched(date=found.date, payee=found.payee, **counts, **sums), actor=ACTOR)
