"""A record for a reader: in a shape that it understands, or left out; pages within their bytes.

Records are kept in the newest shape. An entry of `DOWN` says how a version is written in the one before it; a
version without one cannot be given to an older reader (docs/adr/0031).
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec

from cloud_sync.wire.feed import MAX_RECORD_BYTES, PAGE_BYTES, Change
from cloud_sync.wire.schemas import FIRST, SCHEMAS, schema_of

Data = dict[str, Any]
Conversion = Callable[[Data], Data]


def _without_end(data: Data) -> Data:
    """Version 2 says when a copy is to be forgotten; who does not understand that hears of the deletion."""
    return {name: value for name, value in data.items() if name != "keep_until_ms"}


DOWN: Mapping[tuple[str, int], Conversion] = {
    (collection, 2): _without_end for collection in ("residents", "cards", "vehicles", "deny")
}
"""(collection, version) → the same record in the version before."""


def fit(
    change: Change,
    understood: Mapping[str, int],
    *,
    newest: Mapping[str, int] = SCHEMAS,
    down: Mapping[tuple[str, int], Conversion] = DOWN,
) -> Change:
    """A change as a reader can take it: `understood` is what it said of each collection."""
    if change.data is None:
        return change
    data, schema = change.data, schema_of(change.collection, newest)
    while schema > max(FIRST, understood.get(change.collection, FIRST)):
        convert = down.get((change.collection, schema))
        if convert is None:
            return msgspec.structs.replace(change, data=None, schema=schema, left_out="too_new")
        data, schema = convert(data), schema - 1
    if len(msgspec.json.encode(data)) > MAX_RECORD_BYTES:
        return msgspec.structs.replace(change, data=None, schema=schema, left_out="too_large")
    return msgspec.structs.replace(change, data=data, schema=schema)


def take_page(changes: Iterable[Change], limit: int) -> list[Change]:
    """As many changes as a page holds: `limit` of them, `PAGE_BYTES`; at least one."""
    taken: list[Change] = []
    size_bytes = 0
    for change in changes:
        size_bytes += len(msgspec.json.encode(change))
        if taken and (len(taken) == limit or size_bytes > PAGE_BYTES):
            break
        taken.append(change)
    return taken
