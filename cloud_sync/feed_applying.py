"""Applying the feed: each change in a part of its own, what cannot be applied is parked and reported once.

A record is reported when the feed was read to its end: what it refers to may come after it in a snapshot.
"""

import sqlite3
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

import msgspec

from cloud_sync import feed_records as records
from cloud_sync.events import FeedRecordApplied, FeedRecordParked
from cloud_sync.feed_pages import Received
from cloud_sync.feed_records import Parked
from cloud_sync.wire.feed import Change
from edge.errors import Refusal
from edge.pay.records import platform_row
from edge.store.personal import commit_person
from edge.store.unit import Unit

UNKNOWN_COLLECTION = "unknown_collection"
REFERS_TO_NOTHING = "refers_to_nothing"
SLICE = 100
"""Changes in a unit of their own: few enough for 20 ms."""
ACTOR = "downlink"

_BAD_RECORD = (
    msgspec.MsgspecError,
    Refusal,
    ValueError,
    LookupError,
    TypeError,
    ArithmeticError,
    RecursionError,
)
_BAD_ROW = (sqlite3.IntegrityError, sqlite3.DataError, sqlite3.InterfaceError, sqlite3.ProgrammingError)
NAMED_BY_PERSON = frozenset({"residents", "grants"})
"""Collections whose record id is a person's pseudonym: the journal gets a commitment in its place."""

Apply = Callable[[Unit, str, int, dict[str, Any] | None], object]
Prepare = Callable[[dict[str, Any]], dict[str, Any]]
References = Mapping[str, Mapping[str, str]]
"""Collection → field → table of the copy that must hold a record of that id; names from code."""


class Prepared(NamedTuple):
    """A change that may be applied: `content` is what the room gets, `fault` why it gets nothing.

    `change` holds the content as it came, which is what is parked.
    """

    change: Change
    content: dict[str, Any] | None
    fault: str


class FeedApplier:
    """What the rooms do with records. `prepare` runs before the unit: no signature is checked inside one."""

    def __init__(
        self, appliers: Mapping[str, Apply], prepare: Mapping[str, Prepare], references: References
    ) -> None:
        self._appliers = appliers
        self._prepare = prepare
        self._references = references

    def prepare(self, received: Received) -> Prepared:
        """Check what needs no database."""
        change, data, fault = received
        if fault:
            return Prepared(change, None, fault)
        change = msgspec.structs.replace(change, data=data)
        if change.collection not in self._appliers:
            return Prepared(change, None, UNKNOWN_COLLECTION)
        if data is not None and change.applied_through is not None:
            data = {**data, "applied_through": msgspec.to_builtins(change.applied_through)}
        prepare = self._prepare.get(change.collection)
        if data is None or prepare is None:
            return Prepared(change, data, "")
        try:
            return Prepared(change, prepare(data), "")
        except _BAD_RECORD as error:
            return Prepared(change, None, reason_of(error))

    def prepare_parked(self, parked: Parked) -> Prepared | None:
        """Another chance for a parked change; None when it came without its content."""
        change = parked.change
        if change.data is None and not change.deleted:
            return None
        return self.prepare(Received(change, change.data, ""))

    def apply(self, unit: Unit, prepared: Prepared) -> bool:
        """Apply one change, or park it; returns whether it was applied."""
        change, content, fault = prepared
        fault = fault or self._missing(unit, change.collection, content)
        if not fault:
            try:
                with unit.part():
                    self._give(unit, change, content)
            except (*_BAD_RECORD, *_BAD_ROW) as error:
                fault = reason_of(error)
        if fault:
            records.park_change(unit.connection, change, fault, unit.now.at_ms)
            return False
        if records.unpark_change(unit.connection, change.collection, change.id):
            unit.record(
                FeedRecordApplied(
                    collection=change.collection, record=_told_as(unit, change), version=change.version
                ),
                actor=ACTOR,
            )
        return True

    def _give(self, unit: Unit, change: Change, content: dict[str, Any] | None) -> None:
        """Let the room have the record. One whose time is over by now is given as deleted."""
        until_ms = 0 if content is None else int(content.get("keep_until_ms", 0))
        if 0 < until_ms <= unit.now.at_ms:
            content, until_ms = None, 0
        self._appliers[change.collection](unit, change.id, change.version, content)
        records.note_end(unit.connection, change.collection, change.id, change.version, until_ms)

    def _missing(self, unit: Unit, collection: str, content: dict[str, Any] | None) -> str:
        if content is None:
            return ""
        for field, table in self._references.get(collection, {}).items():
            value = content.get(field)
            if isinstance(value, str) and value and platform_row(unit.connection, table, value) is None:
                return REFERS_TO_NOTHING
        return ""


def report_parked(unit: Unit, limit: int = SLICE) -> int:
    """Tell the platform of parked records that it does not know of, each once; returns how many were met.

    An unknown collection is told of once, by one of its records: it waits for an upgrade, whole.
    """
    waiting = records.list_unreported(unit.connection, limit)
    for change, reason, _ in waiting:
        if reason == UNKNOWN_COLLECTION:
            if not records.is_reported(unit.connection, change.collection, reason):
                _report(unit, change, reason)
            records.mark_collection_reported(unit.connection, change.collection, reason)
            continue
        _report(unit, change, reason)
        records.mark_reported(unit.connection, change.collection, change.id)
    return len(waiting)


def _report(unit: Unit, change: Change, reason: str) -> None:
    parked = FeedRecordParked(
        collection=change.collection, record=_told_as(unit, change), version=change.version, reason=reason
    )
    unit.record(parked, actor=ACTOR)


def _told_as(unit: Unit, change: Change) -> str:
    return commit_person(unit, change.id) if change.collection in NAMED_BY_PERSON else change.id


def forget_ended(unit: Unit, appliers: Mapping[str, Apply], limit: int = SLICE) -> int:
    """Forget the copies whose time is over, as if the platform had deleted them; returns how many."""
    ended = records.list_ended(unit.connection, unit.now.at_ms, limit)
    for collection, record, version in ended:
        records.drop_end(unit.connection, collection, record)
        if collection in appliers:
            appliers[collection](unit, record, version, None)
    return len(ended)


def joined(rooms: Mapping[str, Mapping[str, Apply]]) -> dict[str, Apply]:
    """One table of appliers out of the rooms' own; every collection has one owner. Raises ValueError."""
    owners: dict[str, str] = {}
    appliers: dict[str, Apply] = {}
    for room, collections in rooms.items():
        for collection, apply in collections.items():
            if collection in owners:
                raise ValueError(f"{collection} is claimed by {owners[collection]} and {room}")
            owners[collection], appliers[collection] = room, apply
    return appliers


def reason_of(error: Exception) -> str:
    """A stable code where there is one, else the kind of fault; never the record's content."""
    return error.code if isinstance(error, Refusal) else type(error).__name__


def all_of(prepared: Iterable[Prepared | None]) -> list[Prepared]:
    """Those that can be tried."""
    return [each for each in prepared if each is not None]
