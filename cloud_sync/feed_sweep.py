"""In a new epoch the feed is read from its beginning; who is not in it any more is erased.

A database that goes on from an older copy holds people who were erased since: the platform has forgotten
whom an erasure was about as soon as every hub had answered, so nothing in the feed names them. What is not
told is what says it: a person of the copy whom no record names is gone.
"""

from typing import NamedTuple

from cloud_sync import feed_records as records
from cloud_sync.erasing import Eraser
from cloud_sync.feed_applying import NAMED_BY_PERSON
from cloud_sync.feed_pages import Received
from edge.pay.copies import own_epoch
from edge.service.alarms import clear_alarm, raise_alarm
from edge.store.facts import drop_fact, get_int, put_fact
from edge.store.identity import PEOPLE_AWAITED
from edge.store.unit import Unit

EPOCH = "feed.epoch"
"""Fact: the epoch in which the feed was read from its beginning to its end."""
_BEGUN = "feed.epoch_begun"
GONE = "not_in_the_feed"
DOUBT = "people_missing"
"""Alarm: the feed lacks so many people of the copy that it is rather the feed that is wrong."""
SOURCE = "downlink"
MOST_GONE = 20
"""As many as are erased without a person's word; more only if they are less than half of all."""


class Sweep(NamedTuple):
    """Who erases the people whom the feed lacks."""

    eraser: Eraser

    def begin(self, unit: Unit) -> None:
        """Read the feed from its beginning where this epoch has not done so."""
        epoch = own_epoch(unit.connection)
        if epoch in (get_int(unit.connection, EPOCH), get_int(unit.connection, _BEGUN)):
            return
        records.clear_seen(unit.connection)
        records.write_cursor(unit.connection, 0)
        put_fact(unit.connection, _BEGUN, epoch)

    def note(self, unit: Unit, received: Received) -> None:
        """Note a person whom a change names, parked or not."""
        change = received.change
        if change.collection in NAMED_BY_PERSON and not change.deleted and _is_sweeping(unit):
            records.note_seen(unit.connection, change.id)

    def end(self, unit: Unit) -> None:
        """The feed was read to its end: erase whom it lacks."""
        if not _is_sweeping(unit):
            return
        here = records.people_here(unit.connection)
        gone = sorted(here - records.people_seen(unit.connection))
        if len(gone) > max(MOST_GONE, len(here) // 2):
            detail = f"{len(gone)} of {len(here)}: none was erased here"
            raise_alarm(unit, kind=DOUBT, source=SOURCE, detail=detail)
        else:
            clear_alarm(unit, kind=DOUBT, source=SOURCE)
            for subject in gone:
                self.eraser.erase(unit, subject, reason=GONE)
        records.clear_seen(unit.connection)
        drop_fact(unit.connection, PEOPLE_AWAITED)
        put_fact(unit.connection, EPOCH, own_epoch(unit.connection))


def _is_sweeping(unit: Unit) -> bool:
    return get_int(unit.connection, EPOCH) != own_epoch(unit.connection)
