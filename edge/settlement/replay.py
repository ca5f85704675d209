"""What shifts and cases did to the tables, done again from their events after a restore (docs/adr/0033).

Days of the gap are matched again by themselves: they find their cases as people left them. A person's words
about a case are in no event, and are gone.
"""

from collections.abc import Mapping

import msgspec

from edge.settlement import records
from edge.settlement.events import CaseChanged, CaseClosed, CaseOpened, ShiftClosed, ShiftOpened
from edge.settlement.shifts import Shift, put_shift, put_shift_end
from edge.store.history import PastEvent, Replay
from edge.store.unit import Unit


def replay_opened(unit: Unit, past: PastEvent) -> None:
    """A shift began."""
    event = msgspec.json.decode(past.body, type=ShiftOpened)
    shift = Shift(
        id=event.shift_id,
        business_date=event.business_date,
        opened_by=past.actor,
        opened_at_ms=past.at_ms,
    )
    put_shift(unit, shift)


def replay_closed(unit: Unit, past: PastEvent) -> None:
    """A shift ended."""
    event = msgspec.json.decode(past.body, type=ShiftClosed)
    open_now = records.open_shift(unit.connection)
    if open_now is not None and open_now["id"] == event.shift_id:
        put_shift_end(unit, event.shift_id, past.at_ms)


def replay_case(unit: Unit, past: PastEvent) -> None:
    """A difference was found."""
    event = msgspec.json.decode(past.body, type=CaseOpened)
    facts = msgspec.structs.asdict(event)
    case_id = facts.pop("case_id")
    records.insert_case(unit.connection, {**facts, "id": case_id, "opened_at_ms": past.at_ms})


def replay_case_changed(unit: Unit, past: PastEvent) -> None:
    """It looked different."""
    event = msgspec.json.decode(past.body, type=CaseChanged)
    case = records.case_row(unit.connection, event.case_id)
    if case is not None:
        facts = msgspec.structs.asdict(event)
        records.change_case(unit.connection, {**case, **facts, "changed_at_ms": past.at_ms})


def replay_case_closed(unit: Unit, past: PastEvent) -> None:
    """A person closed it, or it had vanished: it does not come back as long as it looks the same."""
    event = msgspec.json.decode(past.body, type=CaseClosed)
    closing = {"id": event.case_id, "by": past.actor, "reason": event.reason, "at_ms": past.at_ms}
    records.close_case(unit.connection, {**closing, "note": "", "salt": None})


REPLAYS: Mapping[str, Replay] = {
    "ShiftOpened": replay_opened,
    "ShiftClosed": replay_closed,
    "CaseOpened": replay_case,
    "CaseChanged": replay_case_changed,
    "CaseClosed": replay_case_closed,
}
"""By event type."""
