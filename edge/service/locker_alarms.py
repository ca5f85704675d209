"""Alarms of lockers: raised as long as a bank is halted, a cell stands open, or a case waits for a person.

Compared with what stands in the tables, so that none is forgotten by a restart or raised twice.
"""

import sqlite3

from edge.access.lockers import case_records
from edge.access.lockers.rounds import LEFT_OPEN
from edge.access.places import cell_place
from edge.service import records
from edge.service.alarms import clear_alarm, raise_alarm
from edge.store.lanes import Lane
from edge.store.store import Store
from edge.store.unit import Unit

HALTED, OPEN, CASE = "bank_halted", "cell_left_open", "locker_case"
KINDS = (HALTED, OPEN, CASE)

Alarms = dict[tuple[str, str], str]
"""(kind, source) → detail."""


class LockerAlarms:
    """Asked by the `timers` role; reads only, unless something has changed."""

    def __init__(self, *, store: Store) -> None:
        self._store = store

    async def look(self) -> None:
        """Raise and clear what has changed since the last look."""
        wanted, live = await self._store.read(lambda connection: (_wanted(connection), _live(connection)))
        if wanted.keys() != live:
            await self._store.run(settle_alarms, lane=Lane.BULK)


def settle_alarms(unit: Unit) -> None:
    """Raise what is missing and clear what is over."""
    wanted, live = _wanted(unit.connection), _live(unit.connection)
    for kind, source in live - wanted.keys():
        clear_alarm(unit, kind=kind, source=source)
    for (kind, source), detail in wanted.items():
        raise_alarm(unit, kind=kind, source=source, detail=detail)


def _wanted(connection: sqlite3.Connection) -> Alarms:
    alarms: Alarms = {}
    for halt in case_records.halts(connection):
        alarms[(HALTED, halt.bank)] = f"{halt.asked} was asked for, {halt.moved} opened"
    for case in case_records.open_cases(connection):
        kind = OPEN if case.kind == LEFT_OPEN else CASE
        alarms[(kind, cell_place(case.bank, case.cell))] = case.kind
    return alarms


def _live(connection: sqlite3.Connection) -> set[tuple[str, str]]:
    return {(alarm.kind, alarm.source) for alarm in records.live_alarms(connection) if alarm.kind in KINDS}
