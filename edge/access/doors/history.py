"""Door records: who opened what, when, by what, and what the contact said."""

import sqlite3

from edge.access.doors import records
from edge.access.doors.views import DoorRecord, RecordsAsked, RecordsPage
from edge.store.personal import find_commitment, who_is

LIMIT = 200
"""Most records on one page."""


def find_records(connection: sqlite3.Connection, asked: RecordsAsked) -> RecordsPage:
    """Openings of doors and cells, newest first; names of persons only as far as they are not erased."""
    limit = max(1, min(asked.limit, LIMIT))
    person = None
    if asked.subject:
        person = find_commitment(connection, asked.subject)
        if person is None:
            return RecordsPage(records=(), before=None)
    rows = records.find_openings(
        connection,
        place=asked.place or None,
        kind=asked.kind or None,
        person=person,
        from_ms=asked.from_ms,
        until_ms=asked.until_ms,
        before=asked.before,
        limit=limit,
    )
    found = tuple(_record(connection, row) for row in rows)
    return RecordsPage(records=found, before=rows[-1].row if len(rows) == limit else None)


def _record(connection: sqlite3.Connection, row: records.FoundOpening) -> DoorRecord:
    subject = None if row.person is None else who_is(connection, row.person)
    return DoorRecord(
        id=row.id,
        place=row.place,
        kind=row.kind,
        authorisation=row.authorisation,
        subject=subject or "",
        source=row.source,
        state=row.state,
        reason=row.reason,
        note=row.note or "",
        at_ms=row.requested_at_ms,
        decided_at_ms=row.decided_at_ms,
    )
