"""The device's copy of the platform's records: how old it is, and which of our events it includes.

The device never edits a platform record. It shows the record with its own unconfirmed events laid over it,
until a version of the record names a place in our journal (`applied_through`) that covers them.
"""

import sqlite3
from typing import Any

import msgspec

from edge.store.facts import get_fact, get_int, put_fact
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


def applied_through(unit: Unit, data: dict[str, Any]) -> tuple[int, int] | None:
    """Return the (epoch, seq) of *our* journal that a feed record includes, or None when it names none.

    Raises msgspec.ValidationError.
    """
    position = msgspec.convert(data, _Record).applied_through
    if position is None or position.device != unit.device:
        return None
    return (position.epoch, position.seq)
