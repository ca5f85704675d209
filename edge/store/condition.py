"""How well the store can write, and what that lets a hub do."""

from enum import StrEnum
from typing import NamedTuple

STORE_TOPIC = "store"
"""The notifier's topic for every change of condition."""


class Condition(StrEnum):
    """What can be written at present. Trade begins in READY only."""

    READY = "ready"
    """Everything commits."""

    RESERVE = "reserve"
    """The disk is full and the preallocated reserve was given back: doors, results of openings, closing and
    the settling of what is open still commit; no sale, fee or deposit begins."""

    NOT_WRITABLE = "not_writable"
    """Nothing commits: read-only disk, no space even so, or a disk error that reopening did not cure.
    Residents' own codes and multi-use passes open all the same; single-use and remote openings do not."""

    DAMAGED = "damaged"
    """The database does not hold what it held: nobody writes it any more, a backup has to be restored."""


class Standing(NamedTuple):
    """The condition, and the reason in plain words for health, doctor and log (empty when READY)."""

    condition: Condition
    reason: str = ""


WELL = Standing(Condition.READY)
