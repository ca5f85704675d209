"""What happened to accounts of people who work here, done again from events after a restore (docs/adr/0033).

An account that was closed opens nothing on a successor either. Names and PINs are in no event: who was added
since is added again by a person, and a PIN is the one of the backup.
"""

from collections.abc import Mapping

import msgspec

from edge.staff import records
from edge.staff.events import StaffClosed
from edge.store.history import PastEvent, Replay
from edge.store.unit import Unit


def replay_closed(unit: Unit, past: PastEvent) -> None:
    """An account was closed."""
    records.close_member(unit.connection, msgspec.json.decode(past.body, type=StaffClosed).staff)


REPLAYS: Mapping[str, Replay] = {"StaffClosed": replay_closed}
"""By event type."""
