"""What shifts did to the tables, done again from their events after a restore (docs/adr/0033)."""

from collections.abc import Mapping

import msgspec

from edge.settlement import records
from edge.settlement.events import ShiftClosed, ShiftOpened
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


REPLAYS: Mapping[str, Replay] = {"ShiftOpened": replay_opened, "ShiftClosed": replay_closed}
"""By event type."""
