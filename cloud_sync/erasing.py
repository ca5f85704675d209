"""Erasure: what this hub holds of a person goes, the chain stays, and the answer says how much it was.

A row that must stay for the books or the goods keeps everything but the person. What cannot go: the signed
revocation list names a pseudonym until the last pass of that person is over.
"""

from collections.abc import Iterable
from functools import partial
from typing import Any, NamedTuple

import msgspec

from cloud_sync import feed_records
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


class Eraser:
    """Erases people from the side tables of all rooms."""

    def __init__(self, places: Iterable[Place]) -> None:
        self._places = tuple(places)

    def apply(self, unit: Unit, record_id: str, version: int, data: dict[str, Any] | None) -> None:
        """Take a record of `erasures`: erase a person once an erasure. Raises msgspec.ValidationError."""
        if data is None:
            feed_records.drop_erasure(unit.connection, record_id)
            return
        subject = msgspec.convert(data, ErasureAsked).subject
        if subject and feed_records.note_erasure(unit.connection, record_id, unit.now.at_ms):
            self.erase(unit, subject, reason=ASKED, erasure=record_id)

    def erase(self, unit: Unit, subject: str, *, reason: str, erasure: str = "") -> None:
        """Erase a person, and record how much it was."""
        counts = [
            feed_records.erase_from(unit.connection, place.table, place.column, subject, keep=place.keep)
            for place in self._places
        ]
        counts.append(forget_person(unit, subject))
        counts.append(feed_records.drop_parked_about(unit.connection, subject))
        counts.append(feed_records.drop_ends_of(unit.connection, subject))
        told = PersonErased(reason=reason, erasure=erasure, tables=sum(map(bool, counts)), rows=sum(counts))
        unit.record(told, actor=ACTOR)
        unit.after_commit(partial(empty_log, unit.connection))
