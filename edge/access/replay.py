"""What doors did to the tables, done again from their events after a restore (docs/adr/0033).

A pass that was used stays used, a code or a command that was taken stays taken, and who went in is in. An
opening whose result is not in custody is unknown, as after any restart: nothing is fired for it again.
What doors were wanted to do (holds, lock-downs, fire) is wanted again.
"""

from collections.abc import Mapping

import msgspec

from edge.access import records
from edge.access.doors import records as door_records
from edge.access.doors.events import FireReleased, FireReset, LockDownBegan, LockDownEnded
from edge.access.doors.passages import note_passage
from edge.access.doors.records import FireRelease, LockDown
from edge.access.doors.schedule import ACTOR as SCHEDULE
from edge.access.events import (
    DoorNotFired,
    DoorOpened,
    DoorOpenRequested,
    DoorUnknown,
    HoldBegan,
    HoldEnded,
)
from edge.access.records import Hold, Opening
from edge.store.history import PastEvent, Replay
from edge.store.unit import Unit

_BY_PASS = ("pass:", "code:", "card:", "pin:")
"""How authorisations begin that are a use of what was shown at a door."""


def replay_requested(unit: Unit, past: PastEvent) -> None:
    """An opening was asked for: its authorisation is taken for ever."""
    event = msgspec.json.decode(past.body, type=DoorOpenRequested)
    if records.find_opening(unit.connection, event.opening) is not None:
        return
    by_pass = event.authorisation.startswith(_BY_PASS)
    opening = Opening(
        id=event.opening,
        place=event.place,
        authorisation=event.authorisation,
        kind=event.kind,
        # The actor of such an entry is KIND:PASS.
        pass_id=past.actor.partition(":")[2] if by_pass else None,
        person=event.person,
        requested_at_ms=past.at_ms if event.asked_at_ms is None else event.asked_at_ms,
    )
    records.insert_opening(unit.connection, opening)


def replay_opened(unit: Unit, past: PastEvent) -> None:
    """The contact opened, and whoever asked went through."""
    event = msgspec.json.decode(past.body, type=DoorOpened)
    opening = records.find_opening(unit.connection, event.opening)
    if opening is not None:
        note_passage(unit.connection, opening, past.at_ms)
        _decide(unit, past, event.opening, "opened")


def replay_unknown(unit: Unit, past: PastEvent) -> None:
    """Nobody said that it opened."""
    event = msgspec.json.decode(past.body, type=DoorUnknown)
    _decide(unit, past, event.opening, "unknown", event.reason)


def replay_not_fired(unit: Unit, past: PastEvent) -> None:
    """Nothing moved: the use is given back."""
    event = msgspec.json.decode(past.body, type=DoorNotFired)
    _decide(unit, past, event.opening, "refused", event.reason)


def _decide(unit: Unit, past: PastEvent, opening: str, state: str, reason: str = "") -> None:
    records.set_decided(unit.connection, opening, state=state, reason=reason, at_ms=past.at_ms)


def replay_hold(unit: Unit, past: PastEvent) -> None:
    """A door is to stay released; one of its schedule's holds is begun by the schedule itself."""
    event = msgspec.json.decode(past.body, type=HoldBegan)
    hold = Hold(
        id=event.hold,
        door=event.door,
        reason=event.reason,
        from_ms=past.at_ms,
        until_ms=event.until_ms,
        kind="schedule" if past.actor == SCHEDULE else "staff",
    )
    records.insert_hold(unit.connection, hold)


def replay_hold_ended(unit: Unit, past: PastEvent) -> None:
    """A hold was ended."""
    records.end_hold(unit.connection, msgspec.json.decode(past.body, type=HoldEnded).hold)


def replay_lock_down(unit: Unit, past: PastEvent) -> None:
    """Doors were locked down."""
    event = msgspec.json.decode(past.body, type=LockDownBegan)
    began = LockDown(id=event.lock_down, doors=event.doors, reason=event.reason, began_at_ms=past.at_ms)
    door_records.insert_lock_down(unit.connection, began)


def replay_lock_down_ended(unit: Unit, past: PastEvent) -> None:
    """A lock-down was ended."""
    event = msgspec.json.decode(past.body, type=LockDownEnded)
    door_records.end_lock_down(unit.connection, event.lock_down, past.at_ms)


def replay_fire(unit: Unit, past: PastEvent) -> None:
    """Fire released doors: they stay so until a person resets it, here too."""
    event = msgspec.json.decode(past.body, type=FireReleased)
    began_at_ms = past.at_ms if event.happened_at_ms is None else event.happened_at_ms
    release = FireRelease(id=event.release, input=event.input, doors=event.doors, began_at_ms=began_at_ms)
    door_records.insert_fire(unit.connection, release)


def replay_fire_reset(unit: Unit, past: PastEvent) -> None:
    """A named person said that the fire is over."""
    event = msgspec.json.decode(past.body, type=FireReset)
    door_records.reset_fire(unit.connection, event.release, past.at_ms, past.actor)


REPLAYS: Mapping[str, Replay] = {
    "DoorOpenRequested": replay_requested,
    "DoorOpened": replay_opened,
    "DoorUnknown": replay_unknown,
    "DoorNotFired": replay_not_fired,
    "HoldBegan": replay_hold,
    "HoldEnded": replay_hold_ended,
    "LockDownBegan": replay_lock_down,
    "LockDownEnded": replay_lock_down_ended,
    "FireReleased": replay_fire,
    "FireReset": replay_fire_reset,
}
"""By event type."""
