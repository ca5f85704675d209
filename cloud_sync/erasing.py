"""Erasure: what this hub holds of a person goes, the chain stays, and the answer says how much it was.

A row that must stay for the books or the goods keeps everything but the person. What cannot go: the signed
revocation list names a pseudonym until the last pass of that person is over.
"""

from collections.abc import Iterable
from functools import partial
from typing import Any, NamedTuple

import msgspec

from cloud_sync import feed_records
from cloud_sync.feed_applying import Apply
from edge.store.events import PersonErased
from edge.store.personal import forget_person
from edge.store.scrub import empty_log
from edge.store.unit import Unit

ACTOR = "feed"
ASKED = "asked"


class Place(NamedTuple):
    """A table and its column that holds a person's pseudonym; names from code.

    `keep`: the row stays, without the person; else it goes.
    """

    table: str
    column: str
    keep: bool = False


class ErasureAsked(msgspec.Struct, frozen=True):
    """What is used of a record of the collection `erasures`."""

    subject: str


def make_eraser(places: Iterable[Place]) -> Apply:
    """The applier of `erasures` over the side tables of all rooms."""
    every = tuple(places)

    def apply_erasure(unit: Unit, record_id: str, version: int, data: dict[str, Any] | None) -> None:
        """Erase a person once an erasure. Raises msgspec.ValidationError."""
        if data is None:
            feed_records.drop_erasure(unit.connection, record_id)
            return
        subject = msgspec.convert(data, ErasureAsked).subject
        if not subject or not feed_records.note_erasure(unit.connection, record_id, unit.now.at_ms):
            return
        counts = [
            feed_records.erase_from(unit.connection, place.table, place.column, subject, keep=place.keep)
            for place in every
        ]
        counts.append(forget_person(unit, subject))
        counts.append(feed_records.drop_parked_about(unit.connection, subject))
        counts.append(feed_records.drop_ends_of(unit.connection, subject))
        told = PersonErased(reason=ASKED, erasure=record_id, tables=sum(map(bool, counts)), rows=sum(counts))
        unit.record(told, actor=ACTOR)
        unit.after_commit(partial(empty_log, unit.connection))

    return apply_erasure
