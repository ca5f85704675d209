"""The change feed of a site: versions of records, each collection with one owner."""

from typing import Any

import msgspec

MAX_PAGE_CHANGES = 500
MAX_WAIT_S = 30
BEAT_S = 1.0
"""While a long poll waits, the platform sends one blank a beat, so that silence means a dead connection."""


class AppliedThrough(msgspec.Struct, frozen=True):
    """The last event of a device that this version of a record already contains."""

    device: str
    epoch: int
    seq: int


class Change(msgspec.Struct, frozen=True, omit_defaults=True):
    """One version of one record; `data` is absent when the record was deleted."""

    cursor: int
    collection: str
    id: str
    version: int
    data: dict[str, Any] | None = None
    deleted: bool = False
    applied_through: AppliedThrough | None = None


class FeedPage(msgspec.Struct, frozen=True):
    """Changes after the cursor that was asked for, oldest first; `cursor` is what to ask with next."""

    changes: list[Change]
    cursor: int
    more: bool
