"""Exports that a person asks for with a PIN; each is journalled with its range."""

import sqlite3
from collections.abc import AsyncIterator
from functools import partial

from edge.staff.accounts import StaffDesk
from edge.staff.events import JournalExported
from edge.staff.records import Role
from edge.store import archive, journal
from edge.store.archive import FileHeader
from edge.store.store import Store
from edge.store.unit import Unit

EXPORTERS = {Role.CLERK, Role.SUPERVISOR, Role.AUDITOR, Role.MANAGER}
PAGE_ROWS = 200
"""Entries read at once: a reader's thread is not held for longer than a few milliseconds."""


async def begin_export(store: Store, staff: StaffDesk, *, login: str, pin: str) -> FileHeader:
    """Check the person, journal the export, return the header of the file.

    Raises PinRefused, StaffLocked, RoleMissing.
    """
    person = await staff.check(login, pin, roles=EXPORTERS)

    def note(unit: Unit) -> None:
        first, last = journal.first_kept(unit.connection).seq + 1, journal.read_head(unit.connection).seq
        unit.record(JournalExported(staff=person.id, first_seq=first, last_seq=last + 1), actor=person.id)

    await store.run(note)
    return await store.read(archive.make_header)


async def export_pages(store: Store, header: FileHeader) -> AsyncIterator[bytes]:
    """Yield the file in pieces. One that ends early (entries were archived meanwhile) does not verify."""
    yield archive.header_line(header)
    seq = header.first_seq - 1
    while seq < header.last_seq:
        lines = await store.read(partial(_lines, seq, min(PAGE_ROWS, header.last_seq - seq)))
        if not lines:
            return
        yield b"".join(lines)
        seq += len(lines)


def _lines(after_seq: int, count: int, connection: sqlite3.Connection) -> list[bytes]:
    return [archive.entry_line(row) for row in journal.tail(connection, after_seq, count)]
