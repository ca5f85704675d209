"""The device's copy of the platform's records: how old it is, and our own events over it (docs/adr/0037).

The device never edits a platform record. What an event of ours does to one is laid over it in the event's
unit of work, and shown with it, until a version of the record names a place in our journal
(`applied_through`) that is not before the event. A version without such a place, of another device's journal
or from before the event comes late: it changes what lies beneath, and ends nothing.
"""

import sqlite3
from collections.abc import Mapping
from typing import Any

import msgspec

from edge.pay import overlay_records as records
from edge.pay.overlay_records import Place
from edge.pay.records import upsert
from edge.store.facts import get_fact, get_int, put_fact
from edge.store.history import PastEvent
from edge.store.journal import read_head
from edge.store.unit import Unit

_FACT = "feed_at_ms"


def note_feed(unit: Unit) -> None:
    """Note that the copy is complete as of now; called by the downlink."""
    put_fact(unit.connection, _FACT, unit.now.at_ms)


def copy_as_of(connection: sqlite3.Connection) -> int | None:
    """Return when the copy was last complete (epoch milliseconds), or None before the first feed."""
    at_ms = get_fact(connection, _FACT)
    return at_ms if isinstance(at_ms, int) else None


class Position(msgspec.Struct, frozen=True, kw_only=True):
    """A place in a device's journal: everything up to it has been applied to a platform record."""

    device: str
    epoch: int
    seq: int


class _Record(msgspec.Struct, frozen=True):
    applied_through: Position | None = None


def own_epoch(connection: sqlite3.Connection) -> int:
    """Return the present epoch of this device."""
    return get_int(connection, "epoch", 1)


def applied_through(unit: Unit, data: Mapping[str, Any]) -> Place | None:
    """Return the place in *our* journal that a feed record includes, or None when it names none.

    Raises msgspec.ValidationError.
    """
    position = msgspec.convert(data, _Record).applied_through
    if position is None or position.device != unit.device:
        return None
    return (position.epoch, position.seq)


def take_record(
    unit: Unit, collection: str, table: str, row: Mapping[str, Any], data: Mapping[str, Any]
) -> bool:
    """Write a record of the feed, and take away what it includes of what lies over it.

    `table` and the keys of `row` are names from code, `data` is the record as it came. Returns False, with
    nothing changed, when a newer version is here. Raises msgspec.ValidationError.
    """
    covered = applied_through(unit, data)
    if not upsert(unit.connection, table, row):
        return False
    if covered is not None:
        records.delete_effects(unit.connection, collection, row["id"], covered)
    return True


def lay_over(
    unit: Unit, collection: str, record: str, effect: Mapping[str, Any], past: PastEvent | None = None
) -> None:
    """Lay over a record what the newest entry of the journal does to it; with `past`, what that one did.

    To be called after the event was recorded: what was laid before it would end one entry too early.
    """
    now = (own_epoch(unit.connection), read_head(unit.connection).seq)
    place = now if past is None else (past.epoch, past.seq)
    records.insert_effect(unit.connection, collection, record, place, dict(effect))


def laid_over(connection: sqlite3.Connection, collection: str, record: str) -> list[dict[str, Any]]:
    """Return what lies over a record, oldest first."""
    return records.effect_rows(connection, collection, record)


def end_overlay(unit: Unit, collection: str, record: str) -> None:
    """Take all away that lies over a record, where the record itself says by now what it says."""
    records.delete_effects(unit.connection, collection, record)
