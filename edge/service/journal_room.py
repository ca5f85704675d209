"""The alarm of the journal's retention: no room left within the budget, or an archive that is damaged."""

from edge.service.alarms import clear_alarm, raise_alarm
from edge.store.unit import Unit

KIND, SOURCE = "journal_retention", "journal"


def judge_journal_room(unit: Unit, fault: str | None) -> None:
    """Raise the alarm while there is a fault, clear it when there is none."""
    if fault is None:
        clear_alarm(unit, kind=KIND, source=SOURCE)
    else:
        raise_alarm(unit, kind=KIND, source=SOURCE, detail=fault)
